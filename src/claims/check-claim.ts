import type { Claim, Resource } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import type { Finding } from "#src/coding/submission.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { isNpi } from "#src/sitedata/npi.ts";
import { referencesIn } from "./references.ts";
import { IDENTIFIERS } from "./systems.ts";

/** Numbers 1 to n, each once and in order. */
const inOrder = (parts: readonly { readonly sequence?: number }[] | undefined): boolean =>
  (parts ?? []).every(({ sequence }, index) => sequence === index + 1);

function amounts({ item = [], total }: Claim): readonly Finding[] {
  const findings: Finding[] = [];
  const sum = item.reduce((cents, { net }) => cents + centsOf(net?.value ?? 0), 0);
  if (total === undefined || centsOf(total.value ?? Number.NaN) !== sum)
    findings.push(
      hard("CB-CLM-TOTAL", "Claim.total", ["The total is not the sum of the lines.", "Assemble the claim again."], CITE.transaction),
    );
  for (const [index, { net, unitPrice, quantity }] of item.entries()) {
    if (unitPrice === undefined || net === undefined) continue;
    if (centsOf((unitPrice.value ?? 0) * (quantity?.value ?? 1)) !== centsOf(net.value ?? 0))
      findings.push(
        hard(
          "CB-CLM-NET",
          `Claim.item[${index}].net`,
          ["The amount is not unit price times quantity.", "Correct the charge."],
          CITE.transaction,
        ),
      );
  }
  return findings;
}

function pointers({ item = [], diagnosis = [], careTeam = [] }: Claim): readonly Finding[] {
  const diagnoses = new Set(diagnosis.map(({ sequence }) => sequence));
  const team = new Set(careTeam.map(({ sequence }) => sequence));
  return item.flatMap(({ diagnosisSequence = [], careTeamSequence = [] }, index) => [
    ...diagnosisSequence
      .filter((sequence) => !diagnoses.has(sequence))
      .map((sequence) =>
        hard(
          "CB-CLM-POINTER",
          `Claim.item[${index}].diagnosisSequence`,
          [`There is no diagnosis ${sequence}.`, "Correct the pointer."],
          CITE.cms24e,
        ),
      ),
    ...careTeamSequence
      .filter((sequence) => !team.has(sequence))
      .map((sequence) =>
        hard(
          "CB-CLM-POINTER",
          `Claim.item[${index}].careTeamSequence`,
          [`There is no care team member ${sequence}.`, "Name the practitioner."],
          CITE.transaction,
        ),
      ),
  ]);
}

/**
 * Everything that keeps a claim from being sent: R4 validity of it and of what goes with it, references that lead nowhere,
 * amounts, numbering, pointers, and the billing provider's NPI. Empty when the claim is good.
 */
export function checkClaim(claim: Claim, referenced: readonly Resource[]): readonly Finding[] {
  const there = new Set(referenced.map(({ resourceType, id }) => `${resourceType}/${id}`));
  const provider = referenced.find(({ resourceType, id }) => `${resourceType}/${id}` === claim.provider.reference);
  const npi =
    provider?.resourceType === "Organization" ? provider.identifier?.find(({ system }) => system === IDENTIFIERS.npi)?.value : undefined;
  const numbered = [claim.item, claim.diagnosis, claim.procedure, claim.careTeam, claim.insurance, claim.supportingInfo].every(inOrder);
  return [
    ...[claim, ...referenced].flatMap((resource) =>
      faultsOf(resource).map(({ place, text }) =>
        hard("CB-CLM-R4", place, [text, "Have the source of this element corrected."], "HL7 FHIR R4 (4.0.1)"),
      ),
    ),
    ...[claim, ...referenced]
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
    ...(numbered
      ? []
      : [hard("CB-CLM-SEQUENCE", "Claim", ["A numbering has gaps or repetitions.", "Assemble the claim again."], CITE.transaction)]),
    ...amounts(claim),
    ...pointers(claim),
    ...(npi !== undefined && isNpi(npi)
      ? []
      : [hard("CB-CLM-NPI", "Claim.provider", ["The billing provider has no valid NPI.", "Correct facilities.csv."], CITE.npi)]),
    ...(claim.insurance.filter(({ focal }) => focal).length === 1
      ? []
      : [
          hard(
            "CB-CLM-FOCAL",
            "Claim.insurance",
            ["Not exactly one insurance is the one billed.", "Correct the coverages."],
            CITE.transaction,
          ),
        ]),
  ];
}
