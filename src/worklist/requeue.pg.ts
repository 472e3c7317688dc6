import type pg from "pg";
import type { Resource } from "@medplum/fhirtypes";
import { inTransaction } from "#src/database/pool.pg.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { derived, type Item } from "./item.ts";
import { lockItem, lockWhere, writeItems } from "./item-store.pg.ts";
import type { LeaseNeeds } from "./leases.pg.ts";
import { subjectOf } from "./queue-rules.ts";
import { closedQueues } from "./queue-state.pg.ts";

/** How many open items go from one queue to another. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly items: number;
}
export interface Preview {
  /** Content hash of the rules that were asked. */
  readonly version: string;
  readonly open: number;
  readonly moves: readonly Move[];
}

const PAGE = 500;
/** What may move: nobody has it, nothing of it is coded, and no person put it where it is. */
const MOVABLE = "lease_id is null and progress in ('expected', 'open', 'awaiting') and routed_by = 'rules'";

/** Asks the rules for every open item, page by page, each page in one transaction. */
async function walk(
  needs: LeaseNeeds,
  work: (client: pg.PoolClient, item: Item, place: string, views: readonly string[]) => Promise<boolean>,
): Promise<number> {
  const { pool, sealer, rules } = needs;
  let after = "00000000-0000-0000-0000-000000000000";
  let seen = 0;
  for (;;) {
    const { rows } = await pool.query<{ id: string }>(`select id from coding_item where id > $1 and ${MOVABLE} order by id limit $2`, [
      after,
      PAGE,
    ]);
    const last = rows.at(-1);
    if (last === undefined) return seen;
    await inTransaction(pool, async (client) => {
      const closed = await closedQueues(client);
      const items = await lockWhere(client, `i.id = any($1::uuid[]) and ${MOVABLE.replaceAll(/(lease_id|progress|routed_by)/g, "i.$1")}`, [
        rows.map(({ id }) => id),
      ]);
      for (const item of items) {
        const resources: readonly Resource[] = rules.needsChart ? ((await readChart(client, sealer, item.accountId))?.resources ?? []) : [];
        const subject = subjectOf(item.facts, () => resources);
        await work(client, item, rules.place(subject, closed), rules.viewsOf(subject));
        seen++;
      }
    });
    after = last.id;
  }
}

/** What these rules would do to the open items, without doing it. */
export async function previewQueues(needs: LeaseNeeds): Promise<Preview> {
  const moves = new Map<string, Move>();
  const open = await walk(needs, (_client, item, to) => {
    if (item.queue !== to) {
      const key = `${item.queue}\u0000${to}`;
      moves.set(key, { from: item.queue, to, items: (moves.get(key)?.items ?? 0) + 1 });
    }
    return Promise.resolve(false);
  });
  return {
    version: needs.rules.version,
    open,
    moves: [...moves.values()].toSorted((a, b) => b.items - a.items || a.from.localeCompare(b.from)),
  };
}

/** Routes every open item by these rules, and writes down that it was done. @returns what moved. */
export async function applyQueues(needs: LeaseNeeds, who: string): Promise<Preview> {
  const preview = await previewQueues(needs);
  await walk(needs, async (client, before, queue, views) => {
    if (before.queue === queue && before.views.join() === views.join()) return false;
    const after = derived(before, { ...before, queue, views }, needs.rules, needs.now());
    await writeItems(client, [
      { before, after, events: before.queue === queue ? [] : [{ name: "rerouted", actor: who, detail: `${before.queue} to ${queue}` }] },
    ]);
    return true;
  });
  const moved = preview.moves.reduce((sum, { items }) => sum + items, 0);
  await needs.pool.query("insert into queue_revision (version, applied_by, moved) values ($1, $2, $3)", [needs.rules.version, who, moved]);
  return preview;
}

/** At the start: when the rules are others than those the items were routed by, they are routed anew. @returns what moved; undefined when nothing had to be done. */
export async function applyChangedQueues(needs: LeaseNeeds): Promise<Preview | undefined> {
  const { rows } = await needs.pool.query<{ version: string }>("select version from queue_revision order by id desc limit 1");
  return rows[0]?.version === needs.rules.version ? undefined : applyQueues(needs, "engine");
}

/** Moves everything that waits in a queue to another, by a supervisor's word. @returns how many. */
export async function moveQueue(needs: LeaseNeeds, from: string, to: string, userId: string): Promise<number> {
  const { rows } = await needs.pool.query<{ id: string }>(
    "select id from coding_item where queue = $1 and lease_id is null and state in ('READY', 'RECODE', 'REWORK', 'HELD', 'AWAITING') order by id",
    [from],
  );
  let moved = 0;
  for (const { id } of rows)
    await inTransaction(needs.pool, async (client) => {
      const before = await lockItem(client, id);
      if (before === undefined || before.queue !== from || before.lease !== null) return;
      const after = derived(before, { ...before, queue: to, routedBy: userId }, needs.rules, needs.now());
      await writeItems(client, [{ before, after, events: [{ name: "reassigned", actor: userId, detail: to }] }]);
      moved++;
    });
  return moved;
}
