import type { Attachment, Location, Reference } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { DATA_TYPES, readType } from "./read-type.ts";

const placesOf = (text: string): readonly Location[] =>
  readType("PL[Location]", text).made.filter((one): one is Location => one.resourceType === "Location");
const kindOf = (one: Location | undefined): string | undefined => one?.physicalType?.coding?.[0]?.code;

describe("places (PL)", () => {
  it("are one location for each level, each part of the one above", () => {
    const made = placesOf("3N^301^A^WEST^^N^B1^F3");
    expect(made.map(kindOf)).toEqual(["si", "bu", "lvl", "wa", "ro", "bd"]);
    expect(made.map(({ name }) => name)).toEqual(["WEST", "B1", "F3", "3N", "301", "A"]);
    expect(made.map(({ partOf }) => partOf?.reference)).toEqual([undefined, ...made.slice(0, -1).map(({ id }) => `Location/${id}`)]);
    expect(made.flatMap((one) => faultsOf(one))).toEqual([]);
  });

  it("leave out levels that are not named", () => {
    const made = placesOf("3N^^A^WEST");
    expect(made.map(kindOf)).toEqual(["si", "wa", "bd"]);
    expect(made[2]?.partOf?.reference).toBe(`Location/${made[1]?.id}`);
  });

  it("tell bed A of one room from bed A of another, and know it again", () => {
    const bed = (text: string) => placesOf(text).find((one) => kindOf(one) === "bd")?.id;
    expect(bed("3N^301^A^WEST")).toBe(bed("3N^301^A^WEST"));
    expect(new Set([bed("3N^301^A^WEST"), bed("3N^302^A^WEST"), bed("4N^301^A^WEST"), bed("3N^301^A^EAST")]).size).toBe(4);
  });

  it("know a room again whether a bed is named or not", () => {
    const room = (text: string) => placesOf(text).find((one) => kindOf(one) === "ro")?.id;
    expect(room("3N^301^A^WEST")).toBe(room("3N^301^^WEST"));
  });

  it("refer to the innermost level and show it in one line", () => {
    const { value, made } = readType("PL[Location]", "3N^301^A^WEST");
    expect(value).toEqual({ reference: `Location/${made.at(-1)?.id}`, display: "3N 301 A" });
  });

  it("stay a text when only described", () => {
    expect(readType("PL[Location]", "^^^^^^^^By the window")).toMatchObject({ value: { display: "By the window" }, made: [] });
  });

  it("give the description and the number to the innermost level", () => {
    const room = placesOf("3N^301^^WEST^^^^^Corner room^L1^EAST").at(-1);
    expect(room).toMatchObject({ description: "Corner room" });
    expect(room?.identifier?.[1]).toEqual({ system: "urn:chartbridge:authority:EAST", value: "L1", assigner: { display: "EAST" } });
  });

  it("are traced to rows that are there, element by element", () => {
    const { made, lineage } = readType("PL[Location]", "3N^301^A^WEST^^N^B1^F3^By the window^L1&WEST^EAST");
    const rows = new Set(DATA_TYPES.find(({ map }) => map === "PL[Location]")?.rows.map(({ key }) => `PL[Location] ${key}`));
    const ofPlaces = lineage.filter(({ target }) => target.startsWith("Location."));
    expect(ofPlaces.filter(({ row }) => !rows.has(row))).toEqual([]);
    for (const place of made) {
      const traced = new Set(ofPlaces.filter(({ resourceId }) => resourceId === place.id).map(({ target }) => target.split(/[.[]/)[1]));
      expect(Object.keys(place).filter((name) => name !== "resourceType" && name !== "id" && !traced.has(name))).toEqual([]);
    }
    expect(ofPlaces.find(({ target, source }) => target === "Location.name" && /-1(?:\(1\))?\.3$/.test(source ?? ""))).toBeDefined();
  });

  it("are read out of an NDL as well", () => {
    const { made } = readType("NDL[PractitionerRole]", "7001&Stone&Rae&&&&&&WEST^^^3N^301^A^WEST");
    expect(made.map(({ resourceType }) => resourceType).sort()).toEqual([
      "Location",
      "Location",
      "Location",
      "Location",
      "Practitioner",
      "PractitionerRole",
    ]);
  });
});

describe("files and pointers (ED, RP)", () => {
  const file = (text: string): Attachment => readType("ED[Attachment]", text).value as Attachment;
  it("keep base64 and encode the rest", () => {
    expect(file("EHR^AP^PDF^Base64^SGVsbG8=")).toEqual({ contentType: "application/pdf", data: "SGVsbG8=" });
    expect(file("EHR^TEXT^PLAIN^A^Hello")).toEqual({ contentType: "text/plain", data: "SGVsbG8=" });
    expect(file("EHR^TEXT^PLAIN^Hex^48656C6C6F").data).toBe("SGVsbG8=");
  });

  it("leave out data that does not decode and warn", () => {
    const { value, warnings } = readType("ED[Attachment]", "EHR^AP^PDF^Base64^SGVsbG8");
    expect(value).toEqual({ contentType: "application/pdf" });
    expect(warnings).toMatchObject([{ code: "VALUE_NOT_VALID" }]);
  });

  it("point at what lies elsewhere", () => {
    expect(readType("RP[Attachment]", "http://west.example/my file.pdf^EHR^AP^PDF").value).toEqual({
      contentType: "application/pdf",
      url: "http://west.example/my%20file.pdf",
    });
  });

  it("are shown, and never called an address, where only the sender's system can follow them", () => {
    const pointed = (text: string) => readType("RP[Attachment]", text).value;
    expect(pointed("1.2.840.99.7^PACS^AP^PDF")).toEqual({ contentType: "application/pdf", title: "1.2.840.99.7" });
    expect(pointed("C:/scans/7.pdf^EHR")).toEqual({ title: "C:/scans/7.pdf" });
  });

  it("make a document with its patient", () => {
    const { value, made } = readType("ED[DocumentReference]", "EHR^AP^PDF^Base64^SGVsbG8=");
    expect((value as Reference).reference).toBe(`DocumentReference/${made[0]?.id}`);
    expect(made.flatMap((one) => faultsOf(one))).toEqual([]);
  });
});
