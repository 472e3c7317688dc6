import { existsSync } from "node:fs";
import { makeFeed } from "#src/config/feed.ts";
import { startEngine, type Engine } from "../bench/engine-process.ts";
import { chanceOf } from "../demo/random.ts";
import { connectMllp } from "#src/destinations/mllp/client.net.ts";
import type { Print } from "../send.ts";
import { type EngineBooks, readEngineBooks } from "./books.pg.ts";
import { FEWEST_FRAMES, LOOK_MS, LOOKS_AT_REST, MemoryWatch, QUARTERS, rssMb } from "./memory.ts";
import { small } from "./messages.ts";
import { faultsOf, reportLines } from "./report.ts";
import { resetMidFrame, send } from "./sender.net.ts";
import { shotsOf } from "./shots.ts";
import { newTally, type Tally } from "./tally.ts";

/** The options of `chartbridge fuzz`. With a target that is not ours only its answers are looked at. */
export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
  readonly connections: number;
  /** The run ends here though frames are left, in minutes. */
  readonly minutes: number;
  readonly target?: { readonly host: string; readonly port: number };
  /** Folder in which the data directory of a throw-away engine is made. */
  readonly dataDir?: string;
}

export interface FuzzNeeds {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Print;
  readonly err: Print;
}

/** Between two lines of progress. */
const SAY_MS = 5_000;
/** Between two resets, in ms. */
const RESET_EVERY_MS = 250;
/** From so long without a message folded on, the fold of what is left is taken for stuck, in ms. */
const FOLD_STUCK_MS = 60_000;
const ALIVE_WITHIN_MS = 10_000;

/** One valid message more: whoever answers it with AA is alive, whatever came before. */
async function answersStill(target: { readonly host: string; readonly port: number }, seed: number): Promise<boolean> {
  const connection = await connectMllp({ ...target, timeoutMs: ALIVE_WITHIN_MS });
  if (!connection.ok) return false;
  const answer = await connection.value.send(small(chanceOf(seed), "ZZ", `ALIVE${seed}`));
  connection.value.close();
  return answer.ok && answer.value.code === "AA";
}

/** Runs `look` every so often until stopped; the next begins when the one before has ended. */
function every(ms: number, look: () => Promise<void> | void): { stop(): Promise<void> } {
  let running = true;
  const looking = (async () => {
    while (running) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  })();
  return {
    stop: async () => {
      running = false;
      await looking;
    },
  };
}

/** Sends a run in parts, over the same connections' worth of shots, with a connection reset in the middle of a frame every now and then. */
function senderOf(options: FuzzOptions, target: { readonly host: string; readonly port: number }, tally: Tally) {
  const until = performance.now() + options.minutes * 60_000;
  const { maxFrameBytes } = makeFeed("fuzz", { facility: "NORTH", zone: "UTC" });
  const chance = chanceOf(options.seed);
  const shots = Array.from({ length: options.connections }, (_, index) => shotsOf(options.seed, index));
  const done = { resets: 0, seconds: 0 };
  return {
    done,
    /** @param frames all those of the run that are to be sent by then */
    upTo: async (frames: number): Promise<void> => {
      const begun = performance.now();
      const goOn = (): boolean => tally.frames < frames && performance.now() < until;
      const resetting = every(RESET_EVERY_MS, async () => {
        done.resets++;
        const bytes = small(chance, "RR", "RESET");
        await resetMidFrame(target, Buffer.concat([Buffer.of(0x0b), bytes.subarray(0, chance.whole(0, bytes.length))]));
      });
      try {
        await Promise.all(shots.map((nextShot) => send({ ...target, nextShot, goOn, maxFrameBytes, tally })));
      } finally {
        await resetting.stop();
        done.seconds += (performance.now() - begun) / 1_000;
      }
    },
  };
}

async function booksOf(engine: Engine | undefined, err: Print): Promise<EngineBooks | undefined> {
  if (engine === undefined) return undefined;
  err("waiting for the fold …");
  return readEngineBooks(engine.databaseUrl, FOLD_STUCK_MS).catch(() => undefined);
}

/**
 * Sends sound, damaged and random frames and holds answers, books, memory and life of the engine against what must be.
 * @returns the exit code: 0 when nothing was found.
 */
export async function runFuzz(options: FuzzOptions, { env, out, err }: FuzzNeeds): Promise<0 | 1> {
  let engine: Engine | undefined;
  try {
    if (options.target === undefined) {
      err("starting an engine on a data directory of its own …");
      engine = await startEngine({ env, err, ...(options.dataDir === undefined ? {} : { parent: options.dataDir }) });
    }
    const target = options.target ?? { host: "127.0.0.1", port: engine?.mllpPort ?? 0 };
    const { pids } = engine ?? {};
    const tally = newTally();
    const memory = new MemoryWatch(() => (pids === undefined ? undefined : rssMb(pids)));
    await memory.rest(1);
    err(`seed ${options.seed}: ${options.frames} frames over ${options.connections} connections`);
    const sender = senderOf(options, target, tally);
    let saidAt = performance.now();
    const watching = every(LOOK_MS, () => {
      memory.look();
      if (performance.now() - saidAt < SAY_MS) return;
      saidAt = performance.now();
      err(`${tally.frames} frames, ${tally.answers} answers, ${tally.problems.size} kinds of problems`);
    });
    let books: EngineBooks | undefined;
    try {
      // Of a short run's memory nothing is said, nor of an engine that is not ours.
      const parts = engine === undefined || options.frames < FEWEST_FRAMES ? 1 : QUARTERS;
      for (let part = 1; part <= parts; part++) {
        await sender.upTo(Math.ceil((options.frames * part) / parts));
        books = await booksOf(engine, err);
        if (parts > 1) await memory.rest(LOOKS_AT_REST);
      }
    } finally {
      await watching.stop();
    }
    const alive = (pids === undefined || existsSync(`/proc/${pids.engine}`)) && (await answersStill(target, options.seed));
    const outcome = {
      tally,
      ...sender.done,
      alive,
      memory,
      ...(books === undefined ? {} : { books }),
    };
    for (const line of reportLines(outcome)) out(line);
    const faults = faultsOf(outcome, engine !== undefined);
    for (const fault of faults) out(`FAULT ${fault}`);
    out(faults.length === 0 ? "nothing was found" : `${faults.length} faults; the same again with --seed ${options.seed}`);
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    err(error instanceof Error ? error.message : "the fuzz run failed");
    return 1;
  } finally {
    await engine?.stop();
  }
}
