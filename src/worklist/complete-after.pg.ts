import type pg from "pg";
import type { Feed } from "#src/config/types.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { markTickets } from "./item-store.pg.ts";
import { lockHeld, writeEvent } from "./leases.pg.ts";
import { AUTOMATIC_HOLDS, stateOf } from "./states.ts";

/**
 * Some feeds never send a discharge (clinics, reference laboratories): their visits count as complete when nothing has been said of them
 * for the feed's `completeAfterHours`. A message that comes later opens the item again, unless it is coded.
 * @returns how many items became complete.
 */
export async function completeQuietVisits(pool: pg.Pool, feeds: readonly Feed[], now: Date): Promise<number> {
  let completed = 0;
  for (const { name, completeAfterHours } of feeds) {
    if (completeAfterHours === undefined) continue;
    const quietSince = new Date(now.getTime() - completeAfterHours * 3_600_000);
    completed += await inTransaction(pool, async (client) => {
      const items = await lockHeld(
        client,
        "i.progress = 'open' and i.account_id in (select a.id from account a where a.feed = $1 and a.updated_at < $2 and a.discharged_at is null)",
        [name, quietSince],
      );
      await holdUninsured(
        client,
        items.map((item) => item.id),
      );
      for (const item of items) {
        const state = stateOf("awaiting", { leased: item.leased, holds: item.holds });
        await client.query(
          `update coding_item set progress = 'awaiting', state = $2, ready_at = $3,
             dispatch_no = dispatch_no + case when $2 = 'READY' then 1 else 0 end, updated_at = now() where id = $1`,
          [item.id, state, now],
        );
        await writeEvent(client, item.id, { event: "complete-after", from: item.state, to: state, actor: "engine" });
      }
      await markTickets(
        client,
        items.map((item) => item.id),
      );
      return items.length;
    });
  }
  return completed;
}

/** What the fold does at a discharge: without insurance the claim waits for registration. REG never stops the coding. */
const holdUninsured = (client: pg.PoolClient, itemIds: readonly string[]): Promise<unknown> =>
  client.query(
    `insert into item_hold (item_id, code, owner, set_by, blocks)
     select i.id, 'REG', $2, 'engine', $3 from coding_item i where i.id = any($1::uuid[])
       and not exists (select from chart_resource r where r.account_id = i.account_id and r.type = 'Coverage')
     on conflict do nothing`,
    [itemIds, AUTOMATIC_HOLDS.REG.owner, AUTOMATIC_HOLDS.REG.blocks],
  );
