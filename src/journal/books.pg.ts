import type pg from "pg";
import type { Outcome, Verdict } from "./journal.ts";

/**
 * The reconciliation of what was received: received = accepted + refused + duplicate + incomplete, and
 * accepted = applied + filtered + failed + parked + not yet folded.
 */
export interface JournalBooks {
  readonly received: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly notYetFolded: number;
  /** Age of the oldest record that waits to be folded, in seconds. */
  readonly oldestWaitingSeconds: number;
}

/** What became of the refused messages of one feed: refused = later accepted + still owed by the sender. */
export interface RefusalBooks {
  readonly feed: string;
  readonly refused: number;
  /** The same sender and control id was accepted afterwards. */
  readonly laterAccepted: number;
  readonly stillOwed: number;
  /** Of those still owed: bytes without a control id, which nobody can match. */
  readonly unidentified: number;
}

/** @param by of what was received until then; of everything when absent */
export async function readRefusalBooks(pool: pg.Pool, by?: Date): Promise<readonly RefusalBooks[]> {
  const { rows } = await pool.query<{ feed: string; refused: number; later: number; unidentified: number }>(
    `select r.feed, count(*)::int as refused, count(*) filter (where r.control_search is null)::int as unidentified,
       count(*) filter (where exists (
         select from search_key k join journal_record a on a.day = k.day and a.seq = k.seq
         where k.key = r.control_search and k.seq > r.seq and a.feed = r.feed and a.control_key = r.control_key and a.verdict = 'accepted'
       ))::int as later
     from journal_record r where r.verdict = 'refused' and ($1::timestamptz is null or r.received_at <= $1) group by 1 order by 1`,
    [by ?? null],
  );
  return rows.map(({ feed, refused, later, unidentified }) => ({
    feed,
    refused,
    laterAccepted: later,
    stillOwed: refused - later,
    unidentified,
  }));
}

/** One record somebody has to look at. */
export interface Trouble {
  readonly recordId: string;
  readonly receivedAt: Date;
  readonly feed: string;
  readonly messageType: string | undefined;
  /** A verdict (`refused`, `incomplete`) or an outcome (`failed`, `parked`). */
  readonly what: string;
  readonly code: string | undefined;
  readonly place: string | undefined;
  readonly accountId: string | undefined;
}

/** @param by what was received until then, and what has become of it; everything when absent */
export async function readJournalBooks(pool: pg.Pool, by?: Date): Promise<JournalBooks> {
  const verdicts = { accepted: 0, refused: 0, duplicate: 0, incomplete: 0 };
  const outcomes = { applied: 0, filtered: 0, failed: 0, parked: 0 };
  const { rows } = await pool.query<{ verdict: Verdict; outcome: Outcome | null; n: number; oldest: number | null }>(
    `select j.verdict, o.outcome, count(*)::int as n,
       (extract(epoch from now() - min(j.received_at) filter (where o.outcome is null and j.verdict = 'accepted')))::float8 as oldest
     from journal_record j left join journal_outcome o on o.seq = j.seq
     where $1::timestamptz is null or j.received_at <= $1 group by 1, 2`,
    [by ?? null],
  );
  let notYetFolded = 0;
  let oldest = 0;
  for (const row of rows) {
    verdicts[row.verdict] += row.n;
    if (row.outcome !== null) outcomes[row.outcome] += row.n;
    else if (row.verdict === "accepted") {
      notYetFolded += row.n;
      oldest = row.oldest ?? 0;
    }
  }
  return {
    received: Object.values(verdicts).reduce((sum, n) => sum + n, 0),
    verdicts,
    outcomes,
    notYetFolded,
    oldestWaitingSeconds: Math.round(oldest),
  };
}

/** The newest records that were refused or could not be folded, newest first. */
export async function readTroubles(pool: pg.Pool, most: number): Promise<readonly Trouble[]> {
  const { rows } = await pool.query<{
    id: string;
    received_at: Date;
    feed: string;
    message_type: string | null;
    what: string;
    code: string | null;
    place: string | null;
    account_id: string | null;
  }>(
    `select j.id, j.received_at, j.feed, j.message_type, coalesce(o.outcome, j.verdict) as what,
       coalesce(o.failure_code, j.failure_code) as code, coalesce(o.failure_place, j.failure_place) as place, o.account_id
     from journal_record j left join journal_outcome o on o.seq = j.seq
     where j.verdict in ('refused', 'incomplete') or o.outcome in ('failed', 'parked')
     order by j.seq desc limit $1`,
    [most],
  );
  return rows.map((row) => ({
    recordId: row.id,
    receivedAt: row.received_at,
    feed: row.feed,
    messageType: row.message_type ?? undefined,
    what: row.what,
    code: row.code ?? undefined,
    place: row.place ?? undefined,
    accountId: row.account_id ?? undefined,
  }));
}
