import type { Address, ContactPoint, HumanName } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { readType } from "./read-type.ts";

const nameOf = (text: string): HumanName => readType("XPN[HumanName]", text).value as HumanName;
const telecomOf = (text: string): ContactPoint | undefined => readType("XTN[ContactPoint]", text).value as ContactPoint | undefined;
const addressOf = (text: string): Address => readType("XAD[Address]", text).value as Address;

describe("names (XPN)", () => {
  it("take the family name out of its parts and keep those as extensions", () => {
    expect(nameOf("Quill&de&Quillon^Ada")).toEqual({
      family: "Quill",
      _family: {
        extension: [
          { url: "http://hl7.org/fhir/StructureDefinition/humanname-own-prefix", valueString: "de" },
          { url: "http://hl7.org/fhir/StructureDefinition/humanname-own-name", valueString: "Quillon" },
        ],
      },
      given: ["Ada"],
    });
  });

  it("keep the partner's name beside the partner's prefix", () => {
    const { _family } = nameOf("Quill&&&van&Other^Ada") as HumanName & { _family: { extension: unknown[] } };
    expect(_family.extension).toHaveLength(2);
  });

  it.each([
    ["L", "official"],
    ["D", "usual"],
    ["M", "maiden"],
    ["N", "nickname"],
    ["BAD", "old"],
    ["MSK", "anonymous"],
    ["NAV", "temp"],
  ])("are of use %s: %s", (code, use) => {
    expect(nameOf(`Quill^Ada^^^^^${code}`).use).toBe(use);
  });

  it.each(["CURRENT", "HOME", "A", "S"])("have no use where FHIR has none for %s: the binding is required", (code) => {
    expect(nameOf(`Quill^Ada^^^^^${code}`)).toEqual({ family: "Quill", given: ["Ada"] });
  });

  it("are none without a family or given name", () => {
    expect(readType("XPN[HumanName]", "^^^^^^L").value).toBeUndefined();
  });

  it("stand in the order that XPN.11 asks for where they are one text", () => {
    expect(readType("XPN[string]", "Quill^Ada^B^Jr^Dr").value).toBe("Dr Ada B Quill Jr");
    expect(readType("XPN[string]", "Quill^Ada^B^Jr^Dr^^^^^^F").value).toBe("Dr Quill B Ada Jr");
  });

  it("do not keep an assembly order that the extension does not know", () => {
    expect(nameOf("Quill^Ada^^^^^^^^^X")).not.toHaveProperty("extension");
  });
});

describe("telecommunication (XTN)", () => {
  it.each([
    ["(312)555-0100^PRN^PH", "(312)555-0100"],
    ["(312)555-0100^PRN^PH^^1^312^5550100", "+1 312 5550100"],
    ["^PRN^PH^^1^312^5550100^12", "+1 312 5550100 X12"],
    ["^PRN^PH^^^312^5550100", "312 5550100"],
    ["^PRN^PH^^^312^5550100^12", "312 5550100 X12"],
    ["^PRN^PH^^^^5550100", "5550100"],
    ["(312)555-0100^PRN^PH^^^^^^^^^3125550100", "3125550100"],
    ["^PRN^PH^^+1^312^5550100", "+1 312 5550100"],
  ])("reads the number of %s", (text, value) => {
    expect(telecomOf(text)).toMatchObject({ system: "phone", value });
  });

  it.each([
    ["^NET^Internet^ann@west.example", "ann@west.example"],
    ["ann@west.example^NET^Internet", "ann@west.example"],
    ["ann@west.example^NET", "ann@west.example"],
    ["^^^ann@west.example", "ann@west.example"],
    ["^PRN^PH^ann@west.example", "ann@west.example"],
    ["^NET^X.400^ann@west.example", "ann@west.example"],
  ])("reads the mail address of %s", (text, value) => {
    expect(telecomOf(text)).toMatchObject({ system: "email", value });
  });

  it.each(["^PRN^PH", "^PRN^PH^^1", "^PRN^PH^^1^312", "^^^^^^^^anything"])("makes nothing of the half-filled %s", (text) => {
    expect(telecomOf(text)).toBeUndefined();
  });

  it.each([
    ["PRN", "home"],
    ["WPN", "work"],
    ["PRS", "mobile"],
  ])("has the use of %s: %s", (code, use) => {
    expect(telecomOf(`555^${code}^PH`)?.use).toBe(use);
  });

  it.each(["ORN", "VHN", "EMR", "X"])("has no use where FHIR has none for %s", (code) => {
    expect(telecomOf(`555^${code}^PH`)).not.toHaveProperty("use");
  });

  it("is mobile for a cellular telephone, which is a phone", () => {
    expect(telecomOf("555^PRN^CP")).toMatchObject({ system: "phone", use: "mobile" });
  });

  it.each([
    ["FX", "fax"],
    ["BP", "pager"],
    ["MD", "other"],
    ["", "phone"],
    ["WHAT", "phone"],
  ])("has a system that FHIR knows for %s: %s", (code, system) => {
    expect(telecomOf(`555^PRN^${code}`)?.system).toBe(system);
  });

  it("is valid in all its forms", () => {
    const telecom = ["^PRN^PH^^1^312^5550100^12", "^NET^Internet^ann@west.example"].map((text) => telecomOf(text) ?? {});
    expect(faultsOf({ resourceType: "Patient", telecom })).toEqual([]);
  });
});

describe("addresses (XAD)", () => {
  it("have a line for each part of the street and one for the rest", () => {
    expect(addressOf("1 Elm&Elm&1^Apt 2^Town^IL^60601^USA").line).toEqual(["1 Elm", "Elm", "1", "Apt 2"]);
  });

  it.each([
    ["H", { use: "home" }],
    ["B", { use: "work" }],
    ["O", { use: "work" }],
    ["C", { use: "temp" }],
    ["BA", { use: "old" }],
    ["BI", { use: "billing" }],
    ["M", { type: "postal" }],
    ["SH", { type: "postal" }],
  ])("say of %s either a use or a type", (code, wanted) => {
    expect(addressOf(`1 Elm^^Town^^^^${code}`)).toEqual({ ...wanted, line: ["1 Elm"], city: "Town" });
  });

  it("keep a code that is neither as an extension", () => {
    const { use, type, extension } = addressOf("1 Elm^^Town^^^^BR");
    expect({ use, type }).toEqual({ use: undefined, type: undefined });
    expect(extension?.[0]?.valueCodeableConcept?.coding).toEqual([{ system: "http://terminology.hl7.org/CodeSystem/v2-0190", code: "BR" }]);
  });

  it("take the county whether it is a code with a text or a text alone", () => {
    expect(addressOf("^^Town^^^^^^Cook").district).toBe("Cook");
    expect(addressOf("^^Town^^^^^^031&Cook County").district).toBe("Cook County");
  });

  it("take the period from its two ends before the range", () => {
    expect(addressOf("1 Elm^^Town^^^^^^^^^20200101&20210101^20200102").period).toEqual({ start: "2020-01-02", end: "2021-01-01" });
  });
});
