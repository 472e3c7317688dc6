import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { withHolds } from "./advance.ts";
import { keepCodesAsDraft } from "./clock.pg.ts";
import type { Item } from "./item.ts";
import { changeItem, lockItem } from "./item-store.pg.ts";
import { differenceContext, recode } from "./late.pg.ts";
import type { LeaseNeeds } from "./leases.pg.ts";
import type { ReleaseNeeds } from "./release-due.pg.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";

export interface Proposal {
  readonly id: string;
  readonly itemId: string;
  readonly claimId: string | null;
  readonly kind: "replacement" | "void" | "void-and-new" | "late-charge" | "draft";
  /** Claim change reason (NUBC condition code). */
  readonly reason: string | null;
  /** Row of the table of late messages, or `correction`: new codes ask for it. */
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
      : { holds: withHolds(item.holds, { CORRECTION: false }) };
  const holds = withHolds(item.holds, { STATUS: false, CORRECTION: false });
  if (item.facts.cancelled) return { progress: "cancelled", lease: null, holds, recodeFrom: null, recodeReasons: [] };
  if (item.facts.dischargedAt === undefined) return { progress: "open", lease: null, holds, recodeFrom: null, recodeReasons: [] };
  if (item.progress !== "released" && item.progress !== "accepted") return { holds };
  // The visit stands and its claim is void: a coder looks before a new one leaves.
  const { progress, recodeReasons } = recode(item, kind);
  return { holds, progress, recodeFrom: "final-coded", recodeReasons, releaseVersion: item.chartVersion };
}

/** Nothing is done: what waited for the word goes on as it was. An item whose correction is refused stays with the claim that is out. */
const dismissed = (item: Item): Partial<Item> => ({
  holds: withHolds(item.holds, { STATUS: false, CORRECTION: false }),
  ...(item.holds.some(({ code }) => code === "CORRECTION") && item.progress === "final-coded" ? { progress: "released" as const } : {}),
});

/**
 * A person's word on a proposal. Accepting a replacement puts the item back among the coded ones, so that its claim is made of the chart of now;
 * accepting a void makes the void claim (frequency 8), and lets the item go where its chart says (L2, L3); a new claim of the item is a first one
 * then. Dismissing changes nothing but the holds that waited for the word. `engine` is who decides by the queue's rules.
 * Fails with `NOT_FOUND`, `REVISION_STALE`, `TRANSITION_NOT_ALLOWED`, `CLAIM_NOT_VALID`.
 */
export function decideProposal(
  needs: LeaseNeeds & Pick<ReleaseNeeds, "voidClaim">,
  id: string,
  {
    accept,
    revision,
    userId,
    comment,
  }: { readonly accept: boolean; readonly revision: number; readonly userId: string; readonly comment?: string | undefined },
): Promise<Result<{ readonly itemId: string; readonly state: string }, Failure>> {
  const decided = inTransaction(
    needs.pool,
    async (client): Promise<Result<{ readonly itemId: string; readonly state: string }, Failure>> => {
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
          userId === "engine" ? null : userId,
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
      // Only the claim that the proposal is about, and only while it is the one that counts. Void and new of coded work: its release makes both.
      const voids = proposal.kind === "void" || (proposal.kind === "void-and-new" && proposal.cause !== "correction");
      if (accept && voids && proposal.claimId !== null && proposal.claimId === item.claimId) {
        const made = await needs.voidClaim(client, { itemId: item.id, claimId: item.claimId, reason: proposal.reason ?? "D6" });
        if (!made.ok) throw new VoidNotValid(made.failure.map(({ rule, path }) => `${rule} at ${path}`).join("; "));
      }
      const change = accept ? accepted(item, proposal.kind) : dismissed(item);
      if (change.progress === "open" || change.progress === "cancelled") await keepCodesAsDraft(client, item.id);
      const after = await changeItem(client, needs, item, proposal.kind === "draft" ? {} : change, {
        name: `proposal ${proposal.kind} ${accept ? "accepted" : "dismissed"}`,
        actor: userId,
        detail: proposal.reason ?? undefined,
      });
      return ok({ itemId: item.id, state: after.state });
    },
  );
  return decided.catch((error: unknown) => {
    if (error instanceof VoidNotValid) return fail({ code: "CLAIM_NOT_VALID" as const, detail: error.message });
    throw error;
  });
}

/** Undoes the decision with its transaction. */
class VoidNotValid extends Error {
  override readonly name = "VoidNotValid";
}

/** Decides the open proposals that the rules of their queue let pass without a person. @returns how many. */
export async function decideByRules(needs: LeaseNeeds & Pick<ReleaseNeeds, "voidClaim">): Promise<number> {
  const { rows } = await needs.pool.query<{ id: string; kind: Proposal["kind"]; revision: number; queue: string }>(
    "select p.id, p.kind, p.revision, i.queue from proposal p join coding_item i on i.id = p.item_id where p.state = 'open' and p.kind <> 'draft' order by p.created_at limit 500",
  );
  let done = 0;
  for (const { id, kind, revision, queue } of rows) {
    if (kind === "draft" || !needs.rules.rule(queue).late.auto.includes(kind)) continue;
    const decided = await decideProposal(needs, id, { accept: true, revision, userId: "engine" });
    if (decided.ok) done++;
  }
  return done;
}
