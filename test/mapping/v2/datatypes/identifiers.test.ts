import type { Condition, Identifier, MessageHeader, Organization, Practitioner, PractitionerRole, Reference } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { madeOf, readType } from "./read-type.ts";

const cx = (text: string): Identifier => readType("CX[Identifier]", text).value as Identifier;

describe("identifiers (CX, EI)", () => {
  it("have the authority as system and its name as assigner", () => {
    expect(cx("778899^^^WEST^MR")).toMatchObject({
      system: "urn:chartbridge:authority:WEST",
      value: "778899",
      assigner: { display: "WEST" },
    });
  });

  it("take an OID or UUID for the system, and then name no assigner", () => {
    expect(cx("1^^^WEST&2.16.840.1.113883.3.9&ISO").system).toBe("urn:oid:2.16.840.1.113883.3.9");
    expect(cx("1^^^&0e984725-c51c-4bf4-9960-e1c80e27aba0&UUID").system).toBe("urn:uuid:0e984725-c51c-4bf4-9960-e1c80e27aba0");
    expect(cx("1^^^WEST&2.16.840.1.113883.3.9&ISO")).not.toHaveProperty("assigner");
  });

  it("take the feed's authority where they name none", () => {
    expect(cx("778899")).toEqual({ system: "urn:chartbridge:authority:WEST", value: "778899" });
  });

  it("know the authorities of registries", () => {
    expect(cx("1234567893^^^NPI")).toEqual({ system: "http://hl7.org/fhir/sid/us-npi", value: "1234567893" });
  });

  it("have a type with its system, but a local type without one", () => {
    expect(cx("1^^^WEST^MR").type?.coding?.[0]).toMatchObject({ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" });
    expect(cx("1^^^WEST^HOSPNO").type).toEqual({ coding: [{ code: "HOSPNO" }] });
  });

  it("are none without a number, whatever else is there", () => {
    expect(readType("CX[Identifier]", "^^^WEST^MR").value).toBeUndefined();
    expect(readType("EI[Identifier-Extension]", "^WEST").value).toBeUndefined();
  });

  it("prefer the OID of an EI to its namespace", () => {
    const ei = (text: string) => (readType("EI[Identifier-System]", text).value as Identifier).system;
    expect(ei("A1^WEST^2.16.840.1.113883.3.9^ISO")).toBe("urn:oid:2.16.840.1.113883.3.9");
    expect(ei("A1^WEST^west.example^DNS")).toBe("urn:chartbridge:authority:WEST");
    expect(ei("A1^^west.example^DNS")).toBe("urn:chartbridge:authority:west.example");
    expect(ei("A1")).toBe("urn:chartbridge:authority:WEST");
  });

  it("name the placer's and the filler's half of an EIP", () => {
    expect(readType("EIP[Identifier-FillerAssignedIdentifier]", "P1&WEST^F1&LAB").value).toMatchObject({
      system: "urn:chartbridge:authority:LAB",
      value: "F1",
      type: { coding: [{ code: "FGN" }] },
    });
    expect(readType("EIP[Identifier-FillerAssignedIdentifier]", "P1").value).toBeUndefined();
  });

  it("make one condition of a number, with its patient", () => {
    expect(madeOf<Condition>("EI[Condition]", "D1^WEST")).toMatchObject({
      identifier: [{ value: "D1" }],
      subject: { reference: expect.stringMatching(/^Patient\//) },
    });
  });
});

describe("persons with a number (XCN)", () => {
  it("become a practitioner, and a reference that shows the name", () => {
    const { value, made } = readType("XCN[Practitioner]", "7001^Stone^Rae^^^Dr^MD^^WEST");
    expect(value).toEqual({ reference: `Practitioner/${made[0]?.id}`, display: "Rae Stone" });
    expect(made[0]).toMatchObject({
      identifier: [{ system: "urn:chartbridge:authority:WEST", value: "7001" }],
      name: [{ family: "Stone", given: ["Rae"], prefix: ["Dr"] }],
      qualification: [{ code: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0360", code: "MD" }] } }],
    });
  });

  it("stay a name in the reference without a number", () => {
    expect(readType("XCN[Practitioner]", "^Stone^Rae")).toMatchObject({ value: { display: "Rae Stone" }, made: [] });
  });

  it("have the system of the National Provider Identifier when XCN.13 says so, whoever lists it", () => {
    const { identifier } = madeOf<Practitioner>("XCN[Practitioner]", "1234567893^Stone^Rae^^^^^^WEST^^^^NPI");
    expect(identifier?.[0]?.system).toBe("http://hl7.org/fhir/sid/us-npi");
  });

  it("make a role that points at the practitioner", () => {
    const { made } = readType("XCN[PractitionerRole]", "7001^Stone^Rae^^^^^^WEST");
    const role = made.find((one): one is PractitionerRole => one.resourceType === "PractitionerRole");
    const practitioner = made.find((one) => one.resourceType === "Practitioner");
    expect(role?.practitioner).toEqual({ reference: `Practitioner/${practitioner?.id}`, display: "Rae Stone" });
  });

  it("have no suffix after a bracket that the guide misplaced, but the degree itself", () => {
    expect(madeOf<Practitioner>("XCN[Patient]", "7001^Stone^Rae^^^^MD^^WEST")).toMatchObject({ name: [{ suffix: ["MD"] }] });
  });
});

describe("organizations and applications (XON, HD)", () => {
  it("take the newer number of an XON before the older", () => {
    const of = (text: string) => madeOf<Organization>("XON[Organization]", text).identifier?.[0]?.value;
    expect(of("West Clinic^L^12^^^WEST^XX^^^34")).toBe("34");
    expect(of("West Clinic^L^12^^^WEST^XX")).toBe("12");
  });

  it("know an organization by its name when it has no number, and show the name", () => {
    const { value, made } = readType("XON[Organization]", "West Clinic");
    expect((value as Reference).display).toBe("West Clinic");
    expect(made[0]).toMatchObject({ name: "West Clinic" });
    expect(made[0]).not.toHaveProperty("identifier");
  });

  it("write a universal id as a URI in the system of URIs", () => {
    expect(madeOf<Organization>("HD[Organization]", "WEST^2.16.840.1.113883.3.9^ISO").identifier?.[1]).toMatchObject({
      system: "urn:ietf:rfc:3986",
      value: "urn:oid:2.16.840.1.113883.3.9",
    });
  });

  it.each([
    ["EHR^2.16.840.1.113883.3.9^ISO", "urn:oid:2.16.840.1.113883.3.9"],
    ["EHR^http://west.example^URI", "http://west.example"],
    ["EHR^west.example^DNS", "urn:dns:west.example"],
  ])("have the address that %s names", (text, endpoint) => {
    expect(readType("HD[MessageHeader.source-endpoint]", text).value).toEqual({ name: "EHR", endpoint });
  });

  it("say why an application has no address", () => {
    const source = readType("HD[MessageHeader.source-endpoint]", "EHR").value as MessageHeader["source"];
    expect(source).toMatchObject({ name: "EHR", _endpoint: { extension: [{ valueCode: "unknown" }] } });
    expect(source).not.toHaveProperty("endpoint");
  });

  it("write no name as a URI", () => {
    expect(readType("HD[uri]", "WEST").value).toBe("urn:chartbridge:authority:WEST");
  });
});
