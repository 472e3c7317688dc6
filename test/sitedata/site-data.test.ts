import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CHARGES, DOCTORS, PAYERS } from "#src/cli/demo/site.ts";
import { readCsv } from "#src/sitedata/csv.ts";
import { loadSiteData } from "#src/sitedata/load.ts";
import { isNpi } from "#src/sitedata/npi.ts";
import { parseSiteData } from "#src/sitedata/parse.ts";

const FILES = {
  "facilities.csv": "facility,name,npi,tax_id,ccn,street,city,state,zip,taxonomy\nA,Alpha,2000000010,00-0000001,,,,,,\n",
  "practitioners.csv": "local_id,authority,npi,family,given,taxonomy\n1,A,2000001018,One,,\n1,B,2000001026,Two,,\n",
  "payers.csv": "payer_id,name,electronic_id,claim_filing\nP,Payer,,CI\n",
  "charge-master.csv": [
    "facility,charge_code,description,revenue_code,procedure_code,effective_from,effective_to",
    'A,1,"Old, one",0250,,2020-01-01,2025-12-31',
    "A,1,New,0251,J1885,2026-01-01,",
  ].join("\n"),
} as const;
const faultsOf = (change: Partial<Record<keyof typeof FILES, string>>): readonly string[] => {
  const result = parseSiteData({ ...FILES, ...change });
  return result.ok ? [] : result.failure;
};
const folder = mkdtempSync(join(tmpdir(), "site-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("an NPI", () => {
  it.each([
    ["1234567893", true],
    ["1234567890", false],
    ["2000000010", true],
    ["3234567893", false],
    ["123456789", false],
    ["", false],
  ])("%s is valid: %s", (text, valid) => expect(isNpi(text)).toBe(valid));
});

describe("a CSV text", () => {
  it("may have quotes, commas, line breaks within quotes, blank lines and remarks", () => {
    const { rows, faults } = readCsv('\uFEFFa,b\r\n# remark\r\n"x, ""y""","two\nlines"\r\n\r\n1,2', ["a", "b"]);
    expect(faults).toEqual([]);
    expect(rows).toEqual([
      { line: 3, values: { a: 'x, "y"', b: "two\nlines" } },
      { line: 6, values: { a: "1", b: "2" } },
    ]);
  });
  it("names the line of what is wrong", () => {
    expect(readCsv("a\n1\n1,2\n", ["a", "b"]).faults).toEqual([
      { line: 1, text: "the column b is missing" },
      { line: 3, text: "2 values where the header names 1" },
    ]);
    expect(readCsv("", ["a"]).faults).toEqual([{ line: 1, text: "the file has no header" }]);
  });
});

describe("site data", () => {
  it("is found by its keys, charges by their day", () => {
    const site = parseSiteData(FILES);
    if (!site.ok) throw new Error(site.failure.join());
    expect(site.value.facility("A")?.name).toBe("Alpha");
    expect(site.value.charge("A", "1", "2025-12-31")).toMatchObject({ revenueCode: "0250", description: "Old, one" });
    expect(site.value.charge("A", "1", "2026-01-01")).toMatchObject({
      revenueCode: "0251",
      procedureCode: "J1885",
      claim: "institutional",
    });
    expect(site.value.charge("A", "1", "2019-12-31")).toBeUndefined();
    expect(site.value.practitioner("1", "B")?.family).toBe("Two");
    expect(site.value.practitioner("1")).toBeUndefined();
    expect(site.value.practitionerByNpi("2000001018")?.family).toBe("One");
  });

  it.each([
    [
      { "facilities.csv": FILES["facilities.csv"].replace("2000000010", "2000000011") },
      "facilities.csv:2: npi: the check digit is wrong, or it is not ten digits",
    ],
    [{ "practitioners.csv": `${FILES["practitioners.csv"]}1,A,2000001034,Three,,\n` }, "practitioners.csv:4: says again what line 2 says"],
    [{ "payers.csv": FILES["payers.csv"].replace("CI", "") }, "payers.csv:2: claim_filing is not two characters"],
    [{ "charge-master.csv": FILES["charge-master.csv"].replace("0250", "250") }, "charge-master.csv:2: revenue_code is not four digits"],
    [
      { "charge-master.csv": FILES["charge-master.csv"].replace("2025-12-31", "2019-01-01") },
      "charge-master.csv:2: effective_to is not a day on or after effective_from",
    ],
  ])("tells file and line of a fault", (change, fault) => expect(faultsOf(change)).toEqual([fault]));

  it("says which files are missing", () => {
    writeFileSync(join(folder, "payers.csv"), FILES["payers.csv"]);
    const result = loadSiteData(folder);
    expect(result.ok ? [] : result.failure).toEqual(
      ["facilities.csv", "practitioners.csv", "charge-master.csv"].map((file) => `${file}:1: the file cannot be read`),
    );
  });

  it("of the demo knows every doctor, payer and charge the demo sends", () => {
    const site = loadSiteData("sites/demo");
    if (!site.ok) throw new Error(site.failure.join("\n"));
    for (const { id, family } of Object.values(DOCTORS)) expect(site.value.practitioner(id, "NORTH")?.family).toBe(family);
    for (const { id, name } of Object.values(PAYERS)) expect(site.value.payer(id)?.name).toBe(name);
    for (const charge of Object.values(CHARGES)) {
      const entry = site.value.charge("NORTH", charge.code, "2026-03-01");
      expect(entry?.revenueCode).toMatch(/^0\d{3}$/);
      expect(entry?.procedureCode).toBe("hcpcs" in charge ? charge.hcpcs : undefined);
    }
  });
});
