import { describe, expect, it } from "vitest";
import { paceFor, restOf } from "#src/main/fold-pace.ts";

const SECOND = 1_000;

describe("the pace of the fold", () => {
  it("is its own while fewer than four messages wait for their answer", () => {
    expect(paceFor(3, 60 * SECOND)).toBeUndefined();
    expect(restOf(paceFor(0, 0), 500)).toBe(0);
  });

  it("leaves a burst of ten seconds nearly all of the machine, and folds a few records at a time", () => {
    const pace = paceFor(16, 9 * SECOND);
    expect(pace?.records).toBe(20);
    expect(restOf(pace, 25)).toBe(1_000);
    expect(restOf(pace, 500)).toBe(2_000);
  });

  it("leaves less the longer a rush lasts, and at last holds nothing back but a share", () => {
    const rests = [5, 20, 40].map((seconds) => restOf(paceFor(16, seconds * SECOND), 100));
    expect(rests).toEqual([2_000, 500, 200]);
    expect(paceFor(16, 40 * SECOND)?.records).toBeUndefined();
  });

  it("never stands still, however long a batch took", () => {
    for (const seconds of [5, 20, 40]) expect(restOf(paceFor(1_000, seconds * SECOND), 60 * SECOND)).toBeLessThanOrEqual(2_000);
  });
});
