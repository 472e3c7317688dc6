/** From so many senders waiting for an answer on, acknowledgements go first. */
const MANY = 4;
/** For so long a burst is answered before anything is folded, and a rush is answered first and folded after, in ms; what lasts longer shares. */
const BURST_MS = 10_000;
const RUSH_MS = 30_000;

/** How the fold goes on while many wait for an answer. */
export interface Pace {
  /** A few records at a time, so that no commit waits behind a large one; as many as a batch holds when undefined. */
  readonly records: number | undefined;
  /** How many times the time of the last batch the senders have then, and how long at most, in ms. */
  readonly restFor: number;
  readonly longestMs: number;
}
const BURST: Pace = { records: 20, restFor: 40, longestMs: 2_000 };
const RUSH: Pace = { records: 60, restFor: 5, longestMs: 1_500 };
const SHARED: Pace = { records: undefined, restFor: 2, longestMs: 500 };

/**
 * @param unanswered messages that wait for their commit, and thereby their answer
 * @param behindMs since when the fold has been behind
 * @returns undefined: nobody is kept waiting, and the fold goes on as fast as it can
 */
export function paceFor(unanswered: number, behindMs: number): Pace | undefined {
  if (unanswered < MANY) return undefined;
  return behindMs < BURST_MS ? BURST : behindMs < RUSH_MS ? RUSH : SHARED;
}

/** Rest after a batch, in ms. */
export const restOf = (pace: Pace | undefined, batchMs: number): number =>
  pace === undefined ? 0 : Math.min(pace.restFor * batchMs, pace.longestMs);
