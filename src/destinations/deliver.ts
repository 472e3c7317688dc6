import type { Claim, Resource } from "@medplum/fhirtypes";
import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import { buildTransaction } from "./build-transaction.ts";
import { type Classified, waitBefore } from "./classify.ts";
import type { FhirClient } from "./fhir-client.ts";

export interface ClaimToSend {
  readonly claim: Claim;
  readonly referenced: readonly Resource[];
}

/** What a try came to. */
export type Delivered =
  | { readonly kind: "confirmed"; readonly location: string }
  | {
      readonly kind: "postponed";
      readonly state: "pending" | "unconfirmed" | "rejected";
      readonly code: FailureCode;
      readonly waitMs: number;
    };

/** A person's mistake at the peer's side (an expired token) is mended without us: it is tried again, only slowly. */
const FORBIDDEN_WAIT_MS = 60_000;

function postponed({ code, retryAfterMs }: Classified, attempt: number, spread: number): Delivered {
  const waitMs = waitBefore(attempt, retryAfterMs, spread);
  if (code === "PEER_FORBIDS") return { kind: "postponed", state: "pending", code, waitMs: Math.max(waitMs, FORBIDDEN_WAIT_MS) };
  const state = { transient: "pending", ambiguous: "unconfirmed", permanent: "rejected" } as const;
  return { kind: "postponed", state: state[FAILURES[code].class], code, waitMs };
}

/**
 * One try to deliver a claim. When an earlier try may have arrived, the server is asked first, and the claim is sent only if it is not there.
 * @param spread 0 to 1: scatters the next try
 */
export async function deliverClaim(
  client: FhirClient,
  { claim, referenced }: ClaimToSend,
  { attempt, lookFirst }: { readonly attempt: number; readonly lookFirst: boolean },
  spread: number,
): Promise<Delivered> {
  if (lookFirst) {
    const found = await client.findClaim(claim);
    // While the server cannot be asked, what is not known stays not known.
    if (!found.ok) {
      const later = postponed(found.failure, attempt, spread);
      return later.kind === "postponed" && later.state === "pending" ? { ...later, state: "unconfirmed" } : later;
    }
    if (found.value !== undefined) return { kind: "confirmed", ...found.value };
  }
  const sent: Result<{ readonly location: string }, Classified> = await client.sendTransaction(buildTransaction(claim, referenced));
  return sent.ok ? { kind: "confirmed", ...sent.value } : postponed(sent.failure, attempt, spread);
}
