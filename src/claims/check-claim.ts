import type { Claim, Resource } from "@medplum/fhirtypes";
import { CITE, hard } from "#src/coding/findings.ts";
import type { Finding } from "#src/coding/submission.ts";
import { faultsOf, type ProfileName, profileFaultsOf, type ResourceFault } from "#src/fhir/validate.ts";
import { readinessOf } from "./readiness/readiness.ts";
import { referencesIn } from "./references.ts";

/** Types whose resources come again and again: the hospital, its payers, its doctors. */
const SHARED: ReadonlySet<string> = new Set(["Organization", "Practitioner", "Location"]);
const MOST_KNOWN = 2_000;
const known = new Map<string, readonly ResourceFault[]>();

/** What is wrong with a resource that goes along. One that was looked at before, to the byte, is not looked at again. */
function faultsAlong(resource: Resource): readonly ResourceFault[] {
  if (!SHARED.has(resource.resourceType)) return faultsOf(resource);
  const key = JSON.stringify(resource);
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const faults = faultsOf(resource);
  known.set(key, faults);
  return faults;
}

const profileOf = ({ type }: Claim): ProfileName =>
  type.coding?.some(({ code }) => code === "professional") === true ? "coded-claim-professional" : "coded-claim-institutional";

const invalid = ({ place, text }: ResourceFault, citation: string): Finding =>
  hard("CB-CLM-R4", place, [text, "Have the source of this element corrected."], citation);

/**
 * Everything found before a claim is released: validity of it under R4 and our profile, and of what goes with it; references that lead
 * nowhere; and whether an 837 could be made of it (readiness). Soft findings are told and stop nothing. Empty when the claim is good.
 */
export function findingsOf(claim: Claim, referenced: readonly Resource[]): readonly Finding[] {
  const there = new Set(referenced.map(({ resourceType, id }) => `${resourceType}/${id}`));
  // The claim before is at the receiver already, or is delivered before this one.
  const { related: _related, ...within } = claim;
  return [
    ...profileFaultsOf(claim, profileOf(claim)).map((fault) => invalid(fault, "HL7 FHIR R4 (4.0.1); our profile")),
    ...referenced.flatMap((resource) => faultsAlong(resource).map((fault) => invalid(fault, "HL7 FHIR R4 (4.0.1)"))),
    ...[within, ...referenced]
      .flatMap((resource) => referencesIn(resource))
      // The claim before in its chain was sent on its own.
      .filter((reference) => !there.has(reference) && !reference.startsWith("Claim/"))
      .map((reference) =>
        hard(
          "CB-CLM-REFERENCE",
          "Claim",
          [`A ${reference.split("/")[0]} is referred to and does not go with the claim.`, "Have it sent again."],
          CITE.transaction,
        ),
      ),
    ...readinessOf(claim, referenced),
  ];
}

/** Everything that keeps a claim from being sent. Empty when it may go. */
export const checkClaim = (claim: Claim, referenced: readonly Resource[]): readonly Finding[] =>
  findingsOf(claim, referenced).filter(({ severity }) => severity === "hard");
