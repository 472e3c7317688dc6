import { parentPort } from "node:worker_threads";
import { stableId } from "#src/base/ids.ts";
import { assembleClaims } from "#src/claims/assemble.ts";
import { checkClaim } from "#src/claims/check-claim.ts";
import { SANDBOX_KEY, sandboxAccount } from "#src/claims/sandbox/accounts.ts";
import { sandboxSite } from "#src/claims/sandbox/site.ts";
import type { ClaimsAnswer, ClaimsAsked } from "./claims-bench.ts";

const site = sandboxSite();

/** Builds and checks the claim of an account; the number of its lines, or that it is not good. */
function claimOf(account: ReturnType<typeof sandboxAccount>, n: number): number {
  const made = assembleClaims({
    ...account,
    site,
    created: "2026-08-01T12:00:00.000Z",
    idKey: SANDBOX_KEY,
    idsOf: () => ({ claimId: stableId(SANDBOX_KEY, "Claim", String(n)), identifierValue: `BENCH-${n}` }),
  });
  if (!made.ok) return Number.NaN;
  return made.value.reduce(
    (lines, { claim, referenced }) => (checkClaim(claim, referenced).length > 0 ? Number.NaN : lines + (claim.item?.length ?? 0)),
    0,
  );
}

parentPort?.on("message", ({ from, count }: ClaimsAsked) => {
  // The charts are there before the clock starts: it is the claim that is measured.
  const accounts = Array.from({ length: count }, (_, at) => sandboxAccount(from + at));
  const begun = performance.now();
  const cpuBegun = process.threadCpuUsage();
  const lines = accounts.reduce((sum, account, at) => sum + claimOf(account, from + at), 0);
  const { user, system } = process.threadCpuUsage(cpuBegun);
  parentPort?.postMessage({ lines, ms: performance.now() - begun, cpuMs: (user + system) / 1_000 } satisfies ClaimsAnswer);
});
