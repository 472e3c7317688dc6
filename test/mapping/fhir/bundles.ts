import type { Bundle, Resource } from "@medplum/fhirtypes";

const NORTH = "urn:chartbridge:authority:NORTH";
const TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203";

/** A finished outpatient visit as an EHR would send it, with its own ids and references. */
export const VISIT: readonly Resource[] = [
  {
    resourceType: "Patient",
    id: "pat-1",
    identifier: [{ system: NORTH, value: "MRN7", type: { coding: [{ system: TYPES, code: "MR" }] } }],
    name: [{ family: "Example", given: ["Pat"] }],
    gender: "female",
    birthDate: "1980-02-03",
  },
  {
    resourceType: "Encounter",
    id: "enc-1",
    identifier: [
      { system: NORTH, value: "V77", type: { coding: [{ system: TYPES, code: "VN" }] } },
      { system: NORTH, value: "A77", type: { coding: [{ system: TYPES, code: "AN" }] } },
    ],
    status: "finished",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
    subject: { reference: "Patient/pat-1" },
    period: { start: "2026-03-02T09:00:00-06:00", end: "2026-03-02T09:40:00-06:00" },
  },
  {
    resourceType: "Coverage",
    id: "cov-1",
    status: "active",
    beneficiary: { reference: "Patient/pat-1" },
    subscriberId: "S1",
    payor: [{ reference: "Organization/org-1" }],
  },
  { resourceType: "Organization", id: "org-1", identifier: [{ system: NORTH, value: "BCNORTH" }], name: "North Blue Plan" },
  {
    resourceType: "Condition",
    id: "con-1",
    subject: { reference: "Patient/pat-1" },
    encounter: { reference: "Encounter/enc-1" },
    code: { coding: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code: "E11.9" }] },
  },
  {
    resourceType: "ChargeItem",
    id: "chg-1",
    status: "billable",
    subject: { reference: "Patient/pat-1" },
    context: { reference: "Encounter/enc-1" },
    code: { coding: [{ system: "urn:chartbridge:charge-code:NORTH", code: "5100463" }] },
    quantity: { value: 1 },
    priceOverride: { value: 185, currency: "USD" },
    occurrenceDateTime: "2026-03-02T09:00:00-06:00",
  },
];

export const transaction = (resources: readonly Resource[] = VISIT, id = "t-1"): Bundle => ({
  resourceType: "Bundle",
  id,
  type: "transaction",
  entry: resources.map((resource) => ({
    fullUrl: `https://ehr.example/fhir/${resource.resourceType}/${resource.id ?? ""}`,
    resource,
    request: { method: "POST", url: resource.resourceType },
  })),
});

export const message = (resources: readonly Resource[] = VISIT, id = "m-1"): Bundle => ({
  resourceType: "Bundle",
  type: "message",
  timestamp: "2026-03-02T10:00:00-06:00",
  entry: [
    {
      fullUrl: `urn:uuid:${id}`,
      resource: { resourceType: "MessageHeader", id, eventUri: "urn:example:discharge", source: { endpoint: "urn:example:ehr" } },
    },
    ...resources.map((resource) => ({ fullUrl: `https://ehr.example/fhir/${resource.resourceType}/${resource.id ?? ""}`, resource })),
  ],
});
