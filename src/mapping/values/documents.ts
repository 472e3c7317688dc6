import { unescape } from "#src/hl7v2/escapes.ts";
import type { Segment, Value } from "#src/hl7v2/message.ts";
import { type Frame, placeOf, warn } from "../scope.ts";
import type { Gather, Gathered, ValueType } from "./value-type.ts";

const TEXT_TYPES = new Set(["", "TX", "FT", "ST", "CE", "CWE", "NM", "DT", "TS", "DTM"]);
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HEX = /^[0-9A-Fa-f]+$/;
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

/** The data of an ED in base64, by ED.4 (table 0299). Line breaks in it are the sender's; what does not decode is left out with a warning. */
function dataOf(value: Value, source: string, frame: Frame): string | undefined {
  const written = value.part(5).text;
  if (written === "") return undefined;
  const encoding = value.part(4).text.toUpperCase();
  if (encoding !== "BASE64" && encoding !== "HEX") return asBase64(written);
  const data = written.replace(/\s+/g, "");
  if (encoding === "HEX" && data.length % 2 === 0 && HEX.test(data)) return Buffer.from(data, "hex").toString("base64");
  if (encoding === "BASE64" && data.length % 4 === 0 && BASE64.test(data)) return data;
  warn(frame.scope, "VALUE_NOT_VALID", source);
  return undefined;
}

/** Encapsulated data (ED, v2.5.1 ch. 2A.24). */
function attachmentOf(value: Value, source: string, frame: Frame): Gathered | undefined {
  const data = dataOf(value, source, frame);
  return data === undefined
    ? undefined
    : { value: { attachment: { contentType: mediaType(value.part(2).text, value.part(3).text), data } }, source };
}

/** Media type of an ED, from ED.2 and ED.3. */
const encapsulatedType: Gather = (frame) => [
  { value: mediaType(frame.value.part(2).text, frame.value.part(3).text), source: `${placeOf(frame)}.3` },
];
/** Data of an ED. */
const encapsulatedData: Gather = (frame) => {
  const source = `${placeOf(frame)}.5`;
  const data = dataOf(frame.value, source, frame);
  return data === undefined ? [] : [{ value: data, source }];
};
/** An address begins with a scheme (RFC 3986, 3.1); one letter is the drive of a path. */
const ADDRESS = /^[A-Za-z][A-Za-z0-9+.-]+:/;

interface Pointed {
  readonly contentType?: string;
  readonly url?: string;
  /** The pointer itself, where only the sender's system can follow it. */
  readonly title?: string;
}

/** What a reference pointer says (RP, v2.5.1 ch. 2A.65): its media type from RP.3 and RP.4, and its pointer. */
function pointedAt(value: Value): Pointed {
  const pointer = value.text;
  const [type, subtype] = [value.part(3).text, value.part(4).text];
  return {
    ...(type === "" && subtype === "" ? {} : { contentType: mediaType(type, subtype) }),
    ...(ADDRESS.test(pointer) ? { url: pointer.replace(/\s+/g, "%20") } : pointer === "" ? {} : { title: pointer }),
  };
}

const pointed =
  (member: keyof Pointed, component: number): Gather =>
  (frame) => {
    const value = pointedAt(frame.value)[member];
    return value === undefined ? [] : [{ value, source: `${placeOf(frame)}.${component}` }];
  };
/** Media type of what an RP points at. */
const pointedType = pointed("contentType", 3);
/** Address that an RP points at. */
const pointedAddress = pointed("url", 1);
/** Pointer of an RP that is no address. */
const pointedName = pointed("title", 1);

/** One line of text each repetition, with all its characters: a `^` in free text is not a component. */
const linesOf = (segment: Segment, frame: Frame): readonly string[] =>
  segment.repetitions(5).map((value) => (value.isNull ? "" : unescape(value.raw, frame.scope.message.delimiters).trimEnd()));

/** Where the lines of a text stand: those that are empty say nothing. */
function placesOf(texts: readonly Segment[]): Pick<Gathered, "source" | "also"> {
  const [source, ...also] = texts.filter((segment) => segment.field(5).valued).map(({ index }) => `OBX(${index})-5`);
  return source === undefined ? {} : { source, also };
}

const titleOf = ({ segment }: Frame): string => segment.field(16).text || segment.field(25).text;

/** The content of a document: all text of its OBX as one text in order, then each encapsulated file and each pointer (RP). None without OBX. */
const documentContent: Gather = (frame) => {
  const lines: string[] = [];
  const files: Gathered[] = [];
  const texts: Segment[] = [];
  for (const segment of frame.scope.message.all("OBX")) {
    const source = `OBX(${segment.index})-5`;
    const type = segment.field(2).text.toUpperCase();
    if (type === "ED") {
      for (const value of segment.repetitions(5)) {
        const file = attachmentOf(value, source, frame);
        if (file !== undefined) files.push(file);
      }
    } else if (type === "RP") {
      for (const value of segment.repetitions(5)) if (value.text !== "") files.push({ value: { attachment: pointedAt(value) }, source });
    } else if (TEXT_TYPES.has(type)) {
      texts.push(segment);
      // An empty OBX-5 is an empty line of the text.
      const written = linesOf(segment, frame);
      lines.push(...(written.length === 0 ? [""] : written));
    }
  }
  const text = lines.join("\n");
  const title = titleOf(frame);
  const contents: Gathered[] = [];
  if (text.trim() !== "")
    contents.push({
      value: { attachment: { contentType: "text/plain", data: asBase64(text), ...(title === "" ? {} : { title }) } },
      ...placesOf(texts),
    });
  return [...contents, ...files];
};

/** An entry that says that the message brought no content. */
const noContent: Gather = (frame) => {
  if (frame.building.root["content"] !== undefined) return [];
  const title = titleOf(frame);
  const value = { attachment: { ...(title === "" ? {} : { title }), contentType: "text/plain" } };
  return [title === "" ? { value } : { value, source: frame.segment.field(16).text === "" ? "TXA-25" : "TXA-16" }];
};

/** The OBX of one order: those after the segment, before the next of its name or the next ORC. */
function observationsOf({ scope: { message }, segment }: Frame): readonly Segment[] {
  const end = [...message.all(segment.name), ...message.all("ORC")]
    .map(({ position }) => position)
    .filter((position) => position > segment.position);
  const until = Math.min(Number.POSITIVE_INFINITY, ...end);
  return message.all("OBX").filter(({ position }) => position > segment.position && position < until);
}

/** A report as a whole: its text lines (TX, FT) as one text, then each file. None when it has neither. */
const reportForms: Gather = (frame) => {
  const own = observationsOf(frame);
  const typed = (...types: string[]): readonly Segment[] => own.filter((segment) => types.includes(segment.field(2).text.toUpperCase()));
  const texts = typed("TX", "FT");
  const text = texts
    .flatMap((segment) => {
      const lines = linesOf(segment, frame);
      return lines.length === 0 ? [""] : lines;
    })
    .join("\n");
  const whole = text.trim() === "" ? [] : [{ value: { contentType: "text/plain", data: asBase64(text) }, ...placesOf(texts) }];
  const files = typed("ED").flatMap((segment) =>
    segment.repetitions(5).flatMap((value) => {
      const source = `OBX(${segment.index})-5`;
      const data = dataOf(value, source, frame);
      return data === undefined ? [] : [{ value: { contentType: mediaType(value.part(2).text, value.part(3).text), data }, source }];
    }),
  );
  return [...whole, ...files];
};

/** A text as the base64 of its UTF-8 form, with all its characters. */
const textBase64: ValueType = {
  read: (value, spot) => {
    const text = value.isNull ? "" : unescape(value.raw, spot.frame.scope.message.delimiters).trimEnd();
    return text === "" ? undefined : asBase64(text);
  },
};

export const DOCUMENT_TYPES: Readonly<Record<string, ValueType>> = { textBase64 };
export const DOCUMENT_GATHERS: Readonly<Record<string, Gather>> = {
  documentContent,
  noContent,
  encapsulatedType,
  encapsulatedData,
  pointedType,
  pointedAddress,
  pointedName,
  reportForms,
};
