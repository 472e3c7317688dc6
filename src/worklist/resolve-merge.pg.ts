import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { lockWhere } from "./item-store.pg.ts";
import type { LeaseNeeds } from "./leases.pg.ts";
import { moveItems } from "./move-items.pg.ts";

/** HIM decides a merge that waited (MERGE-PENDING): the work of `loserId` goes to `survivorId` now, whoever has it. */
export function resolveMerge(
  needs: LeaseNeeds,
  loserId: string,
  survivorId: string,
  userId: string,
): Promise<Result<{ readonly merged: readonly string[] }, Failure>> {
  return inTransaction(needs.pool, async (client) => {
    await client.query(
      "select from account a join coding_item i on i.account_id = a.id where i.id = any($1::uuid[]) order by a.id for update of a",
      [[loserId, survivorId]],
    );
    const items = await lockWhere(client, "i.id = any($1::uuid[])", [[loserId, survivorId]]);
    const loser = items.find(({ id }) => id === loserId);
    const survivor = items.find(({ id }) => id === survivorId);
    if (loser === undefined || survivor === undefined) return fail({ code: "NOT_FOUND" });
    if (loser.accountId === survivor.accountId || !loser.holds.some(({ code }) => code === "MERGE-PENDING"))
      return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "no merge waits here" });
    return ok({ merged: await moveItems(client, needs, loser.accountId, survivor.accountId, { decided: true, actor: userId }) });
  });
}
