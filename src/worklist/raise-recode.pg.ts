import type pg from "pg";
import type { BrokenEvidence } from "#src/coding/evidence-watch.pg.ts";
import { lockItem } from "./item-store.pg.ts";
import { noteItem, type NoteNeeds } from "./note-message.pg.ts";

/** Has an item coded again whose evidence broke: RECODE with the reason, also with the claim out; a coder who works on it is told. */
export async function raiseRecode(client: pg.PoolClient, needs: NoteNeeds, { itemId, broken }: BrokenEvidence): Promise<void> {
  const item = await lockItem(client, itemId);
  if (item === undefined) return;
  await noteItem(client, needs, item, { kind: "evidence", event: { name: "evidence-gone", actor: "engine", detail: broken.join("; ") } });
}
