import { describe, expect, it } from "vitest";
import { type ChartContent, emptyChart, refOf } from "#src/charts/merge.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import type { Charted } from "#src/charts/registers.ts";

const chartOf = (...resources: readonly Charted["resource"][]): ChartContent => {
  const chart = emptyChart();
  for (const resource of resources) chart.resources.set(refOf(resource), { resource, at: {} } as unknown as Charted);
  return chart;
};

const letter = (length: number): ChartContent =>
  chartOf({ resourceType: "DocumentReference", id: "d", status: "current", content: [{ attachment: { data: "A".repeat(length) } }] });

const KEPT = 10_000;

describe("the charts kept in memory", () => {
  it("are as many as are to be kept, and the one longest unused goes first", () => {
    const cache = createChartCache(2);
    for (const account of ["a", "b", "c"]) cache.put(account, 1, emptyChart());
    expect(["a", "b", "c"].map((account) => cache.get(account, 1) !== undefined)).toEqual([false, true, true]);
  });

  it("are taken only at the edit that they are of", () => {
    const cache = createChartCache(2);
    cache.put("a", 3, emptyChart());
    expect(cache.get("a", 4)).toBeUndefined();
    expect(cache.get("a", 3)).toBeDefined();
  });

  it("go when their documents together are too large, however few they are", () => {
    const cache = createChartCache(100, KEPT);
    cache.put("a", 1, letter(4_000));
    cache.put("b", 1, letter(4_000));
    expect(cache.get("a", 1)).toBeUndefined();
    expect(cache.get("b", 1)).toBeDefined();
  });

  it("go when their observations have long texts", () => {
    const cache = createChartCache(100, KEPT);
    const report = chartOf({ resourceType: "Observation", id: "o", status: "final", code: {}, valueString: "A".repeat(KEPT) });
    cache.put("a", 1, report);
    expect(cache.get("a", 1)).toBeUndefined();
  });

  it("leave the room of what was taken out or cleared to others", () => {
    const cache = createChartCache(100, KEPT);
    cache.put("a", 1, letter(4_000));
    cache.get("a", 1);
    cache.put("b", 1, letter(4_000));
    expect(cache.get("b", 1)).toBeDefined();
    cache.put("c", 1, letter(4_000));
    cache.clear();
    cache.put("d", 1, letter(4_000));
    expect(cache.get("d", 1)).toBeDefined();
  });
});
