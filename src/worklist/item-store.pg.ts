import type pg from "pg";
import type { Stream } from "#src/coding/submission.ts";
import { AUTOMATIC_HOLDS, type AutomaticHold, type Blocks, type ItemState, type Progress } from "./states.ts";

/** An item as it stands, its row locked. */
export interface StoredItem {
  readonly id: string;
  readonly accountId: string;
  readonly stream: Stream;
  readonly progress: Progress;
  readonly state: ItemState;
  readonly queue: string;
  readonly priority: number;
  readonly dispatchNo: number;
  readonly facility: string;
  readonly class: string | null;
  readonly readyAt: Date | null;
  readonly chartVersion: number;
  readonly leased: boolean;
  readonly holds: readonly StoredHold[];
}

export interface WrittenItem {
  readonly id: string;
  readonly accountId: string;
  readonly stream: Stream;
  readonly progress: Progress;
  readonly state: ItemState;
  readonly queue: string;
  readonly priority: number;
  readonly dispatchNo: number;
  readonly facility: string;
  readonly class: string | null;
  readonly readyAt: Date | string | null;
  readonly chartVersion: number;
  readonly setHolds: readonly AutomaticHold[];
  readonly liftHolds: readonly AutomaticHold[];
  /** The item enters or leaves its queue, or changes its place there. */
  readonly ticketChanged: boolean;
  readonly event:
    | { readonly name: string; readonly from: string | null; readonly to: string; readonly recordId: string | undefined }
    | undefined;
}

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
  leased: boolean;
}

export interface StoredHold {
  readonly code: string;
  readonly blocks: Blocks;
  readonly setBy: string;
}

/**
 * What holds items that are locked already. A statement of its own, always after the one that locks: a statement that waited for
 * a lock still sees other tables as they were when it began, and would overlook the hold that was put meanwhile.
 */
export async function holdsOf(client: pg.PoolClient, ids: readonly string[]): Promise<ReadonlyMap<string, readonly StoredHold[]>> {
  const holds = new Map<string, StoredHold[]>();
  if (ids.length === 0) return holds;
  const { rows } = await client.query<StoredHold & { item_id: string }>({
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

/** Reads and locks items; those that do not exist yet are not in the answer. */
export async function lockItems(client: pg.PoolClient, ids: readonly string[]): Promise<ReadonlyMap<string, StoredItem>> {
  const { rows } = await client.query<Row>({
    name: "lock-items",
    text: `select i.id, i.account_id, i.stream, i.progress, i.state, i.queue, i.priority, i.dispatch_no, i.facility, i.class, i.ready_at, i.chart_version,
        i.lease_id is not null as leased
      from coding_item i where i.id = any($1::uuid[]) order by i.id for update of i`,
    values: [ids],
  });
  const holds = await holdsOf(
    client,
    rows.map((row) => row.id),
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
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
        leased: row.leased,
        holds: holds.get(row.id) ?? [],
      },
    ]),
  );
}

/** Writes items with their automatic holds, events and tickets: five statements at most, whatever their number. */
export async function writeItems(client: pg.PoolClient, items: readonly WrittenItem[]): Promise<void> {
  await client.query({
    name: "write-items",
    text: `insert into coding_item (id, account_id, stream, progress, state, queue, priority, dispatch_no, facility, class, ready_at, chart_version)
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::text[], $10::text[],
        $11::timestamptz[], $12::int[])
      on conflict (id) do update set progress = excluded.progress, state = excluded.state, queue = excluded.queue, priority = excluded.priority,
        dispatch_no = excluded.dispatch_no, class = excluded.class, ready_at = excluded.ready_at, chart_version = excluded.chart_version,
        updated_at = now()`,
    values: [
      items.map((i) => i.id),
      items.map((i) => i.accountId),
      items.map((i) => i.stream),
      items.map((i) => i.progress),
      items.map((i) => i.state),
      items.map((i) => i.queue),
      items.map((i) => i.priority),
      items.map((i) => i.dispatchNo),
      items.map((i) => i.facility),
      items.map((i) => i.class),
      items.map((i) => i.readyAt),
      items.map((i) => i.chartVersion),
    ],
  });
  const set = items.flatMap((i) => i.setHolds.map((code) => ({ id: i.id, code, ...AUTOMATIC_HOLDS[code] })));
  if (set.length > 0)
    await client.query({
      name: "set-automatic-holds",
      text: `insert into item_hold (item_id, code, owner, set_by, blocks)
        select id, code, owner, 'engine', blocks from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as h (id, code, owner, blocks)
        on conflict do nothing`,
      values: [set.map((h) => h.id), set.map((h) => h.code), set.map((h) => h.owner), set.map((h) => h.blocks)],
    });
  const lifted = items.flatMap((i) => i.liftHolds.map((code) => ({ id: i.id, code })));
  if (lifted.length > 0)
    await client.query(
      `delete from item_hold h using unnest($1::uuid[], $2::text[]) as l (id, code) where h.item_id = l.id and h.code = l.code and h.set_by = 'engine'`,
      [lifted.map((l) => l.id), lifted.map((l) => l.code)],
    );
  const events = items.flatMap((i) => (i.event === undefined ? [] : [{ id: i.id, ...i.event }]));
  if (events.length > 0)
    await client.query({
      name: "write-item-events",
      text: `insert into item_event (item_id, event, from_state, to_state, actor, record_id)
        select id, event, from_state, to_state, 'engine', record_id
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[]) as e (id, event, from_state, to_state, record_id)`,
      values: [
        events.map((e) => e.id),
        events.map((e) => e.name),
        events.map((e) => e.from),
        events.map((e) => e.to),
        events.map((e) => e.recordId ?? null),
      ],
    });
  const tickets = items.filter((i) => i.ticketChanged).map((i) => i.id);
  if (tickets.length > 0) await markTickets(client, tickets);
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
