import type pg from "pg";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Feed } from "#src/config/types.ts";

type OnChanges = (client: pg.PoolClient, changes: readonly AccountChange[]) => Promise<void>;

/** The hold of items of a feed that runs beside the old system: computed, shown, and dispatched to nobody. */
export const PARALLEL = { code: "PARALLEL", owner: "interface team", blocks: "coding" } as const;

/**
 * Keeps the life of each feed: `backload` charts only and makes no items; under `parallel` every item is held from its first
 * moment, in the transaction that makes it, so that no ticket and no claim ever comes of it.
 */
export const withFeedLives =
  (onChanges: OnChanges, feeds: ReadonlyMap<string, Feed>): OnChanges =>
  async (client, changes) => {
    const working = changes.filter(({ feed }) => feeds.get(feed)?.life !== "backload");
    if (working.length > 0) await onChanges(client, working);
    const held = working.filter(({ feed }) => feeds.get(feed)?.life === "parallel");
    if (held.length > 0)
      await holdItems(
        client,
        held.map(({ accountId }) => accountId),
      );
  };

/** States that a hold on coding turns to HELD. */
const PULLABLE = ["READY", "RECODE", "REWORK"];

async function holdItems(client: pg.PoolClient, accountIds: readonly string[]): Promise<void> {
  await client.query(
    `insert into item_hold (item_id, code, owner, set_by, blocks)
     select i.id, $2, $3, 'engine', $4 from coding_item i where i.account_id = any($1::uuid[]) on conflict do nothing`,
    [accountIds, PARALLEL.code, PARALLEL.owner, PARALLEL.blocks],
  );
  await client.query(
    "update coding_item set state = 'HELD', updated_at = now() where account_id = any($1::uuid[]) and state = any($2::text[])",
    [accountIds, PULLABLE],
  );
}

/** Items that are held for a feed which no longer runs in parallel: it went live, and they are work now. */
export async function heldOfOtherLives(pool: pg.Pool, feeds: readonly Feed[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select i.id from item_hold h join coding_item i on i.id = h.item_id join account a on a.id = i.account_id
     where h.code = $1 and a.feed <> all($2::text[]) order by i.id`,
    [PARALLEL.code, feeds.filter(({ life }) => life === "parallel").map(({ name }) => name)],
  );
  return rows.map(({ id }) => id);
}
