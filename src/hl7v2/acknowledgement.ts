import type { Failure, FailureCode } from "#src/base/failures.ts";
import { FAILURES } from "#src/base/failures.ts";
import type { Journaled } from "#src/base/journaled.ts";
import type { Header } from "./header.ts";

/** MSA-1 in original mode (HL7 table 0008). */
export type AcknowledgementCode = "AA" | "AE" | "AR";

export interface AnswerContext {
  /** MSH-7 of the answer: when it is written, local time with offset. */
  readonly at: Date;
  /** MSH-10 of the answer. */
  readonly controlId: string;
}

/** ERR-3, HL7 table 0357. */
const CONDITION: Partial<Record<FailureCode, readonly [string, string]>> = {
  SEGMENT_MISSING: ["100", "Segment sequence error"],
  REQUIRED_FIELD_MISSING: ["101", "Required field missing"],
  VALUE_NOT_VALID: ["102", "Data type error"],
  CHARSET_NOT_SUPPORTED: ["102", "Data type error"],
  MESSAGE_NOT_SUPPORTED: ["201", "Unsupported event code"],
  PROCESSING_ID_NOT_ACCEPTED: ["202", "Unsupported processing id"],
  VERSION_NOT_SUPPORTED: ["203", "Unsupported version id"],
  CONTROL_ID_REUSED: ["205", "Duplicate key identifier"],
};
const INTERNAL: readonly [string, string] = ["207", "Application internal error"];

const two = (n: number): string => String(n).padStart(2, "0");

/** A point in time as HL7 DTM in UTC: `20260131235959+0000`. */
export const dtm = (at: Date): string =>
  `${at.getUTCFullYear()}${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}${two(at.getUTCHours())}${two(at.getUTCMinutes())}${two(at.getUTCSeconds())}+0000`;

/** `2.10` is later than `2.4`; an unreadable version counts as 2.1. */
const minorVersion = (version: string): number => Number(/^2\.(\d+)/.exec(version)?.[1] ?? "1");

function messageHeader(header: Header, { at, controlId }: AnswerContext): string {
  const { fields, fieldSeparator: f, componentSeparator: c, encodingCharacters } = header;
  const event = header.messageType.split("^")[1] ?? "";
  const type = event === "" ? "ACK" : minorVersion(header.version) >= 4 ? `ACK${c}${event}${c}ACK` : `ACK${c}${event}`;
  const values = [
    "MSH",
    encodingCharacters,
    fields[5],
    fields[6],
    fields[3],
    fields[4],
    dtm(at),
    "",
    type,
    controlId,
    fields[11],
    fields[12],
  ];
  const charset = fields[18] ?? "";
  if (charset !== "") values.push("", "", "", "", "", charset);
  return values.map((value) => value ?? "").join(f);
}

/** `PID-3` to ERR-2 (ERL) of v2.5 and later: segment, sequence, field. */
function errorLocation(place: string, c: string): string {
  const match = /^([A-Z][A-Z0-9]{2})(?:\((\d+)\))?(?:-(\d+))?(?:\.(\d+))?/.exec(place);
  if (match === null) return "";
  const [, segment = "", sequence = "1", field = "", component = ""] = match;
  const parts = [segment, sequence, field, field === "" ? "" : "1", component];
  while (parts.at(-1) === "") parts.pop();
  return parts.join(c);
}

function errorSegment(header: Header, failure: Failure): string {
  const { fieldSeparator: f, componentSeparator: c } = header;
  const [code, text] = CONDITION[failure.code] ?? INTERNAL;
  const location = errorLocation(failure.place ?? "", c);
  const condition = `${code}${c}${text}${c}HL70357`;
  if (minorVersion(header.version) < 5) {
    const sub = header.encodingCharacters[3] ?? "&";
    const [segment = "", sequence = "", field = ""] = location.split(c);
    return ["ERR", [segment, sequence, field, condition.replaceAll(c, sub)].join(c)].join(f);
  }
  const words = failure.detail ?? FAILURES[failure.code].text;
  return ["ERR", "", location, condition, "E", failure.code, "", "", words].join(f);
}

function answer(header: Header, code: AcknowledgementCode, failure: Failure | undefined, context: AnswerContext): Buffer {
  const f = header.fieldSeparator;
  const msa = ["MSA", code, header.controlId];
  // MSA-3 is deprecated since v2.4, and all that old senders show.
  if (failure !== undefined) msa.push((failure.detail ?? FAILURES[failure.code].text).slice(0, 80));
  const segments = [messageHeader(header, context), msa.join(f)];
  if (failure !== undefined) segments.push(errorSegment(header, failure));
  return Buffer.from(`${segments.join("\r")}\r`, "latin1");
}

/**
 * AA: the message is safe with us. The proof of the commit is a parameter, so no code path can build one without it.
 * Only a record that is accepted, or repeats an accepted one, may be given.
 */
export const acceptAcknowledgement = (header: Header, proof: Journaled, context: AnswerContext): Buffer => {
  if (proof.verdict !== "accepted" && proof.verdict !== "duplicate") throw new Error("only an accepted message is acknowledged");
  return answer(header, "AA", undefined, context);
};

/** AE or AR with ERR (v2.5.1 ch. 2.15.5). The text names place and rule, never a value. */
export const refusal = (header: Header, code: "AE" | "AR", failure: Failure, context: AnswerContext): Buffer =>
  answer(header, code, failure, context);
