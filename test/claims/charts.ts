import { randomUUID } from "node:crypto";
import type { ChargeItem, Coverage, Encounter, Organization, Patient, Practitioner, Resource } from "@medplum/fhirtypes";
import { type IdKey, type AccountId, stableId } from "#src/base/ids.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import { codeSubmission, type CodeSubmission } from "#src/coding/submission.ts";
import { loadSiteData } from "#src/sitedata/load.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";

export const ID_KEY = "test-id-key" as IdKey;
export const FAMILY = "Zwetschgenbaum";

/** The demo's site data. */
export function demoSite(): SiteData {
  const loaded = loadSiteData("sites/demo");
  if (!loaded.ok) throw new Error(loaded.failure.join("\n"));
  return loaded.value;
}

const id = (...parts: string[]): string => stableId(ID_KEY, ...parts);

export interface ChargeSpec {
  readonly code: string;
  readonly cents: number;
  readonly units?: number;
  readonly hcpcs?: string;
  readonly day?: string;
  readonly status?: ChargeItem["status"];
  readonly modifiers?: readonly string[];
  /** FT1-2. */
  readonly number?: string;
}

export interface ChartSpec {
  readonly accountId?: string;
  readonly class: "IMP" | "EMER" | "AMB" | "OBSENC";
  readonly insured?: boolean;
  readonly facility?: string;
  readonly doctor?: string;
  readonly charges: readonly ChargeSpec[];
  /** YYYY-MM-DD; 1950-02-03 unless told. */
  readonly born?: string;
  readonly gender?: "male" | "female" | "unknown";
  /** UB-04 form locators 14 and 17; null = not sent. */
  readonly admissionType?: string;
  readonly dischargeStatus?: string | null;
  /** First and last moment; null = not discharged. */
  readonly from?: string;
  readonly through?: string | null;
  readonly payer?: string;
  readonly member?: string;
  /** The chart names no attending physician. */
  readonly unattended?: boolean;
}

export const chargeId = (n: number): string => id("ChargeItem", String(n));
export const patientId = id("Patient");
export const encounterId = id("Encounter");

/** A chart as the maps make it, with clinical resources that must not go with a claim. */
export function chartOf(spec: ChartSpec): ChartSnapshot {
  const patient = { reference: `Patient/${patientId}` };
  const doctor = spec.doctor ?? "D1001";
  const person: Patient = {
    resourceType: "Patient",
    id: patientId,
    identifier: [{ system: "urn:id:NORTH", value: "MRN-77" }],
    name: [{ family: FAMILY, given: ["Ottilie"] }],
    birthDate: spec.born ?? "1950-02-03",
    gender: spec.gender ?? "female",
  };
  const practitioner: Practitioner = {
    resourceType: "Practitioner",
    id: id("Practitioner", doctor),
    identifier: [{ system: "urn:chartbridge:authority:NORTH", value: doctor }],
    name: [{ family: "Okafor" }],
  };
  const encounter: Encounter = {
    resourceType: "Encounter",
    id: encounterId,
    status: "finished",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: spec.class },
    type: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0007", code: spec.admissionType ?? "1" }] }],
    subject: patient,
    participant: [
      {
        type: [
          {
            coding: [
              { system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: spec.unattended === true ? "ADM" : "ATND" },
            ],
          },
        ],
        individual: { reference: `Practitioner/${practitioner.id}` },
      },
    ],
    period: {
      start: spec.from ?? "2026-03-02T23:30:00-05:00",
      ...(spec.through === null ? {} : { end: spec.through ?? "2026-03-05T10:00:00-05:00" }),
    },
    ...(spec.dischargeStatus === null
      ? {}
      : { hospitalization: { dischargeDisposition: { coding: [{ code: spec.dischargeStatus ?? "01" }] } } }),
    diagnosis: [{ condition: { reference: `Condition/${id("Condition")}` } }],
    location: [{ location: { reference: `Location/${id("Location")}` } }],
    account: [{ reference: `Account/${id("Account")}` }],
  };
  const payer: Organization = {
    resourceType: "Organization",
    id: id("Organization"),
    identifier: [{ value: spec.payer ?? "MCARE" }],
    name: "Medicare",
  };
  const coverage: Coverage = {
    resourceType: "Coverage",
    id: id("Coverage"),
    status: "active",
    order: 1,
    subscriberId: spec.member ?? "1EG4TE5MK73",
    beneficiary: patient,
    payor: [{ reference: `Organization/${payer.id}` }],
  };
  const charges = spec.charges.map(
    ({ code, cents, units = 1, hcpcs, day = "2026-03-03", status = "billable", modifiers = [], number }, n): ChargeItem => ({
      resourceType: "ChargeItem",
      id: chargeId(n),
      status,
      ...(number === undefined ? {} : { identifier: [{ value: number }] }),
      subject: patient,
      context: { reference: `Encounter/${encounterId}` },
      code: {
        coding: [
          { system: "urn:chartbridge:charge-code:NORTH-CDM", code, display: `charge ${code}` },
          ...(hcpcs === undefined ? [] : [{ system: "urn:oid:2.16.840.1.113883.6.285", code: hcpcs }]),
        ],
      },
      occurrenceDateTime: `${day}T08:00:00-05:00`,
      quantity: { value: units },
      priceOverride: { value: cents / 100, currency: "USD" },
      ...(modifiers.length === 0
        ? {}
        : {
            extension: modifiers.map((modifier) => ({
              url: "https://chartbridge.dev/fhir/StructureDefinition/charge-modifier",
              valueCodeableConcept: { coding: [{ code: modifier }] },
            })),
          }),
    }),
  );
  const clinical: Resource[] = [
    { resourceType: "Condition", id: id("Condition"), subject: patient, code: { text: "pneumonia" } },
    { resourceType: "Account", id: id("Account"), status: "active" },
  ];
  return {
    accountId: (spec.accountId ?? randomUUID()) as AccountId,
    version: 1,
    feed: "epic",
    facility: spec.facility ?? "NORTH",
    accountNumber: "ACC-5501",
    resources: [person, practitioner, encounter, ...(spec.insured === false ? [] : [payer, coverage]), ...charges, ...clinical],
  };
}

export const codesOf = (codes: unknown): CodeSubmission => codeSubmission.parse(codes);

export const INPATIENT_CHART: ChartSpec = {
  class: "IMP",
  charges: [
    { code: "1200001", cents: 426_000, units: 3 },
    { code: "2587030", cents: 7_800, units: 2, hcpcs: "J7030" },
    { code: "6369967", cents: 24_801, units: 80, hcpcs: "Q9967" },
    { code: "9999999", cents: 1, status: "entered-in-error" },
  ],
};
export const INPATIENT_CODES = codesOf({
  diagnoses: [
    { code: "J189", use: "principal", onAdmission: "Y" },
    { code: "J96.01", use: "secondary", onAdmission: "Y" },
    { code: "R05.9", use: "admitting" },
  ],
  procedures: [{ code: "0DTJ4ZZ", date: "2026-03-03", performerNpi: "2000001026" }],
});

export const EMERGENCY_CHART: ChartSpec = {
  class: "EMER",
  doctor: "D1003",
  charges: [
    { code: "4560383", cents: 64_000, hcpcs: "G0383", modifiers: ["25"] },
    { code: "6361885", cents: 4_300, units: 2, hcpcs: "J1885" },
  ],
};
export const EMERGENCY_CODES = codesOf({
  diagnoses: [
    { code: "S52.501A", use: "principal" },
    { code: "W11.XXXA", use: "externalcauseofinjury" },
    { code: "M25.531", use: "patientreasonforvisit" },
  ],
});

export const PROFESSIONAL_CODES = codesOf({
  diagnoses: [
    { code: "E11.65", use: "principal" },
    { code: "I10", use: "secondary" },
  ],
  lines: [
    { procedureCode: "G2212", modifiers: ["95"], diagnosisPointers: [2, 1], serviceDate: "2026-03-02", units: 3, amountCents: 10_001 },
  ],
});
