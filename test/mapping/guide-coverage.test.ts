import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { printGuideCoverage, readGuide } from "#src/cli/coverage.ts";
import { SHIPPED_MAPS } from "#src/cli/offline-mapping.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { coverageOf, sumOf } from "#src/mapping/guide/coverage.ts";
import type { GuideTable } from "#src/mapping/guide/guide-rows.ts";
import { readMaps } from "#src/mapping/read-maps.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

/** The keys of the guide's mapped rows, so that a lost row fails the build where the guide's files are not at hand. */
const KEYS = JSON.parse(readFileSync(join(import.meta.dirname, "guide-keys.json"), "utf8")) as readonly GuideTable[];
const GUIDE = referenceFolder("v2-to-fhir");
const here = existsSync(GUIDE);

describe("the maps and the guide", () => {
  const coverage = coverageOf(readMaps(readMapFiles(SHIPPED_MAPS)), KEYS);

  it("every mapped row of the guide is there under its key", () => {
    expect(coverage.tables.flatMap(({ name, missing }) => missing.map((key) => `${name} ${key}`))).toEqual([]);
  });

  it("no row says that it is the guide's and is not", () => {
    expect(coverage.tables.flatMap(({ name, unknown }) => unknown.map((key) => `${name} ${key}`))).toEqual([]);
  });

  it("every row that is not as the guide says has a reason", () => {
    expect(coverage.reasons.filter(({ standing, why }) => standing !== "added" && why === "").map(({ row }) => row)).toEqual([]);
  });

  it("the encounter part is all there: 953 segment rows, 577 data type rows, 323 message rows", () => {
    const { rows, missing } = sumOf(coverage.tables.filter(({ kind }) => kind !== "codesystems"));
    expect(rows).toBeGreaterThanOrEqual(953 + 577 + 323);
    expect(missing).toBe(0);
  });
});

describe.skipIf(!here)(`the guide's own files${here ? "" : " (skipped: they are not here)"}`, () => {
  it("have the keys that are kept beside the tests", () => {
    expect(readGuide(GUIDE)).toEqual(KEYS);
  });

  it("chartbridge coverage prints a table with nothing missing", () => {
    const lines: string[] = [];
    const code = printGuideCoverage(GUIDE, { mappings: SHIPPED_MAPS, tables: false, reasons: false }, (line) => lines.push(line));
    expect(code).toBe(0);
    expect(lines.find((line) => line.startsWith("all"))).toMatch(/ 0$/);
  });
});
