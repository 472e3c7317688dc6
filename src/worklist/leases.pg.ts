import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { freshId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { pinCharts } from "#src/charts/chart-store.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import type { Item } from "./item.ts";
import type { Pull } from "./may-have.ts";
import { changeItem, changeItems, lockItem } from "./item-store.pg.ts";
import type { QueueRules } from "./queue-rules.ts";

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

/** A locked item that somebody shall have. */
export interface TakenItem {
  readonly item: Item;
  readonly userId: string;
  readonly detail?: string;
  /** The one that was asked with; without it one is made. */
  readonly leaseId?: string | undefined;
}

/** Gives locked items to people and pins their charts as they stand. @returns the leases in the order of the items. */
export async function takeLeases(client: pg.PoolClient, needs: LeaseNeeds, taken: readonly TakenItem[]): Promise<readonly Lease[]> {
  if (taken.length === 0) return [];
  const versions = await pinCharts(client, needs.sealer, [...new Set(taken.map(({ item }) => item.accountId))]);
  const leases = taken.map(({ item, leaseId = freshId() }): Lease => {
    const { id, accountId, queue, stream, facility } = item;
    const leaseUntil = new Date(needs.now().getTime() + needs.rules.rule(queue).leaseMinutes * 60_000);
    const snapshotVersion = versions.get(accountId) ?? item.chartVersion;
    return { id, leaseId, leaseUntil, snapshotVersion, accountId, queue, stream, facility, class: item.class };
  });
  await changeItems(
    client,
    needs,
    taken.flatMap(({ item, userId, detail }, n) => {
      const lease = leases[n];
      return lease === undefined
        ? []
        : [{ before: item, change: leasedTo(item, lease, userId), events: [{ name: "leased", actor: userId, detail }] }];
    }),
  );
  return leases;
}

/** Leases that these pulls were given before, by person: the answer did not reach them, or they ask once more. */
export async function leasesAsked(
  client: pg.PoolClient,
  { now }: Pick<LeaseNeeds, "now">,
  pulls: readonly Pull[],
): Promise<ReadonlyMap<string, Lease>> {
  const asked = pulls.filter(({ leaseId }) => leaseId !== undefined);
  if (asked.length === 0) return new Map();
  const { rows } = await client.query<Lease & { readonly userId: string }>(
    `select i.lease_user as "userId", i.id, i.lease_id as "leaseId", i.lease_until as "leaseUntil", i.pinned_version as "snapshotVersion",
       i.account_id as "accountId", i.queue, i.stream, i.facility, i.class
     from coding_item i join unnest($1::uuid[], $2::text[]) as p (lease_id, user_id) on p.lease_id = i.lease_id and p.user_id = i.lease_user::text
     where i.state in ('IN_PROGRESS', 'IN_REVIEW') and i.lease_until > $3`,
    [asked.map(({ leaseId }) => leaseId), asked.map(({ userId }) => userId), now()],
  );
  return new Map(rows.map(({ userId, ...lease }) => [userId, lease]));
}

const leasedTo = (item: Item, { leaseId: id, leaseUntil: until, snapshotVersion: version }: Lease, user: string): Partial<Item> => ({
  lease: { id, user, until },
  chartVersion: version,
  pinnedVersion: version,
  // A coder who recodes compares with what was coded: what led to it stays unjudged until then.
  judgedVersion: item.progress === "awaiting" || item.judgedVersion === null ? version : item.judgedVersion,
  reservedFor: null,
  reservedUntil: null,
});

/**
 * Leases one named item: for a supervisor, or for its coder of record, who goes on with what is their own. Everybody else takes what
 * comes next. Fails with `NOT_FOUND`, `FORBIDDEN` (not theirs, or a conflict of interest) or `TRANSITION_NOT_ALLOWED`.
 */
export function leaseItem(
  needs: LeaseNeeds,
  itemId: string,
  { userId, supervisor, external = false }: { readonly userId: string; readonly supervisor: boolean; readonly external?: boolean },
): Promise<Result<Lease, Failure>> {
  return inTransaction(needs.pool, async (client) => {
    const item = await lockItem(client, itemId);
    if (item === undefined) return fail({ code: "NOT_FOUND" });
    const outside = external && needs.rules.rule(item.queue).consumers === "external";
    if (!supervisor && item.coderOfRecord !== userId && item.reservedFor !== userId && !outside) return fail({ code: "NOT_ALLOWED" });
    const conflict = await client.query(
      "select from coder_relation r join coding_item i on i.id = $1 where r.user_id = $2 and r.person_key = any(i.patient_keys)",
      [itemId, userId],
    );
    if (conflict.rowCount !== 0) return fail({ code: "NOT_ALLOWED", detail: "a conflict of interest" });
    if (item.lease !== null || !["READY", "RECODE", "REWORK"].includes(item.state))
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the item is ${item.state}` });
    const [lease] = await takeLeases(client, needs, [{ item, userId, detail: outside ? "by ticket" : "by name" }]);
    return lease === undefined ? fail({ code: "NOT_FOUND" }) : ok(lease);
  });
}

/** Extends a lease by its queue's time. Fails with `LEASE_LOST`. */
export async function heartbeat(
  { pool, rules, now }: LeaseNeeds,
  itemId: string,
  leaseId: string,
  userId: string,
): Promise<Result<{ readonly leaseUntil: Date }, Failure>> {
  const held = await pool.query<{ queue: string }>("select queue from coding_item where id = $1", [itemId]);
  const leaseUntil = new Date(now().getTime() + rules.rule(held.rows[0]?.queue ?? "").leaseMinutes * 60_000);
  const { rowCount } = await pool.query(
    "update coding_item set lease_until = $4 where id = $1 and lease_id = $2 and lease_user = $3 and lease_until > $5",
    [itemId, leaseId, userId, leaseUntil, now()],
  );
  return rowCount === 1 ? ok({ leaseUntil }) : fail(LEASE_LOST);
}

/** What a lease leaves behind when it ends: its coder stays the coder of record where there is a draft. */
export const withoutLease = (item: Item): Partial<Item> => ({
  lease: null,
  coderOfRecord: item.hasDraft && item.lease !== null && item.progress !== "in-review" ? item.lease.user : item.coderOfRecord,
});

/** An item leased by this person, locked; undefined when the lease is not theirs any more. */
export async function lockLeased(
  client: pg.PoolClient,
  { now }: Pick<LeaseNeeds, "now">,
  { itemId, leaseId, userId }: { readonly itemId: string; readonly leaseId: string; readonly userId: string },
): Promise<Item | undefined> {
  const item = await lockItem(client, itemId);
  const lease = item?.lease;
  return lease?.id === leaseId && lease.user === userId && lease.until > now() ? item : undefined;
}

/** Gives an item back without codes; a draft is kept. Fails with `LEASE_LOST`. */
export function releaseLease(needs: LeaseNeeds, itemId: string, leaseId: string, userId: string): Promise<Result<undefined, Failure>> {
  return inTransaction(needs.pool, async (client) => {
    const item = await lockItem(client, itemId);
    if (item?.lease?.id !== leaseId || item.lease.user !== userId) return fail(LEASE_LOST);
    await changeItem(client, needs, item, withoutLease(item), { name: "given-back", actor: userId });
    return ok(undefined);
  });
}

/** Ends every lease that ran out. @returns how many. */
export async function expireLeases(needs: LeaseNeeds): Promise<number> {
  return eachItem(needs, "lease_until < $1", [needs.now()], async (client, item) => {
    if (item.lease === null || item.lease.until >= needs.now()) return false;
    await changeItem(client, needs, item, withoutLease(item), { name: "lease-expired", actor: "engine" });
    return true;
  });
}

/** Works on each item that a condition names, every one in a transaction of its own and locked again. @returns on how many it did something. */
export async function eachItem(
  { pool }: Pick<LeaseNeeds, "pool">,
  where: string,
  values: readonly unknown[],
  work: (client: pg.PoolClient, item: Item) => Promise<boolean>,
): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(`select id from coding_item where ${where} order by id limit 5000`, [...values]);
  let done = 0;
  for (const { id } of rows) {
    const did = await inTransaction(pool, async (client) => {
      const item = await lockItem(client, id);
      return item !== undefined && (await work(client, item));
    });
    if (did) done++;
  }
  return done;
}

/** Changes a named item. Fails with `NOT_FOUND`, or `SNAPSHOT_STALE` when somebody changed it since `revision`. */
export function onItem<T>(
  needs: LeaseNeeds,
  itemId: string,
  revision: number | undefined,
  work: (client: pg.PoolClient, item: Item) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  return inTransaction(needs.pool, async (client) => {
    const item = await lockItem(client, itemId);
    if (item === undefined) return fail({ code: "NOT_FOUND" });
    if (revision !== undefined && revision !== item.revision)
      return fail({ code: "REVISION_STALE", detail: `the item is at revision ${item.revision} now` });
    return work(client, item);
  });
}
