import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Imported, importFiles } from "#src/codesets/import.pg.ts";
import { sourceFiles } from "#src/codesets/source-files.ts";
import { PUBLISHED } from "./published.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";

/** Rows of each file as its origin note counts them. */
const ROWS: Readonly<Record<string, number>> = {
  "icd10cm-lifespan-fy2016-fy2027.tsv.gz": 99_085,
  "icd10cm-order-fy2026.tsv.gz": 98_186,
  "icd10cm-delta-fy2026-to-fy2027.tsv": 238 + 21 + 15 + 4,
  "icd10cm-conversion-fy2026.tsv.gz": 5_892,
  "icd10cm-tabular-notes-fy2021.jsonl.gz": 9_563,
  "icd10cm-excludes1-refs-fy2021.tsv.gz": 6_018,
  "icd10cm-laterality-fy2027.tsv.gz": 38_536,
  "icd10pcs-lifespan-fy2016-fy2026.tsv.gz": 82_327,
  "poa-exempt-fy2026.txt.gz": 38_349,
  "mce-dx-edits-fy2026.json.gz": 422 + 2_656 + 1 + 42 + 125 + 2_543 + 856,
  "hcpcs-l2-2025q4.tsv.gz": 8_463,
  "hcpcs-l2-modifiers-2025q4.tsv.gz": 383,
  "opps-addendum-b-hcpcs-l2-2026q2.tsv.gz": 6_664,
  "opps-status-indicators.tsv.gz": 31,
  "mue-practitioner-hcpcs-l2-2026q2.tsv.gz": 4_523,
};

describe.skipIf(PUBLISHED === undefined)("the published files at hand", () => {
  let database: TestDatabase;
  let done: readonly Imported[];
  beforeAll(async () => {
    database = await freshDatabase();
    done = await importFiles(database.pool, sourceFiles([PUBLISHED ?? ""]), { actor: "test" });
  }, 120_000);
  afterAll(() => database.drop());

  it("are all imported, with the rows their origin counts", () => {
    const rows = Object.fromEntries(
      done.map((one) => [one.label.split("/").at(-1), one.outcome === "imported" ? one.versions.at(0)?.fileRows : one]),
    );
    expect(rows).toEqual({ ...ROWS, "ORIGIN.md": expect.objectContaining({ outcome: "not-recognised" }) as unknown });
  });
});
