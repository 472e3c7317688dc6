import type pg from "pg";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Feed } from "#src/config/types.ts";
import type { HoldCode } from "./holds.ts";

type OnChanges = (client: pg.PoolClient, changes: readonly AccountChange[]) => Promise<void>;

/** The hold of items of a feed that runs beside the old system: computed, shown, and dispatched to nobody. */
export const PARALLEL: HoldCode = "PARALLEL";

/** A feed in `backload` makes charts and no items. */
export const withFeedLives =
  (onChanges: OnChanges, feeds: ReadonlyMap<string, Feed>): OnChanges =>
  async (client, changes) => {
    const working = changes.filter(({ feed }) => feeds.get(feed)?.life !== "backload");
    if (working.length > 0) await onChanges(client, working);
  };

/** Items that are held for a feed which no longer runs in parallel: it went live, and they are work now. */
export async function heldOfOtherLives(pool: pg.Pool, feeds: readonly Feed[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select i.id from item_hold h join coding_item i on i.id = h.item_id join account a on a.id = i.account_id
     where h.code = $1 and a.feed <> all($2::text[]) order by i.id`,
    [PARALLEL, feeds.filter(({ life }) => life === "parallel").map(({ name }) => name)],
  );
  return rows.map(({ id }) => id);
}
