import type pg from "pg";
import type { FailureCode } from "#src/base/failures.ts";

/** One claim for one destination, in our hands. */
export interface Taken {
  readonly claimId: string;
  readonly destination: string;
  /** This one included. */
  readonly attempt: number;
  /** An earlier try may have arrived: look before sending. */
  readonly lookFirst: boolean;
}

/** After this long a delivery in hand counts as left by a process that ended. */
const ABANDONED = "5 minutes";

/**
 * Takes a delivery that is due, for one sender at a time. One that was left in hand by a process that ended may have arrived.
 * @returns undefined when it is not due, done, or in other hands.
 */
export async function takeDelivery(pool: pg.Pool, claimId: string, destination: string, now: Date): Promise<Taken | undefined> {
  const { rows } = await pool.query<{ attempts: number; before: string }>(
    `with due as (
       select claim_id, destination, state from delivery where claim_id = $1 and destination = $2
         and ((state in ('pending', 'unconfirmed') and next_try_at <= $3) or (state = 'sending' and updated_at < $3::timestamptz - interval '${ABANDONED}'))
       for update skip locked)
     update delivery d set state = 'sending', attempts = d.attempts + 1, updated_at = $3 from due
     where d.claim_id = due.claim_id and d.destination = due.destination returning d.attempts, due.state as before`,
    [claimId, destination, now],
  );
  const row = rows[0];
  return row === undefined ? undefined : { claimId, destination, attempt: row.attempts, lookFirst: row.before !== "pending" };
}

export const confirmDelivery = (pool: pg.Pool, { claimId, destination }: Taken, location: string): Promise<unknown> =>
  pool.query(
    "update delivery set state = 'confirmed', remote_location = $3, failure_code = null, updated_at = now() where claim_id = $1 and destination = $2",
    [claimId, destination, location],
  );

/** @param state pending: try again. unconfirmed: look, then try again. rejected: a person decides. */
export const postponeDelivery = (
  pool: pg.Pool,
  { claimId, destination }: Taken,
  {
    state,
    code,
    nextTryAt,
  }: { readonly state: "pending" | "unconfirmed" | "rejected"; readonly code: FailureCode; readonly nextTryAt: Date },
): Promise<unknown> =>
  pool.query(
    "update delivery set state = $3, failure_code = $4, next_try_at = $5, updated_at = now() where claim_id = $1 and destination = $2",
    [claimId, destination, state, code, nextTryAt],
  );

/** At the start of the only engine of an installation: what is in hand was left by the one before, and may have arrived. */
export const recoverDeliveries = async (pool: pg.Pool): Promise<number> =>
  (await pool.query("update delivery set state = 'unconfirmed', next_try_at = now(), updated_at = now() where state = 'sending'"))
    .rowCount ?? 0;

/** Deliveries that are due, oldest first. */
export async function dueDeliveries(
  pool: pg.Pool,
  now: Date,
  most: number,
): Promise<readonly { readonly claimId: string; readonly destination: string; readonly attempts: number }[]> {
  const { rows } = await pool.query<{ claimId: string; destination: string; attempts: number }>(
    `select claim_id as "claimId", destination, attempts from delivery
     where (state in ('pending', 'unconfirmed') and next_try_at <= $1) or (state = 'sending' and updated_at < $1::timestamptz - interval '${ABANDONED}')
     order by next_try_at limit $2`,
    [now, most],
  );
  return rows;
}
