import { createCodeStore } from "#src/codesets/code-store.pg.ts";
import { importFiles } from "#src/codesets/import.pg.ts";
import { searchCodes } from "#src/codesets/search.ts";
import { sourceFiles } from "#src/codesets/source-files.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import type { Print } from "../send.ts";
import { startEngine } from "./engine-process.ts";

/** What coders type: beginnings of codes, words, abbreviations, slips of the pen. */
const ASKED = [
  "htn",
  "t2dm",
  "t2dm neuropathy",
  "S72",
  "J18.9",
  "acute appendicits",
  "fracture femur left",
  "chf",
  "0DTJ",
  "resection appendix endoscopic",
];
const ROUNDS = 20;
const MB = 1024 * 1024;

/** Memory in use after a collection, where node was told to let it be asked for. */
function usedMb(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MB;
}

const at = (sorted: readonly number[], share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2));

/** Imports code-set files into a database of its own, and measures import, memory of the store, and searches. Prints one JSON line. */
export async function runCodesBench(
  paths: readonly string[],
  { env, out, err }: { readonly env: Readonly<Record<string, string | undefined>>; readonly out: Print; readonly err: Print },
): Promise<0 | 1> {
  err("starting an engine for its Postgres …");
  const engine = await startEngine({ env, err });
  const admin = openPool(engine.databaseUrl, { max: 1, name: "codes bench" }, () => undefined);
  try {
    await admin.query("create database codes_bench");
    const url = new URL(engine.databaseUrl);
    url.pathname = "/codes_bench";
    const pool = openPool(url.href, { max: 2, name: "codes bench" }, () => undefined);
    try {
      await migrate(pool);
      const began = performance.now();
      const done = await importFiles(pool, sourceFiles(paths), { actor: "bench" });
      const importSeconds = (performance.now() - began) / 1_000;
      const rows = done.reduce(
        (sum, one) => sum + (one.outcome === "imported" ? one.versions.reduce((all, { storedRows }) => all + storedRows, 0) : 0),
        0,
      );
      const before = usedMb();
      const store = createCodeStore({ pool, now: () => new Date() });
      await store.refresh();
      const data = usedMb();
      const index = await store.index();
      const withIndex = usedMb();
      const times: number[] = [];
      const date = new Date().toISOString().slice(0, 10);
      for (let round = 0; round < ROUNDS; round++)
        for (const text of ASKED) {
          const asked = performance.now();
          searchCodes(index, store.data(), { text, date, validOnly: false, limit: 20 });
          // The first round warms up.
          if (round > 0) times.push(performance.now() - asked);
        }
      times.sort((a, b) => a - b);
      out(
        JSON.stringify({
          files: done.filter(({ outcome }) => outcome === "imported").length,
          rows,
          import_s: Number(importSeconds.toFixed(1)),
          data_mb: Math.round(data - before),
          search_index_mb: Math.round(withIndex - data),
          search_p50_ms: at(times, 0.5),
          search_p99_ms: at(times, 0.99),
          search_max_ms: at(times, 1),
        }),
      );
      return done.some(({ outcome }) => outcome === "refused") ? 1 : 0;
    } finally {
      await pool.end();
    }
  } finally {
    await admin.end();
    await engine.stop();
  }
}
