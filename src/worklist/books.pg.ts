import type pg from "pg";

/** One thing that does not add up, or that waits, with why. */
export interface Residue {
  readonly itemId?: string;
  readonly accountId?: string;
  readonly claimId?: string;
  readonly why: string;
}

/** A sum: what came equals what became of it, and what is left over is named. */
export interface Balance {
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Total less all parts: 0 in books that balance. */
  readonly difference: number;
  readonly residue: readonly Residue[];
}

export interface WorkBooks {
  readonly asOf: Date;
  /** Discharged accounts = those with items, by state + those without, by reason. */
  readonly discharged: Balance;
  /** Ever final coded = released + gated (by hold) + taken back (by state). */
  readonly finalCoded: Balance;
  /** Claims released = delivered + pending + refused + without a destination. */
  readonly released: Balance;
  /** Claims that count (not replaced, voided or taken back; voids are none) = those without an answer + those with one, by what it came to. */
  readonly answered: Balance;
}

const SHOWN = 200;

function balance(total: number, rows: readonly { readonly part: string; readonly n: number }[], residue: readonly Residue[]): Balance {
  const parts = Object.fromEntries(rows.map(({ part, n }) => [part, n]));
  return { total, parts, difference: total - rows.reduce((sum, { n }) => sum + n, 0), residue };
}

/** The newest state of every item at a moment; from the history, so that any past day can be asked for. */
export const LATEST = `latest as (select distinct on (item_id) item_id, state, progress, queue, stream, facility, class, total_cents, discharged_at, user_id, at
  from item_state where at <= $1 order by item_id, at desc, id desc)`;
/** A claim was out at that moment. */
const OUT = "exists (select from claim c where c.item_id = l.item_id and c.created_at <= $1)";

async function dischargedBooks(pool: pg.Pool, asOf: Date): Promise<Balance> {
  const { rows } = await pool.query<{ part: string; n: number }>(
    `with ${LATEST}
     select coalesce(l.state, case when a.interface_failed then 'no item: a message failed' when a.cancelled then 'no item: cancelled' else 'no item' end) as part,
       count(*)::int as n
     from account a left join coding_item i on i.account_id = a.id and i.stream = 'FAC' left join latest l on l.item_id = i.id
     where a.discharged_at <= $1 group by 1 order by 1`,
    [asOf],
  );
  const total = await pool.query<{ n: number }>("select count(*)::int as n from account where discharged_at <= $1", [asOf]);
  const residue = await pool.query<{ id: string }>(
    `select a.id from account a where a.discharged_at <= $1 and not a.interface_failed and not a.cancelled
       and not exists (select from coding_item i where i.account_id = a.id) order by a.id limit ${SHOWN}`,
    [asOf],
  );
  return balance(
    total.rows[0]?.n ?? 0,
    rows,
    residue.rows.map(({ id }) => ({ accountId: id, why: "discharged, and no work item was made" })),
  );
}

async function codedBooks(pool: pg.Pool, asOf: Date): Promise<Balance> {
  const coded = `coded as (select distinct item_id from item_state where at <= $1 and state = 'FINAL_CODED')`;
  const { rows } = await pool.query<{ part: string; n: number }>(
    `with ${LATEST}, ${coded}
     select case when ${OUT} then 'released'
         when l.state = 'FINAL_CODED' then 'gated: ' || coalesce((select string_agg(h.code, '+' order by h.code) from item_hold h
           where h.item_id = l.item_id and h.blocks <> 'nothing' and h.set_at <= $1), case when i.release_after > $1 then 'MINDAYS' else 'due' end)
         else 'taken back: ' || l.state end as part, count(*)::int as n
     from coded c join latest l on l.item_id = c.item_id join coding_item i on i.id = c.item_id group by 1 order by 1`,
    [asOf],
  );
  const total = await pool.query<{ n: number }>(`with ${coded} select count(*)::int as n from coded`, [asOf]);
  const residue = await pool.query<{ item_id: string }>(
    `with ${LATEST}
     select l.item_id from latest l join coding_item i on i.id = l.item_id
     where l.state = 'FINAL_CODED' and not ${OUT} and i.release_after < $1::timestamptz - interval '10 minutes'
       and not exists (select from item_hold h where h.item_id = l.item_id and h.blocks <> 'nothing') order by 1 limit ${SHOWN}`,
    [asOf],
  );
  return balance(
    total.rows[0]?.n ?? 0,
    rows,
    residue.rows.map(({ item_id: itemId }) => ({ itemId, why: "final coded, nothing holds it, and no claim was made" })),
  );
}

async function releasedBooks(pool: pg.Pool, asOf: Date): Promise<Balance> {
  const part = `case when c.status = 'entered-in-error' and not exists (select from delivery d where d.claim_id = c.id) then 'taken back'
    when not exists (select from delivery d where d.claim_id = c.id) then 'no destination'
    when exists (select from delivery d where d.claim_id = c.id and d.state = 'rejected') then 'refused'
    when exists (select from delivery d where d.claim_id = c.id and (d.state not in ('confirmed', 'given-up') or d.updated_at > $1)) then 'pending'
    when not exists (select from delivery d where d.claim_id = c.id and d.state = 'confirmed') then 'given up'
    else 'delivered' end`;
  const { rows } = await pool.query<{ part: string; n: number }>(
    `select ${part} as part, count(*)::int as n from claim c where c.created_at <= $1 group by 1 order by 1`,
    [asOf],
  );
  const total = await pool.query<{ n: number }>("select count(*)::int as n from claim where created_at <= $1", [asOf]);
  const residue = await pool.query<{ id: string; item_id: string }>(
    `select c.id, c.item_id from claim c where c.created_at <= $1 and ${part} = 'refused' order by c.created_at limit ${SHOWN}`,
    [asOf],
  );
  return balance(
    total.rows[0]?.n ?? 0,
    rows,
    residue.rows.map(({ id, item_id: itemId }) => ({ claimId: id, itemId, why: "a destination refused the claim" })),
  );
}

/** After this many days without any answer a claim is asked after: payers acknowledge within days. */
const SILENT_DAYS = 30;

async function answeredBooks(pool: pg.Pool, asOf: Date): Promise<Balance> {
  const inForce = "c.created_at <= $1 and c.frequency <> '8' and c.status = 'active'";
  const verdict = `(select a.verdict from claim_answer a where a.claim_id = c.id and a.matched_at <= $1 order by a.answered_at desc, a.received_at desc limit 1)`;
  const { rows } = await pool.query<{ part: string; n: number }>(
    `select coalesce(${verdict}, 'no answer') as part, count(*)::int as n from claim c where ${inForce} group by 1 order by 1`,
    [asOf],
  );
  const total = await pool.query<{ n: number }>(`select count(*)::int as n from claim c where ${inForce}`, [asOf]);
  const residue = await pool.query<{ id: string; item_id: string }>(
    `select c.id, c.item_id from claim c where ${inForce} and c.created_at < $1::timestamptz - interval '${SILENT_DAYS} days' and ${verdict} is null
     order by c.created_at limit ${SHOWN}`,
    [asOf],
  );
  return balance(
    total.rows[0]?.n ?? 0,
    rows,
    residue.rows.map(({ id, item_id: itemId }) => ({ claimId: id, itemId, why: `no answer in ${SILENT_DAYS} days` })),
  );
}

/** The books of the work, as of any moment. */
export async function readWorkBooks(pool: pg.Pool, asOf: Date): Promise<WorkBooks> {
  const [discharged, finalCoded, released, answered] = await Promise.all([
    dischargedBooks(pool, asOf),
    codedBooks(pool, asOf),
    releasedBooks(pool, asOf),
    answeredBooks(pool, asOf),
  ]);
  return { asOf, discharged, finalCoded, released, answered };
}
