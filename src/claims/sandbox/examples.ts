import type { ClaimResponse, Resource } from "@medplum/fhirtypes";
import { stableId } from "#src/base/ids.ts";
import { RESPONSE_PROFILE } from "#src/fhir/profiles/canonicals.ts";
import { closedBundle } from "../bundle.ts";
import { SANDBOX_KEY } from "./accounts.ts";
import { HTEST, sandboxClaims, type SandboxClaim } from "./sandbox.ts";

/** An answer that pays all lines but the last, which it denies for a modifier (CARC 4). */
export const exampleAnswer = ({ claim }: SandboxClaim): ClaimResponse => ({
  resourceType: "ClaimResponse",
  id: stableId(SANDBOX_KEY, "ClaimResponse", claim.id),
  meta: { profile: [RESPONSE_PROFILE], security: [HTEST] },
  identifier: [{ system: "urn:chartbridge:payer-claim-number", value: `HTEST-ICN-${claim.identifier?.[0]?.value ?? ""}` }],
  status: "active",
  type: claim.type,
  use: "claim",
  patient: claim.patient,
  created: "2026-08-20",
  insurer: claim.insurer ?? { display: "Htest Plan" },
  request: { reference: `Claim/${claim.id}`, ...(claim.identifier?.[0] === undefined ? {} : { identifier: claim.identifier[0] }) },
  outcome: "complete",
  item: (claim.item ?? []).map(({ sequence, net }, index, all) => {
    const denied = index === all.length - 1;
    const amount = { value: denied ? 0 : (net?.value ?? 0), currency: "USD" as const };
    return {
      itemSequence: sequence,
      adjudication: [
        {
          category: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/adjudication", code: "benefit" }] },
          amount,
          ...(denied ? { reason: { coding: [{ system: "https://x12.org/codes/claim-adjustment-reason-codes", code: "4" }] } } : {}),
        },
      ],
    };
  }),
});

/** One claim of each kind with everything it refers to, and an answer to each. */
export function packageExamples(): readonly Resource[] {
  const all = sandboxClaims();
  const kinds = new Map(all.map((one) => [`${one.claim.type.coding?.[0]?.code} ${one.claim.subType?.coding?.[0]?.code}`, one] as const));
  return [...kinds.values()].flatMap((one) => [one.claim, closedBundle(one.claim, one.referenced), exampleAnswer(one)]);
}
