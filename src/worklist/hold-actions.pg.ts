import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type Blocks, blocksCoding, type HeldBy, holdRow } from "./holds.ts";
import { changeItem } from "./item-store.pg.ts";
import { type LeaseNeeds, onItem, withoutLease } from "./leases.pg.ts";
import type { ItemState } from "./states.ts";

export interface HoldAsked {
  readonly code: string;
  readonly owner: string;
  readonly blocks: Blocks;
  /** What a person wants to say of it; may name a patient. */
  readonly note?: string | undefined;
  readonly until?: Date | undefined;
}

export const noteContext = (itemId: string): string => `hold note ${itemId}`;

/**
 * Puts a person's hold on an item; one that only the engine puts, or has put already, is not theirs to replace (`HOLD_NOT_YOURS`).
 * One that stops the coding takes it off its queue; the lease of the person who puts it ends (T7), that of another goes on until it is
 * given back. One that stops everything ends any lease.
 */
export function putHold(
  needs: LeaseNeeds,
  itemId: string,
  { code, owner, blocks, note, until }: HoldAsked,
  userId: string,
): Promise<Result<{ readonly state: ItemState }, Failure>> {
  return onItem(needs, itemId, undefined, async (client, item) => {
    if (holdRow(code)?.setBy === "engine") return fail({ code: "HOLD_NOT_YOURS", detail: `the engine puts ${code}, and nobody else` });
    if (item.holds.some((one) => one.code === code && one.setBy === "engine"))
      return fail({ code: "HOLD_NOT_YOURS", detail: `the engine has put ${code} already` });
    await client.query(
      `insert into item_hold (item_id, code, owner, set_by, blocks, sealed_note, until) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (item_id, code) do update set set_by = excluded.set_by, owner = excluded.owner, blocks = excluded.blocks,
         sealed_note = excluded.sealed_note, until = excluded.until`,
      [
        itemId,
        code,
        owner,
        userId,
        blocks,
        note === undefined ? null : needs.sealer.seal(Buffer.from(note), noteContext(itemId)),
        until ?? null,
      ],
    );
    const hold: HeldBy = { code, blocks, setBy: userId };
    const holds = [...item.holds.filter((one) => one.code !== code), hold];
    const ends =
      item.lease !== null &&
      item.progress !== "in-review" &&
      (blocks === "everything" || (blocksCoding(hold) && item.lease.user === userId));
    const lease = ends ? { ...withoutLease(item), coderOfRecord: item.lease.user } : {};
    const { state } = await changeItem(client, needs, item, { holds, ...lease }, { name: `hold ${code}`, actor: userId });
    return ok({ state });
  });
}

/** The engine lifts these when their reason is gone, and nobody else. */
const ENGINE_ONLY: readonly string[] = ["INTERFACE", "MINDAYS", "QUERY", "REVIEW"];
/** The engine's holds that a person may lift: those whose catalogue row waits for a person or for news that may never come. */
const ANYONE: readonly string[] = ["REG", "CLAIM", "CHG-MISSING", "CHG-REVIEW", "COMBINE", "CODE-EDIT"];

/**
 * Lifts a hold. A person's may be lifted by anybody who codes; the engine's by what clears it, some by a person, the rest by a supervisor: such
 * a one becomes a note, so that the engine does not put it again. Fails with `NOT_FOUND`, or `FORBIDDEN` and who may.
 */
export function liftHold(
  needs: LeaseNeeds,
  itemId: string,
  code: string,
  { userId, supervisor }: { readonly userId: string; readonly supervisor: boolean },
): Promise<Result<{ readonly state: ItemState }, Failure>> {
  return onItem(needs, itemId, undefined, async (client, item) => {
    const hold = item.holds.find((one) => one.code === code);
    if (hold === undefined) return fail({ code: "NOT_FOUND" });
    const own = hold.setBy === "engine";
    if (own && ENGINE_ONLY.includes(code))
      return fail({ code: "HOLD_NOT_YOURS", detail: `the engine lifts ${code}: ${holdRow(code)?.clears ?? ""}` });
    if (own && !ANYONE.includes(code) && !supervisor)
      return fail({ code: "HOLD_NOT_YOURS", detail: `a supervisor lifts ${code}, or ${holdRow(code)?.clears ?? ""}` });
    const waived = own && (code.startsWith("DOC-") || code === "PATH" || code === "STATUS");
    if (waived)
      await client.query("update item_hold set blocks = 'nothing', set_by = $3 where item_id = $1 and code = $2", [itemId, code, userId]);
    const rest = item.holds.filter((one) => one.code !== code);
    const holds = waived ? [...rest, { code, blocks: "nothing" as const, setBy: userId }] : rest;
    const { state } = await changeItem(client, needs, item, { holds }, { name: `hold ${code} lifted`, actor: userId });
    return ok({ state });
  });
}
