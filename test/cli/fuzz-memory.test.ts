import { describe, expect, it } from "vitest";
import { MemoryWatch } from "#src/cli/fuzz/memory.ts";

async function growthOf(...looks: readonly number[]): Promise<number> {
  const left = [...looks];
  const watch = new MemoryWatch(() => left.shift());
  for (const _ of looks) await watch.rest(1);
  return watch.growth;
}

describe("the growth of an engine's memory", () => {
  it("is what the end has more than the first quarter, and not more than the start", async () => {
    expect(await growthOf(500, 860, 880, 890, 930)).toBe(70);
  });

  it("is none of a run that has no quarters, or one", async () => {
    expect(await growthOf(574)).toBe(0);
    expect(await growthOf(574, 900)).toBe(0);
  });
});
