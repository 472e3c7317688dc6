import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { wordsContext } from "./ledger.pg.ts";
import type { Issue } from "./outcome.ts";

/** One claim at one destination. Codes and counts only. */
export interface DeliveryRow {
  readonly claimId: string;
  readonly destination: string;
  readonly state: string;
  /** Nothing is tried any more before a person has decided. */
  readonly needsPerson: boolean;
  readonly attempts: number;
  readonly code: string | null;
  readonly location: string | null;
  readonly nextTryAt: Date;
  readonly updatedAt: Date;
  readonly releasedAt: Date;
}

const COLUMNS = `d.claim_id as "claimId", d.destination, d.state, (d.needs_person or d.state = 'rejected') as "needsPerson", d.attempts,
  d.failure_code as code, d.remote_location as location, d.next_try_at as "nextTryAt", d.updated_at as "updatedAt", c.created_at as "releasedAt"`;

export interface DeliverySearch {
  readonly destination?: string;
  readonly state?: string;
  /** Only what waits for a person. */
  readonly forPeople?: boolean;
  readonly limit: number;
}

/** Deliveries, those that were touched longest ago first. */
export async function listDeliveries(
  pool: pg.Pool,
  { destination, state, forPeople = false, limit }: DeliverySearch,
): Promise<readonly DeliveryRow[]> {
  const { rows } = await pool.query<DeliveryRow>(
    `select ${COLUMNS} from delivery d join claim c on c.id = d.claim_id
     where ($1::text is null or d.destination = $1) and ($2::text is null or d.state = $2)
       and (not $3 or d.needs_person or d.state = 'rejected') order by d.updated_at, d.claim_id, d.destination limit $4`,
    [destination ?? null, state ?? null, forPeople, limit],
  );
  return rows;
}

export interface DeliveryAttempt {
  readonly destination: string;
  readonly attempt: number;
  readonly request: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly status: string | null;
  readonly code: string | null;
  readonly issues: readonly Issue[];
  /** The destination's own words, which may quote a patient. */
  readonly words?: string;
}

export interface DeliveryDecisionRow {
  readonly destination: string;
  readonly decision: string;
  readonly by: string;
  readonly at: Date;
}

/** Everything that was tried and decided about one claim, oldest first. @param sealer opens the destinations' own words; without it they are left out */
export async function readDeliveries(
  pool: pg.Pool,
  sealer: Sealer | undefined,
  claimId: string,
): Promise<{
  readonly deliveries: readonly DeliveryRow[];
  readonly attempts: readonly DeliveryAttempt[];
  readonly decisions: readonly DeliveryDecisionRow[];
}> {
  const [deliveries, attempts, decisions] = await Promise.all([
    pool.query<DeliveryRow>(
      `select ${COLUMNS} from delivery d join claim c on c.id = d.claim_id where d.claim_id = $1 order by d.destination`,
      [claimId],
    ),
    pool.query<Omit<DeliveryAttempt, "issues"> & { readonly issues: readonly Issue[] | null; readonly sealed: Buffer | null }>(
      `select destination, attempt, request, started_at as "startedAt", ended_at as "endedAt", status, failure_code as code, issues,
         sealed_words as sealed from delivery_attempt where claim_id = $1 order by id`,
      [claimId],
    ),
    pool.query<DeliveryDecisionRow>(
      "select destination, decision, decided_by as by, at from delivery_decision where claim_id = $1 order by id",
      [claimId],
    ),
  ]);
  return {
    deliveries: deliveries.rows,
    attempts: attempts.rows.map(({ sealed, issues, ...rest }) => ({
      ...rest,
      issues: issues ?? [],
      ...(sealed === null || sealer === undefined
        ? {}
        : { words: sealer.open(sealed, wordsContext(claimId, rest.destination)).toString("utf8") }),
    })),
    decisions: decisions.rows,
  };
}
