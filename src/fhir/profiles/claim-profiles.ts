import type { ElementRule, Invariant, ProfileSpec, Slice } from "./make-profile.ts";
import { CANONICAL } from "./canonicals.ts";

const CARIN = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType";
const STANDARD = "http://terminology.hl7.org/CodeSystem/claiminformationcategory";
const OWN = `${CANONICAL}/CodeSystem/claim-information`;
const ROLE = "http://terminology.hl7.org/CodeSystem/claimcareteamrole";
const CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type";

const slice =
  (system: string) =>
  (code: string, min: number, max: string): Slice => ({ name: code, min, max, system, code });
const carin = slice(CARIN);
const standard = slice(STANDARD);
const own = slice(OWN);
const role = slice(ROLE);

const needed = (...paths: string[]): readonly ElementRule[] => paths.map((path) => ({ path: `Claim.${path}`, min: 1 }));

const BOTH: readonly Invariant[] = [
  { key: "cc-focal", human: "Exactly one insurance is billed", expression: "insurance.where(focal = true).count() = 1" },
  {
    key: "cc-principal",
    human: "Exactly one diagnosis is the principal or first-listed one",
    expression: "diagnosis.where(type.coding.where(code = 'principal').exists()).count() = 1",
  },
];

const shared = (kind: "professional" | "institutional"): readonly ElementRule[] => [
  { path: "Claim.identifier", min: 1, short: "Number of the claim: at most 20 characters (837 CLM01)" },
  { path: "Claim.type", pattern: { patternCodeableConcept: { coding: [{ system: CLAIM_TYPE, code: kind }] } } },
  { path: "Claim.use", pattern: { patternCode: "claim" } },
  ...needed("billablePeriod", "item.encounter", "item.quantity", "item.net", "item.serviced[x]", "total", "careTeam.role"),
  { path: "Claim.diagnosis.diagnosis[x]", types: ["CodeableConcept"] },
  { path: "Claim.diagnosis.type", min: 1, max: "1" },
  { path: "Claim.item.modifier", max: "4" },
  { path: "Claim.procedure.procedure[x]", types: ["CodeableConcept"] },
  { path: "Claim.item.extension", min: 1, short: "Line control number, and what else is said of the line" },
];

export const INSTITUTIONAL: ProfileSpec = {
  name: "coded-claim-institutional",
  title: "Coded claim, institutional",
  description:
    "A coded hospital account as a claim: what UB-04 and the 837 institutional want, on FHIR R4, in the code systems of CARIN and PCT.",
  rules: [
    {
      path: "Claim",
      invariants: [
        ...BOTH,
        {
          key: "cci-procedure",
          human: "ICD-10-PCS procedures are for inpatient claims",
          expression: "procedure.empty() or subType.coding.where(code = 'inpatient').exists()",
        },
        {
          key: "cci-poa",
          human: "Admitting diagnoses and reasons for the visit have no present-on-admission indicator",
          expression:
            "diagnosis.where(onAdmission.exists() and type.coding.where(code = 'admitting' or code = 'patientreasonforvisit').exists()).empty()",
        },
      ],
    },
    ...shared("institutional"),
    ...needed("subType", "diagnosis", "item.revenue"),
    { path: "Claim.item", min: 1, max: "999" },
    { path: "Claim.procedure", max: "25" },
    { path: "Claim.careTeam", min: 1, slices: { by: "role", slices: [role("attending", 1, "1"), role("operating", 0, "1")] } },
    {
      path: "Claim.supportingInfo",
      min: 1,
      slices: {
        by: "category",
        slices: [
          carin("typeofbill", 1, "1"),
          carin("patientaccountnumber", 0, "1"),
          carin("medicalrecordnumber", 0, "1"),
          carin("admissionperiod", 0, "1"),
          carin("admtype", 0, "1"),
          carin("pointoforigin", 0, "1"),
          carin("discharge-status", 0, "1"),
          carin("drg", 0, "1"),
          own("conditioncode", 0, "24"),
          own("occurrence", 0, "24"),
          own("occurrencespan", 0, "24"),
          own("valuecode", 0, "24"),
          standard("info", 0, "1"),
        ],
      },
    },
  ],
};

export const PROFESSIONAL: ProfileSpec = {
  name: "coded-claim-professional",
  title: "Coded claim, professional",
  description: "Coded services of a billing group as a claim: what CMS-1500 and the 837 professional want, on FHIR R4.",
  rules: [
    {
      path: "Claim",
      invariants: [
        ...BOTH,
        { key: "ccp-procedure", human: "Services are lines, not procedures", expression: "procedure.empty()" },
        {
          key: "ccp-frequency",
          human: "The claim says once whether it is an original, a replacement or a void",
          expression: "supportingInfo.where(category.coding.where(code = 'claimfrequency').exists()).count() = 1",
        },
      ],
    },
    ...shared("professional"),
    ...needed("item.careTeamSequence", "item.location[x]"),
    { path: "Claim.diagnosis", min: 1, max: "12" },
    { path: "Claim.item", min: 1, max: "50" },
    { path: "Claim.item.diagnosisSequence", min: 1, max: "4" },
    { path: "Claim.item.revenue", max: "0" },
    { path: "Claim.careTeam", min: 1, slices: { by: "role", slices: [role("rendering", 1, "*"), role("referring", 0, "*")] } },
    {
      path: "Claim.supportingInfo",
      min: 1,
      slices: {
        by: "category",
        slices: [
          own("claimfrequency", 0, "1"),
          own("conditioncode", 0, "12"),
          standard("onset", 0, "*"),
          standard("hospitalized", 0, "1"),
          standard("info", 0, "1"),
        ],
      },
    },
  ],
};

export const RESPONSE: ProfileSpec = {
  name: "coded-claim-response",
  title: "Answer to a coded claim",
  description:
    "What a payer or billing system answers to a coded claim: it names the claim, and what it takes off it by reason codes and lines.",
  rules: [
    {
      path: "ClaimResponse",
      invariants: [
        {
          key: "ccr-claim",
          human: "The claim is named: by reference, by its number, or by the payer's number of it",
          expression: "request.exists() or identifier.exists()",
        },
        {
          key: "ccr-error",
          human: "An answer that refuses the claim says why",
          expression: "outcome != 'error' or error.exists() or disposition.exists()",
        },
        {
          key: "ccr-lines",
          human: "Each line is answered once",
          expression: "item.itemSequence.isDistinct()",
        },
      ],
    },
    { path: "ClaimResponse.use", pattern: { patternCode: "claim" } },
    { path: "ClaimResponse.item.adjudication", min: 1 },
  ],
};
