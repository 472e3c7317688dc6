import type pg from "pg";
import { type HeldBy, type HoldCode, HOLDS } from "./holds.ts";
import { derived, type Item, ticketChanged } from "./item.ts";
import { CHANGED, COLUMNS, itemOf, READ, type Row, stored } from "./item-row.ts";
import type { QueueRules } from "./queue-rules.ts";

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

/**
 * Reads and locks the items that a condition over `i` names, in id order.
 * @param name of the statement, when the condition is always the same: planning costs more than running it.
 */
export async function lockWhere(client: pg.PoolClient, where: string, values: readonly unknown[], name?: string): Promise<readonly Item[]> {
  const { rows } = await client.query<Row>({
    ...(name === undefined ? {} : { name }),
    text: `select ${READ}
      from coding_item i where ${where} order by i.id for update of i`,
    values: [...values],
  });
  return [...(await withHolds(client, rows)).values()];
}

/** The items of rows that are locked, in their order. */
async function withHolds(client: pg.PoolClient, rows: readonly Row[]): Promise<ReadonlyMap<string, Item>> {
  const holds = await holdsOf(
    client,
    rows.map((row) => row.id),
  );
  return new Map(rows.map((row) => [row.id, itemOf(row, holds.get(row.id) ?? [])]));
}

/** Reads and locks items; those that do not exist yet are not in the answer. */
export async function lockItems(client: pg.PoolClient, ids: readonly string[]): Promise<ReadonlyMap<string, Item>> {
  const items = await lockWhere(client, "i.id = any($1::uuid[])", [ids], "lock-items");
  return new Map(items.map((item) => [item.id, item]));
}

/**
 * Reads and locks the first of these items that nobody has leased or locked, with their accounts, so that the charts stay as they are. Nobody waits:
 * what is locked is passed over.
 */
export async function lockFreeItems(client: pg.PoolClient, ids: readonly string[], most: number): Promise<ReadonlyMap<string, Item>> {
  const { rows } = await client.query<Row>({
    name: "lock-free-items",
    // As an array, for which each item is looked up: joined with all items and accounts it takes fifty times as long.
    text: `select ${READ}
      from coding_item i join account a on a.id = i.account_id where i.id = any($1::uuid[]) and i.lease_id is null
      order by array_position($1, i.id) limit $2 for update of i skip locked for share of a skip locked`,
    values: [ids, most],
  });
  return withHolds(client, rows);
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

type Deriving = { readonly rules: QueueRules; readonly now: () => Date };

/** Changes locked items, completes and writes them. */
export async function changeItems(
  client: pg.PoolClient,
  { rules, now }: Deriving,
  changes: readonly { readonly before: Item; readonly change: Partial<Item>; readonly events: readonly ItemEvent[] }[],
): Promise<readonly Item[]> {
  const at = now();
  const changed = changes.map(({ before, change, events }) => ({
    before,
    after: derived(before, { ...before, ...change }, rules, at),
    events,
  }));
  await writeItems(client, changed);
  return changed.map(({ after }) => after);
}

/** Changes one locked item, completes and writes it. @returns it as it is now. */
export async function changeItem(
  client: pg.PoolClient,
  needs: Deriving,
  before: Item,
  change: Partial<Item>,
  ...events: readonly ItemEvent[]
): Promise<Item> {
  const [after = before] = await changeItems(client, needs, [{ before, change, events }]);
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
