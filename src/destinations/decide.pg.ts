import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";

/** Who decided, and why; the reason is kept sealed. */
export interface DeliveryDecision {
  readonly by: string;
  readonly reason: string | undefined;
}

export interface DeliveryKey {
  readonly claimId: string;
  /** Absent: every destination of the claim. */
  readonly destination?: string;
}

const reasonContext = (claimId: string, destination: string): string => `delivery-decision:${claimId}:${destination}`;

/** Changes what a decision is about and keeps who decided it, in one transaction. @returns how many deliveries it was about */
async function decided(
  pool: pg.Pool,
  sealer: Sealer,
  decision: "retry" | "confirm" | "give-up",
  { by, reason }: DeliveryDecision,
  change: (client: pg.PoolClient) => Promise<readonly { readonly claim_id: string; readonly destination: string }[]>,
): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const rows = await change(client);
    for (const { claim_id: claimId, destination } of rows)
      await client.query(
        "insert into delivery_decision (claim_id, destination, decision, decided_by, sealed_reason) values ($1, $2, $3, $4, $5)",
        [
          claimId,
          destination,
          decision,
          by,
          reason === undefined ? null : sealer.seal(Buffer.from(reason), reasonContext(claimId, destination)),
        ],
      );
    await client.query("commit");
    return rows.length;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** Waits for a person: refused, or nobody knows whether it arrived. */
const FOR_PEOPLE = "(state = 'rejected' or needs_person)";
const changed = async (client: pg.PoolClient, sql: string, values: unknown[]) =>
  (await client.query<{ claim_id: string; destination: string }>(`${sql} returning claim_id, destination`, values)).rows;

/**
 * Sends again what waits for a person, or all of it: a person says that what was not answered did not arrive, or that what was refused
 * is mended. What is merely waiting for its next try is tried now.
 * @returns how many deliveries are due now.
 */
export const retryDeliveries = (
  pool: pg.Pool,
  sealer: Sealer,
  which: { readonly claimId?: string; readonly destination?: string },
  decision: DeliveryDecision,
): Promise<number> =>
  decided(pool, sealer, "retry", decision, (client) =>
    changed(
      client,
      `update delivery set state = case when ${FOR_PEOPLE} then 'pending' else state end,
         unsure_since = case when ${FOR_PEOPLE} then null else unsure_since end,
         sending = sending + case when ${FOR_PEOPLE} then 1 else 0 end,
         strikes = 0, needs_person = false, next_try_at = now(), updated_at = now()
       where ($1::uuid is null or claim_id = $1) and ($2::text is null or destination = $2)
         and (${FOR_PEOPLE} or ($1::uuid is not null and state in ('pending', 'unconfirmed')))`,
      [which.claimId ?? null, which.destination ?? null],
    ),
  );

const OPEN = "claim_id = $1 and destination = $2 and state in ('pending', 'unconfirmed', 'rejected')";

async function one(count: Promise<number>): Promise<Result<undefined, Failure>> {
  return (await count) === 0 ? fail({ code: "TRANSITION_NOT_ALLOWED", detail: "it is delivered, given up or being sent" }) : ok(undefined);
}

/** A person has seen it there. @param location where: `Claim/123`; undefined when it has no address */
export const confirmDelivery = (
  pool: pg.Pool,
  sealer: Sealer,
  { claimId, destination }: Required<DeliveryKey>,
  location: string | undefined,
  decision: DeliveryDecision,
): Promise<Result<undefined, Failure>> =>
  one(
    decided(pool, sealer, "confirm", decision, (client) =>
      changed(
        client,
        `update delivery set state = 'confirmed', remote_location = $3, failure_code = null, needs_person = false, unsure_since = null,
           updated_at = now() where ${OPEN}`,
        [claimId, destination, location ?? null],
      ),
    ),
  );

/** It will not be delivered there: what waits behind it goes on. */
export const giveUpDelivery = (
  pool: pg.Pool,
  sealer: Sealer,
  { claimId, destination }: Required<DeliveryKey>,
  decision: DeliveryDecision,
): Promise<Result<undefined, Failure>> =>
  one(
    decided(pool, sealer, "give-up", decision, (client) =>
      changed(client, `update delivery set state = 'given-up', needs_person = false, updated_at = now() where ${OPEN}`, [
        claimId,
        destination,
      ]),
    ),
  );
