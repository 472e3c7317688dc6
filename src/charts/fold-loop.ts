import { errorKind, type Log } from "#src/telemetry/log.ts";

export interface FoldLoopNeeds {
  /** Folds up to `most` records; with `giveUp` a single record that cannot be folded is recorded as failed instead. */
  readonly fold: (most: number | undefined, giveUp: boolean) => Promise<number>;
  /** Whether an error is the store's (wait and try again) and not the record's. */
  readonly isOutage: (error: unknown) => boolean;
  readonly onProgress: (folded: number) => void;
  /** How long to leave processor and disk to others after a batch that took so long, in ms, when there was always more to fold for `behindMs`. */
  readonly restAfter?: (batchMs: number, behindMs: number) => number;
  readonly log: Log;
}

export interface FoldLoop {
  /** Something was committed: look now. */
  wake(): void;
  close(): Promise<void>;
}

/** How long the fold sleeps when there is nothing, in ms; a commit of this process wakes it at once. */
const IDLE_MS = 200;
/** Wait after an outage of the store, in ms. */
const OUTAGE_MS = 500;

/**
 * Folds for as long as the process runs. A batch that fails for any reason but an outage is folded again one record at a
 * time, so that only the record at fault is set aside and everything else flows on.
 */
export function startFoldLoop({ fold, isOutage, onProgress, restAfter = () => 0, log }: FoldLoopNeeds): FoldLoop {
  let stopping = false;
  let wake: () => void = () => undefined;
  let woken = false;
  /** Records still to be folded one by one after a batch failed. */
  let careful = 0;
  /** When there was last nothing to fold. */
  let caughtUp = performance.now();

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        woken = true;
        clearTimeout(timer);
        resolve();
      };
    });

  const step = async (): Promise<void> => {
    try {
      const began = performance.now();
      const folded = await fold(careful > 0 ? 1 : undefined, false);
      careful = Math.max(0, careful - folded);
      if (folded > 0) {
        onProgress(folded);
        const rest = restAfter(performance.now() - began, began - caughtUp);
        // A wake says only that there is more to fold, which is why there is a rest.
        if (rest > 0 && !stopping) await new Promise<void>((resolve) => setTimeout(resolve, rest));
      } else {
        caughtUp = performance.now();
        if (!woken) await sleep(IDLE_MS);
      }
      woken = false;
    } catch (error) {
      if (isOutage(error)) {
        log.warn("fold waits: the store is not available", { error: errorKind(error) });
        await sleep(OUTAGE_MS);
      } else if (careful === 0) careful = 400;
      else {
        log.error("a record could not be folded and is set aside", { error: errorKind(error) });
        await fold(1, true).catch((again: unknown) => log.error("fold failed", { error: errorKind(again) }));
      }
    }
  };
  const run = (async () => {
    while (!stopping) await step();
  })();

  return {
    wake: () => {
      woken = true;
      wake();
    },
    close: async () => {
      stopping = true;
      wake();
      await run;
    },
  };
}
