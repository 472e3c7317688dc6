import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readRecord } from "#src/journal/journal-reader.pg.ts";

/** One message that could not be folded: where it stands, why, and what waits behind it. */
export interface FailedFold {
  readonly recordId: string;
  /** Place in the journal. */
  readonly position: number;
  readonly accountId: string | null;
  readonly feed: string;
  readonly messageType: string | null;
  readonly receivedAt: Date;
  readonly code: string;
  /** `PID-3`: where in the message. */
  readonly place: string | null;
  readonly mapVersion: string | null;
  readonly failedAt: Date;
  /** Later messages of the account that wait for this one. */
  readonly waiting: number;
  /** The failed message that this one is an edited copy of. */
  readonly correctionOf: string | null;
}

const FAILED = `select o.record_id as "recordId", o.seq as position, o.account_id as "accountId", j.feed, j.message_type as "messageType",
    j.received_at as "receivedAt", coalesce(o.failure_code, 'FOLD_ERROR') as code, o.failure_place as place, o.map_version as "mapVersion",
    o.folded_at as "failedAt", c.original_id as "correctionOf",
    case when o.account_id is null then 0 else
      (select count(*)::int from journal_outcome p where p.account_id = o.account_id and p.outcome = 'parked' and p.seq > o.seq) end as waiting
  from journal_outcome o join journal_record j on j.id = o.record_id left join record_correction c on c.record_id = o.record_id
  where o.outcome = 'failed'`;

/** The failed messages, oldest first; `after` is the position of the last one of the page before. */
export async function listFailures(
  pool: pg.Pool,
  { limit, after = 0, accountId }: { readonly limit: number; readonly after?: number; readonly accountId?: string },
): Promise<readonly FailedFold[]> {
  const { rows } = await pool.query<FailedFold>(
    `${FAILED} and o.seq > $1 and ($2::uuid is null or o.account_id = $2) order by o.seq limit $3`,
    [after, accountId ?? null, limit],
  );
  return rows;
}

export interface FailedMessage extends FailedFold {
  /** The message as received. */
  readonly bytes: Buffer;
}

/** One failed message with its bytes; undefined when there is no failed one of this id. */
export async function readFailure(pool: pg.Pool, sealer: Sealer, recordId: string): Promise<FailedMessage | undefined> {
  const { rows } = await pool.query<FailedFold>(`${FAILED} and o.record_id = $1`, [recordId]);
  const record = rows[0] && (await readRecord(pool, sealer, recordId));
  return rows[0] === undefined || record === undefined ? undefined : { ...rows[0], bytes: record.bytes };
}

/** What people decided of a message, oldest first. Their reasons are sealed: they may name a patient. */
export async function readDecisions(
  pool: pg.Pool,
  sealer: Sealer,
  recordId: string,
): Promise<readonly { readonly decision: string; readonly by: string; readonly at: Date; readonly reason: string | undefined }[]> {
  const { rows } = await pool.query<{ decision: string; by: string; at: Date; reason: Buffer | null }>(
    `select decision, decided_by as by, decided_at as at, sealed_reason as reason from failure_decision where record_id = $1 order by id`,
    [recordId],
  );
  return rows.map(({ reason, ...rest }) => ({
    ...rest,
    reason: reason === null ? undefined : sealer.open(reason, decisionContext(recordId)).toString(),
  }));
}

export const decisionContext = (recordId: string): string => `decision ${recordId}`;
