import type { ChargeItem, DocumentReference } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { LATE_MESSAGES } from "#src/worklist/late-messages.ts";
import { ADMISSION, mappedWith, mapWith, resourcesOf, withField } from "./maps.ts";

const as = (type: string): { readonly MSH: string; readonly EVN: string; readonly DG1: string } => ({
  MSH: (ADMISSION["MSH"] ?? "").replace("ADT^A01^ADT_A01", type),
  EVN: `EVN|${type.slice(4, 7)}|20260110090000`,
  DG1: "",
});
const charge = (fields: Readonly<Record<number, string>>): string =>
  Object.entries({ 1: "1", 2: "T1", 4: "20260110", 6: "CG", 7: "4500^Visit", 10: "2", 11: "100.50&USD", ...fields }).reduce(
    (line, [n, value]) => withField(line, Number(n), value),
    "FT1",
  );
const charges = (...lines: readonly string[]): ChargeItem[] => {
  const items = resourcesOf<ChargeItem>(mappedWith({ ...as("DFT^P03"), FT1: lines.join("\r") }), "ChargeItem");
  expect(items.flatMap(faultsOf)).toEqual([]);
  return items;
};

describe("charges", () => {
  it("have the site's charge code, the procedure code beside it, and the total price", () => {
    const [item] = charges(charge({ 25: "G0463^Visit^HCPCS", 26: "25~59" }));
    expect(item).toMatchObject({ status: "billable", quantity: { value: 2 }, priceOverride: { value: 100.5, currency: "USD" } });
    expect(item?.code.coding?.map(({ system, code }) => `${system} ${code}`)).toEqual([
      "urn:chartbridge:charge-code:WEST 4500",
      "urn:oid:2.16.840.1.113883.6.285 G0463",
    ]);
    expect(item?.extension?.map(({ valueCode }) => valueCode)).toEqual(["25", "59"]);
  });

  it("tell CPT from HCPCS Level II by the form of the code", () => {
    const [item] = charges(charge({ 25: "99283^ED visit^HCPCS" }));
    expect(item?.code.coding?.[1]).toMatchObject({ system: "http://www.ama-assn.org/go/cpt", code: "99283" });
  });

  it("are priced by unit price and quantity when no total is sent", () => {
    expect(charges(charge({ 10: "3", 11: "", 12: "10.125" }))[0]?.priceOverride?.value).toBe(30.38);
  });

  it.each([
    ["100.", 100],
    [".50", 0.5],
  ])("may write their amount with a point at its end or its beginning: %s", (written, value) => {
    expect(charges(charge({ 11: written }))[0]?.priceOverride?.value).toBe(value);
    expect(charges(charge({ 10: written }))[0]?.quantity?.value).toBe(value);
  });

  it("sum to nothing with the credit that takes them back, also under the same number", () => {
    const items = charges(charge({}), charge({ 6: "CD" }));
    expect(items).toHaveLength(2);
    expect(items.reduce((sum, item) => sum + (item.priceOverride?.value ?? 0), 0)).toBe(0);
    expect(items[1]?.quantity?.value).toBe(-2);
  });

  it("do not fall together when a sender repeats a transaction number", () => {
    const items = charges(charge({}), charge({ 7: "4501^Other" }));
    expect(new Set(items.map(({ id }) => id)).size).toBe(2);
  });

  it("are not made of payments, adjustments and copayments", () => {
    expect(charges(charge({ 6: "PY" }), charge({ 6: "AJ" }), charge({ 6: "CO" }))).toEqual([]);
  });

  it("are made of the transactions that the table of late messages calls charges and credits, and of no others that it names", () => {
    const kinds = (text: string): readonly string[] => text.match(/\b[A-Z]{2}\b/g) ?? [];
    const [credits = "", others = ""] = LATE_MESSAGES.credit.message.split(";");
    const [counted, left] = [[...kinds(LATE_MESSAGES.charge.message), ...kinds(credits)], kinds(others)];
    expect([counted, left]).toEqual([
      ["CG", "CD"],
      ["PY", "AJ", "CO"],
    ]);
    for (const kind of counted) expect(charges(charge({ 6: kind }))).toHaveLength(1);
    for (const kind of left) expect(charges(charge({ 6: kind }))).toEqual([]);
  });

  it("are kept when FT1-6 says a code that is not known or nothing, and the message has a warning there", () => {
    const mapped = mappedWith({
      ...as("DFT^P03"),
      FT1: [charge({}), charge({ 2: "T2", 6: "DEBIT" }), charge({ 2: "T3", 6: "" })].join("\r"),
    });
    expect(resourcesOf<ChargeItem>(mapped, "ChargeItem").map(({ status }) => status)).toEqual(["billable", "billable", "billable"]);
    expect(mapped.warnings).toEqual([
      { code: "CODE_UNMAPPED", place: "FT1(2)-6", detail: "the code is not in table transaction-type" },
      { code: "REQUIRED_FIELD_MISSING", place: "FT1(3)-6" },
    ]);
    expect(mapped.unmapped).toEqual([{ table: "transaction-type", code: "DEBIT", place: "FT1(2)-6" }]);
  });

  it("are not warned of for a charge or a credit", () => {
    const lines = ["CG", "CD", "CR", "C", "cg"].map((kind, at) => charge({ 2: `T${at}`, 6: kind }));
    expect(mappedWith({ ...as("DFT^P03"), FT1: lines.join("\r") }).warnings).toEqual([]);
  });

  it("fail as a message when there is none", () => {
    expect(mapWith(as("DFT^P03"))).toEqual({ ok: false, failure: { code: "SEGMENT_MISSING", place: "FT1" } });
  });

  it("have the notes that follow them, and not those of a payment", () => {
    const items = charges(
      charge({}),
      "NTE|1||start 09:10",
      "NTE|2||stop 10:05",
      charge({ 2: "T2" }),
      charge({ 6: "PY" }),
      "NTE|1||at the desk",
    );
    expect(items.map(({ note }) => note)).toEqual([[{ text: "start 09:10" }, { text: "stop 10:05" }], undefined]);
  });

  it("warn of an amount that is none, and keep the charge", () => {
    const mapped = mappedWith({ ...as("DFT^P03"), FT1: charge({ 11: "a lot" }) });
    expect(mapped.warnings).toEqual([{ code: "VALUE_NOT_VALID", place: "FT1(1)-11" }]);
    expect(resourcesOf<ChargeItem>(mapped, "ChargeItem")).toHaveLength(1);
  });

  it("say nothing of the visit unless the patient has left", () => {
    const FT1 = charge({});
    expect(mappedWith({ ...as("DFT^P03"), FT1 }).resources.map(({ resource }) => resource.resourceType)).not.toContain("Encounter");
    const PV1 = withField(ADMISSION["PV1"] ?? "", 45, "20260112");
    expect(mappedWith({ ...as("DFT^P03"), PV1, FT1 }).resources.map(({ resource }) => resource.resourceType)).toContain("Encounter");
  });
});

describe("documents", () => {
  const TXA = "TXA|1|DS|TX|20260110||20260110093000|||7001^Stone^Rae|||DOC1^EHR|||||LA||AV";
  const documentWith = (OBX: string, txa = TXA): DocumentReference | undefined => {
    const [document] = resourcesOf<DocumentReference>(mappedWith({ ...as("MDM^T02"), TXA: txa, OBX }), "DocumentReference");
    expect(document === undefined ? ["none"] : faultsOf(document)).toEqual([]);
    return document;
  };
  const textOf = (document: DocumentReference | undefined): string =>
    Buffer.from(document?.content[0]?.attachment.data ?? "", "base64").toString();

  it("join their lines, with all characters of the text and its empty lines", () => {
    const document = documentWith("OBX|1|TX|18842-5^Summary^LN||Fever ^ chills & cough\rOBX|2|TX|||\rOBX|3|TX|||a\\T\\b~c");
    expect(textOf(document)).toBe("Fever ^ chills & cough\n\na&b\nc");
    expect(document?.content[0]?.attachment.contentType).toBe("text/plain");
  });

  it("name every line that their text is made of", () => {
    const TXA = "TXA|1|DS|TX|20260110|||||||||DOC1|||||AU";
    const OBX = ["OBX|1|TX|1^A||one||||||F", "OBX|2|TX|1^A||||||||F", "OBX|3|TX|1^A||two||||||F"].join("\r");
    const { lineage } = mappedWith({ ...as("MDM^T02"), TXA, OBX });
    expect(
      lineage
        .filter(({ source }) => source?.startsWith("OBX") === true && source.endsWith("-5"))
        .map(({ source, target }) => [source, target]),
    ).toEqual([
      ["OBX(1)-5", "DocumentReference.content[0]"],
      ["OBX(3)-5", "DocumentReference.content[0]"],
    ]);
  });

  it("are typed by TXA-2 and by the LOINC code of OBX-3", () => {
    const document = documentWith("OBX|1|TX|18842-5^Summary^LN||x");
    expect(document?.type?.coding?.map(({ code }) => code)).toEqual(["DS", "18842-5"]);
    expect(document).toMatchObject({ status: "current", docStatus: "final", date: "2026-01-10T09:30:00-06:00" });
  });

  it("keep a file as it was encoded", () => {
    const document = documentWith("OBX|1|ED|||^application^PDF^Base64^JVBERi0xLjQ=");
    expect(document?.content[0]?.attachment).toMatchObject({ contentType: "application/pdf", data: "JVBERi0xLjQ=" });
  });

  it("name the kind of what they point at, and every one of the pointers", () => {
    const document = documentWith("OBX|1|RP|||http://west.example/a.pdf^EHR^AP^PDF~IMG-7^PACS^Image^JPEG");
    expect(document?.content.map(({ attachment }) => attachment)).toEqual([
      { contentType: "application/pdf", url: "http://west.example/a.pdf" },
      { contentType: "image/jpeg", title: "IMG-7" },
    ]);
  });

  it("are superseded when obsolete and valid without any content", () => {
    expect(documentWith("", TXA.replace("AV", "OB"))?.status).toBe("superseded");
  });
});
