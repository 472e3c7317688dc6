import type { ChargeItem, Condition, Coverage, Encounter, Observation, Patient, Procedure } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { decode } from "#src/hl7v2/charsets.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { ADMISSION, changed, MAP_FILES, mappedMessage, mappedWith, resourcesOf, segment, SETTINGS, textOf, tryMap } from "./maps.ts";

const { EVN = "", PID = "", PV1 = "" } = ADMISSION;

describe("one segment", () => {
  it("leaves nothing of itself to the next of its name", () => {
    const mapped = mappedWith({
      DG1: [segment("DG1", { 3: "J18.9^P^I10", 5: "20260109", 6: "A", 15: "1", 20: "D1^EHR", 26: "Y" }), "DG1|2||I10^H^I10"].join("\r"),
      PR1: [segment("PR1", { 3: "0DTJ4ZZ^A^I10P", 4: "First", 5: "202601100830", 7: "30", 11: "7002^Ane" }), "PR1|2||0DTJ0ZZ^B^I10P"].join(
        "\r",
      ),
      IN1: [
        segment("IN1", { 1: "1", 3: "P1", 4: "One", 8: "G1", 15: "HM", 16: "Quill^Bo", 17: "SPO", 36: "POL1" }),
        "IN2|EMP",
        "IN1|2||P2|Two",
      ].join("\r"),
    });
    const [, condition] = resourcesOf<Condition>(mapped, "Condition");
    expect(Object.keys(condition ?? {}).sort()).toEqual(["category", "code", "encounter", "id", "resourceType", "subject"]);
    const [, procedure] = resourcesOf<Procedure>(mapped, "Procedure");
    expect(Object.keys(procedure ?? {}).sort()).toEqual(["code", "encounter", "id", "resourceType", "status", "subject"]);
    const [, coverage] = resourcesOf<Coverage>(mapped, "Coverage");
    expect(Object.keys(coverage ?? {}).sort()).toEqual(["beneficiary", "id", "order", "payor", "resourceType", "status"]);
    expect(resourcesOf<Encounter>(mapped, "Encounter")[0]?.diagnosis?.[1]).toEqual({
      condition: { reference: `Condition/${condition?.id}` },
    });
  });

  it("leaves nothing of itself to the next in a group of its own: an order's time, a charge's procedures", () => {
    const ordered = mappedMessage(
      "ORU^R01",
      ...[PID, segment("OBR", { 1: "1", 3: "F1^LAB", 4: "1-1^A^LN", 7: "2026011008" }), "OBX|1|NM|1-1^A^LN||5|mg|1-9|H|||F"],
      ...["OBR|2||F2^LAB|1-2^B^LN", "OBX|1|NM|1-2^B^LN||6||||||F"],
    );
    const [, second] = resourcesOf<Observation>(ordered, "Observation");
    expect(Object.keys(second ?? {}).sort()).toEqual(["code", "id", "resourceType", "status", "subject", "valueQuantity"]);
    expect(second?.valueQuantity).toEqual({ value: 6 });

    const charged = mappedMessage(
      "DFT^P03",
      ...[EVN, PID, PV1, "FT1|1|T1||20260110||CG|4500", "PR1|1||44970^A^CPT", "FT1|2|T2||20260110||CG|4501"],
    );
    expect(resourcesOf<ChargeItem>(charged, "ChargeItem").map(({ service }) => service?.length)).toEqual([1, undefined]);
  });

  it("of a visit's group belongs to that visit: two visits of one account share no diagnosis", () => {
    const mapped = mappedMessage("BAR^P01", EVN, PID, PV1, "DG1|1||J18.9^P^I10", changed("PV1", { 19: "VIS8" }), "DG1|1||I10^H^I10");
    const codes = new Map(resourcesOf<Condition>(mapped, "Condition").map(({ id, code }) => [`Condition/${id}`, code?.coding?.[0]?.code]));
    const visits = resourcesOf<Encounter>(mapped, "Encounter").map(({ identifier, diagnosis }) => [
      identifier?.[0]?.value,
      diagnosis?.map(({ condition }) => codes.get(condition.reference ?? "")),
    ]);
    expect(visits).toEqual([
      ["VIS9", ["J18.9"]],
      ["VIS8", ["I10"]],
    ]);
  });

  it("can be picked by what it holds: a site reads the weight on admission out of the one OBX that has it", () => {
    const site = {
      path: "sites/west.yaml",
      shown: "maps/west.yaml",
      text: [
        "site: west",
        "senders: [{ application: EHR, facility: WEST }]",
        "maps:",
        "  - map: OBX[Encounter]",
        "    into: [Encounter]",
        "    after: OBX[Observation]",
        "    when: { is: { OBX-3.1: 29463-7 } }",
        "    rows:",
        '      - { key: "OBX-5>extension[weight].valueString", beside: { url: "https://west.example/weight" }, guide: added, why: the site bills by it }',
        "",
      ].join("\n"),
    };
    const pack = compileMaps([...MAP_FILES, site]);
    if (!pack.ok) throw new Error(pack.failure.join("\n"));
    const OBX = ["OBX|1|NM|8302-2^Height^LN||170||||||F", "OBX|2|NM|29463-7^Weight^LN||72||||||F", "OBX|3|NM|8867-4^Rate^LN||88||||||F"];
    const mapped = tryMap(textOf({ ...ADMISSION, OBX: OBX.join("\r") }), SETTINGS, pack.value);
    const [visit] = mapped.ok ? resourcesOf<Encounter>(mapped.value, "Encounter") : [];
    expect(visit?.extension).toEqual([{ url: "https://west.example/weight", valueString: "72" }]);
  });
});

describe("the escapes of a text", () => {
  const text = (written: string): string | undefined =>
    resourcesOf<Observation>(
      mappedMessage("ORU^R01", PID, "OBR|1||F1^LAB|1-1^A^LN", `OBX|1|ST|1-1^A^LN||${written}||||||F`),
      "Observation",
    )[0]?.valueString;

  it.each([
    ["a line end in one escape", "a\\X0D0A\\b", "a\r\nb"],
    ["a line end in two", "a\\X0D\\\\X0A\\b", "a\r\nb"],
    ["a letter of two bytes in one escape", "M\\XC3BC\\ller", "Müller"],
    ["a letter of two bytes in two", "M\\XC3\\\\XBC\\ller", "Müller"],
    ["a byte that is no UTF-8", "M\\XFC\\ller", "Müller"],
    ["a delimiter behind the escape character", "a\\E\\\\F\\b", "a\\|b"],
    ["what looks like an escape once decoded", "a\\E\\F\\E\\b", "a\\F\\b"],
    ["a separator, which separates nothing once decoded", "a\\S\\b\\R\\c", "a^b~c"],
    ["one that nobody knows, with the text behind it", "a\\Zxx\\b\\F\\c", "a\\Zxx\\b|c"],
    ["a lone backslash, with the text behind it", "C:\\temp and \\T\\ more", "C:\\temp and & more"],
    ["half a byte", "a\\X0\\b", "a\\X0\\b"],
  ])("are decoded after splitting, and once: %s", (_, written, wanted) => {
    expect(text(written)).toBe(wanted);
  });
});

describe("the delimiters of a message", () => {
  it.each(["^~\\&", "^~\\&#", "^~\\", "^~"])("are those that MSH-2 declares: %s", (declared) => {
    const mapped = tryMap(textOf({ ...ADMISSION, MSH: changed("MSH", { 1: declared }) }));
    const [patient] = mapped.ok ? resourcesOf<Patient>(mapped.value, "Patient") : [];
    expect(patient).toMatchObject({ identifier: [{ value: "778899" }], name: [{ family: "Quill", given: ["Ada", "B"] }] });
  });
});

describe("the characters of a message", () => {
  const message = (charset: string): string =>
    textOf({ ...ADMISSION, MSH: changed("MSH", { 17: charset }), PID: changed("PID", { 5: "Müller^Ada" }) });
  const family = (bytes: Buffer): string | undefined => {
    const header = readHeader(bytes);
    const decoded = header.ok ? decode(bytes, header.value.charsets) : undefined;
    const mapped = decoded?.ok === true ? tryMap(decoded.value.text) : undefined;
    return mapped?.ok === true ? resourcesOf<Patient>(mapped.value, "Patient")[0]?.name?.[0]?.family : undefined;
  };

  it.each([
    ["UTF-8 without a name", "", "utf8"],
    ["Windows-1252 without a name", "", "latin1"],
    ["UTF-8", "UNICODE UTF-8", "utf8"],
    ["ISO 8859-1", "8859/1", "latin1"],
    ["the first of several sets", "8859/1~UNICODE UTF-8", "latin1"],
    ["ISO 8859-1 that says it is UTF-8", "UNICODE UTF-8", "latin1"],
    ["UTF-8 that says it is ASCII", "ASCII", "utf8"],
  ] as const)("are read of the whole message by what its header says: %s", (_, charset, encoding) => {
    expect(family(Buffer.from(message(charset), encoding))).toBe("Müller");
  });

  it("are read behind a byte order mark", () => {
    expect(family(Buffer.from(`\ufeff${message("UNICODE UTF-8")}`))).toBe("Müller");
  });
});
