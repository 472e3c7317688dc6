import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";

/** One row of the work list: what may be shown to everyone who may list. */
export interface ItemSummary {
  readonly id: string;
  readonly accountId: string;
  readonly stream: string;
  readonly state: string;
  readonly queue: string;
  readonly priority: number;
  readonly facility: string;
  readonly class: string | null;
  readonly readyAt: Date | null;
  readonly chartVersion: number;
  readonly holds: readonly { readonly code: string; readonly owner: string; readonly blocks: string }[];
  readonly leaseUntil: Date | null;
  /** Points by what gave them; they add up to `score`. */
  readonly score: number;
  readonly scoreParts: Readonly<Record<string, number>>;
  readonly stat: boolean;
  readonly views: readonly string[];
  readonly payerId: string;
  readonly totalCents: number;
  readonly recodeReasons: readonly string[];
  readonly reservedFor: string | null;
  readonly coderOfRecord: string | null;
  readonly mergedInto: string | null;
  /** A message came before its visit did. */
  readonly shadow: boolean;
  readonly draftVersion: number;
  /** Sent back with every change, so that two people do not overwrite each other. */
  readonly revision: number;
}

export interface ItemDetail extends ItemSummary {
  readonly events: readonly {
    readonly at: Date;
    readonly event: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly actor: string;
    readonly detail: string | null;
  }[];
  /** The chart as leased, else as it stands. */
  readonly chart: ChartSnapshot | undefined;
  readonly claimIds: readonly string[];
}

export interface ItemFilter {
  readonly state?: string;
  readonly queue?: string;
  readonly view?: string;
  readonly limit: number;
  /** Id of the last item of the page before. */
  readonly after?: string;
}

const SUMMARY = `i.id, i.account_id as "accountId", i.stream, i.state, i.queue, i.priority, i.facility, i.class, i.ready_at as "readyAt",
  i.chart_version as "chartVersion", i.lease_until as "leaseUntil", i.score::float8 / 100 as score, i.score_parts as "scoreParts", i.stat, i.views, i.payer_id as "payerId",
  i.total_cents as "totalCents", i.recode_reasons as "recodeReasons", i.reserved_for as "reservedFor", i.coder_of_record as "coderOfRecord",
  i.merged_into as "mergedInto", i.shadow, i.draft_version as "draftVersion", i.revision,
  coalesce((select json_agg(json_build_object('code', h.code, 'owner', h.owner, 'blocks', h.blocks) order by h.code) from item_hold h where h.item_id = i.id), '[]') as holds`;

/** A page of the work list, in id order. */
export async function listItems(pool: pg.Pool, { state, queue, view, limit, after }: ItemFilter): Promise<readonly ItemSummary[]> {
  const { rows } = await pool.query<ItemSummary>(
    `select ${SUMMARY} from coding_item i where ($1::text is null or i.state = $1) and ($2::text is null or i.queue = $2) and ($3::uuid is null or i.id > $3)
       and ($5::text is null or i.views @> array[$5])
     order by i.id limit $4`,
    [state ?? null, queue ?? null, after ?? null, limit, view ?? null],
  );
  return rows;
}

/** One item with its history and, where the caller may see it, its chart. Undefined when there is none. */
export async function readItem(pool: pg.Pool, sealer: Sealer, id: string, withChart: boolean): Promise<ItemDetail | undefined> {
  const { rows } = await pool.query<ItemSummary & { pinned: number | null }>(
    `select ${SUMMARY}, i.pinned_version as pinned from coding_item i where i.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { pinned, ...summary } = row;
  const [events, claims, chart] = await Promise.all([
    pool.query<ItemDetail["events"][number]>(
      `select at, event, from_state as "from", to_state as "to", actor, detail from item_event where item_id = $1 order by id`,
      [id],
    ),
    pool.query<{ id: string }>("select id from claim where item_id = $1 order by version, part", [id]),
    withChart
      ? readChart(pool, sealer, summary.accountId, summary.state === "IN_PROGRESS" && pinned !== null ? pinned : undefined)
      : undefined,
  ]);
  return { ...summary, events: events.rows, claimIds: claims.rows.map((claim) => claim.id), chart };
}

export interface QueueCount {
  readonly queue: string;
  readonly ready: number;
  readonly inProgress: number;
  readonly held: number;
  readonly recode: number;
  readonly inReview: number;
  readonly oldestReadyAt: Date | null;
}

/** What lies on each queue. */
export async function countQueues(pool: pg.Pool, names: readonly string[]): Promise<readonly QueueCount[]> {
  const { rows } = await pool.query<QueueCount>(
    `select q.name as queue, count(*) filter (where i.state = 'READY') as ready, count(*) filter (where i.state = 'IN_PROGRESS') as "inProgress",
       count(*) filter (where i.state in ('HELD', 'AWAITING')) as held, count(*) filter (where i.state in ('RECODE', 'REWORK')) as recode,
       count(*) filter (where i.state = 'IN_REVIEW') as "inReview", min(i.ready_at) filter (where i.state = 'READY') as "oldestReadyAt"
     from unnest($1::text[]) with ordinality as q (name, n) left join coding_item i on i.queue = q.name group by q.name, q.n order by q.n`,
    [names],
  );
  return rows;
}
