import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { recordContext } from "./journal-writer.pg.ts";
import { asWatched, type OutcomeRow, type WatchedOutcome } from "./outcome-watch.pg.ts";

/** An application answer that its sender does not have yet. */
export interface OwedRecord {
  readonly recordId: string;
  readonly condition: "AL" | "ER" | "SU";
  readonly receivedAt: Date;
  readonly bytes: Buffer;
  readonly outcome: WatchedOutcome;
}

interface Row extends OutcomeRow {
  record_id: string;
  condition: OwedRecord["condition"];
  sealed: Buffer;
  received_at: Date;
}

/** Says what became of the application answer to a record. */
export async function endApplicationAnswer(
  pool: pg.Pool,
  recordId: string,
  state: "sent" | "not-owed" | "undelivered",
  code: string | undefined,
): Promise<void> {
  await pool.query(
    "update application_answer set state = $2, code = $3, ended_at = now() where record_id = $1 and state in ('owed', 'undelivered')",
    [recordId, state, code ?? null],
  );
}

/** Owed answers whose message is folded, oldest first. */
export async function readyAnswers(pool: pg.Pool, sealer: Sealer, feed: string, most: number): Promise<readonly OwedRecord[]> {
  const { rows } = await pool.query<Row>(
    `select a.record_id, a.condition, o.outcome, o.failure_code, o.failure_place, j.sealed, j.received_at
     from application_answer a join journal_outcome o on o.record_id = a.record_id join journal_record j on j.id = a.record_id
     where a.feed = $1 and a.state = 'owed' and a.mode = 'application' order by a.owed_since limit $2`,
    [feed, most],
  );
  return rows.map((row) => ({
    recordId: row.record_id,
    condition: row.condition,
    receivedAt: row.received_at,
    bytes: sealer.open(row.sealed, recordContext(row.record_id)),
    outcome: asWatched(row),
  }));
}

/** What the last process owed on connections that are gone: their senders get it with the repetition they send. */
export async function giveUpOwed(pool: pg.Pool, feeds: readonly string[]): Promise<void> {
  await pool.query(
    "update application_answer set state = 'undelivered', ended_at = now() where state = 'owed' and feed = any($1::text[])",
    [feeds],
  );
}
