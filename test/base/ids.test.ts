import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY, recurringId, stableId } from "#src/base/ids.ts";

describe("ids of what a source names", () => {
  it("are UUIDs of version 8 over key, type, authority and value, each told apart by its length", () => {
    const id = stableId(OFFLINE_ID_KEY, "Patient", "NORTH", "M1");
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const digest = hash("sha256", `${OFFLINE_ID_KEY}\u00007:Patient\u00005:NORTH\u00002:M1`, "hex");
    const digits = id.replaceAll("-", "");
    // But for the version and the variant it is the digest.
    expect([...digits].filter((digit, at) => digit !== digest[at] && at !== 12 && at !== 16)).toEqual([]);
    expect(stableId(OFFLINE_ID_KEY, "Patient", "NORT", "HM1")).not.toBe(id);
  });

  it("are the same whether they are looked up or made", () => {
    const parts: readonly (readonly [string, string, ...string[]])[] = [
      ["Patient", "NORTH", "M1"],
      ["Patient", "NORTH", "1:M", "1"],
      ["Patient", "NORTH", "1", "M1:1"],
      ["Location", "NORTH", "ward", "OBS"],
      ["Location", "NORTH"],
    ];
    for (const time of [1, 2])
      for (const [type, authority, ...rest] of parts)
        expect(`${time} ${recurringId(OFFLINE_ID_KEY, type, [authority, ...rest])}`).toBe(
          `${time} ${stableId(OFFLINE_ID_KEY, type, authority, ...rest)}`,
        );
  });
});
