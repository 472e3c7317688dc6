import type { OperationOutcome } from "@medplum/fhirtypes";
import { type Failure, FAILURES } from "#src/base/failures.ts";

type Issue = OperationOutcome["issue"][number];

/** A failure as a FHIR server says it: our code, what it means, and where; never a value. */
export const issueOf = ({ code, place, detail }: Failure): Issue => ({
  severity: "error",
  code: FAILURES[code].fhir as Issue["code"],
  details: { coding: [{ system: "https://chartbridge.dev/fhir/CodeSystem/failure", code }], text: detail ?? FAILURES[code].text },
  ...(place === undefined ? {} : { expression: [place] }),
});

export const outcomeOf = (...failures: readonly Failure[]): OperationOutcome => ({
  resourceType: "OperationOutcome",
  issue: failures.map(issueOf),
});
