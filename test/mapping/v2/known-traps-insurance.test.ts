import type { Account, Coverage, Encounter, Organization, RelatedPerson } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { changed, mappedWith, resourcesOf, segment } from "./maps.ts";

const PLAN = { 1: "1", 2: "GOLD^Gold Plan", 3: "PAY1^^^WEST", 4: "First Payer" };
const insured = (fields: Readonly<Record<number, string>>, IN2 = "") => {
  const mapped = mappedWith({ IN1: segment("IN1", { ...PLAN, ...fields }), ...(IN2 === "" ? {} : { IN2 }) });
  const [coverage] = resourcesOf<Coverage>(mapped, "Coverage");
  expect(coverage === undefined ? ["none"] : faultsOf(coverage)).toEqual([]);
  return { mapped, coverage };
};

describe("an insurance (IN1)", () => {
  it("has its plan as a class, and its policy number as the number of the subscriber", () => {
    const { coverage } = insured({ 36: "POL1" });
    expect(coverage?.class).toMatchObject([{ type: { coding: [{ code: "plan" }] }, value: "GOLD", name: "Gold Plan" }]);
    expect(coverage?.subscriberId).toBe("POL1");
    expect(coverage?.identifier).toMatchObject([{ type: { coding: [{ code: "MB" }] }, value: "POL1" }]);
  });

  it.each([
    ["IN1-49", { 49: "SUB1^^^PAY" }],
    ["IN1-10 of type SN", { 10: "SUB1^^^PAY^SN" }],
  ])("has the insured's number of %s in R4's own element, and no extension of R5", (_, fields) => {
    const { coverage } = insured(fields);
    expect(coverage?.subscriberId).toBe("SUB1");
    expect(JSON.stringify(coverage)).not.toContain("/5.0/");
  });

  it("has a payor with number, name and address, made of the whole segment", () => {
    const { mapped, coverage } = insured({ 5: "PO Box 9^^Town" });
    const payer = resourcesOf<Organization>(mapped, "Organization").find(({ name }) => name === "First Payer");
    expect(payer).toMatchObject({ identifier: [{ value: "PAY1" }], address: [{ line: ["PO Box 9"], city: "Town" }] });
    expect(coverage?.payor).toEqual([{ reference: `Organization/${payer?.id}` }]);
  });

  it.each(["SEL", "SE", "18", "PATIENT", "self"])("of the patient, by the code %s, has the patient as its subscriber", (code) => {
    const { mapped, coverage } = insured({ 16: "Quill^Ada", 17: code });
    expect(coverage?.subscriber?.reference).toBe(`Patient/${mapped.patientId}`);
    expect(resourcesOf(mapped, "RelatedPerson")).toEqual([]);
  });

  it.each(["SPO", "01", "PAR", ""])("of somebody else, by the code %j, has that person as its subscriber", (code) => {
    const { mapped, coverage } = insured({ 16: "Quill^Bo", 17: code, 18: "19680101" });
    const [person] = resourcesOf<RelatedPerson>(mapped, "RelatedPerson");
    expect(person).toMatchObject({ name: [{ family: "Quill", given: ["Bo"] }], birthDate: "1968-01-01" });
    expect(coverage?.subscriber?.reference).toBe(`RelatedPerson/${person?.id}`);
  });

  it("tells what the patient is to the subscriber in the codes that Coverage wants", () => {
    const code = (sent: string) => insured({ 17: sent }).coverage?.relationship?.coding?.[0];
    const system = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";
    expect([code("SEL"), code("01"), code("19")]).toEqual(["self", "spouse", "child"].map((one) => ({ system, code: one })));
  });

  it("keeps the codes of plans that only sites can map, without making work of each", () => {
    const { mapped, coverage } = insured({ 15: "HMO7" });
    expect(coverage?.type?.coding).toEqual([{ system: "http://terminology.hl7.org/CodeSystem/v2-0086", code: "HMO7" }]);
    expect(mapped.unmapped).toBeUndefined();
  });
});

describe("a financial class (PV1-20)", () => {
  it("belongs to the visit, and makes no coverage without a payor", () => {
    const mapped = mappedWith({ PV1: changed("PV1", { 20: "MC^20260101" }) });
    expect(resourcesOf(mapped, "Coverage")).toEqual([]);
    expect(resourcesOf<Encounter>(mapped, "Encounter")[0]?.extension).toEqual([
      {
        url: "https://chartbridge.dev/fhir/StructureDefinition/financial-class",
        valueCodeableConcept: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0064", code: "MC" }] },
      },
    ]);
  });
});

describe("segments that converters leave unread", () => {
  it("NK1 is a contact of the patient and a person of its own", () => {
    const mapped = mappedWith({ NK1: "NK1|1|Quill^Nils|SPO^Spouse||^PRN^PH^^^312^5550188" });
    expect(resourcesOf<RelatedPerson>(mapped, "RelatedPerson")).toMatchObject([
      {
        name: [{ family: "Quill", given: ["Nils"] }],
        relationship: [{ coding: [{ code: "SPS" }, { code: "SPO" }] }],
        telecom: [{ value: "312 5550188" }],
      },
    ]);
    expect(resourcesOf(mapped, "Patient")[0]).toMatchObject({ contact: [{ name: { family: "Quill" } }] });
  });

  it("GT1 is who pays the account", () => {
    const mapped = mappedWith({ GT1: segment("GT1", { 1: "1", 2: "G1^^^WEST", 3: "Quill^Nils", 11: "SPO" }) });
    const [guarantor] = resourcesOf<RelatedPerson>(mapped, "RelatedPerson");
    expect(guarantor).toMatchObject({ identifier: [{ value: "G1" }], name: [{ family: "Quill" }] });
    expect(resourcesOf<Account>(mapped, "Account")[0]?.guarantor).toEqual([{ party: { reference: `RelatedPerson/${guarantor?.id}` } }]);
  });

  it("PV2 says why the patient came and how long the stay is to be", () => {
    const mapped = mappedWith({ PV2: segment("PV2", { 3: "R07.9^Chest pain^I10", 11: "4", 12: "Fell" }) });
    expect(resourcesOf<Encounter>(mapped, "Encounter")[0]).toMatchObject({
      reasonCode: [{ coding: [{ code: "R07.9" }] }],
      length: { value: 4 },
      extension: [{ valueString: "Fell" }],
    });
  });

  it("IN2 says what the patient is to the subscriber where IN1-17 is empty, and the number of the dependent", () => {
    const { coverage } = insured({ 36: "POL1" }, segment("IN2", { 61: "POL1-02", 72: "19" }));
    expect(coverage?.relationship?.coding?.[0]?.code).toBe("child");
    expect(JSON.stringify(coverage)).toContain("POL1-02");
  });
});
