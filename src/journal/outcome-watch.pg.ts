import type pg from "pg";
import { type FailureCode, isFailureCode } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import type { Outcome } from "./journal.ts";

export interface WatchedOutcome {
  readonly outcome: Outcome;
  readonly failure?: { readonly code: FailureCode; readonly place?: string };
}

export interface OutcomeRow {
  outcome: Outcome;
  failure_code: string | null;
  failure_place: string | null;
}

export function asWatched({ outcome, failure_code: code, failure_place: place }: OutcomeRow): WatchedOutcome {
  if (code === null || !isFailureCode(code)) return { outcome };
  return { outcome, failure: { code, ...(place === null ? {} : { place }) } };
}

/** Waits for the outcomes of records, many at once with one question. */
export interface OutcomeWatch {
  /** Resolves when the record is folded; undefined when it is not within `waitMs`. */
  wait(id: MessageId, waitMs: number): Promise<WatchedOutcome | undefined>;
  /** Something was folded: look. */
  wake(): void;
  /** Answers everybody who waits with undefined. */
  close(): void;
}

/** Looks again without being told, in ms: another process may fold. */
const LOOK_MS = 1_000;

export function createOutcomeWatch(pool: pg.Pool): OutcomeWatch {
  const waiting = new Map<string, Set<(found: WatchedOutcome | undefined) => void>>();
  let looking = false;
  let again = false;

  const look = async (): Promise<void> => {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    do {
      again = false;
      if (waiting.size === 0) break;
      const { rows } = await pool
        .query<OutcomeRow & { record_id: string }>({
          name: "outcome-watch",
          text: "select record_id, outcome, failure_code, failure_place from journal_outcome where record_id = any($1::uuid[])",
          values: [[...waiting.keys()]],
        })
        // The store is away: whoever waits is answered by the next look, or by the end of its time.
        .catch(() => ({ rows: [] }));
      for (const row of rows) for (const resolve of waiting.get(row.record_id) ?? []) resolve(asWatched(row));
    } while (again);
    looking = false;
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();

  return {
    wait: (id, waitMs) =>
      new Promise((resolve) => {
        const mine = waiting.get(id) ?? new Set();
        waiting.set(id, mine);
        const done = (found: WatchedOutcome | undefined): void => {
          clearTimeout(limit);
          mine.delete(done);
          if (mine.size === 0) waiting.delete(id);
          resolve(found);
        };
        const limit = setTimeout(() => done(undefined), waitMs).unref();
        mine.add(done);
        void look();
      }),
    wake: () => void look(),
    close: () => {
      clearInterval(timer);
      for (const resolves of [...waiting.values()]) for (const resolve of [...resolves]) resolve(undefined);
    },
  };
}
