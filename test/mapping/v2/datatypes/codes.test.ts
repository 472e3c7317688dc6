import type { CodeableConcept, Coding } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { readType } from "./read-type.ts";

const V2 = "http://terminology.hl7.org/CodeSystem/v2-";
const codings = (text: string, table?: string): readonly Coding[] | undefined =>
  (readType("CWE[CodeableConcept]", text, table === undefined ? {} : { table }).value as CodeableConcept | undefined)?.coding;

describe("coded values (CWE, CE, CNE)", () => {
  it("translate each of their three sets by itself, with its version", () => {
    expect(codings("J18.9^Pneumonia^I10^P9^Chest^LOCAL^2026^2^^X1^Other^SCT^3")).toEqual([
      { system: "http://hl7.org/fhir/sid/icd-10-cm", code: "J18.9", display: "Pneumonia", version: "2026" },
      { system: "urn:chartbridge:code-system:LOCAL", code: "P9", display: "Chest", version: "2" },
      { system: "http://snomed.info/sct", code: "X1", display: "Other", version: "3" },
    ]);
  });

  it("keep the original text", () => {
    expect(readType("CWE[CodeableConcept]", "J18.9^Pneumonia^I10^^^^^^left sided").value).toMatchObject({ text: "left sided" });
    expect(readType("CWE[CodeableConcept]", "^Pneumonia").value).toEqual({ text: "Pneumonia" });
  });

  it("give a code without a system none, for a standard's would be made up", () => {
    expect(codings("LOCAL1^Something")).toEqual([{ code: "LOCAL1", display: "Something" }]);
  });

  it("put the table's coding first and keep the sender's, in the HL7 table that knows the code", () => {
    expect(codings("E", "MaritalStatus")).toEqual([
      { system: "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", code: "L", display: "Legally Separated" },
      { system: `${V2}0002`, code: "E" },
    ]);
  });

  it("say a code once when the table maps it to itself", () => {
    expect(codings("E", "AdmissionType")).toHaveLength(1);
  });

  it("make a code that a table should know work for somebody, and keep it as sent", () => {
    const { value, unmapped, warnings } = readType("CWE[CodeableConcept]", "Q7", { table: "AdmissionType" });
    expect(value).toEqual({ coding: [{ code: "Q7" }] });
    expect(unmapped).toMatchObject([{ table: "AdmissionType", code: "Q7" }]);
    expect(warnings).toMatchObject([{ code: "CODE_UNMAPPED" }]);
  });

  it("keep a code of a table that sites extend without a word", () => {
    const { value, unmapped, warnings } = readType("CWE[CodeableConcept]", "Q7", { table: "HospitalService" });
    expect(value).toEqual({ coding: [{ code: "Q7" }] });
    expect({ unmapped, warnings }).toEqual({ unmapped: [], warnings: [] });
  });

  it("never copy a code into a required binding", () => {
    expect(readType("CWE[code]", "Q7", { table: "AdministrativeSex" }).value).toBeUndefined();
    expect(readType("CWE[code]", "m", { table: "AdministrativeSex" }).value).toBe("male");
  });

  it("take the second code where a code alone is wanted and the first is empty", () => {
    expect(readType("CWE[code]", "^^^B2").value).toBe("B2");
  });

  it("read a text from CWE.9, else CWE.2, else the only component", () => {
    const text = (written: string) => readType("CWE[string]", written).value;
    expect([text("C^Text^^^^^^^Original"), text("C^Text"), text("Text")]).toEqual(["Original", "Text", "Text"]);
  });

  it("read a unit with its code only when the system is named", () => {
    expect(readType("CWE[Quantity]", "mg/dL^milligram per decilitre^UCUM").value).toEqual({
      unit: "milligram per decilitre",
      system: "http://unitsofmeasure.org",
      code: "mg/dL",
    });
    expect(readType("CWE[Quantity]", "mg/dL").value).toEqual({ unit: "mg/dL" });
  });
});

describe("the status of a result (OBX-11)", () => {
  it.each([
    ["A", "amended"],
    ["B", "amended"],
    ["C", "corrected"],
    ["D", "entered-in-error"],
    ["F", "final"],
    ["I", "registered"],
    ["N", "final"],
    ["O", "registered"],
    ["P", "preliminary"],
    ["R", "preliminary"],
    ["S", "preliminary"],
    ["U", "final"],
    ["V", "final"],
    ["W", "entered-in-error"],
    ["X", "cancelled"],
  ])("%s is %s", (code, status) => {
    expect(readType("ID[code]", code, { table: "ObservationResultStatusCodesInterpretation" }).value).toBe(status);
  });
});
