import { readFileSync } from "node:fs";
import type { Pids } from "../bench/processes.ts";

/** Parts of the run whose memory is told; the last is the end. */
export const QUARTERS = 4;
/** Looks of which the lowest counts: a heap swings between two collections, and only its floor tells what is kept. */
const LOOKS = 8;

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

/** Memory at the start and at the end of each quarter, in MB. */
export class MemoryWatch {
  readonly #look: () => number | undefined;
  readonly #recent: number[] = [];
  readonly points: number[] = [];

  constructor(look: () => number | undefined) {
    this.#look = look;
  }

  /** @param done share of the run that is over, 0 to 1 */
  look(done: number): void {
    const now = this.#look();
    if (now !== undefined) this.#recent.push(now);
    if (this.#recent.length > LOOKS) this.#recent.shift();
    while (this.#recent.length > 0 && this.points.length <= Math.floor(done * QUARTERS)) this.points.push(Math.min(...this.#recent));
  }

  /** Looks again once all is done: a heap that nothing is kept in is given back, one that leaks is not. */
  lookAgain(): void {
    const [now, last] = [this.#look(), this.points.at(-1)];
    if (now !== undefined && last !== undefined) this.points[this.points.length - 1] = Math.min(last, now);
  }

  /** Growth behind the first quarter, in MB. */
  get growth(): number {
    const [, first = 0] = this.points;
    return (this.points.at(-1) ?? first) - first;
  }
}
