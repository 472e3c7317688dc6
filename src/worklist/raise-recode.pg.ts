import type pg from "pg";
import type { BrokenEvidence } from "#src/coding/evidence-watch.pg.ts";
import { markTickets } from "./item-store.pg.ts";
import { writeEvent } from "./leases.pg.ts";
import type { ItemState } from "./states.ts";

/** Holds the claim of an item whose evidence broke, until a coder confirms or codes again: hold RECODE. */
export async function raiseRecode(client: pg.PoolClient, { itemId, broken }: BrokenEvidence): Promise<void> {
  const { rows } = await client.query<{ state: ItemState }>("select state from coding_item where id = $1 for update", [itemId]);
  const state = rows[0]?.state;
  if (state === undefined) return;
  await client.query(
    "insert into item_hold (item_id, code, owner, set_by, blocks) values ($1, 'RECODE', 'coder of record', 'engine', 'release') on conflict do nothing",
    [itemId],
  );
  await writeEvent(client, itemId, {
    event: "hold RECODE",
    from: state,
    to: state,
    actor: "engine",
    detail: `evidence: ${broken.join("; ")}`,
  });
  await markTickets(client, [itemId]);
}
