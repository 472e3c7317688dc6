import type { DiagnosticReport, DocumentReference, Observation, ServiceRequest } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { ADMISSION, changed, mappedMessage, mappedWith, resourcesOf, segment } from "./maps.ts";

const { PID = "", PV1 = "" } = ADMISSION;
const ORC = "ORC|RE||F1^LAB";
const OBR = "OBR|1||F1^LAB|24323-8^Panel^LN";
const results = (...segments: readonly string[]) => {
  const mapped = mappedMessage("ORU^R01", PID, ORC, OBR, ...segments);
  const observations = resourcesOf<Observation>(mapped, "Observation");
  expect(observations.flatMap(faultsOf)).toEqual([]);
  return { mapped, observations };
};
const result = (fields: Readonly<Record<number, string>>) => {
  const { mapped, observations } = results(segment("OBX", { 1: "1", 2: "NM", 3: "2345-7^Glucose^LN", 11: "F", ...fields }));
  return { observation: observations[0], warnings: mapped.warnings };
};
const valueOf = (type: string, value: string, unit = ""): unknown => {
  const { observation } = result({ 2: type, 5: value, 6: unit });
  return Object.fromEntries(Object.entries(observation ?? {}).filter(([name]) => name.startsWith("value")));
};
const originalText = (valueString: string) => [{ url: "http://hl7.org/fhir/StructureDefinition/originalText", valueString }];

describe("the value of a result (OBX-5)", () => {
  it.each([
    [">^100", "mg", { valueQuantity: { comparator: ">", value: 100, unit: "mg" } }],
    ["^100", "mg", { valueQuantity: { value: 100, unit: "mg" } }],
    ["^1^:^128", "", { valueRatio: { extension: originalText("1 : 128"), numerator: { value: 1 }, denominator: { value: 128 } } }],
    ["^1^/^2", "", { valueRatio: { extension: originalText("1 / 2"), numerator: { value: 1 }, denominator: { value: 2 } } }],
    [
      "^10^-^20",
      "mg",
      { valueRange: { extension: originalText("10 - 20"), low: { value: 10, unit: "mg" }, high: { value: 20, unit: "mg" } } },
    ],
    ["^2^+", "", { valueString: "2 +" }],
    ["<>^7", "", { valueString: "<> 7" }],
    ["negative", "", { valueString: "negative" }],
  ])("of type SN %s is read by its form", (value, unit, wanted) => {
    expect(valueOf("SN", value, unit)).toEqual(wanted);
  });

  it.each([
    ["<0.5", { comparator: "<", value: 0.5 }],
    [">200", { comparator: ">", value: 200 }],
    ["<=5", { comparator: "<=", value: 5 }],
    [">= 1000", { comparator: ">=", value: 1000 }],
    ["<-5", { comparator: "<", value: -5 }],
    ["<.01", { comparator: "<", value: 0.01 }],
    [".5", { value: 0.5 }],
    ["7.", { value: 7 }],
  ])("of type NM %s is a quantity with its comparator and unit", (value, quantity) => {
    expect(valueOf("NM", value, "ng/mL^^UCUM")).toEqual({
      valueQuantity: { ...quantity, unit: "ng/mL", system: "http://unitsofmeasure.org", code: "ng/mL" },
    });
  });

  const UNIT = { url: "https://chartbridge.dev/fhir/StructureDefinition/observation-unit", valueCodeableConcept: expect.anything() };
  it.each([
    ["NM", "5-10"],
    ["NM", "1,000"],
    ["NM", "positive"],
    ["NM", "5 mg"],
    ["NM", "<"],
    ["NM", "."],
    ["NM", "<> 5"],
    ["ST", "120/80"],
    ["", "seen"],
  ])("of type %s %s is no number: it stays as text, its unit beside it", (type, value) => {
    const { observation } = result({ 2: type, 5: value, 6: "mg" });
    expect(observation?.valueString).toBe(value);
    expect(observation).not.toHaveProperty("valueQuantity");
    expect(Reflect.get(observation ?? {}, "_valueString")).toEqual({ extension: [UNIT] });
  });

  it("without a text has no unit either", () => {
    const { observation } = result({ 2: "ST", 6: "mg" });
    expect(Object.keys(observation ?? {}).filter((name) => name.includes("value"))).toEqual([]);
  });

  it.each([
    ["", "seen", { valueString: "seen" }],
    ["XX", "seen", { valueString: "seen" }],
    ["DT", "20260110", { valueDateTime: "2026-01-10" }],
    ["DT", "202601", { valueDateTime: "2026-01" }],
    ["TM", "0830", { valueTime: "08:30:00" }],
    ["TM", "half past", { valueString: "half past" }],
    ["TS", "2026011008", { valueDateTime: "2026-01-10T08:00:00-06:00" }],
    ["DT", "20261399", { valueString: "20261399" }],
  ])("of type %j %s is what R4 has for it", (type, value, wanted) => {
    expect(valueOf(type, value)).toEqual(wanted);
  });

  it("that repeats is components, each with code and unit, and no value beside them", () => {
    const { observation } = result({ 5: "120~118", 6: "mg" });
    expect(observation?.component?.map(({ code, valueQuantity }) => [code.coding?.[0]?.code, valueQuantity])).toEqual([
      ["2345-7", { value: 120, unit: "mg" }],
      ["2345-7", { value: 118, unit: "mg" }],
    ]);
    expect(observation).not.toHaveProperty("valueQuantity");
  });

  it("that repeats keeps the unit of numbers, of compared numbers and of text", () => {
    const { observation } = result({ 5: "120~<5~trace", 6: "mg" });
    expect(observation?.component?.map((one) => ({ ...one, code: undefined }))).toEqual([
      { valueQuantity: { value: 120, unit: "mg" } },
      { valueQuantity: { comparator: "<", value: 5, unit: "mg" } },
      { valueString: "trace", _valueString: { extension: [UNIT] } },
    ]);
  });
});

describe("the status of a result", () => {
  it.each(["A", "B", "D", "I", "N", "O", "R", "S", "U", "V", "W", "X", "Q"])(
    "of code %s keeps that code, for its own says less",
    (code) => {
      const _status = Reflect.get(result({ 5: "5", 11: code }).observation ?? {}, "_status");
      expect(_status).toEqual({
        extension: [
          {
            url: "http://hl7.org/fhir/StructureDefinition/alternate-codes",
            valueCodeableConcept: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0085", code }] },
          },
        ],
      });
    },
  );

  it("N has a reason for its missing value, and none beside a value", () => {
    const reason = (value: string) => result({ 5: value, 11: "N" }).observation?.dataAbsentReason?.coding?.[0]?.code;
    expect([reason(""), reason("5")]).toEqual(["not-asked", undefined]);
  });

  it.each([
    ["A", "partial"],
    ["M", "preliminary"],
    ["N", "registered"],
    ["Y", "unknown"],
    ["Z", "unknown"],
    ["", "unknown"],
  ])("of a report of code %j is %s: R4 wants one", (code, status) => {
    const mapped = mappedMessage("ORU^R01", PID, segment(OBR, { 25: code }), "OBX|1|NM|2345-7^Glucose^LN||5||||||F");
    const [report] = resourcesOf<DiagnosticReport>(mapped, "DiagnosticReport");
    expect(report?.status).toBe(status);
  });
});

describe("a note (NTE)", () => {
  it("belongs to the segment that it follows, and to no other", () => {
    const { mapped, observations } = results(
      ...["NTE|1||of the order", "OBX|1|NM|1-1^A^LN||5||||||F", "NTE|1||of the first", "OBX|2|NM|1-2^B^LN||6||||||F"],
      ...["OBX|3|NM|1-3^C^LN||7||||||F", "NTE|1||of the third", "NTE|2||and more"],
    );
    expect(observations.map(({ note }) => note?.map(({ text }) => text))).toEqual([
      ["of the first"],
      undefined,
      ["of the third", "and more"],
    ]);
    expect(resourcesOf<ServiceRequest>(mapped, "ServiceRequest")[0]?.note).toEqual([{ text: "of the order" }]);
    expect(resourcesOf<DiagnosticReport>(mapped, "DiagnosticReport")[0]).not.toHaveProperty("extension");
  });

  it("of an order may stand after its diagnosis", () => {
    const mapped = mappedMessage(
      "ORM^O01",
      PID,
      "ORC|NW|O1",
      "OBR|1|O1||1-1^Panel^LN",
      "DG1|1||J18.9^Pneumonia^I10",
      "NTE|1||from the clinic",
    );
    expect(resourcesOf<ServiceRequest>(mapped, "ServiceRequest")[0]?.note).toEqual([{ text: "from the clinic" }]);
  });

  it("after an OBR without an ORC is the report's, for there is no order", () => {
    const mapped = mappedMessage(
      "ORU^R01",
      PID,
      ...["NTE|1||of the patient", OBR, "NTE|1||called to the ward", "NTE|2|", "NTE|3||and read back|||20260110090000"],
      ...["OBX|1|NM|1-1^A^LN||5||||||F", "NTE|1||of the first", "OBR|2||F2^LAB|2-2^Other^LN"],
    );
    const url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.note";
    const reports = resourcesOf<DiagnosticReport>(mapped, "DiagnosticReport");
    expect(reports.flatMap(faultsOf)).toEqual([]);
    expect(reports.map(({ extension }) => extension)).toEqual([
      [
        { url, valueAnnotation: { text: "called to the ward" } },
        { url, valueAnnotation: { text: "and read back", time: "2026-01-10T09:00:00-06:00" } },
      ],
      undefined,
    ]);
  });
});

describe("rows of the guide that share a slot", () => {
  const urls = (extensions: readonly { readonly url?: string }[] | undefined) => extensions?.map(({ url }) => url?.split("/").at(-1));

  it("PV2-8, PV2-9 and PV2-38 each have an extension of their own", () => {
    const mapped = mappedWith({ PV2: segment("PV2", { 8: "20260101", 9: "20260105", 38: "A" }) });
    const visit = mapped.resources.find(({ resource }) => resource.resourceType === "Encounter")?.resource;
    expect(visit).toMatchObject({
      extension: [{ valueDateTime: "2026-01-01" }, { valueDateTime: "2026-01-05" }, { valueCoding: { code: "A" } }],
    });
    expect(visit === undefined ? ["none"] : faultsOf(visit)).toEqual([]);
  });

  it("OBX-10, OBX-19 and OBX-30 each have an extension of their own", () => {
    const { observation } = result({ 5: "5", 10: "A", 19: "2026011008", 30: "GEN" });
    expect(urls(observation?.extension)).toEqual([
      "observation-nature-of-abnormal-test",
      "observation-analysis-date-time",
      "observation-structure-type",
    ]);
  });

  it("PV1-8 is a person who refers, beside the one who attends, and not the address of a code system", () => {
    const mapped = mappedWith({ PV1: changed("PV1", { 8: "7009^Ref^Ann^^^^^^WEST" }) });
    const visit = mapped.resources.find(({ resource }) => resource.resourceType === "Encounter")?.resource;
    expect(visit).toMatchObject({
      participant: [
        { individual: { display: "Rae Stone" }, type: [{ coding: [{ code: "ATND" }] }] },
        { individual: { reference: expect.stringMatching(/^Practitioner\//), display: "Ann Ref" }, type: [{ coding: [{ code: "REF" }] }] },
      ],
    });
  });
});

describe("a document (TXA)", () => {
  const documentOf = (fields: Readonly<Record<number, string>>, ...observations: readonly string[]): DocumentReference | undefined => {
    const TXA = segment("TXA", { 1: "1", 2: "DS", 12: "DOC1^EHR", ...fields });
    const [document] = resourcesOf<DocumentReference>(mappedMessage("MDM^T02", PID, PV1, TXA, ...observations), "DocumentReference");
    expect(document === undefined ? ["none"] : faultsOf(document)).toEqual([]);
    return document;
  };

  it.each([
    ["AV", "current"],
    ["UN", "current"],
    ["OB", "superseded"],
    ["CA", "entered-in-error"],
    ["", "current"],
    ["QQ", "current"],
  ])("of availability %j is %s: R4 wants a status", (code, status) => {
    expect(documentOf({ 19: code })?.status).toBe(status);
  });

  it.each(["CA", "OB", "UN"])("of availability %s keeps that code beside its status", (code) => {
    const _status = Reflect.get(documentOf({ 19: code }) ?? {}, "_status");
    expect(_status).toMatchObject({ extension: [{ valueCodeableConcept: { coding: [{ code }] } }] });
  });

  it.each([
    ["AU", "final"],
    ["LA", "final"],
    ["DI", "preliminary"],
    ["DO", "preliminary"],
    ["IN", "preliminary"],
    ["IP", "preliminary"],
    ["PA", "preliminary"],
    ["QQ", undefined],
  ])("of completion %s is %s: no code of HL7's table gets into the required binding", (code, status) => {
    expect(documentOf({ 17: code })?.docStatus).toBe(status);
  });

  it("has one text of all its lines, then each file and pointer, in their order", () => {
    const attachments = documentOf(
      {},
      ...["OBX|1|TX|11506-3^Note^LN||one", "OBX|2|ED|||EHR^AP^PDF^Base64^JVBE\\X0D0A\\Ri0x", "OBX|3|FT|||two\\.br\\three"],
      ...["OBX|4|RP|||https://west.example/a^EHR^AP^PDF", "OBX|5|ED|||EHR^TEXT^PLAIN^A^Hello"],
    )?.content.map(({ attachment }) => attachment);
    expect(attachments).toEqual([
      { contentType: "text/plain", data: Buffer.from("one\ntwo\nthree").toString("base64") },
      { contentType: "application/pdf", data: "JVBERi0x" },
      { contentType: "application/pdf", url: "https://west.example/a" },
      { contentType: "text/plain", data: "SGVsbG8=" },
    ]);
  });
});
