import type pg from "pg";
import type { IdKey } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import type { Finding } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { VoidClaim } from "#src/worklist/release.pg.ts";
import { checkClaim } from "../check-claim.ts";
import { keepClaimResources } from "../claim-resources.pg.ts";
import { claimContext, claimIds, identifierKey } from "../claim-store.pg.ts";
import { IDENTIFIERS } from "../systems.ts";
import { openTask } from "../tasks.pg.ts";
import { VOID, voidOf } from "./chain.ts";
import { markClaims, nextVersion, type PriorPart, readPrior, takeBack } from "./prior.pg.ts";
import { type ChangeReason, isChangeReason } from "./reasons.ts";

export interface VoidNeeds {
  readonly sealer: Sealer;
  readonly site: SiteData;
  readonly idKey: IdKey;
  readonly now: () => Date;
}

/** Stores the void of one claim, a version of its own, for every destination that has or may have the claim. */
async function voidPart(
  client: pg.PoolClient,
  { sealer, idKey, now }: VoidNeeds,
  { claim: before, referenced, prior }: PriorPart,
  { itemId, reason }: { readonly itemId: string; readonly reason: ChangeReason },
): Promise<Result<string, readonly Finding[]>> {
  const version = await nextVersion(client, itemId);
  const { claimId, identifierValue: number } = claimIds(idKey, itemId, version, 0);
  const made = now().toISOString();
  const claim = voidOf(before, { claimId, number, created: made }, { prior, reason });
  const findings = checkClaim(claim, referenced);
  if (findings.length > 0) return fail(findings);
  const context = claimContext(claimId);
  await client.query(
    `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id,
      encounter_id, payer_id, total_cents, created_at, sealed, prior_id, change_reason)
     select $1, item_id, account_id, $3, coding_version, $4, kind, 'active', $5, patient_id, encounter_id, payer_id, total_cents, $6, $7, $2, $8
     from claim where id = $2`,
    [claimId, before.id, version, VOID, identifierKey(sealer, IDENTIFIERS.claim, number), made, sealer.sealJson(claim, context), reason],
  );
  await keepClaimResources(client, sealer, { claimId, context, referenced });
  await client.query(
    `insert into delivery (claim_id, destination, state)
     select $1, destination, 'pending' from delivery where claim_id = $2 and state not in ('rejected', 'given-up')`,
    [claimId, before.id],
  );
  return ok(claimId);
}

/** Gives the work list the voids of claims, part by part where a claim had several: stored sealed, checked, and queued for delivery. */
export function createVoidClaim(needs: VoidNeeds): VoidClaim {
  const { sealer, site } = needs;
  return async (client, { itemId, claimId, reason }) => {
    const prior = await readPrior(client, sealer, site, claimId);
    if (prior?.itemId !== itemId)
      return fail([
        hard("CB-CLM-PRIOR", "Claim.related", ["There is no such claim of this item.", "Look at the item again."], CITE.transaction),
      ]);
    if (prior.standing === "never-sent") {
      await takeBack(client, prior);
      return ok({ takenBack: claimId });
    }
    await markClaims(client, prior, "cancelled");
    // What was never taken in has nothing to void; where voids are not taken, billing tells the payer.
    if (prior.standing === "rejected") return ok({ takenBack: claimId });
    if (!prior.payer.takesCorrections) {
      await openTask(client, { kind: "void-refused", owner: "billing", claimId, cents: prior.cents, reasons: [reason] });
      return ok({ takenBack: claimId });
    }
    let first: string | undefined;
    for (const part of prior.parts) {
      const voided = await voidPart(client, needs, part, { itemId, reason: isChangeReason(reason) ? reason : "D6" });
      if (!voided.ok) return voided;
      first ??= voided.value;
    }
    return ok({ claimId: first ?? claimId });
  };
}
