import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CodeStore, createCodeStore } from "#src/codesets/code-store.pg.ts";
import { describeCode } from "#src/codesets/describe.pg.ts";
import { type Imported, importFiles } from "#src/codesets/import.pg.ts";
import { searchCodes } from "#src/codesets/search.ts";
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
  let store: CodeStore;
  beforeAll(async () => {
    database = await freshDatabase();
    done = await importFiles(database.pool, sourceFiles([PUBLISHED ?? ""]), { actor: "test" });
    store = createCodeStore({ pool: database.pool, now: () => new Date("2026-11-23T12:00:00Z") });
    await store.refresh();
  }, 180_000);
  afterAll(() => database.drop());

  it("are all imported, with the rows their origin counts", () => {
    const rows = Object.fromEntries(
      done.map((one) => [one.label.split("/").at(-1), one.outcome === "imported" ? one.versions.at(0)?.fileRows : one]),
    );
    expect(rows).toEqual({ ...ROWS, "ORIGIN.md": expect.objectContaining({ outcome: "not-recognised" }) as unknown });
  });

  const first = async (text: string, date = "2026-11-23") =>
    searchCodes(await store.index(), store.data(), { text, date, validOnly: true, limit: 5 }).map(({ code }) => code);

  it("what coders type gives what they mean", async () => {
    expect((await first("htn"))[0]).toBe("I10");
    expect((await first("t2dm"))[0]).toBe("E119");
    expect(await first("t2dm neuropathy")).toContain("E1140");
    expect((await first("high blood pressure"))[0]).toBe("I10");
    expect(await first("resection appendix endoscopic", "2026-09-30")).toContain("0DTJ4ZZ");
    expect(await first("clinic visit hospital", "2025-11-01")).toContain("G0463");
  });

  it("a code of the year shows its life, its successors and where it stands", async () => {
    const bmi = await describeCode(database.pool, store.data(), "icd-10-cm", "Z681", "2026-10-01");
    expect(bmi).toMatchObject({
      state: "header",
      successors: ["Z6818", "Z6819"],
      below: [{ code: "Z6818", billable: true }, { code: "Z6819" }],
      above: [{ code: "Z68" }],
    });
    expect(bmi?.life.map(({ state }) => state)).toEqual([...Array.from({ length: 11 }, () => "valid"), "header"]);
    const pressure = await describeCode(database.pool, store.data(), "icd-10-cm", "I10", "2026-10-01");
    expect(pressure?.above.map(({ code }) => code)).toEqual(["9", "I10-I16"]);
    expect(pressure?.notes).toContainEqual({ kind: "includes", at: "I10", text: "high blood pressure" });
    const femur = await describeCode(database.pool, store.data(), "icd-10-cm", "S72001A", "2026-10-01");
    expect(femur?.siblings).toEqual(expect.arrayContaining([{ code: "S72002A", side: "left" }]));
    expect(femur?.seventh.map(({ character }) => character)).toContain("A");
    const solvent = await describeCode(database.pool, store.data(), "icd-10-cm", "T528X1A", "2026-10-01");
    expect(solvent).toMatchObject({ state: "not-valid", billable: false });
    const appendix = await describeCode(database.pool, store.data(), "icd-10-pcs", "0DTJ4ZZ", "2026-10-01");
    expect(appendix).toMatchObject({ state: "no-data", life: expect.arrayContaining([{ year: 2026, state: "valid" }]) as unknown });
    expect(await describeCode(database.pool, store.data(), "icd-10-cm", "Q999999", "2026-10-01")).toBeUndefined();
  });

  it("are read anew after a change alone", async () => expect(await store.refresh()).toBe(false));

  it("the headers, deletions and data ends of October 2026 are known", () => {
    const data = store.data();
    for (const code of ["Z681", "M722", "I420"]) {
      expect(data.lookup("icd-10-cm", code, "2026-09-30")).toMatchObject({ billable: true });
      expect(data.lookup("icd-10-cm", code, "2026-10-01")).toMatchObject({ billable: false });
      expect(data.successors("icd-10-cm", code, "2026-10-01").length).toBeGreaterThan(1);
    }
    expect(data.lookup("icd-10-cm", "T528X1A", "2026-10-01")).toBe("unknown");
    for (const code of ["QA00101", "U071", "Y93I1"]) expect(data.lookup("icd-10-cm", code, "2026-10-01")).toMatchObject({ billable: true });
    expect(data.lookup("icd-10-pcs", "0DTJ4ZZ", "2026-09-30")).toMatchObject({ billable: true });
    expect(data.lookup("icd-10-pcs", "0DTJ4ZZ", "2026-10-01")).toBe("no-data");
    expect(data.inList("mce-manifestation", "D630", "2026-05-01")).toBe(true);
    expect(data.inList("mce-manifestation", "U071", "2026-05-01")).toBe("no-data");
    expect(data.mue("99998", "2026-05-01", "practitioner")).toBe("no-data");
  });
});
