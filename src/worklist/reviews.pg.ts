import { fail, ok, type Result } from "#src/base/result.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";
import type { CodeSubmission } from "#src/coding/submission.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { withHolds } from "./advance.ts";
import { keepCodesAsDraft } from "./clock.pg.ts";
import { changeItem } from "./item-store.pg.ts";
import { lockLeased } from "./leases.pg.ts";
import type { ItemState } from "./states.ts";
import { freeze, judgeCodes, lastCodes, type Refusal, type SubmitNeeds } from "./submit.pg.ts";

export interface ReviewEnded {
  readonly itemId: string;
  readonly leaseId: string;
  readonly userId: string;
  readonly verdict: "agreed" | "changed" | "returned";
  /** The auditor's own codes; with `changed` only. */
  readonly codes?: CodeSubmission | undefined;
  /** What the coder is told. */
  readonly worksheet?: string | undefined;
}

/**
 * Ends a review (T11): agreed, changed to the auditor's codes, or returned to the coder with the worksheet. Fails with `LEASE_LOST`,
 * `NOT_ALLOWED` (the auditor is the coder) or `FINDINGS_OPEN`.
 */
export function endReview(needs: SubmitNeeds, asked: ReviewEnded): Promise<Result<{ readonly state: ItemState }, Refusal>> {
  const { sealer } = needs;
  const { itemId, userId, verdict } = asked;
  return inTransaction(needs.pool, async (client): Promise<Result<{ readonly state: ItemState }, Refusal>> => {
    const item = await lockLeased(client, needs, asked);
    if (item === undefined) return fail({ code: "LEASE_LOST" });
    if (item.progress !== "in-review") return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the item is ${item.state}` });
    const last = await lastCodes(client, sealer, itemId);
    if (last === undefined) return fail({ code: "NOT_FOUND" });
    if (last.coder === userId) return fail({ code: "NOT_ALLOWED", detail: "the auditor is not the coder" });
    const end = (state: string): Promise<unknown> =>
      client.query(
        "update item_review set state = $2, auditor = $3, ended_at = now(), sealed_worksheet = $4 where item_id = $1 and state = 'open'",
        [itemId, state, userId, asked.worksheet === undefined ? null : sealer.seal(Buffer.from(asked.worksheet), codingContext(itemId))],
      );
    const holds = withHolds(item.holds, { REVIEW: false });
    if (verdict === "changed") {
      const chart = await readChart(client, sealer, item.accountId);
      if (chart === undefined || asked.codes === undefined) return fail({ code: "REQUEST_INVALID", place: "codes" });
      const { findings, passes } = await judgeCodes(client, needs, { item, chart, codes: asked.codes, by: userId });
      if (!passes) return fail({ code: "FINDINGS_OPEN", findings });
      await end("changed");
      const after = await freeze(client, needs, {
        item,
        chart,
        codes: asked.codes,
        findings,
        by: userId,
        requestReview: false,
        reviewed: true,
      });
      return ok({ state: after.state });
    }
    await end(verdict);
    if (verdict === "returned") await keepCodesAsDraft(client, itemId);
    // What was coded after a claim, or after a change, goes back as that.
    const back = item.claimId === null ? "awaiting" : "recode";
    const { state } = await changeItem(
      client,
      needs,
      item,
      verdict === "agreed"
        ? { lease: null, holds, progress: "final-coded" }
        : {
            lease: null,
            holds,
            progress: back,
            recodeFrom: item.claimId === null ? null : "released",
            recodeReasons: item.claimId === null ? [] : ["review"],
            hasDraft: true,
            coderOfRecord: last.coder,
          },
      { name: `review ${verdict}`, actor: userId },
    );
    return ok({ state });
  });
}

export interface ReviewRow {
  readonly id: string;
  readonly itemId: string;
  readonly coder: string;
  readonly reasons: readonly string[];
  readonly state: string;
  readonly auditor: string | null;
  readonly openedAt: Date;
  readonly endedAt: Date | null;
}

/** The reviews of an item, oldest first. */
export async function listReviews({ pool }: Pick<SubmitNeeds, "pool">, itemId: string): Promise<readonly ReviewRow[]> {
  const { rows } = await pool.query<ReviewRow>(
    `select id, item_id as "itemId", coder, reasons, state, auditor, opened_at as "openedAt", ended_at as "endedAt" from item_review
     where item_id = $1 order by opened_at`,
    [itemId],
  );
  return rows;
}
