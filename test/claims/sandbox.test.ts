import { describe, expect, it } from "vitest";
import { findingsOf } from "#src/claims/check-claim.ts";
import { sandboxClaims } from "#src/claims/sandbox/sandbox.ts";

describe("the sandbox", () => {
  const all = sandboxClaims();

  it("has claims of every kind, which nothing is to be said against", () => {
    for (const { claim, referenced } of all) expect(findingsOf(claim, referenced)).toEqual([]);
    const kinds = new Set(all.map(({ claim }) => `${claim.type.coding?.[0]?.code} ${claim.subType?.coding?.[0]?.code}`));
    expect([...kinds].sort()).toEqual(["institutional inpatient", "institutional outpatient", "professional undefined"]);
  });

  it("marks every resource as test data", () => {
    for (const { claim, referenced } of all)
      for (const resource of [claim, ...referenced]) expect(resource.meta?.security?.[0]?.code).toBe("HTEST");
  });

  it("is the same every time, to the byte", () => {
    expect(JSON.stringify(sandboxClaims())).toBe(JSON.stringify(all));
    expect(new Set(all.map(({ claim }) => claim.id)).size).toBe(all.length);
  });
});
