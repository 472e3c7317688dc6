import type { ClaimRelated, CodeableConcept, Resource } from "@medplum/fhirtypes";
import { dollars } from "#src/base/money.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { ofType } from "#src/charts/snapshot.ts";
import type { ChartCharge } from "#src/coding/charges.ts";
import { shiftDay, type Stay } from "#src/coding/stay.ts";
import type { Finding } from "#src/coding/submission.ts";
import { CLAIM_PROFILES } from "#src/fhir/profiles/canonicals.ts";
import type { Facility } from "#src/sitedata/site-data.ts";
import { accidentOf } from "./accident.ts";
import type { AssembleAllNeeds, Assembled, ClaimIds, OwnClaim } from "./assemble.ts";
import { careTeamOf } from "./care-team.ts";
import type { ClaimAbstract } from "./claim-abstract.ts";
import { diagnosesOf, proceduresOf } from "./coded-parts.ts";
import type { Part } from "./divide.ts";
import { inTheWay } from "./in-the-way.ts";
import { insuranceOf } from "./insurance.ts";
import { itemOf } from "./items.ts";
import type { Draft } from "./line-drafts.ts";
import { providerOf, serviceFacilityOf, typed } from "./parties.ts";
import { closureOf } from "./references.ts";
import { institutionalInfo, professionalInfo } from "./supporting-info.ts";
import { CHART_EXTENSIONS, CLAIM_SYSTEMS, IDENTIFIERS } from "./systems.ts";
import { CONTINUES, CORRECTS, type Frequency, INTERIM, ORIGINAL } from "./type-of-bill.ts";

/** Everything that is the same for all claims of an item. */
export interface Whole {
  readonly needs: AssembleAllNeeds;
  readonly professional: boolean;
  readonly stay: Stay;
  readonly facility: Facility;
  readonly abstract: ClaimAbstract;
  readonly frequency: Frequency;
  readonly patient: string;
  readonly day: string;
  readonly charges: ReadonlyMap<string, ChartCharge>;
}

const referenceTo = (claim: OwnClaim): NonNullable<ClaimRelated["claim"]> => ({
  reference: `Claim/${claim.id}`,
  ...(claim.identifier?.[0] === undefined ? {} : { identifier: claim.identifier[0] }),
});

/** The claim that this one replaces, voids or goes on from, with the payer's number of it; and the first claim of a divided item. */
function relatedOf({ needs, frequency }: Whole, part: number, first: ClaimIds): readonly ClaimRelated[] {
  const relationship = (code: string): CodeableConcept => ({ coding: [{ system: CLAIM_SYSTEMS.relatedClaim, code }] });
  const before = frequency === ORIGINAL ? undefined : needs.prior?.[part];
  const number =
    before?.payerReference ?? (CORRECTS.includes(frequency) && part === 0 ? needs.codes.abstract?.originalReference : undefined);
  const prior: ClaimRelated = {
    ...(before === undefined ? {} : { claim: referenceTo(before.claim) }),
    relationship: relationship(frequency === "5" ? "associated" : "prior"),
    ...(number === undefined ? {} : { reference: { system: IDENTIFIERS.payerClaim, value: number } }),
  };
  const sibling: ClaimRelated = {
    claim: { reference: `Claim/${first.claimId}`, identifier: { system: IDENTIFIERS.claim, value: first.identifierValue } },
    relationship: relationship("associated"),
  };
  return [...(before === undefined && number === undefined ? [] : [prior]), ...(part === 0 ? [] : [sibling])];
}

const firstDay = ({ when }: Draft): string => when.servicedDate ?? when.servicedPeriod?.start ?? "";
const lastDay = ({ when }: Draft): string => when.servicedPeriod?.end ?? when.servicedDate ?? "";

/** The days of the statement (UB-04 form locator 6). An interim bill ends with its last line, and the next begins on the day after. */
function statementOf({ stay, day, frequency, needs }: Whole, drafts: readonly Draft[]): { readonly start: string; readonly end: string } {
  const last = drafts.map(lastDay).sort().at(-1) ?? day;
  const ended = INTERIM.includes(frequency) ? last : (stay.through ?? last);
  const before = CONTINUES.includes(frequency)
    ? (needs.billed ?? [])
        .flatMap(({ billablePeriod }) => billablePeriod?.end?.slice(0, 10) ?? [])
        .sort()
        .at(-1)
    : undefined;
  const start = before === undefined ? day : frequency === "5" ? (drafts.map(firstDay).sort()[0] ?? day) : shiftDay(before, 1);
  return { start: start < ended ? start : ended, end: ended };
}

const textsOf = (charges: readonly ChartCharge[], url: string): readonly string[] =>
  charges.flatMap(({ charge }) =>
    (charge.extension ?? []).filter((one) => one.url === url).flatMap(({ valueString }) => valueString ?? []),
  );

/** Who and what goes with a claim. */
function companyOf(whole: Whole, drafts: readonly Draft[], statement: { readonly start: string; readonly end: string }) {
  const { needs, professional, stay, facility, patient, day, charges } = whole;
  const { chart, codes, site, idKey } = needs;
  const own = drafts.flatMap(({ id }) => (id === undefined ? [] : (charges.get(id) ?? [])));
  const hospital = professional ? site.facility(chart.facility, day) : undefined;
  return {
    team: careTeamOf({ chart, stay, drafts, codes, site, idKey, professional }),
    provider: providerOf(facility, idKey),
    place: hospital === undefined ? undefined : serviceFacilityOf(hospital, idKey),
    referral: textsOf(own, CHART_EXTENSIONS.referralNumber)[0],
    payers: insuranceOf({
      chart,
      site,
      codes,
      patient,
      idKey,
      from: statement.start,
      through: statement.end,
      chargeAuthorizations: textsOf(own, CHART_EXTENSIONS.chargeAuthorization),
    }),
  };
}

/** What the coder and the messages say of the visit: diagnoses, procedures, information, accident. */
function codedOf(whole: Whole, part: Part, memberOf: (npi: string) => number | undefined): Partial<OwnClaim> {
  const { needs, professional, stay, facility, abstract, frequency, patient } = whole;
  const { chart, codes } = needs;
  const diagnosis = diagnosesOf(
    part.diagnoses.flatMap((at) => codes.diagnoses[at] ?? []),
    { professional, inpatient: stay.inpatient, ...(abstract.drg === undefined ? {} : { drg: abstract.drg }) },
  );
  const procedure = professional || !stay.inpatient ? [] : proceduresOf(codes, memberOf);
  const supportingInfo = (professional ? professionalInfo : institutionalInfo)({
    stay,
    abstract,
    frequency,
    facility,
    patient: ofType(chart, "Patient").find(({ id }) => `Patient/${id}` === patient),
    accountNumber: chart.accountNumber,
  });
  const accident = accidentOf(abstract);
  return {
    ...(supportingInfo.length === 0 ? {} : { supportingInfo }),
    ...(diagnosis.length === 0 ? {} : { diagnosis }),
    ...(procedure.length === 0 ? {} : { procedure }),
    ...(accident === undefined ? {} : { accident }),
  };
}

/** One claim of an item. @param index of the part, counted from 0. */
export function claimOf(whole: Whole, part: Part, index: number): Result<Assembled, readonly Finding[]> {
  const { needs, professional, stay, patient } = whole;
  const ids = needs.idsOf(index);
  const drafts = part.lines.map(({ draft }) => draft);
  const statement = statementOf(whole, drafts);
  const { team, provider, place, referral, payers } = companyOf(whole, drafts, statement);
  const kind = professional ? "professional" : "institutional";
  const related = relatedOf(whole, index, needs.idsOf(0));
  const claim: OwnClaim = {
    resourceType: "Claim",
    id: ids.claimId,
    meta: { profile: [CLAIM_PROFILES[kind]] },
    ...(payers.elements.extension === undefined ? {} : { extension: payers.elements.extension }),
    identifier: [{ type: typed("PLAC"), system: IDENTIFIERS.claim, value: ids.identifierValue }],
    status: "active",
    type: { coding: [{ system: CLAIM_SYSTEMS.claimType, code: kind }] },
    ...(professional
      ? {}
      : { subType: { coding: [{ system: CLAIM_SYSTEMS.institutionalSubType, code: stay.inpatient ? "inpatient" : "outpatient" }] } }),
    use: "claim",
    patient: { reference: patient },
    billablePeriod: statement,
    created: needs.created,
    ...(payers.insurer === undefined ? {} : { insurer: { reference: payers.insurer } }),
    provider: { reference: `Organization/${provider.id}` },
    priority: { coding: [{ system: CLAIM_SYSTEMS.priority, code: "normal" }] },
    ...(related.length === 0 ? {} : { related: [...related] }),
    ...(payers.elements.payee === undefined ? {} : { payee: payers.elements.payee }),
    ...(referral === undefined ? {} : { referral: { identifier: { value: referral } } }),
    ...(place === undefined ? {} : { facility: { reference: `Location/${place.id}` } }),
    ...(team.members.length === 0 ? {} : { careTeam: [...team.members] }),
    ...codedOf(whole, part, team.memberOf),
    insurance: payers.insurance,
    item: part.lines.map((line) =>
      itemOf(line, {
        professional,
        emergency: stay.encounter.class.code === "EMER",
        diagnosisNumber: (pointer) => part.diagnoses.indexOf(pointer - 1) + 1 || pointer,
        teamOf: team.teamOf,
      }),
    ),
    total: { value: dollars(drafts.reduce((sum, { cents }) => sum + cents, 0)), currency: "USD" },
  };
  const along = [...team.practitioners, ...payers.resources, provider, ...(place === undefined ? [] : [place])];
  const { referenced, missing } = closed(claim, [...needs.chart.resources, ...along]);
  const findings = [...team.findings, ...missing];
  return findings.length > 0 ? fail(findings) : ok({ claim, referenced });
}

/** Everything a claim refers to, and what of it is not to be had. The claim before it goes on its own. */
function closed(
  { related: _related, ...claim }: OwnClaim,
  resources: readonly Resource[],
): { readonly referenced: readonly Resource[]; readonly missing: readonly Finding[] } {
  const available = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  const { referenced, missing } = closureOf(claim, available);
  return {
    referenced,
    missing: missing.map((reference) =>
      inTheWay("CB-CLM-REFERENCE", "Claim", `The chart has no ${reference.split("/")[0]} that the claim refers to.`, "Have it sent again."),
    ),
  };
}
