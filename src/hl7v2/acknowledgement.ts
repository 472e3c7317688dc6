import type { Failure } from "#src/base/failures.ts";
import { FAILURES } from "#src/base/failures.ts";
import { refusalRow } from "./conditions.ts";
import type { Journaled } from "#src/base/journaled.ts";
import type { Header } from "./header.ts";

/** MSA-1 (HL7 table 0008): A in original mode and of the application, C of the receipt in enhanced mode. */
export type AcknowledgementCode = "AA" | "AE" | "AR" | "CA" | "CE" | "CR";

export interface AnswerContext {
  /** MSH-7 of the answer: when it is written, local time with offset. */
  readonly at: Date;
  /** MSH-10 of the answer. */
  readonly controlId: string;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** A point in time as HL7 DTM in UTC: `20260131235959+0000`. */
export const dtm = (at: Date): string =>
  `${at.getUTCFullYear()}${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}${two(at.getUTCHours())}${two(at.getUTCMinutes())}${two(at.getUTCSeconds())}+0000`;

/** `2.10` is later than `2.4`; no version counts as 2.1, and one we do not know as newer than all. */
const minorVersion = (version: string): number => (version === "" ? 1 : Number(/^2\.(\d+)/.exec(version)?.[1] ?? "99"));

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

/** `PID-3(2).4.1` to ERR-2 (ERL) of v2.5 and later: segment, sequence, field, repetition, component, subcomponent. */
function errorLocation(place: string, c: string): string {
  const match = /^([A-Z][A-Z0-9]{2})(?:\((\d+)\))?(?:-(\d+)(?:\((\d+)\))?(?:\.(\d+))?(?:\.(\d+))?)?/.exec(place);
  if (match === null) return "";
  const [, segment = "", sequence = "1", field = "", repetition = "1", component = "", subcomponent = ""] = match;
  const parts = [segment, sequence, field, field === "" ? "" : repetition, component, subcomponent];
  while (parts.at(-1) === "") parts.pop();
  return parts.join(c);
}

/** Our own words without the sender's delimiters in them. */
function plain(text: string, { fieldSeparator, encodingCharacters }: Header): string {
  let out = "";
  for (const letter of text) out += letter === fieldSeparator || encodingCharacters.includes(letter) ? " " : letter;
  return out;
}

function errorSegment(header: Header, failure: Failure): string {
  const { fieldSeparator: f, componentSeparator: c } = header;
  const { code, text } = refusalRow(failure.code).condition;
  const location = errorLocation(failure.place ?? "", c);
  const condition = `${code}${c}${text}${c}HL70357`;
  if (minorVersion(header.version) < 5) {
    const sub = header.encodingCharacters[3] ?? "&";
    const [segment = "", sequence = "", field = ""] = location.split(c);
    return ["ERR", [segment, sequence, field, condition.replaceAll(c, sub)].join(c)].join(f);
  }
  const words = plain(failure.detail ?? FAILURES[failure.code].text, header);
  return ["ERR", "", location, condition, "E", failure.code, "", "", words].join(f);
}

function answer(header: Header, code: AcknowledgementCode, failures: readonly Failure[], context: AnswerContext): Buffer {
  const f = header.fieldSeparator;
  const msa = ["MSA", code, header.controlId];
  const [first] = failures;
  // MSA-3 is deprecated since v2.4, and all that old senders show: so it begins with the place.
  if (first !== undefined) {
    const words = first.detail ?? FAILURES[first.code].text;
    msa.push(plain(first.place === undefined ? words : `${first.place}: ${words}`, header).slice(0, 80));
  }
  const segments = [messageHeader(header, context), msa.join(f), ...failures.map((failure) => errorSegment(header, failure))];
  // An end-of-block byte that the sender has in an echoed field must not meet our carriage return: that would end the block.
  const safe = segments.map((segment) => (segment.endsWith("\x1c") ? segment + f : segment));
  return Buffer.from(`${safe.join("\r")}\r`, "latin1");
}

/**
 * AA or CA: the message is safe with us. The proof of the commit is a parameter, so no code path can build one without it.
 * Only a record that is accepted, or repeats an accepted one, may be given.
 */
export const acceptAcknowledgement = (header: Header, proof: Journaled, code: "AA" | "CA", context: AnswerContext): Buffer => {
  if (proof.verdict !== "accepted" && proof.verdict !== "duplicate") throw new Error("only an accepted message is acknowledged");
  return answer(header, code, [], context);
};

/** AE, AR, CE or CR with an ERR for each failure (v2.5.1 ch. 2.15.5). The text names place and rule, never a value. */
export const refusal = (
  header: Header,
  code: Exclude<AcknowledgementCode, "AA" | "CA">,
  failures: readonly Failure[],
  context: AnswerContext,
): Buffer => answer(header, code, failures, context);

/** The application's answer after the message took effect, or did not (v2.5.1 ch. 2.9.3.2). */
export const applicationAcknowledgement = (
  header: Header,
  failure: Failure | undefined,
  letter: "E" | "R",
  context: AnswerContext,
): Buffer => answer(header, failure === undefined ? "AA" : `A${letter}`, failure === undefined ? [] : [failure], context);
