import type { DocumentReference } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { mergeResource } from "#src/charts/registers.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { tryMap } from "#test/mapping/v2/maps.ts";

const SUMMARY = "Acute respiratory failure with hypoxia.";
const OBX = `OBX|1|TX|18842-5^Discharge summary^LN||${SUMMARY}||||||F`;

const mdm = (event: string, time: string, completion: string, ...more: readonly string[]): string =>
  [
    `MSH|^~\\&|EHR|NORTH|CB|CB|${time}||MDM^${event}^MDM_T02|${event}${time}|P|2.5.1`,
    `EVN|${event}|${time}`,
    "PID|1||M1^^^NORTH^MR||DOE^JANE||19500101|F||||||||||AD1^^^NORTH",
    "PV1|1|I|A^1^1^NORTH||||||||||||||||VD1^^^NORTH",
    `TXA|1|DS|TX|||||${time}|222^SURG^SAM|||DDOC1^NORTH|||||${completion}||AV`,
    ...more,
  ].join("\r");

/** The document after some messages, in the order in which they came. */
function documentAfter(...messages: readonly string[]): DocumentReference {
  let charted: ReturnType<typeof mergeResource> | undefined;
  for (const text of messages) {
    const mapped = tryMap(text);
    if (!mapped.ok) throw new Error(mapped.failure.code);
    const { resources, eventTime } = mapped.value;
    const one = resources.find(({ resource }) => resource.resourceType === "DocumentReference");
    if (one !== undefined) charted = mergeResource(charted, one, new Date(eventTime ?? 0).toISOString());
  }
  return charted?.resource as DocumentReference;
}
const textOf = ({ content }: DocumentReference): string => Buffer.from(content[0]?.attachment.data ?? "", "base64").toString();

const WRITTEN = mdm("T02", "20260413120000", "DI", OBX);

describe("a notification without content", () => {
  it.each(["T01", "T03", "T11"])("(%s) leaves the text and the LOINC code of the document alone, and says its status", (event) => {
    const document = documentAfter(WRITTEN, mdm(event, "20260414120000", "AU"));
    expect(textOf(document)).toBe(SUMMARY);
    expect(document.type?.coding).toContainEqual(expect.objectContaining({ code: "18842-5" }));
    expect(document.docStatus).toBe("final");
  });

  it("that comes before the text makes way for it, however late the text is", () => {
    const document = documentAfter(mdm("T01", "20260414120000", "AU"), WRITTEN);
    expect(textOf(document)).toBe(SUMMARY);
    expect(document.docStatus).toBe("final");
  });

  it("alone makes a valid document whose text nobody has sent", () => {
    const document = documentAfter(mdm("T01", "20260414120000", "AU"));
    expect(faultsOf(document)).toEqual([]);
    expect(document).toMatchObject({ content: [{ attachment: { contentType: "text/plain" } }], type: { coding: [{ code: "DS" }] } });
  });

  it("does not stand for a new text: an edit with content (T08) replaces the old one", () => {
    const document = documentAfter(WRITTEN, mdm("T08", "20260414120000", "AU", OBX.replace(SUMMARY, "Corrected.")));
    expect(textOf(document)).toBe("Corrected.");
  });
});
