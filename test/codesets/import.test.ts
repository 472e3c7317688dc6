import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Imported, type ImportOptions, importFiles } from "#src/codesets/import.pg.ts";
import { loadCodeData } from "#src/codesets/load.pg.ts";
import { sourceFiles } from "#src/codesets/source-files.ts";
import { putStarterCodes } from "#src/codesets/starter.pg.ts";
import { gapsOn } from "#src/codesets/versions.ts";
import { activate, diffVersions, listVersions, retire } from "#src/codesets/versions.pg.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";
import {
  ADD_ON,
  ADDENDUM_B,
  ANWEB,
  CM_2026,
  CM_2027,
  MCE,
  MUE,
  orderLine,
  PCS_2026,
  PCS_TABLES,
  PTP,
  TABULAR,
  zip,
} from "./publisher-files.ts";

const folder = mkdtempSync(join(tmpdir(), "codesets-"));
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});
beforeEach(() => database.pool.query("truncate code_set_version, code_set_code, code_set_fact, code_set_change"));

const bring = async (name: string, text: string | Buffer, options: Partial<ImportOptions> = {}): Promise<readonly Imported[]> => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return importFiles(database.pool, sourceFiles([path]), { actor: "test", ...options });
};
const data = () => loadCodeData(database.pool, { from: "2024-01-01", to: "2028-01-01" });
const named = async (): Promise<readonly string[]> => (await listVersions(database.pool)).map(({ name, state }) => `${name} ${state}`);
const faultsOf = ([done]: readonly Imported[]): readonly string[] =>
  done?.outcome === "refused" ? done.faults.map(({ line, text }) => `${line}: ${text}`) : [];

describe("an order file", () => {
  it("gives the codes of its fiscal year, valid ones and headers", async () => {
    const [done] = await bring("icd10cm_order_2026.txt", CM_2026);
    expect(done).toMatchObject({
      outcome: "imported",
      versions: [{ name: "icd-10-cm FY2026", from: "2025-10-01", to: "2026-09-30", fileRows: 8 }],
    });
    const codes = await data();
    expect(codes.lookup("icd-10-cm", "Z681", "2026-09-30")).toMatchObject({
      billable: true,
      short: "Body mass index [BMI] 19.9 or less, adult",
    });
    expect(codes.lookup("icd-10-cm", "Z68", "2026-01-01")).toMatchObject({ billable: false });
    expect(codes.lookup("icd-10-cm", "Z6818", "2026-01-01")).toBe("unknown");
    expect(codes.lookup("icd-10-cm", "Z681", "2026-10-01")).toBe("no-data");
    expect(codes.versionOf("icd-10-cm", "2026-10-01")).toBeUndefined();
  });

  it("of procedures is told by its codes, and its tables are no codes", async () => {
    await bring("icd10pcs_order_2026.txt", PCS_2026);
    const codes = await data();
    expect(codes.lookup("icd-10-pcs", "0DTJ4ZZ", "2026-01-01")).toMatchObject({ billable: true });
    expect(codes.lookup("icd-10-pcs", "0DT", "2026-01-01")).toBe("unknown");
  });

  it("may be packed, in a zip archive with other things or alone", async () => {
    expect(await bring("archive.zip", zip({ "icd10cm_order_2026.txt": CM_2026, "readme.txt": "Nothing of interest" }))).toMatchObject([
      { outcome: "imported" },
      { outcome: "not-recognised" },
    ]);
    expect(await bring("icd10cm-order-2026.txt.gz", gzipSync(CM_2026))).toMatchObject([{ outcome: "known" }]);
  });

  it("without a year in its name asks for the first day, and takes it", async () => {
    expect(faultsOf(await bring("codes.txt", CM_2026))).toEqual([
      "1: neither the file nor its name says from when it is valid; give --from YYYY-MM-DD",
    ]);
    expect(await bring("codes.txt", CM_2026, { from: "2025-10-01" })).toMatchObject([{ versions: [{ from: "2025-10-01" }] }]);
  });
});

describe("a file that is broken", () => {
  it.each([
    [
      "has a line too few",
      CM_2026.split("\n").toSpliced(3, 1).join("\n"),
      "4: order number 00005 follows 00003: lines are missing or repeated",
    ],
    ["ends in the middle of a line", CM_2026.slice(0, -60), "8: is no line of an order file, or ends too early"],
    ["has another kind of line in it", `${CM_2026}\nhello`, "9: is no line of an order file, or ends too early"],
  ])("that %s is refused with the line, and nothing changes", async (_what, text, fault) => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    const before = await data();
    expect(faultsOf(await bring("icd10cm_order_2027.txt", text))).toEqual([fault]);
    expect(await named()).toEqual(["icd-10-cm FY2026 active"]);
    expect(before.versionOf("icd-10-cm", "2026-01-01")).toBe("icd-10-cm FY2026");
    const { rows } = await database.pool.query("select count(*)::int as rows from code_set_code");
    expect(rows).toEqual([{ rows: 8 }]);
  });

  it("that was cut off while packed is refused", async () => {
    const [done] = await bring("icd10cm_order_2026.txt.gz", gzipSync(CM_2026).subarray(0, 200));
    expect(done?.outcome).toBe("refused");
    expect(await named()).toEqual([]);
  });

  it("that has far fewer rows than the one before is taken for a part, unless a person says otherwise", async () => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    const part = CM_2027.split("\n").slice(0, 5).join("\n");
    expect(faultsOf(await bring("icd10cm_order_2027.txt", part))[0]).toContain("has 5 rows where icd-10-cm FY2026 has 8");
    expect(await bring("icd10cm_order_2027.txt", part, { acceptFewer: true })).toMatchObject([{ outcome: "imported" }]);
  });

  it.each([
    ["icd10cm_tabular_2026.xml", TABULAR.slice(0, 700), /does not end: the file is cut off/],
    ["icd10cm_tabular_2026.xml", TABULAR.replace("</includes>", "</include>"), /^13: <\/include> ends <includes> of line 13/],
    ["HCPC2025_OCT_ANWEB.txt", ANWEB.slice(0, 1_100), /^4: ends before its dates/],
    ["HCPC2025_OCT_ANWEB.txt", ANWEB.replace("20240702", "2024X702"), /^3: a date is not YYYYMMDD/],
    ["ccipra-v313r0-f1.txt", PTP.replace("\t0\t", "\t5\t"), /^5: the modifier indicator/],
    ["MCR_MUE_PractitionerServices_Eff_01-01-2026.csv", MUE.replace("99998,2", "99998,two"), /^5: is no code with units/],
    ["MCR_MUE_PractitionerServices_Eff_01-01-2026.csv", `${MUE}\n"G0999,1`, /^6: a quoted cell does not end/],
    ["mce-fy2026.json", '{"codes": {"manifestation_not_pdx": ["D630"', /^1: is not whole JSON/],
    ["cpt.csv", "cpt_code,short\n9999X,wrong\n", /^2: is no code of this list/],
  ])("%s", async (name, text, fault) => {
    expect(faultsOf(await bring(name, text)).join("\n")).toMatch(fault);
    expect(await named()).toEqual([]);
  });
});

describe("what the publishers bring besides", () => {
  it("HCPCS: codes and modifiers with their days, long text from more lines", async () => {
    expect(await bring("HCPC2025_OCT_ANWEB.txt", ANWEB)).toMatchObject([
      {
        versions: [
          { name: "hcpcs 2025Q4", fileRows: 2, to: "2025-12-31" },
          { name: "hcpcs-modifier 2025Q4", fileRows: 1 },
        ],
      },
    ]);
    const codes = await data();
    expect(codes.lookup("hcpcs", "J0175", "2025-03-31")).toMatchObject({ validTo: "2025-03-31" });
    expect(codes.lookup("hcpcs", "J0175", "2025-04-01")).toBe("unknown");
    expect(codes.lookup("hcpcs", "G0463", "2025-11-01")).toMatchObject({ short: "Hospital outpt clinic visit" });
    expect(codes.lookup("hcpcs", "G0463", "2026-01-01")).toBe("no-data");
    expect(codes.lookup("hcpcs-modifier", "JZ", "2025-11-01")).toMatchObject({ billable: true });
    const { rows } = await database.pool.query("select long from code_set_code where code = 'G0463'");
    expect(rows).toEqual([{ long: "Hospital outpatient clinic visit for assessment and management of a patient" }]);
  });

  it("NCCI pairs, by their days", async () => {
    await bring("ccipra-v313r0-f1.txt", PTP);
    const codes = await data();
    expect(codes.ptp("G0001", "G0002", "2025-11-01", "practitioner")).toEqual({
      modifierAllowed: 0,
      rationale: "Misuse of column two code with column one code",
    });
    expect(codes.ptp("G0001", "G0003", "2025-12-31", "practitioner")).toMatchObject({ modifierAllowed: 1 });
    expect(codes.ptp("G0003", "G0001", "2025-11-01", "practitioner")).toBeUndefined();
    expect(codes.ptp("G0001", "G0002", "2026-01-01", "practitioner")).toBe("no-data");
    expect(codes.ptp("G0001", "G0002", "2025-11-01", "facility")).toBe("no-data");
    expect(codes.versionOf("ptp", "2025-11-01")).toBe("ptp practitioner 1 2025Q4");
  });

  it("units, by setting", async () => {
    await bring("MCR_MUE_PractitionerServices_Eff_01-01-2026.csv", MUE);
    const codes = await data();
    expect(codes.mue("G0463", "2026-02-01", "practitioner")).toEqual({
      units: 1,
      adjudication: 3,
      rationale: "Nature of Service/Procedure",
    });
    expect(codes.mue("G9999", "2026-02-01", "practitioner")).toBeUndefined();
    expect(codes.mue("G0463", "2026-02-01", "facility")).toBe("no-data");
  });

  it("units of Level II codes alone say nothing of others", async () => {
    await bring("mue-practitioner-2026q1.tsv", "code\tmue\tmai\trationale\nG0463\t1\t3\tNature of Service\n");
    const codes = await data();
    expect(codes.mue("G9999", "2026-02-01", "practitioner")).toBeUndefined();
    expect(codes.mue("99998", "2026-02-01", "practitioner")).toBe("no-data");
  });

  it("add-on codes with the codes they may be added to on the day", async () => {
    await bring("AOC_V2026Q1-MCR.txt", ADD_ON);
    const codes = await data();
    expect(codes.addOnPrimaries("G2211", "2024-06-01")).toEqual({ type: 1, primaries: ["G0463", "G0101"] });
    expect(codes.addOnPrimaries("G2211", "2026-01-01")).toEqual({ type: 1, primaries: ["G0463"] });
    expect(codes.addOnPrimaries("G2212", "2026-01-01")).toEqual({ type: 2, primaries: [] });
    expect(codes.addOnPrimaries("G0463", "2026-01-01")).toBeUndefined();
  });

  it("OPPS status, with the quarter of its preamble", async () => {
    expect(await bring("addendum-b.csv", ADDENDUM_B)).toMatchObject([{ versions: [{ name: "opps addendum-b 2026Q1", to: "2026-03-31" }] }]);
    const codes = await data();
    expect(codes.ops("G0463", "2026-02-01")).toEqual({ statusIndicator: "J2" });
    expect(codes.ops("G0463", "2026-04-01")).toBe("no-data");
    const { rows } = await database.pool.query("select value from code_set_fact where code = 'G0463'");
    expect(rows).toEqual([{ value: 112_750 }]);
  });

  it("the Medicare Code Editor's lists; one it does not have is not known", async () => {
    await bring("mce.txt", MCE);
    const codes = await data();
    expect(codes.inList("mce-manifestation", "D630", "2026-01-01")).toBe(true);
    expect(codes.inList("mce-manifestation", "B0820", "2026-01-01")).toBe(false);
    expect(codes.inList("mce-pediatric", "B0820", "2026-01-01")).toBe(true);
    expect(codes.inList("mce-female", "B0820", "2026-01-01")).toBe(false);
    expect(codes.inList("mce-questionable-admission", "B0820", "2026-01-01")).toBe("no-data");
    expect(codes.inList("mce-manifestation", "D630", "2026-10-01")).toBe("no-data");
  });

  it("codes exempt from present-on-admission, with order numbers and titles or without", async () => {
    await bring("POAexemptCodesFY26.txt", "Order Number\tCode\tDescription\n1\tB90.0\tSequelae of tuberculosis\n2\tZ68.1\tBMI\n");
    const codes = await data();
    expect(codes.inList("poa-exempt", "B900", "2026-01-01")).toBe(true);
    expect(codes.inList("poa-exempt", "I10", "2026-01-01")).toBe(false);
  });

  it("the tabular list: notes, seventh characters, and pairs that exclude each other", async () => {
    expect(await bring("tabular.xml", TABULAR)).toMatchObject([
      { versions: [{ name: "excludes1 pairs FY2026" }, { name: "icd-10-cm notes FY2026" }] },
    ]);
    const codes = await data();
    expect(codes.excludes1("I10", "I129", "2026-01-01")).toBe(true);
    expect(codes.excludes1("I129", "I10", "2026-01-01")).toBe(true);
    expect(codes.excludes1("I10", "I158", "2026-01-01")).toBe(true);
    expect(codes.excludes1("I10", "I151", "2026-01-01")).toBe(false);
    expect(codes.excludes1("I10", "E119", "2026-01-01")).toBe(false);
    expect(codes.excludes1("I10", "I129", "2025-01-01")).toBe("no-data");
    const { rows } = await database.pool.query("select code, other, note from code_set_fact where fact = 'seventh' order by other");
    expect(rows).toEqual([
      { code: "S72", other: "A", note: "initial encounter" },
      { code: "S72", other: "D", note: "subsequent encounter" },
    ]);
  });

  it("the tables of ICD-10-PCS, row by row", async () => {
    expect(await bring("icd10pcs_tables_2026.xml", PCS_TABLES)).toMatchObject([
      { versions: [{ name: "icd-10-pcs tables FY2026", fileRows: 1 }] },
    ]);
    const { rows } = await database.pool.query<{ code: string; note: string }>("select code, note from code_set_fact where fact = 'row'");
    expect(rows[0]?.code).toBe("0DT");
    expect(JSON.parse(rows[0]?.note ?? "")).toMatchObject([
      { position: 4, values: { J: "Appendix" } },
      { position: 5 },
      { position: 6 },
      { position: 7 },
    ]);
  });

  it("the conversion table, with years and spreadsheet days", async () => {
    await bring("icd10cm_order_2027.txt", CM_2027);
    await bring(
      "conversion-fy2027.txt",
      "Preamble of the publisher\nCurrent code assignment\tEffective\tPrevious Code(s) Assignment\nM72.21\t2027\tM72.2\nM72.22\t45017\tM72.2 and Z68.1\n",
    );
    const codes = await data();
    expect(codes.successors("icd-10-cm", "M722", "2026-10-01")).toEqual(["M7221", "M7222"]);
    expect(codes.successors("icd-10-cm", "Z681", "2023-03-31")).toEqual([]);
    expect(codes.successors("icd-10-cm", "Z681", "2026-10-01")).toEqual(["M7222"]);
  });

  it("a site's own lists: CPT, revenue codes, reason codes, places of service", async () => {
    await bring("cpt.csv", "cpt_code,short,valid_from,valid_to\n99998,Not a real service,2026-01-01,\n");
    await bring("revenue.csv", 'revenue_code,description\n0450,"Emergency room, general"\n');
    await bring("carc.csv", "carc,text\n16,Something is missing\n");
    await bring("rarc.csv", "rarc,text\nN30,Not eligible\n");
    await bring("pos.csv", "Place of Service Code(s),Place of Service Name,Place of Service Description\n11,Office,A place\n");
    const codes = await data();
    expect(codes.lookup("cpt", "99998", "2026-01-01")).toMatchObject({ short: "Not a real service" });
    expect(codes.lookup("cpt", "99998", "2025-12-31")).toBe("unknown");
    expect(codes.versionOf("revenue", "2026-01-01")).toBe("revenue site list");
    expect(await named()).toHaveLength(5);
  });
});

describe("versions", () => {
  it("are made once a file, however often and under whatever name it comes", async () => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    expect(await bring("copy_2026.txt", CM_2026)).toMatchObject([{ outcome: "known", names: ["icd-10-cm FY2026"] }]);
    expect(await named()).toHaveLength(1);
  });

  it("answer each for its own days: next year's file changes nothing of this year", async () => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    await bring("icd10cm_order_2027.txt", CM_2027);
    const codes = await data();
    expect(codes.lookup("icd-10-cm", "Z681", "2026-09-30")).toMatchObject({ billable: true });
    expect(codes.lookup("icd-10-cm", "Z681", "2026-10-01")).toMatchObject({ billable: false });
    expect(codes.successors("icd-10-cm", "Z681", "2026-10-01")).toEqual(["Z6818"]);
    expect(codes.lookup("icd-10-cm", "T528X1A", "2026-10-01")).toBe("unknown");
    expect(codes.laterality("S72001A")).toEqual({ side: "right", siblings: ["S72002A"] });
  });

  it("that are staged answer nothing until they are activated, from the day that is given", async () => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    await bring("icd10cm_order_2027.txt", CM_2027, { stage: true });
    expect((await data()).versionOf("icd-10-cm", "2026-11-01")).toBeUndefined();
    expect(await activate(database.pool, "icd-10-cm FY2027", { from: "2026-11-01", to: "open", actor: "test" })).toMatchObject({
      ok: true,
    });
    const after = await data();
    expect(after.versionOf("icd-10-cm", "2026-10-31")).toBeUndefined();
    expect(after.versionOf("icd-10-cm", "2027-12-01")).toBe("icd-10-cm FY2027");
    expect(await retire(database.pool, "icd-10-cm FY2027", "test")).toMatchObject({ ok: true });
    expect((await data()).versionOf("icd-10-cm", "2026-11-01")).toBeUndefined();
    const { rows } = await database.pool.query("select what from code_set_change order by revision");
    expect(rows.map(({ what }: { what: string }) => what)).toEqual(["imported", "staged", "activated", "retired"]);
  });

  it("say what is wrong with an activation", async () => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    expect(await activate(database.pool, "nothing", { actor: "test" })).toMatchObject({
      failure: expect.stringContaining("there is no version") as unknown,
    });
    expect(await activate(database.pool, "icd-10-cm FY2026", { from: "tomorrow", actor: "test" })).toMatchObject({ ok: false });
    expect(await activate(database.pool, "icd-10-cm FY2026", { from: "2027-01-01", actor: "test" })).toMatchObject({ ok: false });
  });

  it("are compared: added, removed, turned into headers", async () => {
    await bring("icd10cm_order_2026.txt", CM_2026);
    await bring("icd10cm_order_2027.txt", CM_2027);
    const differences = await diffVersions(database.pool, "icd-10-cm FY2026", "icd-10-cm FY2027");
    expect(differences.ok ? differences.value.map(({ what, code }) => `${what} ${code}`) : differences).toEqual([
      "added M7221",
      "added M7222",
      "added Z6818",
      "became a header M722",
      "became a header Z681",
      "removed T528X1A",
    ]);
  });

  it("show the days that nothing answers for", async () => {
    await bring("icd10pcs_order_2026.txt", PCS_2026);
    const versions = await listVersions(database.pool);
    expect(gapsOn(versions, "2026-09-30").some(({ set }) => set === "icd-10-pcs")).toBe(false);
    expect(gapsOn(versions, "2026-10-01")).toContainEqual({ set: "icd-10-pcs", part: "codes", until: "2026-09-30" });
    expect(gapsOn(versions, "2026-10-01")).toContainEqual({ set: "ptp", part: "facility" });
  });
});

describe("changes of a year", () => {
  const DELTA = [
    "op\tcode\tbillable\tlong",
    "ADD\tZ6818\t1\tBody mass index [BMI] 18.4 or less, adult",
    "BILLABLE_TO_HEADER\tZ681\t0\t",
    "DELETE\tT528X1A\t\t",
  ].join("\n");

  it("are applied to the codes of the day before, whichever file comes first", async () => {
    writeFileSync(join(folder, "icd10cm-delta-fy2026-to-fy2027.tsv"), DELTA);
    writeFileSync(join(folder, "icd10cm_order_2026.txt"), CM_2026);
    const paths = ["icd10cm-delta-fy2026-to-fy2027.tsv", "icd10cm_order_2026.txt"].map((name) => join(folder, name));
    await importFiles(database.pool, sourceFiles(paths), { actor: "test" });
    const codes = await data();
    expect(codes.lookup("icd-10-cm", "Z681", "2026-10-01")).toMatchObject({ billable: false });
    expect(codes.lookup("icd-10-cm", "Z6818", "2026-10-01")).toMatchObject({ billable: true });
    expect(codes.lookup("icd-10-cm", "T528X1A", "2026-10-01")).toBe("unknown");
    expect(codes.lookup("icd-10-cm", "S72001A", "2026-10-01")).toMatchObject({ billable: true });
  });

  it("are refused where they do not fit, with the line", async () => {
    expect(faultsOf(await bring("icd10cm-delta-fy2027.tsv", DELTA))[0]).toContain("import them first");
    await bring("icd10cm_order_2026.txt", CM_2026);
    expect(faultsOf(await bring("icd10cm-delta-fy2027.tsv", `${DELTA}\nDELETE\tA000\t\t\nADD\tZ68\t1\tx`))).toEqual([
      "5: DELETE of a code that there is not",
      "6: ADD of a code that there is".replace("ADD of", "adds"),
    ]);
  });
});

describe("the starter codes", () => {
  it("answer for themselves and for nothing else", async () => {
    await putStarterCodes(database.pool);
    await putStarterCodes(database.pool);
    const codes = await data();
    expect(codes.lookup("icd-10-cm", "I10", "2026-11-01")).toMatchObject({ billable: true });
    expect(codes.lookup("icd-10-cm", "Z681", "2026-11-01")).toBe("no-data");
    expect(gapsOn(await listVersions(database.pool), "2026-11-01")).toContainEqual({ set: "icd-10-cm", part: "codes" });
  });

  it("give way to real ones, and do not come back", async () => {
    await putStarterCodes(database.pool);
    await bring("icd10cm_order_2026.txt", `${CM_2026}\n${orderLine(9, "Z99", 0, "Dependence on enabling machines")}`, {
      acceptFewer: true,
    });
    await putStarterCodes(database.pool);
    const codes = await data();
    expect(codes.lookup("icd-10-cm", "I10", "2026-01-01")).toBe("unknown");
    expect(codes.lookup("icd-10-cm", "I10", "2026-11-01")).toBe("no-data");
    expect(codes.lookup("hcpcs", "G0463", "2026-11-01")).toMatchObject({ billable: true });
  });
});
