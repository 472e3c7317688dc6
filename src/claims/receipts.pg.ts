import type pg from "pg";

type Queryable = pg.Pool | pg.PoolClient;

/** How it is known that a claim reached somebody. */
export type ReceiptWay = "delivery" | "said" | "answer";

/** Notes that a consumer has a claim; the first time counts. */
export const noteReceipt = (client: Queryable, claimId: string, consumer: string, way: ReceiptWay): Promise<unknown> =>
  client.query("insert into claim_receipt (claim_id, consumer, way) values ($1, $2, $3) on conflict (claim_id, consumer) do nothing", [
    claimId,
    consumer,
    way,
  ]);

/** Receipts of destinations that confirmed, which the ledger of deliveries knows first. @returns how many are new. */
export const noteDelivered = async (pool: Queryable): Promise<number> =>
  (
    await pool.query(
      `insert into claim_receipt (claim_id, consumer, way, at)
       select d.claim_id, d.destination, 'delivery', d.updated_at from delivery d where d.state = 'confirmed'
         and not exists (select from claim_receipt r where r.claim_id = d.claim_id and r.consumer = d.destination)
       limit 10000 on conflict (claim_id, consumer) do nothing`,
    )
  ).rowCount ?? 0;

/** A claim that is released, and of which nobody, or one of its destinations, has said that it is there. */
export interface Unreceived {
  readonly claimId: string;
  readonly itemId: string;
  readonly version: number;
  readonly frequency: string;
  readonly payerId: string | null;
  readonly cents: number;
  readonly releasedAt: Date;
  readonly hours: number;
  /** Destinations without a receipt, with how far the delivery is; empty where the claim has no destination and nobody fetched it. */
  readonly missing: readonly {
    readonly consumer: string;
    readonly state: string;
    readonly attempts: number;
    readonly code: string | null;
  }[];
}

const AGES = ["under 1 day", "1 to 3 days", "4 to 7 days", "over 7 days"] as const;

export interface UnreceivedReport {
  readonly total: number;
  readonly byAge: Readonly<Record<string, { readonly claims: number; readonly cents: number }>>;
  /** The oldest first. */
  readonly claims: readonly Unreceived[];
}

const ageOf = (hours: number): (typeof AGES)[number] => (hours < 24 ? AGES[0] : hours < 96 ? AGES[1] : hours < 192 ? AGES[2] : AGES[3]);

/** Claims released and not received, by age. Claims that do not count any more (replaced, taken back) are not asked after, unless they are voids. */
export async function readUnreceived(pool: Queryable, now: Date, limit = 200): Promise<UnreceivedReport> {
  const { rows } = await pool.query<Omit<Unreceived, "cents" | "hours"> & { cents: string }>(
    `with missing as (
       select c.id, c.item_id, c.version, c.frequency, c.payer_id, c.total_cents, c.created_at,
         coalesce((select json_agg(json_build_object('consumer', d.destination, 'state', d.state, 'attempts', d.attempts, 'code', d.failure_code)
           order by d.destination) from delivery d where d.claim_id = c.id and d.state <> 'confirmed'
             and not exists (select from claim_receipt r where r.claim_id = c.id and r.consumer = d.destination)), '[]') as missing,
         exists (select from delivery d where d.claim_id = c.id) as sent
       from claim c where c.status in ('active', 'replaced', 'cancelled'))
     select id as "claimId", item_id as "itemId", version, frequency, payer_id as "payerId", total_cents as cents, created_at as "releasedAt", missing
     from missing m where json_array_length(missing::json) > 0 or (not sent and not exists (select from claim_receipt r where r.claim_id = m.id))
     order by created_at, id`,
  );
  const claims = rows.map((row): Unreceived => {
    const { claimId, itemId, version, frequency, payerId, releasedAt, missing } = row;
    const hours = Math.max(0, Math.floor((now.getTime() - releasedAt.getTime()) / 3_600_000));
    return { claimId, itemId, version, frequency, payerId, cents: Number(row.cents), releasedAt, hours, missing };
  });
  const byAge = Object.fromEntries(
    AGES.map((age) => {
      const own = claims.filter(({ hours }) => ageOf(hours) === age);
      return [age, { claims: own.length, cents: own.reduce((sum, { cents }) => sum + cents, 0) }];
    }),
  );
  return { total: claims.length, byAge, claims: claims.slice(0, limit) };
}
