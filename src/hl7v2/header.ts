import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { isSeparator, readDelimiters } from "./delimiters.ts";

/**
 * MSH as needed to answer, read on bytes (v2.5.1 ch. 2.15.9). Every text is Latin-1: one character a byte, so that
 * what is echoed in the answer equals what was sent byte for byte, whatever the character set.
 */
export interface Header {
  /** MSH-1. */
  readonly fieldSeparator: string;
  /** MSH-2 as sent, 1 to 5 characters. */
  readonly encodingCharacters: string;
  readonly componentSeparator: string;
  /** Raw fields; index n is MSH-n. */
  readonly fields: readonly string[];
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  /** MSH-10, untrimmed. */
  readonly controlId: string;
  /** `ADT^A01`: MSH-9.1 and 9.2 joined with a caret, whatever the sender's separator. */
  readonly messageType: string;
  readonly processingId: string;
  readonly version: string;
  readonly charsets: readonly string[];
}

/** For an answer to nothing at all: an empty frame. */
export const NO_HEADER: Header = {
  fieldSeparator: "|",
  encodingCharacters: "^~\\&",
  componentSeparator: "^",
  fields: ["MSH", "|", "^~\\&"],
  sendingApplication: "",
  sendingFacility: "",
  controlId: "",
  messageType: "",
  processingId: "",
  version: "2.5.1",
  charsets: [],
};

const CR = 0x0d;
const LF = 0x0a;

/** Offset of the next CR or LF. Two native searches of short lines are dearer than one look at each byte, and long ones are rare. */
const lineEnd = (bytes: Buffer, from: number): number => {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === CR || bytes[at] === LF) return at;
  return bytes.length;
};

/** Offset of `MSH` after an optional byte order mark, blank lines and spaces; -1 when something else comes first. */
function headerStart(bytes: Buffer): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[at] === CR || bytes[at] === LF || bytes[at] === 0x20) at++;
  return bytes[at] === 0x4d && bytes[at + 1] === 0x53 && bytes[at + 2] === 0x48 ? at : -1;
}

/**
 * Reads the header of one message. Fails with `MESSAGE_UNREADABLE` when there is no MSH or its delimiters cannot be told apart.
 * A missing MSH-10 or MSH-9 is not a failure here: it is answered by the header checks.
 */
export function readHeader(bytes: Buffer): Result<Header, Failure> {
  const start = headerStart(bytes);
  if (start < 0) return fail({ code: "MESSAGE_UNREADABLE", place: "MSH" });
  const line = bytes.toString("latin1", start, lineEnd(bytes, start));
  const delimiters = readDelimiters(line);
  if (delimiters === undefined) return fail({ code: "MESSAGE_UNREADABLE", place: isSeparator(line[3]) ? "MSH-2" : "MSH-1" });
  const fieldSeparator = delimiters.field;
  const rest = line.slice(4).split(fieldSeparator);
  const encodingCharacters = rest[0] ?? "";
  const fields = ["MSH", fieldSeparator, ...rest];
  const componentSeparator = encodingCharacters[0] ?? "^";
  const repetitionSeparator = encodingCharacters[1];
  const field = (n: number): string => fields[n] ?? "";
  const [type = "", event = ""] = field(9).split(componentSeparator);
  return ok({
    fieldSeparator,
    encodingCharacters,
    componentSeparator,
    fields,
    sendingApplication: field(3),
    sendingFacility: field(4),
    controlId: field(10),
    messageType: event === "" ? type : `${type}^${event}`,
    processingId: field(11).split(componentSeparator)[0] ?? "",
    version: field(12).split(componentSeparator)[0] ?? "",
    charsets: (repetitionSeparator === undefined ? [field(18)] : field(18).split(repetitionSeparator)).filter((name) => name !== ""),
  });
}

/** What the bytes of a message look like, before anything in it is read. */
export interface Shape {
  /** Names of its segments, in order. */
  readonly segments: readonly string[];
  /** How many of them are MSH. */
  readonly headers: number;
  /** It ends within the name of a segment. */
  readonly truncated: boolean;
  /** `LEADING_BYTES` before MSH, `CONTROL_BYTES` in the content, `BROKEN_LINE` where a line is no segment. */
  readonly flags: readonly string[];
}

/** Of ASCII. */
export const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x41 && byte <= 0x5a;
/** What may stand in a segment's name behind its first letter. */
export const isNameByte = (byte: number | undefined): boolean => isUpper(byte) || (byte !== undefined && byte >= 0x30 && byte <= 0x39);

/** Whether a line starts with a segment's name: a letter and two letters or digits, then a separator or the end. */
const isNamed = (bytes: Buffer, at: number, end: number, separator: number): boolean =>
  isUpper(bytes[at]) &&
  isNameByte(bytes[at + 1]) &&
  isNameByte(bytes[at + 2]) &&
  at + 3 <= end &&
  (at + 3 === end || bytes[at + 3] === separator);

/** Looks at every line once, in time linear in the bytes. */
export function readShape(bytes: Buffer, header: Header): Shape {
  const separator = header.fieldSeparator.charCodeAt(0);
  const start = headerStart(bytes);
  const segments: string[] = [];
  let headers = 0;
  let broken = false;
  let truncated = false;
  for (let at = start; at < bytes.length; ) {
    const end = lineEnd(bytes, at);
    if (end > at) {
      const named = isNamed(bytes, at, end, separator);
      if (named) {
        const name = bytes.toString("latin1", at, at + 3);
        segments.push(name);
        if (name === "MSH") headers++;
      } else broken = true;
      // Of the last line that counts: line ends may follow it.
      truncated = !named && end - at < 3 && isUpper(bytes[at]) && (end - at === 1 || isNameByte(bytes[at + 1]));
    }
    at = end + 1;
  }
  const flags = [
    ...(start > 0 ? ["LEADING_BYTES"] : []),
    ...(bytes.includes(0x1c) || bytes.includes(0x0b) ? ["CONTROL_BYTES"] : []),
    ...(broken && !truncated ? ["BROKEN_LINE"] : []),
  ];
  return { segments, headers, truncated, flags };
}

/** First occurrence of a segment, as raw fields (index n is field n); undefined when the message has none. */
export function firstSegment(bytes: Buffer, header: Header, name: string): readonly string[] | undefined {
  const tag = Buffer.from(name + header.fieldSeparator, "latin1");
  for (let at = bytes.indexOf(tag); at >= 0; at = bytes.indexOf(tag, at + 1)) {
    const before = bytes[at - 1];
    if (before === CR || before === LF) return bytes.toString("latin1", at, lineEnd(bytes, at)).split(header.fieldSeparator);
  }
  return undefined;
}

/** An identifier (CX): its number, who assigned it, and of which kind it is. */
export interface RawIdentifier {
  readonly value: string;
  /** CX.4: the namespace (4.1), else the universal id (4.2); empty when the sender names none. */
  readonly authority: string;
  /** CX.5. */
  readonly type: string;
}

/** The repetitions of a CX field that have a number, read on bytes. `""` is no number. */
export function readIdentifiers(raw: string | undefined, header: Header): readonly RawIdentifier[] {
  if (raw === undefined || raw === "") return [];
  const [, repetition, , subcomponent] = header.encodingCharacters;
  return (repetition === undefined ? [raw] : raw.split(repetition)).flatMap((one) => {
    const parts = one.split(header.componentSeparator);
    const value = (parts[0] ?? "").trim();
    if (value === "" || value === '""') return [];
    const authority = subcomponent === undefined ? [parts[3]] : (parts[3]?.split(subcomponent) ?? []);
    return [{ value, authority: (authority[0] ?? "").trim() || (authority[1] ?? "").trim(), type: (parts[4] ?? "").trim() }];
  });
}
