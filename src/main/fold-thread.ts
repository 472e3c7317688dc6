import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Keys } from "#src/config/keys.ts";
import type { Config } from "#src/config/types.ts";
import type { LaneShare } from "#src/journal/journal-reader.pg.ts";
import type { Log, LogLevel } from "#src/telemetry/log.ts";

export interface FoldWorkerData {
  readonly databaseUrl: string;
  readonly config: Config;
  readonly keys: Keys;
  readonly logLevel: LogLevel;
  readonly share: LaneShare;
  /** One number: messages that wait for their commit, and thereby their answer. */
  readonly unanswered: Int32Array<SharedArrayBuffer>;
}

/** `maps`: the files of maps are others now, and have no fault. */
export type ToWorker = { readonly kind: "wake" } | { readonly kind: "maps" } | { readonly kind: "close" };
export type FromWorker = { readonly kind: "ready" } | { readonly kind: "folded"; readonly count: number };

export interface FoldThread {
  wake(): void;
  /** From the next batch on, fold under the maps as the files are now. */
  takeMaps(): void;
  /** Tells how many messages wait for their commit now. */
  unanswered(count: number): void;
  /** Finishes the batch in hand. */
  close(): Promise<void>;
}

/** Without a message for so long nobody is kept waiting, in ms. */
const CALM_MS = 50;
/** Room for what messages need for a moment, in MB. By itself Node gives a thread twice as much, which is no faster and never given back. */
const MOMENTARY_MB = 96;
/** Wait before a fold that ended by itself is started again, in ms. */
const RESTART_MS = 1_000;

/**
 * Folds in a thread of its own, so that mapping and charting never make a sender wait for its acknowledgement.
 * A thread that ends by itself is started again: where it was is in the cursors.
 */
function startFoldThread(data: FoldWorkerData, onFolded: (count: number) => void, log: Log): Promise<Omit<FoldThread, "unanswered">> {
  let stopping = false;
  let worker: Worker;
  return new Promise((resolve, reject) => {
    let begun = false;
    const start = (): void => {
      worker = new Worker(new URL("./fold-worker.ts", import.meta.url), {
        workerData: data,
        resourceLimits: { maxYoungGenerationSizeMb: MOMENTARY_MB },
      });
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "folded") onFolded(message.count);
        else if (!begun) {
          begun = true;
          resolve(thread);
        }
      });
      worker.on("error", (error) => {
        if (!begun) reject(error);
        else log.error("the fold ended by itself and is started again", { error: error instanceof Error ? error.name : "unknown" });
      });
      worker.once("exit", () => {
        if (begun && !stopping) setTimeout(start, RESTART_MS).unref();
      });
    };
    const thread: Omit<FoldThread, "unanswered"> = {
      wake: () => worker.postMessage({ kind: "wake" } satisfies ToWorker),
      takeMaps: () => worker.postMessage({ kind: "maps" } satisfies ToWorker),
      close: async () => {
        stopping = true;
        const ended = new Promise<void>((done) => worker.once("exit", () => done()));
        worker.postMessage({ kind: "close" } satisfies ToWorker);
        await ended;
      },
    };
    start();
  });
}

/** Threads that fold, each its share of the lanes: as many as the machine has processors for, and two at most. */
export async function startFoldThreads(
  data: Omit<FoldWorkerData, "share" | "unanswered">,
  onFolded: (count: number) => void,
  log: Log,
): Promise<FoldThread> {
  const of = Math.min(2, availableParallelism());
  const unanswered = new Int32Array(new SharedArrayBuffer(4));
  const threads = await Promise.all(
    Array.from({ length: of }, (_, index) => startFoldThread({ ...data, unanswered, share: { index, of } }, onFolded, log)),
  );
  let calm: NodeJS.Timeout | undefined;
  return {
    // Between two groups of a busy hour nobody waits for a moment: that is not calm yet.
    unanswered: (count) => {
      if (count > 0) {
        clearTimeout(calm);
        calm = undefined;
        Atomics.store(unanswered, 0, count);
      } else calm ??= setTimeout(() => Atomics.store(unanswered, 0, 0), CALM_MS).unref();
    },
    wake: () => {
      for (const thread of threads) thread.wake();
    },
    takeMaps: () => {
      for (const thread of threads) thread.takeMaps();
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
