import type { Claim, ClaimItem, Coverage, Encounter, Organization, Patient, Practitioner, Resource } from "@medplum/fhirtypes";
import { freshId } from "#src/base/ids.ts";

const LINES = 20;
const DIAGNOSES = 12;

/** A synthetic hospital claim of ordinary size (20 lines, 12 diagnoses) with the five resources it refers to. */
export function benchClaim(n: number): {
  readonly claim: Claim & { readonly id: string };
  readonly referenced: readonly (Resource & { readonly id: string })[];
} {
  const authority = "urn:chartbridge:authority:BENCH";
  const patient: Patient & { id: string } = {
    resourceType: "Patient",
    id: freshId(),
    identifier: [{ system: authority, value: `M${n}` }],
    name: [{ family: `BENCH${n}`, given: ["SYNTHETIC"] }],
    birthDate: "1950-01-01",
    gender: "female",
  };
  const subject = { reference: `Patient/${patient.id}` };
  const encounter: Encounter & { id: string } = {
    resourceType: "Encounter",
    id: freshId(),
    identifier: [{ system: authority, value: `V${n}` }],
    status: "finished",
    class: { code: "IMP" },
    subject,
    period: { start: "2026-03-02T08:00:00-06:00", end: "2026-03-04T10:00:00-06:00" },
  };
  const payer: Organization & { id: string } = {
    resourceType: "Organization",
    id: "00000000-0000-8000-8000-000000000001",
    identifier: [{ system: "urn:chartbridge:payer", value: "MCARE" }],
    name: "Medicare",
  };
  const coverage: Coverage & { id: string } = {
    resourceType: "Coverage",
    id: freshId(),
    identifier: [{ system: "urn:chartbridge:coverage", value: `C${n}` }],
    status: "active",
    beneficiary: subject,
    payor: [{ reference: `Organization/${payer.id}` }],
  };
  const surgeon: Practitioner & { id: string } = {
    resourceType: "Practitioner",
    id: "00000000-0000-8000-8000-000000000002",
    identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: "1234567893" }],
  };
  const id = freshId();
  const item = Array.from(
    { length: LINES },
    (_, index): ClaimItem => ({
      sequence: index + 1,
      diagnosisSequence: [1],
      revenue: { coding: [{ system: "https://www.nubc.org/CodeSystem/RevenueCodes", code: "0250" }] },
      productOrService: { coding: [{ system: "urn:oid:2.16.840.1.113883.6.285", code: "J1885" }] },
      servicedDate: "2026-03-02",
      quantity: { value: 1 },
      unitPrice: { value: 21.5, currency: "USD" },
      net: { value: 21.5, currency: "USD" },
      encounter: [{ reference: `Encounter/${encounter.id}` }],
    }),
  );
  const claim: Claim & { id: string } = {
    resourceType: "Claim",
    id,
    identifier: [{ system: "urn:chartbridge:claim", value: `CB${id.replaceAll("-", "").slice(-14).toUpperCase()}-1` }],
    status: "active",
    type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/claim-type", code: "institutional" }] },
    use: "claim",
    patient: subject,
    created: "2026-03-05",
    provider: { reference: `Organization/${payer.id}` },
    priority: { coding: [{ code: "normal" }] },
    careTeam: [{ sequence: 1, provider: { reference: `Practitioner/${surgeon.id}` } }],
    diagnosis: Array.from({ length: DIAGNOSES }, (_, index) => ({
      sequence: index + 1,
      diagnosisCodeableConcept: { coding: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code: `M17.${index}` }] },
    })),
    insurance: [{ sequence: 1, focal: true, coverage: { reference: `Coverage/${coverage.id}` } }],
    item,
    total: { value: 21.5 * LINES, currency: "USD" },
  };
  return { claim, referenced: [coverage, encounter, payer, surgeon, patient] };
}
