import type pg from "pg";
import { openAccountNumber } from "#src/charts/chart-store.pg.ts";
import type { Sealer } from "#src/base/seal.ts";

/** What this engine has of one account, to be compared with the list of the old system. */
export interface OurAccount {
  readonly number: string;
  readonly class: string | undefined;
  readonly admitted: Date | undefined;
  readonly discharged: Date | undefined;
  readonly cents: number;
  readonly queue: string | undefined;
  /** The visit is over and not cancelled: it is work for a coder. */
  readonly toCode: boolean;
}

/** Every account of a feed that has a facility item. */
export async function readOurAccounts(pool: pg.Pool, sealer: Sealer, feed: string): Promise<readonly OurAccount[]> {
  const { rows } = await pool.query<{
    id: string;
    sealed_number: Buffer;
    class: string | null;
    admitted_at: Date | null;
    discharged_at: Date | null;
    cancelled: boolean;
    total_cents: number;
    queue: string | null;
  }>(
    `select a.id, a.sealed_number, a.class, a.admitted_at, a.discharged_at, a.cancelled, a.total_cents, i.queue
     from account a join coding_item i on i.account_id = a.id and i.stream = 'FAC' where a.feed = $1 order by a.id`,
    [feed],
  );
  return rows.map((row) => ({
    number: openAccountNumber(sealer, row.id, row.sealed_number),
    class: row.class ?? undefined,
    admitted: row.admitted_at ?? undefined,
    discharged: row.discharged_at ?? undefined,
    cents: row.total_cents,
    queue: row.queue ?? undefined,
    toCode: row.discharged_at !== null && !row.cancelled,
  }));
}
