import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle } from "@medplum/fhirtypes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseMessage } from "#src/hl7v2/message.ts";
import { readFhirRows } from "#src/sitedata/fhir-rows.ts";
import { loadSiteData } from "#src/sitedata/load.ts";
import { readMasterFile } from "#src/sitedata/master-files.ts";
import { mergeRows } from "#src/sitedata/master-rows.ts";

const HOME = join(import.meta.dirname, "..", "..");
const mfn = (event: string, ...segments: readonly string[]): string =>
  [`MSH|^~\\&|ADM|NORTH|||20260301120000||MFN^${event}|1|P|2.5.1`, "MFI|X||UPD|20260301|20260401|NE", ...segments].join("\r");
const rowsOf = (text: string) => {
  const message = parseMessage(text);
  if (!message.ok) throw new Error("unreadable");
  return readMasterFile(message.value);
};

describe("a master file message", () => {
  it("M02 tells who treats, by the hospital's number and the NPI", () => {
    const text = mfn(
      "M02",
      "MFE|MAD|1||D2001^^^NORTH|CWE",
      "STF|D2001|D2001^^^NORTH~2000001059^^^^NPI|Vargas^Ines^M|P|F",
      "PRA|D2001||||207Q00000X^^NUCC",
    );
    expect(rowsOf(text)).toEqual({
      ok: true,
      value: [
        {
          file: "practitioners.csv",
          what: "put",
          from: "2026-04-01",
          values: { local_id: "D2001", authority: "NORTH", npi: "2000001059", family: "Vargas", given: "Ines", taxonomy: "207Q00000X" },
        },
      ],
    });
  });

  it("M04 tells a charge with its codes, price and first day", () => {
    const text = mfn(
      "M04",
      "MFE|MUP|1|20260701|5100463|CWE",
      "CDM|5100463^Clinic visit||Hospital outpatient clinic visit|||||G0463^^HCPCS".replace("|||||G0463", "||||G0463"),
      "PRC|5100463|NORTH||O|210.50&USD^UP",
    );
    expect(rowsOf(text)).toMatchObject({
      value: [
        {
          file: "charge-master.csv",
          from: "2026-07-01",
          values: { facility: "NORTH", charge_code: "5100463", procedure_code: "G0463", price: "210.50" },
        },
      ],
    });
  });

  it("M05 tells a department", () => {
    const text = mfn("M05", "MFE|MAD|1||CLINIC|PL", "LOC|CLINIC^^^NORTH|Walk-in clinic|C", "LDP|CLINIC^^^NORTH|CLN|AMB");
    expect(rowsOf(text)).toMatchObject({
      value: [
        { file: "departments.csv", values: { department: "CLINIC", facility: "NORTH", name: "Walk-in clinic", service_line: "AMB" } },
      ],
    });
  });

  it.each([
    [mfn("M08", "MFE|MAD|1||X|CWE"), "MSH-9: MFN^M08 is none of MFN^M02, MFN^M04, MFN^M05"],
    [mfn("M02", "MFE|XXX|1||X|CWE", "STF|X"), "MFE[1]-1: XXX is none of MAD, MUP, MAC, MDL, MDC"],
    [mfn("M02", "MFE|MAD|1||X|CWE"), "MFE[1]: STF is missing"],
  ])("says where it is wrong", (text, fault) => expect(rowsOf(text)).toEqual({ ok: false, failure: [fault] }));
});

describe("rows that are put into a file", () => {
  const CHARGES =
    "facility,charge_code,description,revenue_code,procedure_code,effective_from,effective_to,claim\nNORTH,1,Visit,0510,G0463,2020-01-01,,\n";
  const merged = (...changes: Parameters<typeof mergeRows>[2]): string => {
    const result = mergeRows("charge-master.csv", CHARGES, changes);
    if (!result.ok) throw new Error(result.failure.join());
    return result.value;
  };
  const price = { facility: "NORTH", charge_code: "1", price: "9.50" };

  it("end what was right before, and keep what they do not speak of", () => {
    expect(merged({ file: "charge-master.csv", what: "put", from: "2026-04-01", values: price }).split("\n")).toEqual([
      "facility,charge_code,description,revenue_code,procedure_code,effective_from,effective_to,claim,price",
      "NORTH,1,Visit,0510,G0463,2020-01-01,2026-03-31,,",
      "NORTH,1,Visit,0510,G0463,2026-04-01,,,9.50",
      "",
    ]);
  });

  it("are the same a second time", () => {
    const change = { file: "charge-master.csv", what: "put", from: "2026-04-01", values: price } as const;
    const once = merged(change);
    expect(mergeRows("charge-master.csv", once, [change])).toEqual({ ok: true, value: once });
  });

  it("end an entry on the day before", () => {
    expect(merged({ file: "charge-master.csv", what: "end", from: "2026-04-01", values: price })).toContain("2020-01-01,2026-03-31");
  });

  it("between two others end where the next begins", () => {
    const text = merged(
      { file: "charge-master.csv", what: "put", from: "2026-04-01", values: price },
      { file: "charge-master.csv", what: "put", from: "2025-01-01", values: { ...price, price: "8.00" } },
    );
    expect(text).toContain("2025-01-01,2026-03-31,,8.00");
    expect(text).toContain("2020-01-01,2024-12-31,,\n");
  });
});

describe("a FHIR bundle", () => {
  const bundle: Bundle = {
    resourceType: "Bundle",
    type: "collection",
    entry: [
      {
        resource: {
          resourceType: "Practitioner",
          identifier: [
            { system: "http://hl7.org/fhir/sid/us-npi", value: "2000001059" },
            { system: "urn:north:staff", value: "D2001", assigner: { display: "NORTH" } },
          ],
          name: [{ family: "Vargas", given: ["Ines"] }],
        },
      },
      {
        resource: {
          resourceType: "Location",
          identifier: [{ system: "urn:north:places", value: "CLINIC" }],
          name: "Walk-in clinic",
          managingOrganization: { identifier: { value: "NORTH" } },
          type: [
            { coding: [{ system: "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set", code: "19" }] },
          ],
        },
      },
      {
        resource: {
          resourceType: "ChargeItemDefinition",
          url: "urn:north:charge:1",
          status: "active",
          title: "Clinic visit",
          publisher: "NORTH",
          effectivePeriod: { start: "2026-07-01" },
          code: {
            coding: [
              { system: "urn:north:charges", code: "5100463" },
              { system: "https://www.nubc.org/CodeSystem/RevenueCodes", code: "0510" },
              { system: "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", code: "G0463" },
            ],
          },
          propertyGroup: [{ priceComponent: [{ type: "base", amount: { value: 210.5, currency: "USD" } }] }],
        },
      },
    ],
  };

  it("gives practitioners, departments and charges", () => {
    expect(readFhirRows(bundle)).toMatchObject({
      value: [
        { file: "practitioners.csv", values: { local_id: "D2001", authority: "NORTH", npi: "2000001059", family: "Vargas" } },
        { file: "departments.csv", values: { department: "CLINIC", facility: "NORTH", place_of_service: "19" } },
        {
          file: "charge-master.csv",
          from: "2026-07-01",
          values: { charge_code: "5100463", revenue_code: "0510", procedure_code: "G0463", price: "210.50" },
        },
      ],
    });
  });

  it("that has none of them is refused", () => {
    expect(readFhirRows({ resourceType: "Bundle", type: "collection" })).toMatchObject({ ok: false });
  });

  describe("and the command line", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "site-import-"));
      for (const name of ["facilities.csv", "practitioners.csv", "payers.csv", "charge-master.csv"])
        writeFileSync(join(folder, name), readFileSync(join(HOME, "sites", "demo", name)));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, [join(HOME, "src", "cli", "main.ts"), "sitedata", "import", ...args], { encoding: "utf8" });

    it("puts them into the folder, by their days", () => {
      writeFileSync(join(folder, "master.json"), JSON.stringify(bundle));
      expect(run(join(folder, "master.json"), "--site", folder)).toMatchObject({ status: 0, stderr: "" });
      const site = loadSiteData(folder);
      if (!site.ok) throw new Error(site.failure.join("\n"));
      expect(site.value.practitioner("D2001", "NORTH")).toMatchObject({ npi: "2000001059" });
      expect(site.value.department("NORTH", "CLINIC", "2026-05-01")).toMatchObject({ placeOfService: "19" });
      expect(site.value.charge("NORTH", "5100463", "2026-06-30")?.priceCents).toBeUndefined();
      expect(site.value.charge("NORTH", "5100463", "2026-07-01")).toMatchObject({ priceCents: 21_050, procedureCode: "G0463" });
    });

    it("changes nothing when one row is wrong", () => {
      const before = readFileSync(join(folder, "practitioners.csv"), "utf8");
      writeFileSync(join(folder, "staff.hl7"), mfn("M02", "MFE|MAD|1||D9|CWE", "STF|D9|D9^^^NORTH~1234567890^^^^NPI|Nobody^N"));
      const { status, stderr } = run(join(folder, "staff.hl7"), "--site", folder);
      expect(status).toBe(1);
      expect(stderr).toContain("nothing was changed");
      expect(stderr).toContain("npi: the check digit is wrong");
      expect(readFileSync(join(folder, "practitioners.csv"), "utf8")).toBe(before);
    });
  });
});
