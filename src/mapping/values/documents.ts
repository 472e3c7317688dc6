import { unescape } from "#src/hl7v2/escapes.ts";
import type { Segment, Value } from "#src/hl7v2/message.ts";
import { type Frame, warn } from "../scope.ts";
import type { Gather, Gathered } from "./value-type.ts";

const TEXT_TYPES = new Set(["", "TX", "FT", "ST", "CE", "CWE", "NM", "DT", "TS", "DTM"]);
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const asBase64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

/** Media types of ED.2 and ED.3 (tables 0191, 0291). */
const MEDIA: Readonly<Record<string, string>> = {
  PDF: "application/pdf",
  RTF: "application/rtf",
  HTML: "text/html",
  XML: "text/xml",
  TEXT: "text/plain",
  PLAIN: "text/plain",
  JPEG: "image/jpeg",
  PNG: "image/png",
  TIFF: "image/tiff",
  GIF: "image/gif",
  DICOM: "application/dicom",
  MSWORD: "application/msword",
};

function mediaType(type: string, subtype: string): string {
  const known = MEDIA[subtype.toUpperCase()] ?? MEDIA[type.toUpperCase()];
  if (known !== undefined) return known;
  return /^(?:application|audio|image|text|video|multipart)$/i.test(type) && /^[\w.+-]+$/.test(subtype)
    ? `${type}/${subtype}`.toLowerCase()
    : "application/octet-stream";
}

/** Encapsulated data (ED, v2.5.1 ch. 2A.24). Line breaks in it are the sender's; what does not decode is left out with a warning. */
function attachmentOf(value: Value, source: string, frame: Frame): Gathered | undefined {
  const written = value.part(5).text;
  if (written === "") return undefined;
  const contentType = mediaType(value.part(2).text, value.part(3).text);
  if (value.part(4).text.toUpperCase() !== "BASE64") return { value: { attachment: { contentType, data: asBase64(written) } }, source };
  const data = written.replace(/\s+/g, "");
  if (data.length % 4 === 0 && BASE64.test(data)) return { value: { attachment: { contentType, data } }, source };
  warn(frame.scope, "VALUE_NOT_VALID", source);
  return undefined;
}

/** One line of text each repetition, with all its characters: a `^` in free text is not a component. */
const linesOf = (segment: Segment, frame: Frame): readonly string[] =>
  segment.repetitions(5).map((value) => (value.isNull ? "" : unescape(value.raw, frame.scope.message.delimiters).trimEnd()));

/**
 * The content of a document: all text of its OBX as one text in order, then each encapsulated file and each address (RP).
 * Without any there is a content entry that says so, for R4 wants one.
 */
const documentContent: Gather = (frame) => {
  const lines: string[] = [];
  const files: Gathered[] = [];
  let firstText: Segment | undefined;
  for (const segment of frame.scope.message.all("OBX")) {
    const source = `OBX(${segment.index})-5`;
    const type = segment.field(2).text.toUpperCase();
    if (type === "ED") {
      for (const value of segment.repetitions(5)) {
        const file = attachmentOf(value, source, frame);
        if (file !== undefined) files.push(file);
      }
    } else if (type === "RP") {
      const url = segment.field(5).part(1).text.replace(/\s+/g, "%20");
      if (url !== "") files.push({ value: { attachment: { url } }, source });
    } else if (TEXT_TYPES.has(type)) {
      firstText ??= segment;
      // An empty OBX-5 is an empty line of the text.
      const written = linesOf(segment, frame);
      lines.push(...(written.length === 0 ? [""] : written));
    }
  }
  const text = lines.join("\n");
  const title = frame.segment.field(16).text || frame.segment.field(25).text;
  const named = title === "" ? {} : { title };
  const contents: Gathered[] = [];
  if (firstText !== undefined && text.trim() !== "")
    contents.push({
      value: { attachment: { contentType: "text/plain", data: asBase64(text), ...named } },
      source: `OBX(${firstText.index})-5`,
    });
  contents.push(...files);
  return contents.length > 0 ? contents : [{ value: { attachment: { ...named, contentType: "text/plain" } }, source: "TXA-16" }];
};

export const DOCUMENT_GATHERS: Readonly<Record<string, Gather>> = { documentContent };
