import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { answerItem, claimAnswered } from "#src/worklist/actions.pg.ts";
import { lockItem } from "#src/worklist/item-store.pg.ts";
import type { LeaseNeeds } from "#src/worklist/leases.pg.ts";
import { finishTask } from "../tasks.pg.ts";

/**
 * Marks a task of a claim as done. With the last denial that others had of it, the claim counts as accepted (T15): nobody works on it any more.
 * Fails with `NOT_FOUND` when the task is not open.
 */
export function endTask(needs: LeaseNeeds, id: string, by: string): Promise<Result<{ readonly itemState?: string }, Failure>> {
  return inTransaction(needs.pool, async (client): Promise<Result<{ readonly itemState?: string }, Failure>> => {
    const { rows } = await client.query<{ item_id: string }>(
      "select c.item_id from claim_task t join claim c on c.id = t.claim_id where t.id = $1",
      [id],
    );
    // The item before its task, as an answer that comes does it.
    const item = rows[0] === undefined ? undefined : await lockItem(client, rows[0].item_id);
    const done = await finishTask(client, id, by);
    if (done === undefined) return fail({ code: "NOT_FOUND" });
    if (item === undefined || done.kind !== "denial" || done.openLeft > 0 || item.claimId !== done.claimId || item.progress !== "released")
      return ok({});
    const after = await answerItem(client, needs, item, { answer: "accepted", reasons: ["task-done"], actor: by });
    return ok(after === undefined ? {} : { itemState: after.state });
  });
}

/** T18: a denial ends without new codes: it is appealed, or taken as it is. Fails with `TRANSITION_NOT_ALLOWED` when there is none to end. */
export async function endDenial(
  needs: LeaseNeeds,
  itemId: string,
  decision: "appeal" | "accept",
  userId: string,
): Promise<Result<{ readonly state: string }, Failure>> {
  const { rows } = await needs.pool.query<{ progress: string }>("select progress from coding_item where id = $1", [itemId]);
  if (rows[0] === undefined) return fail({ code: "NOT_FOUND" });
  if (rows[0].progress !== "rework") return fail({ code: "TRANSITION_NOT_ALLOWED", detail: "there is no denial to decide on" });
  const answer = decision === "appeal" ? ("appealed" as const) : ("accepted" as const);
  const ended = await claimAnswered(needs, itemId, { answer, reasons: [`denial-${decision}ed`], actor: userId });
  return ended.ok ? ok({ state: ended.value.state }) : ended;
}
