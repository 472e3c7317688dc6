import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { withHolds } from "./advance.ts";
import { keepCodesAsDraft } from "./clock.pg.ts";
import type { Item } from "./item.ts";
import { changeItem, lockItem } from "./item-store.pg.ts";
import { differenceContext } from "./late.pg.ts";
import type { LeaseNeeds } from "./leases.pg.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";

export interface Proposal {
  readonly id: string;
  readonly itemId: string;
  readonly claimId: string | null;
  readonly kind: "replacement" | "void" | "void-and-new" | "late-charge" | "draft";
  /** Claim change reason (NUBC condition code). */
  readonly reason: string | null;
  /** Row of the table of late messages. */
  readonly cause: string;
  readonly state: "open" | "accepted" | "dismissed";
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly cents: number;
  readonly revision: number;
  readonly createdAt: Date;
  /** Elements with both values. */
  readonly difference: unknown;
}

const SELECT = `select id, item_id as "itemId", claim_id as "claimId", kind, reason, cause, state, from_version as "fromVersion", to_version as "toVersion", cents,
  revision, created_at as "createdAt", sealed_difference from proposal`;

/** Proposals, the open ones of everybody when no item is named. */
export async function listProposals({ pool, sealer }: LeaseNeeds, itemId?: string): Promise<readonly Proposal[]> {
  const { rows } = await pool.query<Proposal & { sealed_difference: Buffer }>(
    `${SELECT} where ($1::uuid is null and state = 'open') or item_id = $1 order by created_at, id limit 500`,
    [itemId ?? null],
  );
  return rows.map(({ sealed_difference: sealed, ...row }) => ({
    ...row,
    difference: sealer.openJson(sealed, differenceContext(row.itemId)),
  }));
}

/** What becomes of an item when its claim is to be replaced or voided. */
function accepted(item: Item, kind: Proposal["kind"]): Partial<Item> {
  if (kind === "replacement" || kind === "late-charge")
    // The codes stand: the claim is made anew of the chart of now, and takes the place of the one that is out.
    return item.progress === "released" || item.progress === "accepted"
      ? { progress: "final-coded", releaseVersion: item.chartVersion }
      : {};
  const holds = withHolds(item.holds, { STATUS: false });
  if (item.facts.cancelled) return { progress: "cancelled", lease: null, holds, recodeFrom: null, recodeReasons: [] };
  if (item.facts.dischargedAt === undefined) return { progress: "open", lease: null, holds, recodeFrom: null, recodeReasons: [] };
  return { holds };
}

/**
 * A person's word on a proposal. Accepting a replacement puts the item back among the coded ones, so that its claim is made of the chart of now;
 * accepting a void lets the item go where its chart says (L2, L3), and marks the claim as to be voided. Dismissing changes nothing but the hold
 * STATUS, which goes. Fails with `NOT_FOUND`, `REVISION_STALE`, `TRANSITION_NOT_ALLOWED`.
 */
export function decideProposal(
  needs: LeaseNeeds,
  id: string,
  {
    accept,
    revision,
    userId,
    comment,
  }: { readonly accept: boolean; readonly revision: number; readonly userId: string; readonly comment?: string | undefined },
): Promise<Result<{ readonly itemId: string; readonly state: string }, Failure>> {
  return inTransaction(needs.pool, async (client): Promise<Result<{ readonly itemId: string; readonly state: string }, Failure>> => {
    const found = await client.query<{ item_id: string }>("select item_id from proposal where id = $1", [id]);
    const itemId = found.rows[0]?.item_id;
    const item = itemId === undefined ? undefined : await lockItem(client, itemId);
    const { rows } = await client.query<Proposal & { sealed_difference: Buffer }>(`${SELECT} where id = $1 for update`, [id]);
    const proposal = rows[0];
    if (item === undefined || proposal === undefined) return fail({ code: "NOT_FOUND" });
    if (proposal.revision !== revision)
      return fail({ code: "REVISION_STALE", detail: `the proposal is at revision ${proposal.revision} now` });
    if (proposal.state !== "open") return fail({ code: "TRANSITION_NOT_ALLOWED", detail: `the proposal is ${proposal.state}` });
    await client.query(
      "update proposal set state = $2, decided_at = $3, decided_by = $4, sealed_comment = $5, revision = revision + 1 where id = $1",
      [
        id,
        accept ? "accepted" : "dismissed",
        needs.now(),
        userId,
        comment === undefined ? null : needs.sealer.seal(Buffer.from(comment), differenceContext(item.id)),
      ],
    );
    if (accept && proposal.kind === "draft") {
      const draft = needs.sealer.openJson(proposal.sealed_difference, differenceContext(item.id)) as { readonly codes: unknown };
      await client.query("update coding_item set sealed_draft = $2, draft_version = draft_version + 1 where id = $1", [
        item.id,
        needs.sealer.sealJson(draft.codes, codingContext(item.id)),
      ]);
    }
    const change = accept ? accepted(item, proposal.kind) : { holds: withHolds(item.holds, { STATUS: false }) };
    if (change.progress === "open" || change.progress === "cancelled") await keepCodesAsDraft(client, item.id);
    const after = await changeItem(client, needs, item, proposal.kind === "draft" ? {} : change, {
      name: `proposal ${proposal.kind} ${accept ? "accepted" : "dismissed"}`,
      actor: userId,
      detail: proposal.reason ?? undefined,
    });
    return ok({ itemId: item.id, state: after.state });
  });
}
