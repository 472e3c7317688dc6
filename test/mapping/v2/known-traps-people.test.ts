import type { Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { ADMISSION, changed, MAP_FILES, mappedMessage, mappedWith, resourcesOf, SETTINGS, segment, textOf, tryMap } from "./maps.ts";

const person = (fields: Readonly<Record<number, string>>): Patient | undefined =>
  resourcesOf<Patient>(mappedWith({ PID: changed("PID", fields) }), "Patient")[0];
const numbers = (fields: Readonly<Record<number, string>>) => person(fields)?.telecom?.map(({ use, value }) => [use, value]);

describe("telephone numbers of the patient (PID-13, 14, 40)", () => {
  it("are of home and of work where XTN.2 is empty, and else what XTN.2 says", () => {
    expect(numbers({ 13: "5550100~5550101^WPN~5550102^ORN", 14: "5550103~5550104^PRN", 40: "5550105" })).toEqual([
      ["home", "5550100"],
      ["work", "5550101"],
      [undefined, "5550102"],
      ["work", "5550103"],
      ["home", "5550104"],
      [undefined, "5550105"],
    ]);
  });

  it("that are half filled leave no entry, not even one of use home", () => {
    expect(person({ 13: "^^PH^^1", 14: "^^^^^312" })).not.toHaveProperty("telecom");
    expect(numbers({ 13: "^^PH^^1~5550100" })).toEqual([["home", "5550100"]]);
  });
});

describe("the county (PID-12)", () => {
  it.each([
    ["belongs to the one address that names none", "1 Elm^^Town", [{ line: ["1 Elm"], city: "Town", district: "Cook" }]],
    ["is said once when the one address names it too", "^^Town^^^^^^Cook", [{ city: "Town", district: "Cook" }]],
    ["stands apart from an address in another county", "^^Town^^^^^^Lake", [{ city: "Town", district: "Lake" }, { district: "Cook" }]],
    [
      "stands apart from several addresses, for nobody says whose it is",
      "1 Elm~2 Oak",
      [{ line: ["1 Elm"] }, { line: ["2 Oak"] }, { district: "Cook" }],
    ],
    ["is an address where there is none", "", [{ district: "Cook" }]],
  ])("%s", (_, address, wanted) => {
    expect(person({ 11: address, 12: "Cook" })?.address).toEqual(wanted);
  });
});

describe("race and ethnic group (PID-10, PID-22)", () => {
  const US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core";
  const said = (patient: Patient | undefined, which: "race" | "ethnicity") => {
    if (patient !== undefined) expect(faultsOf(patient)).toEqual([]);
    const all = (patient?.extension ?? []).filter(({ url }) => url === `${US_CORE}-${which}`);
    expect(all.length).toBeLessThan(2);
    return all[0]?.extension?.map(({ url, valueCoding, valueString }) => `${url} ${valueCoding?.code ?? valueString}`);
  };

  it("are the extensions of US Core: one of all repetitions, with a text of all", () => {
    const patient = person({ 10: "2106-3^White^CDCREC~2028-9^Asian^CDCREC~2131-1^Other Race^CDCREC", 22: "H^Hispanic^HL70189" });
    expect(said(patient, "race")).toEqual(["ombCategory 2106-3", "ombCategory 2028-9", "detailed 2131-1", "text White, Asian, Other Race"]);
    expect(said(patient, "ethnicity")).toEqual(["ombCategory 2135-2", "text Hispanic"]);
  });

  it("have one ethnic category, the first that is known", () => {
    expect(said(person({ 22: "X^Basque~N^Not Hispanic~H" }), "ethnicity")).toEqual(["ombCategory 2186-5", "text Basque, Not Hispanic, H"]);
  });

  it("by a site's own codes are told by their text, without a word, until a table of the site says what they are", () => {
    const PID = changed("PID", { 10: "W" });
    const mapped = mappedWith({ PID });
    expect(said(resourcesOf<Patient>(mapped, "Patient")[0], "race")).toEqual(["text W"]);
    expect({ warnings: mapped.warnings, unmapped: mapped.unmapped }).toEqual({ warnings: [], unmapped: undefined });
    const text =
      "site: west\nsenders: [{ application: EHR, facility: WEST }]\ntables:\n  - table: Race\n    codes: { W: { code: 2106-3, display: White } }\n";
    const pack = compileMaps([...MAP_FILES, { path: "sites/west.yaml", shown: "maps/west.yaml", text }]);
    if (!pack.ok) throw new Error(pack.failure.join("\n"));
    const bySite = tryMap(textOf({ ...ADMISSION, PID }), SETTINGS, pack.value);
    expect(bySite.ok && said(resourcesOf<Patient>(bySite.value, "Patient")[0], "race")).toEqual(["ombCategory 2106-3", "text W"]);
  });

  it("are found by the code behind the site's own", () => {
    const patient = person({ 10: "W^White^L^2106-3^White^CDCREC~O^Other^L^2131-1^Other Race^CDCREC" });
    expect(said(patient, "race")).toEqual(["ombCategory 2106-3", "detailed 2131-1", "text White, Other"]);
  });

  it("of the second patient of a message are those of the second PID, in its lineage too", () => {
    const bed = (n: number) => [
      segment("PID", { 1: `${n}`, 3: `100${n}^^^WEST^MR`, 5: "Reed^Jo", 10: "2106-3^White^CDCREC", 18: `900${n}^^^WEST^AN` }),
      segment("PV1", { 1: "1", 2: "I", 3: `4W^1^${n}`, 19: `V${n}^^^WEST^VN` }),
    ];
    const mapped = mappedMessage("ADT^A17", "EVN|A17|20260110082900", ...bed(1), ...bed(2));
    const sources = (mapped.others?.[0]?.lineage ?? []).flatMap(({ source = "" }) => (/^PID.*-10/.test(source) ? [source] : []));
    expect(new Set(sources)).toEqual(new Set(["PID(2)-10(1)"]));
  });

  it("are deleted by null, and nothing else is", () => {
    const deleted = (fields: Readonly<Record<number, string>>) =>
      mappedWith({ PID: changed("PID", fields) }).resources.find(({ resource }) => resource.resourceType === "Patient")?.deleted;
    expect(deleted({ 10: '""' })).toEqual([`extension[${US_CORE}-race]`]);
    expect(deleted({ 22: '""' })).toEqual([`extension[${US_CORE}-ethnicity]`]);
  });
});

describe("the number of a patient (PID-3)", () => {
  it("without an authority is not the same at two facilities", () => {
    const at = (defaultAuthority: string) =>
      mappedWith({ PID: changed("PID", { 3: "1001" }) }, { ...SETTINGS, defaultAuthority }).patientId;
    expect(at("WEST")).toBe(at("WEST"));
    expect(at("WEST")).not.toBe(at("EAST"));
  });

  it("does not take the jurisdiction or the department (CX.9, CX.10) for its authority", () => {
    const [identifier] = person({ 3: "1001^^^WEST^MR^^^^COOK^ER" })?.identifier ?? [];
    expect(identifier).toEqual(person({ 3: "1001^^^WEST^MR" })?.identifier?.[0]);
  });
});

describe('"" in any field', () => {
  const NUMBERS: Readonly<Record<string, readonly number[]>> = {
    MSH: [],
    PID: [3, 18],
    PV1: [19],
    FT1: [2],
    TXA: [12],
    OBX: [2, 3],
    OBR: [3, 4],
  };
  /** A segment with "" in all its fields but those that say what it is. */
  const nulled = (name: string, line: string): string =>
    segment(
      line,
      Object.fromEntries(
        Array.from({ length: 60 }, (_, n) => n + 1)
          .filter((n) => !(NUMBERS[name] ?? []).includes(n))
          .map((n) => [n, '""']),
      ),
    );

  it.each([
    ["PID", "ADT^A08"],
    ["PD1", "ADT^A08"],
    ["PV1", "ADT^A08"],
    ["PV2", "ADT^A08"],
    ["DG1", "ADT^A08"],
    ["PR1", "ADT^A08"],
    ["NK1", "ADT^A08"],
    ["GT1", "ADT^A08"],
    ["IN1", "ADT^A08"],
    ["FT1", "DFT^P03"],
    ["TXA", "MDM^T02"],
    ["OBX", "ORU^R01"],
    ["OBR", "ORU^R01"],
  ])("of %s is never a text in FHIR, and leaves valid resources", (name, type) => {
    const lines: Record<string, string> = {
      EVN: "EVN|A08|20260110",
      PID: ADMISSION["PID"] ?? "",
      PV1: ADMISSION["PV1"] ?? "",
      ...(type === "ORU^R01" ? { OBR: "OBR|1||F1^LAB|1-1^X^LN", OBX: "OBX|1|NM|1-1^X^LN||5||||||F" } : {}),
      ...(type === "DFT^P03" ? { FT1: "FT1|1|T1||20260110||CG|4500" } : {}),
      ...(type === "MDM^T02" ? { TXA: "TXA|1|DS||||||||||DOC1^EHR" } : {}),
    };
    const mapped = mappedMessage(type, ...Object.values({ ...lines, [name]: nulled(name, lines[name] ?? name) }));
    // The Bundle itself has its entries only when it is put together.
    const resources = mapped.resources.map(({ resource }) => resource).filter(({ resourceType }) => resourceType !== "Bundle");
    expect(JSON.stringify(resources)).not.toContain('\\"\\"');
    expect(resources.flatMap(faultsOf)).toEqual([]);
  });
});
