import type pg from "pg";
import { LATEST } from "./books.pg.ts";
import { STATES } from "./states.ts";

export interface Inventory {
  readonly items: number;
  readonly cents: number;
  /** Dollars over the average day's charges of the 90 days before (HFMA MAP Key); 0 without any. */
  readonly days: number;
  /** Items by whole days since discharge. */
  readonly ageing: Readonly<Record<"0-3" | "4-7" | "8-14" | "15-30" | "31+", number>>;
}

export interface Measures {
  readonly asOf: Date;
  /** Discharged, not final billed; and of it what is not coded. */
  readonly dnfb: Inventory;
  readonly dnfc: Inventory;
  readonly queues: readonly {
    readonly queue: string;
    readonly waiting: number;
    readonly cents: number;
    readonly oldestDischarge: Date | null;
  }[];
  /** Items whose charges or documents came and whose visit did not, for a day or longer: the interface team asks the sender. */
  readonly shadows: readonly { readonly itemId: string; readonly since: Date }[];
  /** Who holds what is not coded: the owners whose clock runs. */
  readonly byHold: readonly { readonly code: string; readonly owner: string; readonly items: number; readonly cents: number }[];
}

const counting = (what: string): readonly string[] =>
  Object.entries(STATES).flatMap(([name, { counts }]) => (counts.split(/ and | while /).includes(what) ? [name] : []));
const DNFB = counting("DNFB");
const DNFC = counting("DNFC");

/** While a claim is out, work that came back is no unbilled work. */
const UNBILLED =
  "not (l.progress in ('recode', 'rework') and exists (select from claim c where c.item_id = l.item_id and c.created_at <= $1))";

async function inventory(pool: pg.Pool, asOf: Date, states: readonly string[]): Promise<Inventory> {
  const { rows } = await pool.query<{ items: number; cents: number; a: number; b: number; c: number; d: number; e: number; daily: number }>(
    `with ${LATEST}, open as (select l.*, extract(epoch from $1::timestamptz - l.discharged_at) / 86400 as age from latest l
       where l.state = any($2) and ${UNBILLED} and l.discharged_at is not null)
     select count(*)::int as items, coalesce(sum(total_cents), 0)::bigint as cents,
       count(*) filter (where age < 4)::int as a, count(*) filter (where age >= 4 and age < 8)::int as b,
       count(*) filter (where age >= 8 and age < 15)::int as c, count(*) filter (where age >= 15 and age < 31)::int as d,
       count(*) filter (where age >= 31)::int as e,
       (select coalesce(sum(r.total_cents), 0)::float8 / 90 from latest r where r.stream = 'FAC' and r.discharged_at > $1::timestamptz - interval '90 days'
          and r.discharged_at <= $1 and r.state <> 'CANCELLED') as daily
     from open`,
    [asOf, states],
  );
  const row = rows[0];
  return {
    items: row?.items ?? 0,
    cents: row?.cents ?? 0,
    days: row === undefined || row.daily <= 0 ? 0 : Math.round((row.cents / row.daily) * 100) / 100,
    ageing: { "0-3": row?.a ?? 0, "4-7": row?.b ?? 0, "8-14": row?.c ?? 0, "15-30": row?.d ?? 0, "31+": row?.e ?? 0 },
  };
}

/** What is discharged and not billed, in items, dollars and days, as of any moment. */
export async function readMeasures(pool: pg.Pool, asOf: Date): Promise<Measures> {
  const [dnfb, dnfc, queues, byHold, shadows] = await Promise.all([
    inventory(pool, asOf, DNFB),
    inventory(pool, asOf, DNFC),
    pool.query<Measures["queues"][number]>(
      `with ${LATEST} select l.queue, count(*)::int as waiting, sum(l.total_cents)::bigint as cents, min(l.discharged_at) as "oldestDischarge"
       from latest l where l.state in ('READY', 'RECODE', 'REWORK') group by l.queue order by l.queue`,
      [asOf],
    ),
    pool.query<Measures["byHold"][number]>(
      `select h.code, h.owner, count(*)::int as items, sum(i.total_cents)::bigint as cents from item_hold h join coding_item i on i.id = h.item_id
       where h.blocks <> 'nothing' and h.set_at <= $1 and i.state = any($2) group by 1, 2 order by 3 desc, 1`,
      [asOf, DNFB],
    ),
    pool.query<Measures["shadows"][number]>(
      `select id as "itemId", created_at as since from coding_item where shadow and created_at < $1::timestamptz - interval '24 hours'
         and state not in ('MERGED', 'CANCELLED', 'NO_CODE') order by created_at limit 200`,
      [asOf],
    ),
  ]);
  return { asOf, dnfb, dnfc, queues: queues.rows, byHold: byHold.rows, shadows: shadows.rows };
}

export interface Productivity {
  readonly userId: string;
  readonly name: string | null;
  readonly class: string | null;
  readonly coded: number;
  readonly confirmed: number;
  /** Mean minutes from lease to codes. */
  readonly minutes: number;
}

/** What each coder did between two moments, by class. */
export async function readProductivity(pool: pg.Pool, from: Date, to: Date): Promise<readonly Productivity[]> {
  const { rows } = await pool.query<Productivity>(
    `select e.actor as "userId", u.name, i.class, count(*) filter (where e.event in ('coded', 'to-review'))::int as coded,
       count(*) filter (where e.event = 'codes confirmed')::int as confirmed,
       coalesce(round(avg(extract(epoch from e.at - (select max(l.at) from item_event l where l.item_id = e.item_id and l.event = 'leased' and l.actor = e.actor
         and l.at <= e.at)) / 60)::numeric, 2)::float8, 0) as minutes
     from item_event e join coding_item i on i.id = e.item_id left join app_user u on u.id::text = e.actor
     where e.event in ('coded', 'to-review', 'codes confirmed') and e.at >= $1 and e.at < $2 group by 1, 2, 3 order by 2, 3`,
    [from, to],
  );
  return rows;
}
