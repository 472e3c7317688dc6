import type { CapabilityStatement } from "@medplum/fhirtypes";
import { profileUrl } from "#src/fhir/profiles/canonicals.ts";

/** Types that a released claim refers to; each version of them is served as it stood at release. */
export const REFERENCED_TYPES = [
  "Patient",
  "Encounter",
  "Account",
  "Coverage",
  "Organization",
  "Practitioner",
  "PractitionerRole",
  "Location",
  "RelatedPerson",
] as const;

/** Search parameters of Claim, by R4 name and type. */
export const CLAIM_PARAMETERS = { _id: "token", patient: "reference", encounter: "reference", identifier: "token" } as const;

/** What this server does, and nothing that it does not (R4 CapabilityStatement). */
export const capabilities = (version: string, date: string): CapabilityStatement => ({
  resourceType: "CapabilityStatement",
  status: "active",
  date,
  kind: "instance",
  software: { name: "Chartbridge", version },
  implementation: { description: "Chartbridge: encounter messages in, coded claims out" },
  fhirVersion: "4.0.1",
  format: ["application/fhir+json", "json"],
  rest: [
    {
      mode: "server",
      security: { description: "Bearer token of POST /auth/sign-in" },
      resource: [
        {
          type: "Claim",
          supportedProfile: [profileUrl("coded-claim-professional"), profileUrl("coded-claim-institutional")],
          interaction: [{ code: "read" }, { code: "search-type" }],
          versioning: "no-version",
          searchParam: Object.entries(CLAIM_PARAMETERS).map(([name, type]) => ({ name, type })),
        },
        { type: "StructureDefinition", interaction: [{ code: "read" }] },
        {
          type: "ClaimResponse",
          interaction: [{ code: "create" }, { code: "update" }, { code: "read" }],
          versioning: "no-version",
          updateCreate: true,
        },
        {
          type: "CodeSystem",
          interaction: [{ code: "read" }],
          operation: [
            { name: "lookup", definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup" },
            { name: "validate-code", definition: "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code" },
          ],
        },
        { type: "ValueSet", operation: [{ name: "expand", definition: "http://hl7.org/fhir/OperationDefinition/ValueSet-expand" }] },
        ...REFERENCED_TYPES.map((type) => ({
          type,
          interaction: [{ code: "read" as const }, { code: "vread" as const }],
          versioning: "versioned" as const,
        })),
      ],
      interaction: [{ code: "transaction" }],
      operation: [{ name: "process-message", definition: "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message" }],
    },
  ],
});
