import type { Coding, Resource } from "@medplum/fhirtypes";
import { stableId } from "#src/base/ids.ts";
import { type Assembled, assembleClaims, type OwnClaim } from "../assemble.ts";
import { SANDBOX_KEY, sandboxAccount } from "./accounts.ts";
import { sandboxSite } from "./site.ts";

/** Data for testing only (v3 ActReason). */
export const HTEST: Coding = {
  system: "http://terminology.hl7.org/CodeSystem/v3-ActReason",
  code: "HTEST",
  display: "test health data",
};
/** How many claims the sandbox has. */
export const SANDBOX_SIZE = 25;
const CREATED = "2026-08-01T12:00:00.000Z";

const marked = <T extends Resource>(resource: T): T => ({ ...resource, meta: { ...resource.meta, security: [HTEST] } });

const assembled = (n: number): readonly Assembled[] => {
  const made = assembleClaims({
    ...sandboxAccount(n),
    site: sandboxSite(),
    created: CREATED,
    idKey: SANDBOX_KEY,
    idsOf: (part) => ({
      claimId: stableId(SANDBOX_KEY, "Claim", String(n), String(part)),
      identifierValue: `HTEST-${n}-1${part === 0 ? "" : String.fromCharCode(65 + part)}`,
    }),
  });
  if (!made.ok) throw new Error(`the sandbox has no claim ${n}: ${made.failure.map(({ rule }) => rule).join()}`);
  return made.value;
};

/** A claim of the sandbox with what it refers to. Nobody in it exists; every resource says so. */
export interface SandboxClaim {
  readonly claim: OwnClaim;
  readonly referenced: readonly Resource[];
}

/** Every claim of the sandbox, in a fixed order. */
export const sandboxClaims = (): readonly SandboxClaim[] =>
  Array.from({ length: SANDBOX_SIZE }, (_, n) => assembled(n)).flatMap((claims) =>
    claims.map(({ claim, referenced }) => ({ claim: marked(claim), referenced: referenced.map(marked) })),
  );
