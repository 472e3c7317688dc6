import { existsSync } from "node:fs";
import { makeFeed } from "#src/config/feed.ts";
import { startEngine, type Engine } from "../bench/engine-process.ts";
import { chanceOf } from "../demo/random.ts";
import { connectMllp } from "#src/destinations/mllp/client.net.ts";
import type { Print } from "../send.ts";
import { type EngineBooks, readEngineBooks } from "./books.pg.ts";
import { MemoryWatch, MOST_GROWTH_MB, rssMb } from "./memory.ts";
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

const LOOK_MS = 500;
/** Looks at memory once all is done, until the engine has given back what it does not keep. */
const RESTS = 120;
/** Between two lines of progress. */
const SAY_MS = 5_000;
/** Between two resets, in ms. */
const RESET_EVERY_MS = 250;
/** How long the fold may take for what is left at the end, in ms. */
const FOLD_WITHIN_MS = 300_000;
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

async function sendAll(options: FuzzOptions, target: { readonly host: string; readonly port: number }, tally: Tally): Promise<number> {
  const until = performance.now() + options.minutes * 60_000;
  const goOn = (): boolean => tally.frames < options.frames && performance.now() < until;
  const { maxFrameBytes } = makeFeed("fuzz", { facility: "NORTH", zone: "UTC" });
  let resets = 0;
  const chance = chanceOf(options.seed);
  const resetting = every(RESET_EVERY_MS, async () => {
    resets++;
    const bytes = small(chance, "RR", "RESET");
    await resetMidFrame(target, Buffer.concat([Buffer.of(0x0b), bytes.subarray(0, chance.whole(0, bytes.length))]));
  });
  const lines = Array.from({ length: options.connections }, (_, index) =>
    send({ ...target, nextShot: shotsOf(options.seed, index), goOn, maxFrameBytes, tally }),
  );
  try {
    await Promise.all(lines);
  } finally {
    await resetting.stop();
  }
  return resets;
}

async function booksOf(engine: Engine | undefined, err: Print): Promise<EngineBooks | undefined> {
  if (engine === undefined) return undefined;
  err("all sent; waiting for the fold …");
  return readEngineBooks(engine.databaseUrl, FOLD_WITHIN_MS).catch(() => undefined);
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
    memory.look(0);
    err(`seed ${options.seed}: ${options.frames} frames over ${options.connections} connections`);
    const begun = performance.now();
    let saidAt = begun;
    const watching = every(LOOK_MS, () => {
      memory.look(Math.min(1, tally.frames / options.frames));
      if (performance.now() - saidAt < SAY_MS) return;
      saidAt = performance.now();
      err(`${tally.frames} frames, ${tally.answers} answers, ${tally.problems.size} kinds of problems`);
    });
    let resets: number;
    try {
      resets = await sendAll(options, target, tally);
    } finally {
      await watching.stop();
    }
    const seconds = (performance.now() - begun) / 1_000;
    memory.look(1);
    const books = await booksOf(engine, err);
    for (let n = 0; n < RESTS && memory.growth > MOST_GROWTH_MB; n++) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      memory.lookAgain();
    }
    const alive = (pids === undefined || existsSync(`/proc/${pids.engine}`)) && (await answersStill(target, options.seed));
    const outcome = {
      tally,
      seconds,
      alive,
      memory: memory.points,
      growth: memory.growth,
      resets,
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
