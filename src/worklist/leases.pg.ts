import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { freshId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { pinChart } from "#src/charts/chart-store.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { type Eligibility, eligibilityOf } from "./eligibility.pg.ts";
import type { Item } from "./item.ts";
import { changeItem, lockItem, lockItems } from "./item-store.pg.ts";
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
const NOTHING: Failure = { code: "NOTHING_READY" };

/** Candidates looked at: more than are locked by those who pull in the same moment, so that the best that is free is among them. */
const CANDIDATES = [16, 96, 384] as const;
/** Locked besides those of pulls: by the fold, and by other processes. */
const OTHERS = 12;
/** Tries when all candidates were taken meanwhile. */
const TRIES = 5;

/**
 * Leases the next item of these queues (of any when empty) that this person may have: best score first, the longest ready first.
 * Who may have what is decided in SQL, under the lock: nobody can pick, and two who ask at once get two items. Fails with `NOTHING_READY`.
 */
export async function leaseNext(
  needs: LeaseNeeds,
  { userId, queues, kind = "coding" }: { readonly userId: string; readonly queues: readonly string[]; readonly kind?: "coding" | "review" },
): Promise<Result<Lease, Failure>> {
  const may = await eligibilityOf(needs, userId, queues, kind);
  if (may.queues.length === 0) return fail(NOTHING);
  pulling++;
  try {
    return await tryToLease(needs, may, { userId, kind });
  } finally {
    pulling--;
  }
}

/** Pulls under way in this process. */
let pulling = 0;

async function tryToLease(
  needs: LeaseNeeds,
  may: Eligibility,
  { userId, kind }: { readonly userId: string; readonly kind: "coding" | "review" },
): Promise<Result<Lease, Failure>> {
  const { pool, now } = needs;
  const states = kind === "review" ? "i.state = 'IN_REVIEW' and i.lease_id is null" : "i.state in ('READY', 'RECODE', 'REWORK')";
  const eligible = `(cardinality($3::text[]) = 0 or i.facility = any($3)) and not i.payer_id = any($4)
    and (i.reserved_for is null or i.reserved_for = $2 or i.reserved_until <= $5)
    and not exists (select from coder_relation r where r.user_id = $2 and r.person_key = any(i.patient_keys))
    ${kind === "review" ? "and i.coder_of_record is distinct from $2" : ""}`;
  for (let tried = 0; tried < TRIES; tried++) {
    const candidates = tried > 0 ? CANDIDATES[2] : (CANDIDATES.find((few) => few >= pulling + OTHERS) ?? CANDIDATES[2]);
    const leased = await inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ id: string; candidates: number }>({
        name: `lease-next-${kind}-${candidates}`,
        // As an array, for which each item is looked up: joined with all items and accounts it takes fifty times as long.
        // The account is locked with its item, so that the version that is pinned is the one that was read. Nobody waits: what is locked is passed over.
        text: `with candidate as materialized (
            select c.id from unnest($1::text[]) q (queue) cross join lateral (
              select i.id, i.priority, i.ready_at from coding_item i where i.queue = q.queue and ${states} and ${eligible}
              order by i.priority, i.ready_at nulls last, i.id limit ${candidates}) c
            order by c.priority, c.ready_at nulls last, c.id limit ${candidates}
          )
          select i.id from coding_item i join account a on a.id = i.account_id
          where i.id = any(array(select id from candidate)) and ${states} and ${eligible}
          order by i.priority, i.ready_at nulls last, i.id limit 1 for update of i skip locked for share of a skip locked`,
        values: [may.queues, userId, may.facilities, may.payerExclusions, now()],
      });
      const id = rows[0]?.id;
      const item = id === undefined ? undefined : (await lockItems(client, [id])).get(id);
      if (item !== undefined) return takeLease(client, needs, item, { userId, event: "leased" });
      const { rows: left } = await client.query(`select from coding_item i where i.queue = any($1) and ${states} and ${eligible} limit 1`, [
        may.queues,
        userId,
        may.facilities,
        may.payerExclusions,
        now(),
      ]);
      return left.length === 0 ? undefined : "again";
    });
    if (leased === undefined) return fail(NOTHING);
    if (leased !== "again") return ok(leased);
  }
  return fail(NOTHING);
}

/** Gives a locked item to somebody and pins its chart as it stands. */
async function takeLease(
  client: pg.PoolClient,
  needs: LeaseNeeds,
  item: Item,
  { userId, event, detail }: { readonly userId: string; readonly event: string; readonly detail?: string },
): Promise<Lease> {
  const { rows } = await client.query<{ chart_version: number }>({
    name: "begin-lease",
    text: `update coding_item i set lease_epoch = i.lease_epoch + 1 from account a where i.id = $1 and a.id = i.account_id
      returning a.chart_version`,
    values: [item.id],
  });
  const version = rows[0]?.chart_version ?? item.chartVersion;
  const id = freshId();
  const until = new Date(needs.now().getTime() + needs.rules.rule(item.queue).leaseMinutes * 60_000);
  await pinChart(client, needs.sealer, item.accountId, version);
  await changeItem(
    client,
    needs,
    item,
    {
      lease: { id, user: userId, until },
      chartVersion: version,
      pinnedVersion: version,
      // A coder who recodes compares with what was coded: what led to it stays unjudged until then.
      judgedVersion: item.progress === "awaiting" || item.judgedVersion === null ? version : item.judgedVersion,
      reservedFor: null,
      reservedUntil: null,
    },
    { name: event, actor: userId, ...(detail === undefined ? {} : { detail }) },
  );
  const { accountId, queue, stream, facility } = item;
  return { id: item.id, leaseId: id, leaseUntil: until, snapshotVersion: version, accountId, queue, stream, facility, class: item.class };
}

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
    return ok(await takeLease(client, needs, item, { userId, event: "leased", detail: outside ? "by ticket" : "by name" }));
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
