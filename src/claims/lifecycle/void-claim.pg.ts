import { type IdKey, stableId } from "#src/base/ids.ts";
import { fail, ok } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { VoidClaim } from "#src/worklist/release.pg.ts";
import { checkClaim } from "../check-claim.ts";
import { claimContext, claimNumber, identifierKey } from "../claim-store.pg.ts";
import { IDENTIFIERS } from "../systems.ts";
import { openTask } from "../tasks.pg.ts";
import { VOID, voidOf } from "./chain.ts";
import { isChangeReason } from "./reasons.ts";
import { nextVersion, readPrior, takeBack } from "./prior.pg.ts";

export interface VoidNeeds {
  readonly sealer: Sealer;
  readonly site: SiteData;
  readonly idKey: IdKey;
  readonly now: () => Date;
}

/** Gives the work list the voids of claims: stored sealed, checked, and queued for every destination that has, or may have, the claim. */
export function createVoidClaim({ sealer, site, idKey, now }: VoidNeeds): VoidClaim {
  return async (client, { itemId, claimId, reason }) => {
    const prior = await readPrior(client, sealer, site, claimId);
    if (prior?.itemId !== itemId)
      return fail([
        hard("CB-CLM-PRIOR", "Claim.related", ["There is no such claim of this item.", "Look at the item again."], CITE.transaction),
      ]);
    if (prior.standing === "never-sent") {
      await takeBack(client, claimId);
      return ok({ takenBack: claimId });
    }
    if (prior.standing === "rejected" || !prior.payer.takesCorrections) {
      // What was never taken in has nothing to void; where voids are not taken, billing tells the payer.
      if (prior.standing === "received")
        await openTask(client, { kind: "void-refused", owner: "billing", claimId, cents: prior.cents, reasons: [reason] });
      await client.query("update claim set status = 'cancelled' where id = $1", [claimId]);
      return ok({ takenBack: claimId });
    }
    const version = await nextVersion(client, itemId);
    const voidId = stableId(idKey, "Claim", itemId, String(version));
    const number = claimNumber(idKey, itemId, version);
    const made = now().toISOString();
    const claim = voidOf(
      prior.claim,
      { claimId: voidId, number, created: made },
      { prior: prior.prior, reason: isChangeReason(reason) ? reason : "D6" },
    );
    const findings = checkClaim(claim, prior.referenced);
    if (findings.length > 0) return fail(findings);
    const context = claimContext(voidId);
    await client.query(
      `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id,
        encounter_id, payer_id, total_cents, created_at, sealed, prior_id, change_reason)
       select $1, item_id, account_id, $3, coding_version, $4, kind, 'active', $5, patient_id, encounter_id, payer_id, total_cents, $6, $7, $2, $8
       from claim where id = $2`,
      [voidId, claimId, version, VOID, identifierKey(sealer, IDENTIFIERS.claim, number), made, sealer.sealJson(claim, context), reason],
    );
    await client.query(
      "insert into claim_resource (claim_id, type, id, sealed) select $1, * from unnest($2::text[], $3::uuid[], $4::bytea[])",
      [
        voidId,
        prior.referenced.map((one) => one.resourceType),
        prior.referenced.map((one) => one.id),
        prior.referenced.map((one) => sealer.sealJson(one, context)),
      ],
    );
    await client.query(
      "insert into delivery (claim_id, destination, state) select $1, destination, 'pending' from delivery where claim_id = $2 and state <> 'rejected'",
      [voidId, claimId],
    );
    await client.query("update claim set status = 'cancelled' where id = $1", [claimId]);
    return ok({ claimId: voidId });
  };
}
