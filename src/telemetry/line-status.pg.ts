import type pg from "pg";
import {
  type JournalBooks,
  readJournalBooks,
  readRefusalBooks,
  readTroubles,
  type RefusalBooks,
  type Trouble,
} from "#src/journal/books.pg.ts";

export interface Counted {
  readonly name: string;
  readonly n: number;
}

export interface DestinationAway {
  readonly destination: string;
  readonly state: string;
  readonly since: Date | null;
  readonly code: string | null;
  readonly until: Date | null;
}

/** How the answers of a destination are fetched. */
export interface AnswerPollStatus {
  readonly destination: string;
  /** When everything it had was last taken in. */
  readonly roundAt: Date | null;
  readonly code: string | null;
  readonly failingSince: Date | null;
  readonly nextAt: Date;
  readonly taken: number;
  /** Taken while no claim of ours had their number. */
  readonly parked: number;
  /** Fetched and not taken: a person asks their sender. */
  readonly unreadable: number;
}

/** The state of the whole line, stage by stage, as counts and codes only. */
export interface LineStatus {
  readonly books: JournalBooks;
  /** By feed; only feeds that refused something. */
  readonly refusals: readonly RefusalBooks[];
  readonly items: readonly Counted[];
  /** Items ready to be coded, by queue. */
  readonly ready: readonly Counted[];
  /** Items whose ticket in Redis may not agree with their row yet. */
  readonly dirtyItems: number;
  readonly deliveries: readonly Counted[];
  /** Claims that a person decides about, by destination. */
  readonly deliveriesForPeople: readonly Counted[];
  /** Destinations that are away, as the engine saw them last. */
  readonly destinationsAway: readonly DestinationAway[];
  /** Of destinations that are asked for their answers. */
  readonly answerPolls: readonly AnswerPollStatus[];
  readonly troubles: readonly Trouble[];
}

const counts = async (pool: pg.Pool, sql: string): Promise<readonly Counted[]> => (await pool.query<Counted>(sql)).rows;

export async function readLineStatus(pool: pg.Pool, most: number): Promise<LineStatus> {
  const [books, refusals, troubles, items, ready, dirty, deliveries, deliveriesForPeople, away, polls] = await Promise.all([
    readJournalBooks(pool),
    readRefusalBooks(pool),
    readTroubles(pool, most),
    counts(pool, "select state as name, count(*)::int as n from coding_item group by 1 order by 1"),
    counts(
      pool,
      "select queue as name, count(*)::int as n from coding_item where state = 'READY' and queue is not null group by 1 order by 1",
    ),
    counts(pool, "select 'dirty' as name, count(*)::int as n from dirty_item"),
    counts(
      pool,
      "select destination || ' ' || state || coalesce(' (' || failure_code || ')', '') as name, count(*)::int as n from delivery group by 1 order by 1",
    ),
    counts(
      pool,
      "select destination as name, count(*)::int as n from delivery where state = 'rejected' or needs_person group by 1 order by 1",
    ),
    pool.query<DestinationAway>(
      "select destination, state, since, failure_code as code, until from destination_state where state <> 'closed' order by 1",
    ),
    pool.query<AnswerPollStatus>(
      `select destination, round_at as "roundAt", failure_code as code, failing_since as "failingSince", next_at as "nextAt", taken,
         parked, (select count(*)::int from answer_unreadable u where u.destination = p.destination) as unreadable
       from answer_poll p order by 1`,
    ),
  ]);
  return {
    books,
    refusals,
    items,
    ready,
    dirtyItems: dirty[0]?.n ?? 0,
    deliveries,
    deliveriesForPeople,
    destinationsAway: away.rows,
    answerPolls: polls.rows,
    troubles,
  };
}
