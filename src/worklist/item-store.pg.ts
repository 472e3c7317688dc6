import type pg from "pg";
import type { Stream } from "#src/coding/submission.ts";
import type { ItemFacts } from "./conditions.ts";
import { type HeldBy, type HoldCode, HOLDS } from "./holds.ts";
import { derived, EMPTY_FACTS, type Item, ticketChanged } from "./item.ts";
import type { QueueRules } from "./queue-rules.ts";
import type { ScoreParts } from "./score.ts";
import type { ItemState, Progress } from "./states.ts";

interface Row {
  id: string;
  account_id: string;
  stream: Stream;
  progress: Progress;
  state: ItemState;
  queue: string;
  priority: number;
  dispatch_no: number;
  facility: string;
  class: string | null;
  ready_at: Date | null;
  chart_version: number;
  pinned_version: number | null;
  judged_version: number | null;
  release_version: number | null;
  release_after: Date | null;
  lease_id: string | null;
  lease_user: string | null;
  lease_until: Date | null;
  coder_of_record: string | null;
  facts: Partial<ItemFacts>;
  patient_keys: string[];
  score: number;
  score_parts: ScoreParts;
  stat: boolean;
  views: string[];
  routed_by: string;
  recode_from: Progress | null;
  recode_reasons: string[];
  reserved_for: string | null;
  reserved_until: Date | null;
  unblocked_at: Date | null;
  settle_at: Date | null;
  answer_by: string | null;
  merged_into: string | null;
  shadow: boolean;
  claim_id: string | null;
  has_draft: boolean;
  revision: number;
}

/**
 * What holds items that are locked already. A statement of its own, always after the one that locks: a statement that waited for
 * a lock still sees other tables as they were when it began, and would overlook the hold that was put meanwhile.
 */
export async function holdsOf(client: pg.PoolClient, ids: readonly string[]): Promise<ReadonlyMap<string, readonly HeldBy[]>> {
  const holds = new Map<string, HeldBy[]>();
  if (ids.length === 0) return holds;
  const { rows } = await client.query<HeldBy & { item_id: string }>({
    name: "read-holds",
    text: `select item_id, code, blocks, set_by as "setBy" from item_hold where item_id = any($1::uuid[]) order by item_id, code`,
    values: [ids],
  });
  for (const { item_id: id, ...hold } of rows) {
    const have = holds.get(id);
    if (have === undefined) holds.set(id, [hold]);
    else have.push(hold);
  }
  return holds;
}

const itemOf = (row: Row, holds: readonly HeldBy[]): Item => ({
  id: row.id,
  accountId: row.account_id,
  stream: row.stream,
  progress: row.progress,
  state: row.state,
  queue: row.queue,
  priority: row.priority,
  dispatchNo: row.dispatch_no,
  facility: row.facility,
  class: row.class,
  readyAt: row.ready_at,
  chartVersion: row.chart_version,
  pinnedVersion: row.pinned_version,
  judgedVersion: row.judged_version,
  releaseVersion: row.release_version,
  releaseAfter: row.release_after,
  lease:
    row.lease_id === null || row.lease_user === null || row.lease_until === null
      ? null
      : { id: row.lease_id, user: row.lease_user, until: row.lease_until },
  coderOfRecord: row.coder_of_record,
  facts: { ...EMPTY_FACTS, stream: row.stream, facility: row.facility, class: row.class ?? "", ...row.facts },
  patientKeys: row.patient_keys,
  score: row.score,
  scoreParts: row.score_parts,
  stat: row.stat,
  views: row.views,
  routedBy: row.routed_by,
  recodeFrom: row.recode_from,
  recodeReasons: row.recode_reasons,
  reservedFor: row.reserved_for,
  reservedUntil: row.reserved_until,
  unblockedAt: row.unblocked_at,
  settleAt: row.settle_at,
  answerBy: row.answer_by,
  mergedInto: row.merged_into,
  shadow: row.shadow,
  holds,
  claimId: row.claim_id,
  hasDraft: row.has_draft,
  revision: row.revision,
});

/**
 * Reads and locks the items that a condition over `i` names, in id order.
 * @param name of the statement, when the condition is always the same: planning costs more than running it.
 */
export async function lockWhere(client: pg.PoolClient, where: string, values: readonly unknown[], name?: string): Promise<readonly Item[]> {
  const { rows } = await client.query<Row>({
    ...(name === undefined ? {} : { name }),
    text: `select i.id, i.account_id, i.stream, i.progress, i.state, i.queue, i.priority, i.dispatch_no, i.facility, i.class, i.ready_at,
        i.chart_version, i.pinned_version, i.judged_version, i.release_version, i.release_after, i.lease_id, i.lease_user, i.lease_until,
        i.coder_of_record, i.facts, array(select encode(k, 'hex') from unnest(i.patient_keys) k) as patient_keys, i.score, i.score_parts,
        i.stat, i.views, i.routed_by, i.recode_from, i.recode_reasons, i.reserved_for, i.reserved_until, i.unblocked_at, i.settle_at, i.answer_by::text,
        i.merged_into, i.shadow, i.revision, i.sealed_draft is not null as has_draft,
        (select case when c.frequency = '8' or c.status in ('cancelled', 'entered-in-error') then null else c.id end
           from claim c where c.item_id = i.id order by c.version desc, c.part limit 1) as claim_id
      from coding_item i where ${where} order by i.id for update of i`,
    values: [...values],
  });
  const holds = await holdsOf(
    client,
    rows.map((row) => row.id),
  );
  return rows.map((row) => itemOf(row, holds.get(row.id) ?? []));
}

/** Reads and locks items; those that do not exist yet are not in the answer. */
export async function lockItems(client: pg.PoolClient, ids: readonly string[]): Promise<ReadonlyMap<string, Item>> {
  const items = await lockWhere(client, "i.id = any($1::uuid[])", [ids], "lock-items");
  return new Map(items.map((item) => [item.id, item]));
}

/** Locks an item after its account, in the order of the fold: two who lock in the same order never wait for each other in a ring. */
export async function lockItem(client: pg.PoolClient, id: string): Promise<Item | undefined> {
  await client.query({
    name: "lock-item-account",
    text: "select from account a join coding_item i on i.account_id = a.id where i.id = $1 for share of a",
    values: [id],
  });
  return (await lockItems(client, [id])).get(id);
}

export interface ItemEvent {
  readonly name: string;
  /** `engine`, or a user. */
  readonly actor: string;
  readonly recordId?: string | undefined;
  /** Ids and codes only. */
  readonly detail?: string | undefined;
}

/** One item's change: `before` as locked, `after` completed by `derived`. */
export interface ItemChange {
  readonly before: Item | undefined;
  readonly after: Item;
  readonly events: readonly ItemEvent[];
}

const stored = (item: Item) => ({
  id: item.id,
  account_id: item.accountId,
  stream: item.stream,
  progress: item.progress,
  state: item.state,
  queue: item.queue,
  priority: item.priority,
  dispatch_no: item.dispatchNo,
  facility: item.facility,
  class: item.class,
  ready_at: item.readyAt,
  chart_version: item.chartVersion,
  pinned_version: item.pinnedVersion,
  judged_version: item.judgedVersion,
  release_version: item.releaseVersion,
  release_after: item.releaseAfter,
  lease_id: item.lease?.id ?? null,
  lease_user: item.lease?.user ?? null,
  lease_until: item.lease?.until ?? null,
  coder_of_record: item.coderOfRecord,
  facts: item.facts,
  payer_id: item.facts.payerId,
  total_cents: item.facts.totalCents,
  discharged_at: item.facts.dischargedAt ?? null,
  patient_keys: item.patientKeys.map((key) => `\\x${key}`),
  score: item.score,
  score_parts: item.scoreParts,
  stat: item.stat,
  views: item.views,
  routed_by: item.routedBy,
  recode_from: item.recodeFrom,
  recode_reasons: item.recodeReasons,
  reserved_for: item.reservedFor,
  reserved_until: item.reservedUntil,
  unblocked_at: item.unblockedAt,
  settle_at: item.settleAt,
  answer_by: item.answerBy,
  merged_into: item.mergedInto,
  shadow: item.shadow,
});
const COLUMNS = `account_id, stream, progress, state, queue, priority, dispatch_no, facility, class, ready_at, chart_version, pinned_version, judged_version,
  release_version, release_after, lease_id, lease_user, lease_until, coder_of_record, facts, payer_id, total_cents, discharged_at, patient_keys, score,
  score_parts, stat, views, routed_by, recode_from, recode_reasons, reserved_for, reserved_until, unblocked_at, settle_at, answer_by, merged_into,
  shadow`;
const CHANGED = COLUMNS.split(",")
  .map((name) => name.trim())
  .filter((name) => !["account_id", "stream", "facility"].includes(name))
  .map((name) => `${name} = excluded.${name}`)
  .join(", ");

/** Writes changed items with the engine's holds, their events and tickets: five statements at most, whatever their number. */
export async function writeItems(client: pg.PoolClient, changes: readonly ItemChange[]): Promise<void> {
  if (changes.length === 0) return;
  await client.query({
    name: "write-items",
    text: `insert into coding_item (id, ${COLUMNS})
      select id, ${COLUMNS} from jsonb_populate_recordset(null::coding_item, $1::jsonb)
      on conflict (id) do update set ${CHANGED}, updated_at = now()`,
    values: [JSON.stringify(changes.map(({ after }) => stored(after)))],
  });
  await writeHolds(client, changes);
  await writeEvents(
    client,
    changes.flatMap(({ before, after, events }) => events.map((event) => ({ before, after, ...event }))),
  );
  const tickets = changes.filter(({ before, after }) => ticketChanged(before, after)).map(({ after }) => after.id);
  if (tickets.length > 0) await markTickets(client, tickets);
}

/** Holds that came and went between the two versions of each item. */
async function writeHolds(client: pg.PoolClient, changes: readonly ItemChange[]): Promise<void> {
  const had = (item: Item | undefined, code: string): boolean => item?.holds.some((hold) => hold.code === code) === true;
  const set = changes.flatMap(({ before, after }) =>
    after.holds.filter(({ code }) => !had(before, code)).map((hold) => ({ id: after.id, ...hold, owner: ownerOf(hold.code) })),
  );
  if (set.length > 0)
    await client.query({
      name: "set-holds",
      text: `insert into item_hold (item_id, code, owner, set_by, blocks)
        select id, code, owner, set_by, blocks from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) as h (id, code, owner, set_by, blocks)
        on conflict do nothing`,
      values: [set.map((h) => h.id), set.map((h) => h.code), set.map((h) => h.owner), set.map((h) => h.setBy), set.map((h) => h.blocks)],
    });
  const lifted = changes.flatMap(({ before, after }) =>
    (before?.holds ?? []).filter(({ code }) => !had(after, code)).map(({ code }) => ({ id: after.id, code })),
  );
  if (lifted.length > 0)
    await client.query(
      "delete from item_hold h using unnest($1::uuid[], $2::text[]) as l (id, code) where h.item_id = l.id and h.code = l.code",
      [lifted.map((l) => l.id), lifted.map((l) => l.code)],
    );
}

const ownerOf = (code: string): string => (Object.hasOwn(HOLDS, code) ? HOLDS[code as HoldCode].owner : "coder");
/** A hold of the engine's, as the catalogue has it. */
export const engineHold = (code: HoldCode): HeldBy => ({ code, blocks: HOLDS[code].blocks, setBy: "engine" });

async function writeEvents(
  client: pg.PoolClient,
  events: readonly (ItemEvent & { readonly before: Item | undefined; readonly after: Item })[],
): Promise<void> {
  if (events.length === 0) return;
  await client.query({
    name: "write-item-events",
    text: `insert into item_event (item_id, event, from_state, to_state, actor, record_id, detail, queue)
      select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[])`,
    values: [
      events.map((e) => e.after.id),
      events.map((e) => e.name),
      events.map((e) => e.before?.state ?? null),
      events.map((e) => e.after.state),
      events.map((e) => e.actor),
      events.map((e) => e.recordId ?? null),
      events.map((e) => e.detail ?? null),
      events.map((e) => e.after.queue),
    ],
  });
}

/** Changes one locked item, completes and writes it. @returns it as it is now. */
export async function changeItem(
  client: pg.PoolClient,
  { rules, now }: { readonly rules: QueueRules; readonly now: () => Date },
  before: Item,
  change: Partial<Item>,
  ...events: readonly ItemEvent[]
): Promise<Item> {
  const after = derived(before, { ...before, ...change }, rules, now());
  await writeItems(client, [{ before, after, events }]);
  return after;
}

/** Says that the tickets of these items in Redis may no longer agree with their rows. Same transaction as the change itself. */
export async function markTickets(client: pg.Pool | pg.PoolClient, itemIds: readonly string[]): Promise<void> {
  await client.query({
    name: "mark-tickets",
    text: `insert into dirty_item (item_id, since) select unnest($1::uuid[]), clock_timestamp()
      on conflict (item_id) do update set since = excluded.since`,
    // In one order for everyone, so that two who mark the same items never wait for each other in a ring.
    values: [itemIds.toSorted()],
  });
}
