import type { ChargeItem, Extension, Resource } from "@medplum/fhirtypes";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import { type AssembleAllNeeds, type Assembled, assembleClaims } from "#src/claims/assemble.ts";
import type { CodeSubmission, Stream } from "#src/coding/submission.ts";
import { parseSiteData, SITE_FILES, type SiteFile } from "#src/sitedata/parse.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { readFileSync } from "node:fs";
import { chargeId, chartOf, codesOf, encounterId, ID_KEY, INPATIENT_CHART, patientId } from "./charts.ts";

const own = (name: string): string => `https://chartbridge.dev/fhir/StructureDefinition/${name}`;
const part = (url: string, value: Partial<Extension>): Extension => ({ url, ...value });

/** The demo's site data with what its files leave out: a group, departments, a laboratory certificate, assignment. */
export function fullSite(): SiteData {
  const texts = Object.fromEntries(
    Object.keys(SITE_FILES).flatMap((file) => {
      try {
        return [[file, readFileSync(`sites/demo/${file}`, "utf8")]];
      } catch {
        return [];
      }
    }),
  ) as Partial<Record<SiteFile, string>>;
  const parsed = parseSiteData({
    ...texts,
    "facilities.csv":
      "facility,name,npi,tax_id,ccn,street,city,state,zip,taxonomy,clia\n" +
      "NORTH,North Regional Hospital,2000000010,00-0000001,360999,1 Hospital Drive,Norville,OH,44020,282N00000X,36D0000001\n" +
      "MED,North Medical Group,2000001018,00-0000002,,2 Clinic Road,Norville,OH,44020,207R00000X,\n",
    "departments.csv": "department,facility,name,place_of_service,service_line\nLAB,NORTH,Laboratory,81,LAB\n4W,NORTH,Ward,21,MED\n",
    "payers.csv": `${texts["payers.csv"]?.split("\n")[0]},accepts_assignment\nMCARE,Medicare Part A and B,DEMO1,MA,yes\nBCNORTH,North Blue Plan,DEMO2,BL,\n`,
    "plans.csv": "plan_id,payer_id,name,electronic_id,claim_filing,accepts_assignment\nMCRB,MCARE,Medicare Part B,DEMO9,MB,yes\n",
  });
  if (!parsed.ok) throw new Error(parsed.failure.join("\n"));
  return parsed.value;
}

const UB: readonly Extension[] = [
  { url: own("accident-date"), valueDateTime: "2026-03-01T23:45:00-05:00" },
  { url: own("accident-state"), valueCodeableConcept: { coding: [{ code: "OH" }] } },
  { url: own("accident-job-related"), valueBoolean: true },
  { url: own("condition-code"), valueCode: "09" },
  { url: own("condition-code"), valueCode: "17" },
  { url: own("value-code"), extension: [part("code", { valueString: "01" }), part("amount", { valueDecimal: 1420.5 })] },
  { url: own("covered-days"), valueString: "3" },
  { url: own("occurrence-code"), extension: [part("code", { valueString: "11" }), part("date", { valueDate: "2026-03-01" })] },
  {
    url: own("occurrence-span"),
    extension: [part("code", { valueString: "70" }), part("start", { valueDate: "2026-02-20" }), part("end", { valueDate: "2026-02-24" })],
  },
];

/** What the messages may bring besides what chartOf has: UB and ACC segments, a second payer, referrals, drugs, authorisations. */
export function fullChart(change: Partial<typeof INPATIENT_CHART> = {}): ChartSnapshot {
  const chart = chartOf({ accountId: "00000000-0000-4000-8000-0000000000aa", ...INPATIENT_CHART, ...change });
  const second: Resource[] = [
    { resourceType: "Organization", id: "00000000-0000-4000-8000-0000000000b1", identifier: [{ value: "BCNORTH" }], name: "North Blue" },
    {
      resourceType: "RelatedPerson",
      id: "00000000-0000-4000-8000-0000000000b2",
      patient: { reference: `Patient/${patientId}` },
      name: [{ family: "Zwetschgenbaum", given: ["Alois"] }],
      birthDate: "1949-01-01",
    },
    {
      resourceType: "Coverage",
      id: "00000000-0000-4000-8000-0000000000b3",
      status: "active",
      order: 2,
      subscriberId: "NB-7",
      subscriber: { reference: "RelatedPerson/00000000-0000-4000-8000-0000000000b2" },
      relationship: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/subscriber-relationship", code: "spouse" }] },
      beneficiary: { reference: `Patient/${patientId}` },
      payor: [{ reference: "Organization/00000000-0000-4000-8000-0000000000b1" }],
      class: [{ type: { coding: [{ code: "group" }] }, value: "GRP-1" }],
    },
    {
      resourceType: "Coverage",
      id: "00000000-0000-4000-8000-0000000000b4",
      status: "active",
      order: 3,
      period: { end: "2025-12" },
      beneficiary: { reference: `Patient/${patientId}` },
      payor: [{ reference: "Organization/00000000-0000-4000-8000-0000000000b1" }],
    },
    {
      resourceType: "Practitioner",
      id: "00000000-0000-4000-8000-0000000000b5",
      identifier: [{ system: "urn:chartbridge:authority:NORTH", value: "D1004" }],
      name: [{ family: "Haddad" }],
    },
    {
      resourceType: "Practitioner",
      id: "00000000-0000-4000-8000-0000000000b6",
      identifier: [{ system: "urn:chartbridge:authority:NORTH", value: "D1003" }],
      name: [{ family: "Reyes" }],
    },
  ];
  const resources = chart.resources.map((one): Resource => {
    if (one.resourceType === "Account") return { ...one, extension: [...UB] };
    if (one.resourceType === "Coverage")
      return {
        ...one,
        class: [{ type: { coding: [{ code: "plan" }] }, value: "MCRB" }],
        extension: [{ url: own("coverage-authorization"), valueString: "AUTH-66" }],
      };
    if (one.resourceType === "Patient")
      return {
        ...one,
        identifier: [{ type: { coding: [{ code: "MR" }] }, system: "urn:id:NORTH", value: "MRN-77" }],
        address: [{ line: ["12 Harbor Road"], city: "Norville", state: "OH", postalCode: "44020" }],
      };
    if (one.resourceType === "Encounter")
      return {
        ...one,
        participant: [
          ...(one.participant ?? []),
          {
            type: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "REF" }] }],
            individual: { reference: "Practitioner/00000000-0000-4000-8000-0000000000b5" },
          },
        ],
        hospitalization: { ...one.hospitalization, admitSource: { coding: [{ code: "1" }] } },
        extension: [
          {
            url: own("drg"),
            valueCodeableConcept: { coding: [{ system: "urn:chartbridge:code-system:MSDRG", code: "193", version: "43" }] },
          },
          { url: own("drg-approved"), valueBoolean: true },
        ],
      };
    return one.resourceType === "ChargeItem" ? withCharge(one) : one;
  });
  return { ...chart, resources: [...resources, ...second] };
}

const withCharge = (charge: ChargeItem): ChargeItem =>
  charge.id === chargeId(0)
    ? charge
    : {
        ...charge,
        performingOrganization: { display: "LAB" },
        productCodeableConcept: { coding: [{ system: "http://hl7.org/fhir/sid/ndc", code: "0182-1061-05" }] },
        performer: [
          { function: { text: "performed by" }, actor: { reference: "Practitioner/00000000-0000-4000-8000-0000000000b6" } },
          { function: { text: "ordered by" }, actor: { reference: "Practitioner/00000000-0000-4000-8000-0000000000b5" } },
        ],
        extension: [
          ...(charge.extension ?? []),
          { url: own("ndc-quantity"), valueQuantity: { value: 5, unit: "ML" } },
          { url: own("charge-authorization"), valueString: "AUTH-70" },
          { url: own("referral-number"), valueString: "REF-3" },
        ],
      };

export const FULL_INPATIENT_CODES: CodeSubmission = codesOf({
  diagnoses: [
    { code: "J189", use: "principal", onAdmission: "Y" },
    { code: "J96.01", use: "secondary", onAdmission: "N" },
    { code: "R05.9", use: "admitting", onAdmission: "Y" },
    { code: "W01.0XXA", use: "externalcauseofinjury", onAdmission: "Y" },
    { code: "Z79.4", use: "secondary" },
  ],
  procedures: [
    { code: "0DTJ4ZZ", date: "2026-03-03", performerNpi: "2000001026" },
    { code: "0BJ08ZZ", date: "2026-03-04", performerNpi: "2000001034" },
  ],
  abstract: { remarks: "see notes", birthWeightGrams: 3200 },
});

export const FULL_PROFESSIONAL_CODES: CodeSubmission = codesOf({
  diagnoses: [
    { code: "E11.65", use: "principal" },
    { code: "I10", use: "secondary" },
  ],
  lines: [
    { chargeId: chargeId(1), procedureCode: "J3490", modifiers: ["LT", "26"], diagnosisPointers: [2, 1] },
    { procedureCode: "G2212", modifiers: ["95"], diagnosisPointers: [1], serviceDate: "2026-03-02", units: 3, amountCents: 10_001 },
  ],
  abstract: { remarks: "second look", conditionCodes: ["A1"], authorization: { number: "PA-1" } },
});

export interface MadeNeeds extends Partial<AssembleAllNeeds> {
  readonly chart: ChartSnapshot;
  readonly codes: CodeSubmission;
  readonly stream?: Stream;
}

/** Claims of a chart and its codes; throws with the findings when there is none. */
export function allMade({ stream = "FAC", ...needs }: MadeNeeds): readonly Assembled[] {
  const result = assembleClaims({
    stream,
    site: fullSite(),
    created: "2026-03-09T12:00:00.000Z",
    idKey: ID_KEY,
    idsOf: (index) => ({
      claimId: `4b3f2f0e-8d5f-4c11-9a53-0c7d8a4a000${index + 1}`,
      identifierValue: `CB00000000000001-1${index === 0 ? "" : String.fromCharCode(65 + index)}`,
    }),
    ...needs,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}
export function oneMade(needs: MadeNeeds): Assembled {
  const [first, ...more] = allMade(needs);
  if (first === undefined || more.length > 0) throw new Error(`${more.length + 1} claims`);
  return first;
}

export { encounterId };
