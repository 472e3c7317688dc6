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
  readonly troubles: readonly Trouble[];
}

const counts = async (pool: pg.Pool, sql: string): Promise<readonly Counted[]> => (await pool.query<Counted>(sql)).rows;

export async function readLineStatus(pool: pg.Pool, most: number): Promise<LineStatus> {
  const [books, refusals, troubles, items, ready, dirty, deliveries] = await Promise.all([
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
  ]);
  return { books, refusals, items, ready, dirtyItems: dirty[0]?.n ?? 0, deliveries, troubles };
}
