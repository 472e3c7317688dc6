import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { freshId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { pinChart } from "#src/charts/chart-store.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { holdsOf, markTickets } from "./item-store.pg.ts";
import type { QueueRules } from "./queue-rules.ts";
import { type Blocks, type ItemState, type Progress, stateOf } from "./states.ts";

export interface LeaseNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly rules: QueueRules;
  readonly now: () => Date;
}

/** An item in one coder's hands until `leaseUntil`. */
export interface Lease {
  readonly id: string;
  readonly leaseId: string;
  readonly leaseUntil: Date;
  /** The chart as it stood when leased; the codes must be submitted against it. */
  readonly snapshotVersion: number;
  readonly accountId: string;
  readonly queue: string;
  readonly stream: string;
  readonly facility: string;
  readonly class: string | null;
}

const LEASE_LOST: Failure = { code: "LEASE_LOST" };

interface Candidate {
  id: string;
  account_id: string;
  queue: string;
  stream: string;
  facility: string;
  class: string | null;
  chart_version: number;
}

/**
 * Leases the next ready item of these queues (of any when empty): lowest priority number first, the longest ready first.
 * Two coders who ask at once get two items. The chart is pinned as it stands. Fails with `NOTHING_READY`.
 */
export function leaseNext(
  { pool, sealer, rules, now }: LeaseNeeds,
  { userId, queues }: { readonly userId: string; readonly queues: readonly string[] },
): Promise<Result<Lease, Failure>> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Candidate>({
      name: "lease-next",
      // The account is locked with its item, so that the version that is pinned is the one that was read. Nobody waits: what is locked is passed over.
      text: `select i.id, i.account_id, i.queue, i.stream, i.facility, i.class, a.chart_version
        from coding_item i join account a on a.id = i.account_id
        where i.state = 'READY' and (cardinality($1::text[]) = 0 or i.queue = any($1))
        order by i.priority, i.ready_at nulls last, i.id limit 1 for update of i skip locked for share of a skip locked`,
      values: [queues],
    });
    const found = rows[0];
    if (found === undefined) return fail({ code: "NOTHING_READY" });
    const leaseId = freshId();
    const leaseUntil = new Date(now().getTime() + (rules.rule(found.queue)?.leaseMinutes ?? 30) * 60_000);
    await client.query(
      `update coding_item set state = 'IN_PROGRESS', lease_id = $2, lease_user = $3, lease_until = $4, lease_epoch = lease_epoch + 1,
         chart_version = $5, pinned_version = $5, updated_at = now() where id = $1`,
      [found.id, leaseId, userId, leaseUntil, found.chart_version],
    );
    await pinChart(client, sealer, found.account_id, found.chart_version);
    await writeEvent(client, found.id, { event: "leased", from: "READY", to: "IN_PROGRESS", actor: userId });
    await markTickets(client, [found.id]);
    const { id, account_id: accountId, queue, stream, facility } = found;
    return ok({ id, leaseId, leaseUntil, snapshotVersion: found.chart_version, accountId, queue, stream, facility, class: found.class });
  });
}

export interface ItemEvent {
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly actor: string;
  /** Ids and codes only. */
  readonly detail?: string;
}

export const writeEvent = (client: pg.PoolClient, itemId: string, { event, from, to, actor, detail }: ItemEvent): Promise<unknown> =>
  client.query("insert into item_event (item_id, event, from_state, to_state, actor, detail) values ($1, $2, $3, $4, $5, $6)", [
    itemId,
    event,
    from,
    to,
    actor,
    detail ?? null,
  ]);

/** Extends a lease by its queue's time. Fails with `LEASE_LOST`. */
export async function heartbeat(
  { pool, rules, now }: LeaseNeeds,
  itemId: string,
  leaseId: string,
  userId: string,
): Promise<Result<{ readonly leaseUntil: Date }, Failure>> {
  const held = await pool.query<{ queue: string }>("select queue from coding_item where id = $1", [itemId]);
  const leaseUntil = new Date(now().getTime() + (rules.rule(held.rows[0]?.queue ?? "")?.leaseMinutes ?? 30) * 60_000);
  const { rowCount } = await pool.query(
    "update coding_item set lease_until = $4 where id = $1 and lease_id = $2 and lease_user = $3 and lease_until > $5",
    [itemId, leaseId, userId, leaseUntil, now()],
  );
  return rowCount === 1 ? ok({ leaseUntil }) : fail(LEASE_LOST);
}

interface Held {
  readonly id: string;
  readonly progress: Progress;
  readonly state: ItemState;
  readonly leased: boolean;
  readonly holds: readonly Blocks[];
}

/** Locks an item with what its holds stop. */
export async function lockHeld(client: pg.PoolClient, where: string, values: unknown[]): Promise<readonly Held[]> {
  const { rows } = await client.query<Omit<Held, "holds">>(
    `select i.id, i.progress, i.state, i.lease_id is not null as leased
     from coding_item i where ${where} order by i.id for update of i`,
    values,
  );
  const holds = await holdsOf(
    client,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({ ...row, holds: (holds.get(row.id) ?? []).map(({ blocks }) => blocks) }));
}

/** Gives items up whose lease ends: they are ready again, or held. */
async function endLeases(client: pg.PoolClient, items: readonly Held[], event: string, actor: string): Promise<void> {
  for (const item of items) {
    const state = stateOf(item.progress, { leased: false, holds: item.holds });
    await client.query(
      `update coding_item set state = $2, lease_id = null, lease_user = null, lease_until = null,
         dispatch_no = dispatch_no + case when $2 = 'READY' then 1 else 0 end, updated_at = now() where id = $1`,
      [item.id, state],
    );
    await writeEvent(client, item.id, { event, from: item.state, to: state, actor });
  }
  await markTickets(
    client,
    items.map((item) => item.id),
  );
}

/** Gives an item back without codes. Fails with `LEASE_LOST`. */
export function releaseLease({ pool }: LeaseNeeds, itemId: string, leaseId: string, userId: string): Promise<Result<undefined, Failure>> {
  return inTransaction(pool, async (client) => {
    const items = await lockHeld(client, "i.id = $1 and i.lease_id = $2 and i.lease_user = $3", [itemId, leaseId, userId]);
    if (items.length === 0) return fail(LEASE_LOST);
    await endLeases(client, items, "given-back", userId);
    return ok(undefined);
  });
}

/** Ends every lease that ran out. @returns how many. */
export function expireLeases({ pool, now }: LeaseNeeds): Promise<number> {
  return inTransaction(pool, async (client) => {
    const items = await lockHeld(client, "i.lease_until < $1", [now()]);
    if (items.length > 0) await endLeases(client, items, "lease-expired", "engine");
    return items.length;
  });
}

/** Puts a person's hold on an item. A hold that blocks coding takes it off its queue; a lease in hand is not ended. */
export function putHold(
  { pool }: LeaseNeeds,
  itemId: string,
  hold: { readonly code: string; readonly owner: string; readonly blocks: Blocks },
  userId: string,
): Promise<Result<{ readonly state: ItemState }, Failure>> {
  return changeHolds(pool, itemId, userId, `hold ${hold.code}`, (client) =>
    client.query(
      "insert into item_hold (item_id, code, owner, set_by, blocks) values ($1, $2, $3, $4, $5) on conflict (item_id, code) do update set set_by = excluded.set_by",
      [itemId, hold.code, hold.owner, userId, hold.blocks],
    ),
  );
}

/** Lifts a hold, whoever put it. Fails with `NOT_FOUND` when there is none. */
export const liftHold = (
  { pool }: LeaseNeeds,
  itemId: string,
  code: string,
  userId: string,
): Promise<Result<{ readonly state: ItemState }, Failure>> =>
  changeHolds(pool, itemId, userId, `hold ${code} lifted`, (client) =>
    client.query("delete from item_hold where item_id = $1 and code = $2", [itemId, code]),
  );

function changeHolds(
  pool: pg.Pool,
  itemId: string,
  actor: string,
  event: string,
  change: (client: pg.PoolClient) => Promise<pg.QueryResult>,
): Promise<Result<{ readonly state: ItemState }, Failure>> {
  return inTransaction(pool, async (client) => {
    const before = (await lockHeld(client, "i.id = $1", [itemId]))[0];
    if (before === undefined) return fail({ code: "NOT_FOUND" });
    const { rowCount } = await change(client);
    if (rowCount === 0) return fail({ code: "NOT_FOUND" });
    const after = (await lockHeld(client, "i.id = $1", [itemId]))[0] ?? before;
    const state = stateOf(after.progress, { leased: before.state === "IN_PROGRESS", holds: after.holds });
    await client.query(
      "update coding_item set state = $2, dispatch_no = dispatch_no + case when $2 = 'READY' and state <> 'READY' then 1 else 0 end, updated_at = now() where id = $1",
      [itemId, state],
    );
    await writeEvent(client, itemId, { event, from: before.state, to: state, actor });
    if (state !== before.state) await markTickets(client, [itemId]);
    return ok({ state });
  });
}
