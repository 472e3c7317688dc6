import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { Pids } from "../bench/processes.ts";

/** Parts of the run; behind each all is folded and memory is looked at, for an engine that has yet to fold has less to remember. */
export const QUARTERS = 4;
/** Between two looks, in ms. */
export const LOOK_MS = 500;
/** Looks at an engine at rest. */
export const LOOKS_AT_REST = 40;

/**
 * Most that the engine's memory may grow behind the first quarter, in MB. By then code is compiled, pools and caches are filled;
 * over the 750,000 frames that are left of a million a leak of 140 bytes a frame would reach it, and the smallest frame is kept in more.
 */
export const MOST_GROWTH_MB = 100;
/** A shorter run ends while the heap still grows to the size it works in: from 350 to 590 MB within some 40,000 frames. */
export const FEWEST_FRAMES = 100_000;

const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process has ended.
    return "";
  }
};

function treeOf(pid: number, except: ReadonlySet<number>): readonly number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.filter((child) => !except.has(child)).flatMap((child) => treeOf(child, except))];
}

/** Memory of the engine's own processes now, in MB (VmRSS); undefined when it has ended. */
export function rssMb({ engine, postgres, redis }: Pids): number | undefined {
  const kilobytes = treeOf(engine, new Set([postgres ?? 0, redis ?? 0])).map((pid) =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
  );
  const sum = kilobytes.reduce((total, one) => total + one, 0);
  return kilobytes[0] === 0 ? undefined : sum / 1024;
}

/** Memory of the engine at rest: at the start and behind each quarter of the run. */
export class MemoryWatch {
  readonly #now: () => number | undefined;
  readonly points: number[] = [];
  /** Most at any look, in MB. */
  peak = 0;

  constructor(now: () => number | undefined) {
    this.#now = now;
  }

  /** @returns MB now; undefined when the engine has ended */
  look(): number | undefined {
    const now = this.#now();
    this.peak = Math.max(this.peak, now ?? 0);
    return now;
  }

  /** Adds a point: the lowest of the looks while nothing is sent or folded, in which the engine gives back what it does not keep. */
  async rest(looks: number): Promise<void> {
    let lowest = this.look();
    for (let n = 1; n < looks; n++) {
      await wait(LOOK_MS);
      lowest = Math.min(lowest ?? Infinity, this.look() ?? Infinity);
    }
    if (lowest !== undefined && lowest < Infinity) this.points.push(lowest);
  }

  /** Growth behind the first quarter, in MB; 0 of a run without quarters. */
  get growth(): number {
    const [, first, ...later] = this.points;
    return first === undefined ? 0 : (later.at(-1) ?? first) - first;
  }
}
