import type pg from "pg";
import { centsOf } from "#src/base/money.ts";
import { fail, ok } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { Finding } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { MakeClaim, Releasable, ReleaseClaim } from "#src/worklist/release.pg.ts";
import { checkClaim } from "../check-claim.ts";
import { type ClaimBundle, claimContext } from "../claim-store.pg.ts";
import { openTask } from "../tasks.pg.ts";
import { inChain, REPLACEMENT } from "./chain.ts";
import { wholeOf } from "./claim-diff.ts";
import { type Correction, decideCorrection } from "./correction.ts";
import { markClaims, type PriorClaim, readParts, readPrior, takeBack } from "./prior.pg.ts";
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

/** The change reason a coder gave among the condition codes, when it is one. */
function reasonGiven({ codes }: Releasable) {
  const given = (codes.abstract?.conditionCodes ?? []).filter(isChangeReason);
  return given.length === 1 ? given[0] : undefined;
}

/**
 * Releases claims in the chain of their item (frequency 1, 7, 8). What would be claimed now is compared with the claim that is out: nothing is sent
 * when a payer would see no difference; a first claim again where the one before reached nobody or was refused unjudged; a replacement with the
 * original reference; or void and new, in that order, once a person has said so. The payer that takes neither gets a task for billing.
 */
export function createCorrectingRelease(needs: CorrectNeeds): ReleaseClaim {
  const { release, sealer, site } = needs;
  const voidClaim = createVoidClaim(needs);
  return async (client, item) => {
    const prior = item.replaces === undefined ? undefined : await readPrior(client, sealer, site, item.replaces);
    if (prior === undefined) return release(client, item);
    const { replaces: _replaces, ...first } = item;
    await client.query("savepoint before_claim");
    const undo = (): Promise<unknown> => client.query("rollback to savepoint before_claim");
    const made = await release(client, item);
    // What cannot follow the claim before may still be a claim of its own: then it is void and new.
    const alone = made.ok ? made : await release(client, first);
    if (!alone.ok) return made;
    const after = await readParts(client, sealer, alone.value.claimId);
    const stands = { stands: prior.parts[0]?.claim.id ?? "", accepted: prior.accepted };
    const correction = correctionOf(needs, item, prior, after);
    if (!made.ok && correction.kind !== "void-and-new" && correction.kind !== "original") {
      await undo();
      return made;
    }
    switch (correction.kind) {
      case "nothing":
        await undo();
        return ok(stands);
      case "original": {
        await undo();
        if (prior.standing === "never-sent") await takeBack(client, prior);
        else await markClaims(client, prior, "entered-in-error");
        const again = await release(client, first);
        if (again.ok) await client.query("update claim set prior_id = $2 where id = $1", [again.value.claimId, stands.stands]);
        return again;
      }
      case "outside":
        await undo();
        await openTask(client, {
          kind: "reopening",
          owner: "billing",
          claimId: stands.stands,
          due: correction.deadline,
          cents: difference(prior, after),
          reasons: [correction.reason],
        });
        return ok(stands);
      case "replacement": {
        if (correction.overdue && !isConfirmed(item, "replacement")) {
          await undo();
          return ok({ asks: asked(correction, prior, after) });
        }
        const findings = await replace(client, sealer, item, { prior, after, correction });
        if (findings.length === 0) return made;
        await undo();
        return fail(findings);
      }
      case "void-and-new": {
        await undo();
        if (!isConfirmed(item, "void-and-new")) return ok({ asks: asked(correction, prior, after) });
        // The void first: its number and its delivery come before those of the new claim.
        const voided = await voidClaim(client, { itemId: item.itemId, claimId: stands.stands, reason: correction.reason });
        return voided.ok ? release(client, first) : voided;
      }
    }
  };
}

/** What the claim that is out needs, when these would be claimed now. */
function correctionOf({ site, now }: CorrectNeeds, item: Releasable, prior: PriorClaim, after: readonly ClaimBundle[]): Correction {
  const reason = reasonGiven(item);
  const [first] = after;
  if (first === undefined) throw new Error("a claim was stored and is not there");
  return decideCorrection(
    wholeOf(prior.parts),
    wholeOf(after),
    prior.payer,
    {
      standing: prior.standing,
      today: now().toISOString().slice(0, 10),
      ...(prior.deniedOn === undefined ? {} : { deniedOn: prior.deniedOn }),
      ...(reason === undefined ? {} : { reason }),
    },
    medicareFirst(first, site),
  );
}

/** Makes the claims that were just stored the replacement of those before, part by part. @returns what keeps one from being valid. */
async function replace(
  client: pg.PoolClient,
  sealer: Sealer,
  item: Releasable,
  {
    prior,
    after,
    correction,
  }: {
    readonly prior: PriorClaim;
    readonly after: readonly ClaimBundle[];
    readonly correction: Extract<Correction, { readonly kind: "replacement" }>;
  },
): Promise<readonly Finding[]> {
  const { reason, remarks } = correction;
  const findings: Finding[] = [];
  for (const [index, { claim: fresh, referenced }] of after.entries()) {
    const before = (prior.parts[index] ?? prior.parts[0])?.prior;
    if (before === undefined) continue;
    // The coder may know the payer's number before the payer has told it here.
    const said = index === 0 && before.payerNumber === undefined ? item.codes.abstract?.originalReference : undefined;
    const known = said === undefined ? before : { ...before, payerNumber: said };
    const claim = inChain(fresh, { frequency: REPLACEMENT, prior: known, reason, ...(remarks === undefined ? {} : { remarks }) });
    findings.push(...checkClaim(claim, referenced));
    await client.query("update claim set sealed = $2, frequency = $3, prior_id = $4, change_reason = $5 where id = $1", [
      claim.id,
      sealer.sealJson(claim, claimContext(claim.id)),
      REPLACEMENT,
      known.claimId,
      reason,
    ]);
  }
  await markClaims(client, prior, "replaced");
  return findings;
}

const isConfirmed = ({ confirmed = [] }: Releasable, kind: "replacement" | "void-and-new"): boolean => confirmed.includes(kind);
const difference = (prior: PriorClaim, after: readonly ClaimBundle[]): number =>
  after.reduce((sum, { claim }) => sum + centsOf(claim.total?.value ?? 0), 0) - prior.cents;

const asked = (correction: Extract<Correction, { readonly deadline: string }>, prior: PriorClaim, after: readonly ClaimBundle[]) => ({
  kind: correction.kind === "void-and-new" ? ("void-and-new" as const) : ("replacement" as const),
  reason: correction.reason,
  cents: difference(prior, after),
  difference: {
    deadline: correction.deadline,
    overdue: correction.overdue,
    elements: correction.changes.map(({ path, kind, before, after: now }) => ({ element: path, kind, before, after: now })),
  },
});
