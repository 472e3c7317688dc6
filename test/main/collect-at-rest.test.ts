import { setTimeout as wait } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { expect, it, vi } from "vitest";
import { collectAtRest } from "#src/main/collect-at-rest.ts";

const MEGABYTE = 1024 * 1024;
const heapMb = (): number => getHeapStatistics().total_heap_size / MEGABYTE;

it("a thread at rest gives back what it has no more use for, once it has done enough to leave something", async () => {
  let charts: unknown[] = Array.from({ length: 300_000 }, (_, n) => ({ of: `account ${n}`, lines: [n, n + 1, n + 2] }));
  expect(charts).toHaveLength(300_000);
  const worked = collectAtRest(1, 10);
  const busy = heapMb();
  charts = [];
  worked(9);
  await wait(20);
  expect(heapMb()).toBeGreaterThan(busy - 15);
  worked(1);
  await vi.waitUntil(() => heapMb() < busy - 15, { interval: 5, timeout: 5_000 });
});
