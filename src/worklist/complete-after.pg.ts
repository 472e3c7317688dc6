import type { Feed } from "#src/config/types.ts";
import { withHolds } from "./advance.ts";
import { changeItem } from "./item-store.pg.ts";
import { eachItem, type LeaseNeeds } from "./leases.pg.ts";

/**
 * Some feeds never send a discharge (clinics, reference laboratories): their visits count as complete when nothing has been said of them
 * for the feed's `completeAfterHours`. A message that comes later opens the item again, unless somebody has worked on it.
 * @returns how many items became complete.
 */
export async function completeQuietVisits(needs: Pick<LeaseNeeds, "pool" | "rules">, feeds: readonly Feed[], now: Date): Promise<number> {
  let completed = 0;
  for (const { name, completeAfterHours } of feeds) {
    if (completeAfterHours === undefined) continue;
    const quietSince = new Date(now.getTime() - completeAfterHours * 3_600_000);
    completed += await eachItem(
      needs,
      "progress = 'open' and account_id in (select a.id from account a where a.feed = $1 and a.updated_at < $2 and a.discharged_at is null)",
      [name, quietSince],
      async (client, item) => {
        if (item.progress !== "open") return false;
        const insured = await client.query("select from chart_resource where account_id = $1 and type = 'Coverage' limit 1", [
          item.accountId,
        ]);
        await changeItem(
          client,
          { rules: needs.rules, now: () => now },
          item,
          // What the fold does at a discharge: without insurance the claim waits for registration. REG never stops the coding.
          { progress: "awaiting", readyAt: now, holds: withHolds(item.holds, { REG: insured.rowCount === 0 }) },
          { name: "complete-after", actor: "engine" },
        );
        return true;
      },
    );
  }
  return completed;
}
