import type { Condition, Encounter, Procedure } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { ADMISSION, event, MAP_FILES, mappedWith, resourcesOf, segment, SETTINGS, textOf, tryMap } from "./maps.ts";

const OWN = "https://chartbridge.dev/fhir/StructureDefinition";
const CODE = "J18.9^Pneumonia^I10";
const dg1 = (fields: Readonly<Record<number, string>>): string => segment("DG1", { 1: "1", 3: CODE, ...fields });
const diagnosed = (...fields: readonly Readonly<Record<number, string>>[]) => {
  const mapped = mappedWith({ DG1: fields.map(dg1).join("\r") });
  const [visit] = resourcesOf<Encounter>(mapped, "Encounter");
  const conditions = resourcesOf<Condition>(mapped, "Condition");
  expect(conditions.flatMap(faultsOf)).toEqual([]);
  return { mapped, conditions, condition: conditions[0], uses: visit?.diagnosis };
};

describe("a diagnosis (DG1)", () => {
  it("that is working or final keeps the code of HL7's table, for FHIR has no role for it", () => {
    const uses = (code: string) =>
      diagnosed({ 6: code }).uses?.[0]?.use?.coding?.map(({ system, code: role }) => `${system?.split("/").at(-1)} ${role}`);
    expect([uses("A"), uses("W"), uses("F")]).toEqual([["diagnosis-role AD", "v2-0052 A"], ["v2-0052 W"], ["v2-0052 F"]]);
  });

  it("is given a role by a site that has one for it", () => {
    const text =
      "site: west\nsenders: [{ application: EHR, facility: WEST }]\ntables:\n  - table: DiagnosisType\n    codes: { F: { code: DD } }\n";
    const pack = compileMaps([...MAP_FILES, { path: "sites/west.yaml", shown: "maps/west.yaml", text }]);
    if (!pack.ok) throw new Error(pack.failure.join("\n"));
    const mapped = tryMap(textOf({ ...ADMISSION, DG1: dg1({ 6: "F" }) }), SETTINGS, pack.value);
    const [visit] = mapped.ok ? resourcesOf<Encounter>(mapped.value, "Encounter") : [];
    expect(visit?.diagnosis?.[0]?.use?.coding?.map(({ code }) => code)).toEqual(["DD", "F"]);
  });

  it("of priority 0 is not ranked, without a warning, and of 1 is the principal one", () => {
    const { mapped, uses } = diagnosed({ 15: "0" }, { 3: "I10^Hypertension^I10", 15: "1" });
    expect(uses?.map(({ rank }) => rank)).toEqual([undefined, 1]);
    expect(mapped.warnings).toEqual([]);
  });

  it.each(["", "A", "U"])("with the action %j is in force: only D takes a diagnosis back", (action) => {
    const { condition, uses } = diagnosed({ 21: action });
    expect(condition).not.toHaveProperty("verificationStatus");
    expect(uses).toHaveLength(1);
  });

  it("with the action D is entered in error, and no diagnosis of the visit any more: the others are", () => {
    const { condition, uses, mapped } = diagnosed({ 21: "D" }, { 3: "I10^Hypertension^I10", 21: "A" });
    expect(condition?.verificationStatus?.coding?.[0]?.code).toBe("entered-in-error");
    expect(uses).toHaveLength(1);
    expect(uses?.[0]?.condition.reference).not.toBe(`Condition/${condition?.id}`);
    expect(mapped.resources.find(({ resource }) => resource.resourceType === "Encounter")?.deleted).toEqual([
      `diagnosis[Condition/${condition?.id}]`,
    ]);
    expect(mapped.lineage.filter(({ deletes }) => deletes === true).map(({ target, source }) => [target, source])).toEqual([
      [`Encounter.diagnosis[Condition/${condition?.id}]`, "DG1(1)-21"],
    ]);
  });

  it("that is taken back is none of the visit either where a site reads its type by a row of its own", () => {
    const text =
      'site: west\nsenders: [{ application: EHR, facility: WEST }]\nmaps:\n  - map: DG1[Encounter]\n    rows:\n      - { key: "DG1-6>diagnosis.use", to: "diagnosis[one].use.text", guide: added }\n';
    const pack = compileMaps([...MAP_FILES, { path: "sites/west.yaml", shown: "maps/west.yaml", text }]);
    if (!pack.ok) throw new Error(pack.failure.join("\n"));
    const mapped = tryMap(textOf({ ...ADMISSION, DG1: dg1({ 6: "F", 21: "D" }) }), SETTINGS, pack.value);
    expect(
      mapped.ok && { visit: resourcesOf<Encounter>(mapped.value, "Encounter")[0]?.diagnosis, warnings: mapped.value.warnings },
    ).toEqual({
      visit: undefined,
      warnings: [],
    });
  });

  it("has one warning of a date in DG1-19 that is none, and loses what was recorded when DG1-19 is null", () => {
    const withDate = (date: string) => mappedWith({ DG1: dg1({ 19: date }) });
    expect(withDate("2026XX").warnings).toEqual([{ code: "VALUE_NOT_VALID", place: "DG1(1)-19" }]);
    const deleted = (date: string) => withDate(date).resources.find(({ resource }) => resource.resourceType === "Condition")?.deleted;
    expect(deleted('""')).toEqual(["recordedDate", "extension[http://hl7.org/fhir/StructureDefinition/condition-assertedDate]"]);
  });

  it("says whether it was present on admission as table 0895 has it; a code that it has not is work for a person (DG1-26)", () => {
    const said = (code: string) => {
      const { condition, mapped } = diagnosed({ 26: code });
      const shown = condition?.extension?.find(({ url }) => url.endsWith("present-on-admission"))?.valueCode;
      return [shown, mapped.warnings.map((one) => `${one.code} ${one.place ?? ""}`)];
    };
    expect(said("y")).toEqual(["Y", []]);
    expect(said("X")).toEqual([undefined, ["CODE_UNMAPPED DG1(1)-26(1)"]]);
  });

  it("says whether it was present on admission (DG1-26)", () => {
    expect(diagnosed({ 26: "N" }).condition?.extension).toEqual([{ url: `${OWN}/present-on-admission`, valueCode: "N" }]);
  });

  it("is described by DG1-4 only where DG1-3 has no text of its own", () => {
    const text = (fields: Readonly<Record<number, string>>) => diagnosed(fields).condition?.code?.text;
    expect(text({ 3: `${CODE}^^^^^^left sided`, 4: "Other" })).toBe("left sided");
    expect(text({ 3: "^Pneumonia", 4: "Other" })).toBe("Pneumonia");
    expect(text({ 4: "Other" })).toBe("Other");
    expect(diagnosed({ 4: "Other" }).condition?.code?.coding?.[0]?.display).toBe("Pneumonia");
  });

  it("has its asserted date under the one address of that extension", () => {
    const { condition } = diagnosed({ 19: "20260110" });
    expect(condition?.recordedDate).toBe("2026-01-10");
    expect(condition?.extension).toEqual([
      { url: "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", valueDateTime: "2026-01-10" },
    ]);
  });

  it("is one of the visit, and never of an episode of care", () => {
    const { mapped, condition, uses } = diagnosed({ 6: "F" });
    expect(condition?.category?.[0]?.coding?.[0]?.code).toBe("encounter-diagnosis");
    expect(uses?.[0]?.condition.reference).toBe(`Condition/${condition?.id}`);
    expect(mapped.resources.map(({ resource }) => resource.resourceType)).not.toContain("EpisodeOfCare");
  });

  it("with an action code states a change, and not that all others are gone", () => {
    expect(diagnosed({}, { 3: "I10^Hypertension^I10" }).mapped.wholeSets).toEqual(["Condition"]);
    expect(diagnosed({}, { 3: "I10^Hypertension^I10", 20: "D2^EHR", 21: "A" }).mapped.wholeSets).toEqual([]);
  });
});

describe("a procedure (PR1)", () => {
  const done = (fields: Readonly<Record<number, string>>, code = "A01"): Procedure | undefined => {
    const PR1 = segment("PR1", { 1: "1", 3: "0DTJ4ZZ^Appendectomy^I10P", ...fields });
    const [procedure] = resourcesOf<Procedure>(mappedWith({ ...event(code), PR1 }), "Procedure");
    if (procedure !== undefined) expect(faultsOf(procedure)).toEqual([]);
    return procedure;
  };

  it("ends its minutes after it began, across midnight and the end of a month", () => {
    expect(done({ 5: "202601312350", 7: "30" })?.performedPeriod).toEqual({
      start: "2026-01-31T23:50:00-06:00",
      end: "2026-02-01T00:20:00-06:00",
    });
  });

  it.each([
    ["20260131", "30", "2026-01-31"],
    ["2026013108", "30", "2026-01-31T08:00:00-06:00"],
    ["202601310830", "", "2026-01-31T08:30:00-06:00"],
  ])("at %s for %j minutes has a time and no period", (time, minutes, wanted) => {
    const procedure = done({ 5: time, 7: minutes });
    expect(procedure?.performedDateTime).toBe(wanted);
    expect(procedure).not.toHaveProperty("performedPeriod");
  });

  it("has its modifiers apart from its code, all of them and in order", () => {
    const procedure = done({ 3: "44970^Appendectomy^C4", 16: "62~RT" });
    expect(procedure?.code?.coding?.map(({ code }) => code)).toEqual(["44970"]);
    expect(procedure?.extension).toEqual(["62", "RT"].map((valueCode) => ({ url: `${OWN}/charge-modifier`, valueCode })));
  });

  it("keeps the sender's other codes of it, each in its own system", () => {
    expect(done({ 3: "44970^Appendectomy^CPT^APPY^Appendectomy^LOCAL" })?.code?.coding).toEqual([
      { system: "http://www.ama-assn.org/go/cpt", code: "44970", display: "Appendectomy" },
      { system: "urn:chartbridge:code-system:LOCAL", code: "APPY", display: "Appendectomy" },
    ]);
  });

  it("names the code system of what its performers did", () => {
    const functions = done({ 8: "7002^Ane", 11: "7003^Surgeon" })?.performer?.map((one) => one.function?.coding?.[0]);
    expect(functions).toEqual([
      { system: "http://snomed.info/sct", code: "88189002" },
      { system: "http://snomed.info/sct", code: "304292004" },
    ]);
  });

  it("is described by PR1-4 only where PR1-3 has no original text", () => {
    expect(done({ 3: "0DTJ4ZZ^Appendectomy^I10P^^^^^^by scope", 4: "Other" })?.code?.text).toBe("by scope");
    expect(done({ 4: "Other" })?.code?.text).toBe("Other");
  });

  it.each([
    ["A01", "", "completed"],
    ["A05", "", "unknown"],
    ["A11", "", "unknown"],
    ["A14", "", "unknown"],
    ["A08", "D", "entered-in-error"],
  ])("of %s with the action %j is %s", (code, action, status) => {
    expect(done({ 20: action }, code)?.status).toBe(status);
  });

  it("without a code and a text is none, whatever time it has", () => {
    expect(done({ 3: "", 5: "20260131" })).toBeUndefined();
    expect(done({ 3: "", 4: "Appendectomy" })?.code).toEqual({ text: "Appendectomy" });
  });
});

describe("a grouping (DRG)", () => {
  const drg = segment("DRG", { 1: "470^Hip replacement^DRG", 2: "20260301" });
  const holdersOf = (changes: Readonly<Record<string, string>>): readonly string[] =>
    mappedWith({ ...changes, DRG: drg }).resources.flatMap(({ resource }) =>
      JSON.stringify(resource).includes(`${OWN}/drg"`) ? [resource.resourceType] : [],
    );

  it("is kept with the visit, and with the account where the message has no visit", () => {
    expect(holdersOf({})).toEqual(["Encounter"]);
    expect(holdersOf({ PV1: "" })).toEqual(["Account"]);
  });
});
