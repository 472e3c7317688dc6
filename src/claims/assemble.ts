import type { Claim, Coverage, Resource } from "@medplum/fhirtypes";
import type { IdKey } from "#src/base/ids.ts";
import { dollars } from "#src/base/money.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { chargesOf, chartCharges, isProfessional } from "#src/coding/charges.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import { stayOf } from "#src/coding/stay.ts";
import type { CodeSubmission, Finding, Stream } from "#src/coding/submission.ts";
import type { Facility, SiteData } from "#src/sitedata/site-data.ts";
import { careTeamOf } from "./care-team.ts";
import { diagnosesOf, institutionalInfo, placeOfService, proceduresOf } from "./coded-parts.ts";
import { linesOf } from "./lines.ts";
import { coveragesOf, providerOf, selfPay, withPayer } from "./parties.ts";
import { closureOf } from "./references.ts";
import { CLAIM_SYSTEMS, IDENTIFIERS } from "./systems.ts";

export interface AssembleNeeds {
  readonly chart: ChartSnapshot;
  readonly stream: Stream;
  readonly codes: CodeSubmission;
  readonly site: SiteData;
  readonly ids: { readonly claimId: string; readonly identifierValue: string };
  /** When the claim is made, ISO 8601. */
  readonly created: string;
  readonly idKey: IdKey;
}

export interface Assembled {
  readonly claim: Claim & { readonly id: string };
  /** Everything the claim refers to, as it stands in the chart, with the NPIs of the site data. */
  readonly referenced: readonly Resource[];
}

/** Most lines a claim takes: 837 institutional 999, professional 50. */
const MOST_LINES = { institutional: 999, professional: 50 } as const;

/** The billing provider: a professional group that is in facilities.csv by its own name, else the hospital. */
function billingFacility(site: SiteData, chart: ChartSnapshot, stream: Stream): Facility | undefined {
  const group = isProfessional(stream) ? site.facility(stream.slice("PRO:".length)) : undefined;
  return group ?? site.facility(chart.facility);
}

/** The chart's coverages as the claim's insurance, and the payers with what the site knows of them. */
function insuranceOf(
  chart: ChartSnapshot,
  site: SiteData,
  patient: string,
  idKey: IdKey,
): { coverages: readonly Coverage[]; payers: readonly Resource[]; insurer?: string } {
  const charted = coveragesOf(chart);
  const coverages = charted.length === 0 ? [selfPay(patient, chart.accountId, idKey)] : charted;
  const payers = ofType(chart, "Organization").map((organization) =>
    withPayer(organization, site.payer(organization.identifier?.[0]?.value ?? "")),
  );
  const first = coverages[0]?.payor[0]?.reference;
  return { coverages, payers, ...(first?.startsWith("Organization/") === true ? { insurer: first } : {}) };
}

/**
 * Makes the FHIR R4 Claim of a coded chart: institutional (UB-04, 837I) for the facility stream, professional (CMS-1500,
 * 837P) for a billing group. Pure: the same parts give the same claim. Fails with everything that stands in the way.
 */
export function assembleClaim(needs: AssembleNeeds): Result<Assembled, readonly Finding[]> {
  const { chart, stream, codes, site, ids, created, idKey } = needs;
  const professional = isProfessional(stream);
  const stay = stayOf(chart);
  if (stay === undefined)
    return fail([
      hard(
        "CB-CLM-ENCOUNTER",
        "Claim.item[0].encounter",
        ["The chart has no encounter that took place.", "Have the visit sent again."],
        CITE.transaction,
      ),
    ]);
  const facility = billingFacility(site, chart, stream);
  if (facility === undefined)
    return fail([
      hard(
        "CB-CLM-FACILITY",
        "Claim.provider",
        [`The facility ${chart.facility} is not in the site data.`, "Add it to facilities.csv."],
        CITE.npi,
      ),
    ]);
  const patient = stay.encounter.subject?.reference ?? `Patient/${ofType(chart, "Patient")[0]?.id}`;
  const encounter = `Encounter/${stay.encounter.id}`;
  const billed = chargesOf(stream, chartCharges(chart, site, chart.facility), codes);
  const day = stay.from ?? billed[0]?.day ?? created.slice(0, 10);
  const lines = linesOf(billed, codes, { professional, day, encounter, placeOfService: placeOfService(stay) });
  const team = careTeamOf({ chart, stay, billed, codes, site, idKey, professional });
  const provider = providerOf(facility, idKey);
  const { coverages, payers, insurer } = insuranceOf(chart, site, patient, idKey);
  const kind = professional ? "professional" : "institutional";
  const procedures = professional || !stay.inpatient ? [] : proceduresOf(codes);
  const lastDay =
    lines.items
      .map(({ servicedDate, servicedPeriod }) => servicedPeriod?.end ?? servicedDate ?? day)
      .sort()
      .at(-1) ?? day;
  const claim: Claim & { readonly id: string } = {
    resourceType: "Claim",
    id: ids.claimId,
    identifier: [{ system: IDENTIFIERS.claim, value: ids.identifierValue }],
    status: "active",
    type: { coding: [{ system: CLAIM_SYSTEMS.claimType, code: kind }] },
    use: "claim",
    patient: { reference: patient },
    billablePeriod: { start: day, end: stay.through ?? lastDay },
    created,
    ...(insurer === undefined ? {} : { insurer: { reference: insurer } }),
    provider: { reference: `Organization/${provider.id}` },
    priority: { coding: [{ system: CLAIM_SYSTEMS.priority, code: "normal" }] },
    ...(team.members.length === 0 ? {} : { careTeam: [...team.members] }),
    ...(professional ? {} : { supportingInfo: institutionalInfo(stay, chart.accountNumber) }),
    ...(codes.diagnoses.length === 0 ? {} : { diagnosis: diagnosesOf(codes, !professional && stay.inpatient) }),
    ...(procedures.length === 0 ? {} : { procedure: procedures }),
    insurance: coverages.map(({ id }, index) => ({ sequence: index + 1, focal: index === 0, coverage: { reference: `Coverage/${id}` } })),
    item: [...lines.items],
    total: { value: dollars(lines.totalCents), currency: "USD" },
  };
  const available = new Map<string, Resource>(
    [...chart.resources, ...payers, ...team.practitioners, ...coverages, provider].map((resource) => [
      `${resource.resourceType}/${resource.id}`,
      resource,
    ]),
  );
  const { referenced, missing } = closureOf(claim, available);
  const findings = [
    ...lines.findings,
    ...team.findings,
    ...(lines.items.length === 0
      ? [hard("CB-CLM-EMPTY", "Claim.item", ["The claim has no line.", "Wait for charges, or add a line."], CITE.transaction)]
      : []),
    ...(lines.items.length > MOST_LINES[kind]
      ? [hard("CB-CLM-LINES", "Claim.item", [`A claim takes ${MOST_LINES[kind]} lines.`, "Split the account."], CITE.transaction)]
      : []),
    ...missing.map((reference) =>
      hard(
        "CB-CLM-REFERENCE",
        "Claim",
        [`The chart has no ${reference.split("/")[0]} that the claim refers to.`, "Have it sent again."],
        CITE.transaction,
      ),
    ),
  ];
  return findings.length > 0 ? fail(findings) : ok({ claim, referenced });
}
