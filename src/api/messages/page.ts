import { EXPLANATIONS } from "#src/base/failure-catalogue.ts";
import { type Failure, FAILURES, isFailureCode } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import { decode } from "#src/hl7v2/charsets.ts";
import { type Header, readHeader } from "#src/hl7v2/header.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { answerAgain } from "#src/intake/answers.ts";
import type { StoredMessage } from "#src/journal/stored-message.pg.ts";
import { decodeSegments, type DecodedSegment } from "./decoded-message.ts";

/** Most of a message's text in the page; `GET /api/messages/{id}/raw` has all of it. */
const RAW_SHOWN = 256 * 1024;

/** Our code in words: what it means, what brings it about, what to ask the sender. */
function explained(code: string | undefined) {
  if (code === undefined || !isFailureCode(code)) return undefined;
  const { cause, ask } = EXPLANATIONS[code];
  return { meaning: FAILURES[code].text, cause, ask };
}

/** The message in its own character set, whichever named it: transport, MSH-18, the feed. */
function textOf({ raw, charset }: StoredMessage, header: Header | undefined, feedCharset: string | undefined): string {
  const named = charset === undefined ? (header?.charsets ?? []) : [charset];
  const decoded = decode(raw, named.length === 0 && feedCharset !== undefined ? [feedCharset] : named);
  return decoded.ok ? decoded.value.text : raw.toString("latin1");
}

/** `GET /api/messages/{id}`. */
export interface MessagePage extends Omit<StoredMessage, "answer" | "raw" | "refusal" | "proof" | "original" | "effects" | "charset"> {
  readonly explanation: { readonly meaning: string; readonly cause: string; readonly ask: string } | undefined;
  /** The record that this one repeats. */
  readonly repeats: string | undefined;
  readonly changed: StoredMessage["effects"];
  /** What could not be read, or not as it was written, under the maps of now: `VALUE_NOT_VALID at FT1-11`. The rest was mapped. */
  readonly warnings: readonly string[];
  /** Undefined when none was sent. */
  readonly answer: { readonly code: string; readonly text?: string } | undefined;
  readonly raw?: { readonly text: string; readonly length?: number };
  readonly segments?: readonly DecodedSegment[];
}

/** A warning; what it says of a value is content. */
const warningText = ({ code, place, detail }: Failure, content: boolean): string =>
  `${code}${place === undefined ? "" : ` at ${place}`}${detail === undefined || !content ? "" : `: ${detail}`}`;

/**
 * Everything kept of one message, for a person: what came, what was answered, what it changed.
 * @param warnings of its mapping
 * @param content with the message itself; without it nothing of a patient is in the page.
 */
export function messagePage(
  stored: StoredMessage,
  feedCharset: string | undefined,
  warnings: readonly Failure[],
  content: boolean,
): MessagePage {
  const { raw: bytes, refusal: _refusal, proof: _proof, original, effects, ...about } = stored;
  const read = stored.protocol === "fhir" ? undefined : readHeader(bytes);
  const header = read?.ok === true ? read.value : undefined;
  const answer = answerAgain(header, { ...stored, id: stored.id as MessageId });
  const page = {
    ...about,
    explanation: explained(stored.code),
    repeats: original?.id,
    changed: effects,
    warnings: warnings.map((one) => warningText(one, content)),
    answer: stored.answer === undefined ? undefined : { code: stored.answer },
  };
  if (!content) return page;
  const text = textOf(stored, header, feedCharset);
  const message = header === undefined ? undefined : parseMessage(text);
  return {
    ...page,
    answer: page.answer && { ...page.answer, ...(answer === undefined ? {} : { text: answer.toString("latin1") }) },
    raw: { text: text.slice(0, RAW_SHOWN), ...(text.length > RAW_SHOWN ? { length: text.length } : {}) },
    segments: message?.ok === true ? decodeSegments(message.value) : [],
  };
}
