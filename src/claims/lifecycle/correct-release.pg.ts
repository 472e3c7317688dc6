import type { Claim } from "@medplum/fhirtypes";
import type pg from "pg";
import { centsOf } from "#src/base/money.ts";
import { fail, ok } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { MakeClaim, Releasable, ReleaseClaim } from "#src/worklist/release.pg.ts";
import { checkClaim } from "../check-claim.ts";
import { type ClaimBundle, claimBundle, claimContext } from "../claim-store.pg.ts";
import { openTask } from "../tasks.pg.ts";
import { inChain, ORIGINAL, REPLACEMENT } from "./chain.ts";
import { type Correction, decideCorrection } from "./correction.ts";
import { type PriorClaim, readPrior, takeBack } from "./prior.pg.ts";
import { isChangeReason } from "./reasons.ts";
import { createVoidClaim, type VoidNeeds } from "./void-claim.pg.ts";

export interface CorrectNeeds extends VoidNeeds {
  /** Makes and stores a claim from an item's codes and chart. */
  readonly release: MakeClaim;
}

/** Whether Medicare pays first on a claim. */
function medicareFirst({ claim, referenced }: ClaimBundle, site: SiteData): boolean {
  const focal = claim.insurance.find((one) => one.focal)?.coverage.reference;
  const coverage = referenced.find((one) => `${one.resourceType}/${one.id ?? ""}` === focal);
  const payor = coverage?.resourceType === "Coverage" ? coverage.payor[0]?.reference : undefined;
  const payer = referenced.find((one) => `${one.resourceType}/${one.id ?? ""}` === payor);
  const id = payer?.resourceType === "Organization" ? payer.identifier?.[0]?.value : undefined;
  return ["MA", "MB"].includes((id === undefined ? undefined : site.payer(id)?.claimFiling) ?? "");
}

const today = (now: Date): string => now.toISOString().slice(0, 10);

/** The change reason a coder gave among the condition codes, when it is one. */
function reasonGiven({ codes }: Releasable) {
  const given = (codes.abstract?.conditionCodes ?? []).filter(isChangeReason);
  return given.length === 1 ? given[0] : undefined;
}

/** Stores a claim again as what it has become before anyone has seen it. */
async function rewrite(
  client: pg.PoolClient,
  sealer: Sealer,
  claim: Claim & { readonly id: string },
  { frequency, priorId, reason }: { readonly frequency: string; readonly priorId: string | null; readonly reason: string | null },
): Promise<void> {
  await client.query("update claim set sealed = $2, frequency = $3, prior_id = $4, change_reason = $5 where id = $1", [
    claim.id,
    sealer.sealJson(claim, claimContext(claim.id)),
    frequency,
    priorId,
    reason,
  ]);
}

/**
 * Releases claims in the chain of their item (frequency 1, 7, 8). What would be claimed now is compared with the claim that is out: nothing is sent
 * when a payer would see no difference; a first claim again where the one before reached nobody or was refused unjudged; a replacement with the
 * original reference; or void and new, in that order, once a person has said so. The payer that takes neither gets a task for billing.
 */
export function createCorrectingRelease(needs: CorrectNeeds): ReleaseClaim {
  const { release, sealer, site, now } = needs;
  const voidClaim = createVoidClaim(needs);
  return async (client, item) => {
    const prior = item.replaces === undefined ? undefined : await readPrior(client, sealer, site, item.replaces);
    if (prior === undefined) return release(client, item);
    const { replaces: _replaces, ...first } = item;
    await client.query("savepoint before_claim");
    const made = await release(client, first);
    if (!made.ok) return made;
    const { claimId } = made.value;
    const after = await claimBundle(client, sealer, claimId);
    if (after === undefined) throw new Error("a claim was stored and is not there");
    const reason = reasonGiven(item);
    const correction = decideCorrection(
      prior,
      after,
      prior.payer,
      {
        standing: prior.standing,
        today: today(now()),
        ...(prior.deniedOn === undefined ? {} : { deniedOn: prior.deniedOn }),
        ...(reason === undefined ? {} : { reason }),
      },
      medicareFirst(after, site),
    );
    const undo = (): Promise<unknown> => client.query("rollback to savepoint before_claim");
    switch (correction.kind) {
      case "nothing":
        await undo();
        return ok({ stands: prior.prior.claimId, accepted: prior.accepted });
      case "original":
        if (prior.standing === "never-sent") await takeBack(client, prior.prior.claimId);
        else await client.query("update claim set status = 'entered-in-error' where id = $1", [prior.prior.claimId]);
        await client.query("update claim set prior_id = $2, frequency = $3 where id = $1", [claimId, prior.prior.claimId, ORIGINAL]);
        return made;
      case "outside":
        await undo();
        await openTask(client, {
          kind: "reopening",
          owner: "billing",
          claimId: prior.prior.claimId,
          due: correction.deadline,
          cents: difference(prior, after),
          reasons: [correction.reason],
        });
        return ok({ stands: prior.prior.claimId, accepted: prior.accepted });
      case "replacement": {
        if (correction.overdue && !isConfirmed(item, "replacement")) {
          await undo();
          return ok({ asks: asked(correction, prior, after) });
        }
        const original = item.codes.abstract?.originalReference;
        const known = {
          ...prior.prior,
          ...(prior.prior.payerNumber === undefined && original !== undefined ? { payerNumber: original } : {}),
        };
        const claim = inChain(after.claim, {
          frequency: REPLACEMENT,
          prior: known,
          reason: correction.reason,
          ...(correction.remarks === undefined ? {} : { remarks: correction.remarks }),
        });
        const findings = checkClaim(claim, after.referenced);
        if (findings.length > 0) {
          await undo();
          return fail(findings);
        }
        await rewrite(client, sealer, claim, { frequency: REPLACEMENT, priorId: known.claimId, reason: correction.reason });
        await client.query("update claim set status = 'replaced' where id = $1", [known.claimId]);
        return made;
      }
      case "void-and-new": {
        await undo();
        if (!isConfirmed(item, "void-and-new")) return ok({ asks: asked(correction, prior, after) });
        // The void first: its number and its delivery come before those of the new claim.
        const voided = await voidClaim(client, { itemId: item.itemId, claimId: prior.prior.claimId, reason: correction.reason });
        return voided.ok ? release(client, first) : voided;
      }
    }
  };
}

const isConfirmed = ({ confirmed = [] }: Releasable, kind: "replacement" | "void-and-new"): boolean => confirmed.includes(kind);
const difference = (prior: PriorClaim, after: ClaimBundle): number => centsOf(after.claim.total?.value ?? 0) - prior.cents;

const asked = (correction: Extract<Correction, { readonly deadline: string }>, prior: PriorClaim, after: ClaimBundle) => ({
  kind: correction.kind === "void-and-new" ? ("void-and-new" as const) : ("replacement" as const),
  reason: correction.reason,
  cents: difference(prior, after),
  difference: {
    deadline: correction.deadline,
    overdue: correction.overdue,
    elements: correction.changes.map(({ path, kind, before, after: now }) => ({ element: path, kind, before, after: now })),
  },
});
