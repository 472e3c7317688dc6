import { getHeapStatistics } from "node:v8";
import { expect, it, vi } from "vitest";
import { collectAtRest } from "#src/main/collect-at-rest.ts";

const MEGABYTE = 1024 * 1024;
const heapMb = (): number => getHeapStatistics().total_heap_size / MEGABYTE;

it("a thread at rest gives back what it has no more use for", async () => {
  let charts: unknown[] = Array.from({ length: 300_000 }, (_, n) => ({ of: `account ${n}`, lines: [n, n + 1, n + 2] }));
  expect(charts).toHaveLength(300_000);
  const worked = collectAtRest(1);
  const busy = heapMb();
  charts = [];
  worked();
  await vi.waitUntil(() => heapMb() < busy - 15, { interval: 5, timeout: 5_000 });
});
