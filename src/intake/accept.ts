import type { Failure } from "#src/base/failures.ts";
import { freshId, type MessageId } from "#src/base/ids.ts";
import type { Feed } from "#src/config/feed.ts";
import {
  type AnswerContext,
  acceptAcknowledgement,
  applicationAcknowledgement,
  refusal as refusalBytes,
} from "#src/hl7v2/acknowledgement.ts";
import { letterOf } from "#src/hl7v2/conditions.ts";
import type { Frame } from "#src/hl7v2/framer.ts";
import { type Header, NO_HEADER, readHeader } from "#src/hl7v2/header.ts";
import type { Journal, JournalEntry, Journaled, Outcome, OwedAnswer, Protocol, Verdict } from "#src/journal/journal.ts";
import { contextOf } from "./answers.ts";
import { checkMessage } from "./check-message.ts";
import { type Choreography, choreographyOf, isWanted } from "./choreography.ts";
import { findableIn, orderKeyOf } from "./identifiers.ts";
import type { SequenceWatch } from "./sequence-watch.ts";

/** What the fold made of a record. */
export interface FoldedOutcome {
  readonly outcome: Outcome;
  readonly failure?: Failure;
}

export interface Needs {
  readonly journal: Journal;
  readonly now: () => Date;
  /** Resolves when the record is folded; undefined when it is not within the time an application answer is waited for. */
  readonly folded?: (id: MessageId) => Promise<FoldedOutcome | undefined>;
  /** Told what became of an application answer. */
  readonly answered?: (id: MessageId, state: "sent" | "not-owed" | "undelivered", code?: string) => Promise<void>;
  readonly sequence?: SequenceWatch;
}

export interface Origin {
  readonly feed: Feed;
  readonly protocol: Protocol;
  readonly peer: string;
  /** Sent again by an operator on purpose: a control id seen before does not matter. */
  readonly operator?: boolean;
  /** Character set that the transport named; wins over MSH-18. */
  readonly charset?: string;
}

/** The answer after the fold, made when the outcome is known. */
export interface LaterAnswer {
  readonly recordId: MessageId;
  /** Undefined when the sender does not want to hear of this outcome, or it did not come in time. */
  readonly bytes: Promise<Buffer | undefined>;
  /** To be called once it is known whether the sender has it. */
  readonly ended: (delivered: boolean) => void;
}

/** What to do with the sender: write these bytes, nothing, or (the store being down) close without an answer. */
export type Reply =
  | {
      readonly kind: "answer";
      readonly bytes: Buffer;
      readonly verdict: Verdict;
      readonly recordId?: MessageId;
      readonly failure?: Failure;
      readonly later?: LaterAnswer;
    }
  | {
      readonly kind: "none";
      readonly verdict: Verdict;
      readonly recordId?: MessageId;
      readonly failure?: Failure;
      readonly later?: LaterAnswer;
    }
  | { readonly kind: "close" };

/** What identifies a message among those of its feed: sender and MSH-10. */
const controlIdentity = (header: Header): string => `${header.sendingApplication}|${header.sendingFacility}|${header.controlId}`;

/** MSH-9 as the journal keeps it, in clear: only in HL7's form, for a broken header may have any text of any field there. */
const typeInClear = ({ messageType }: Header): Pick<JournalEntry, "messageType"> =>
  /^[A-Z][A-Z0-9]{2}(\^[A-Z][A-Z0-9]{2})?$/.test(messageType) ? { messageType } : {};

/** What is kept of bytes that are no message, or an acknowledgement; undefined for a message. */
function strayFailure(
  frame: Frame,
  { framing }: Feed,
): { readonly verdict: "refused" | "incomplete"; readonly failure: Failure } | undefined {
  if (frame.kind === "incomplete") return { verdict: "incomplete", failure: { code: "FRAME_INCOMPLETE" } };
  if (frame.kind === "malformed") return { verdict: "incomplete", failure: { code: "FRAME_MALFORMED" } };
  if (frame.kind === "stray") return { verdict: "refused", failure: { code: frame.reason } };
  if (frame.kind === "message" && frame.bytes.length === 0 && framing.empty === "ignore")
    return { verdict: "refused", failure: { code: "FRAME_EMPTY", place: "MSH" } };
  return undefined;
}

/**
 * Takes one frame: reads its header, checks it, appends it to the journal, and only then makes the answer.
 * Never throws: a store that cannot be written gives what the feed's `onStoreDown` says, and never an accept.
 */
export async function acceptFrame(needs: Needs, origin: Origin, frame: Frame): Promise<Reply> {
  const { feed, protocol, peer } = origin;
  const receivedAt = needs.now();
  const base = { id: freshId() as MessageId, feed: feed.name, protocol, peer, receivedAt, bytes: frame.bytes };
  const keep = async (entry: Pick<JournalEntry, "verdict"> & Partial<JournalEntry>): Promise<Journaled | undefined> => {
    try {
      return await needs.journal.append({ ...base, ...entry });
    } catch {
      return undefined;
    }
  };
  const unanswered = async (verdict: "refused" | "incomplete", failure: Failure, known: Partial<JournalEntry> = {}): Promise<Reply> => {
    const stored = await keep({ ...known, verdict, failure });
    return stored === undefined ? { kind: "close" } : { kind: "none", verdict, recordId: base.id, failure };
  };

  const stray = strayFailure(frame, feed);
  if (stray !== undefined) return unanswered(stray.verdict, stray.failure);
  if (frame.bytes.length === 0) {
    const failure: Failure = { code: "FRAME_EMPTY", place: "MSH" };
    const bytes = refusalBytes(NO_HEADER, "AE", [failure], contextOf(base.id, receivedAt));
    const stored = await keep({ verdict: "refused", failure, answer: "AE", answerBytes: bytes });
    return stored === undefined ? { kind: "close" } : { kind: "answer", bytes, verdict: "refused", recordId: base.id, failure };
  }
  const read = readHeader(frame.bytes);
  // Without a readable MSH there is nothing to build an answer from; an invented one would acknowledge another message.
  if (!read.ok) return unanswered("refused", read.failure);
  const header = read.value;
  // An acknowledgement is never acknowledged: two engines would answer each other for ever.
  if (header.messageType.startsWith("ACK") || header.messageType.startsWith("MCF"))
    return unanswered("refused", { code: "ACKNOWLEDGEMENT_RECEIVED", place: "MSH-9" }, typeInClear(header));

  const choreography = choreographyOf(header, feed);
  const context = contextOf(base.id, receivedAt);
  const orderKey = orderKeyOf(frame.bytes, header, feed);
  const known = {
    ...typeInClear(header),
    findable: findableIn(frame.bytes, header),
    ...(origin.operator === true ? {} : { controlId: controlIdentity(header) }),
    ...(orderKey === undefined ? {} : { orderKey }),
    ...(origin.charset === undefined ? {} : { charset: origin.charset }),
  };
  const checked = checkMessage(frame.bytes, header, feed);
  const flags = [...checked.flags, ...frameFlags(frame), ...(needs.sequence?.look(feed.name, header) ?? [])];
  const refusals = [...frameRefusals(frame, feed), ...checked.refusals];
  const [first] = refusals;
  if (first !== undefined) {
    const code = refusalCode(first, choreography, feed);
    const bytes = code === undefined ? undefined : refusalBytes(header, code, refusals, context);
    const stored = await keep({
      ...known,
      flags,
      verdict: "refused",
      failure: first,
      ...(code === undefined || bytes === undefined ? {} : { answer: code, answerBytes: bytes }),
    });
    if (stored === undefined) return storeDown(feed, header, choreography, context);
    const about = { verdict: "refused" as const, recordId: base.id, failure: first };
    return bytes === undefined ? { kind: "none", ...about } : { kind: "answer", bytes, ...about };
  }

  const accept = choreography.mode === "original" ? ("AA" as const) : ("CA" as const);
  const owes = owedBy(choreography);
  const proof = await keep({
    ...known,
    flags,
    verdict: "accepted",
    ...(choreography.mode === "original" || isWanted(choreography.accept, true) ? { answer: accept } : {}),
    onReuse: feed.duplicates.onReuse,
    ...(checked.foldAs === undefined ? {} : { foldAs: checked.foldAs }),
    ...(owes === undefined ? {} : { owes }),
  });
  if (proof === undefined) return storeDown(feed, header, choreography, context);
  if (proof.verdict === "refused") {
    const failure: Failure = { code: "CONTROL_ID_REUSED", place: "MSH-10" };
    const code = refusalCode(failure, choreography, feed);
    const about = { verdict: "refused" as const, recordId: base.id, failure };
    return code === undefined
      ? { kind: "none", ...about }
      : { kind: "answer", bytes: refusalBytes(header, code, [failure], context), ...about };
  }
  // A repetition gets the answer of the message it repeats, and its effect is that message's.
  const actual = proof.original?.id ?? base.id;
  const answerContext = proof.original === undefined ? context : contextOf(actual, proof.original.receivedAt);
  const about = { verdict: proof.verdict, recordId: base.id };
  if (choreography.mode === "original" && choreography.after === "fold") {
    const after = await needs.folded?.(actual);
    if (after === undefined) return { kind: "close" };
    const failure = failureOf(after);
    await needs.answered?.(actual, "sent", failure === undefined ? "AA" : "AE");
    return { kind: "answer", bytes: applicationAcknowledgement(header, failure, letterIn(failure, feed), answerContext), ...about };
  }
  const later = owes === undefined ? {} : laterAnswer(needs, feed, header, actual, owes);
  if (choreography.mode === "enhanced" && !isWanted(choreography.accept, true)) return { kind: "none", ...about, ...later };
  return { kind: "answer", bytes: acceptAcknowledgement(header, proof, accept, answerContext), ...about, ...later };
}

const frameFlags = (frame: Frame): readonly string[] => [
  ...(frame.kind === "message" && frame.unterminated ? ["UNTERMINATED_FRAME"] : []),
  ...(frame.kind === "message" && frame.unframed === true ? ["UNFRAMED"] : []),
];

function frameRefusals(frame: Frame, { framing }: Feed): readonly Failure[] {
  if (frame.kind === "too-large") return [{ code: "FRAME_TOO_LARGE" }];
  if (frame.kind === "message" && frame.unterminated && framing.unterminated === "refuse") return [{ code: "FRAME_UNTERMINATED" }];
  return [];
}

const letterIn = (failure: Failure | undefined, feed: Feed): "E" | "R" =>
  failure === undefined ? "E" : letterOf(failure.code, feed.refuseWith);

/** MSA-1 of a refusal; undefined when the sender wants none. Who wants to hear of the application's errors only hears it from there. */
function refusalCode(failure: Failure, choreography: Choreography, feed: Feed): "AE" | "AR" | "CE" | "CR" | undefined {
  const letter = letterOf(failure.code, feed.refuseWith);
  if (choreography.mode === "original" || (!isWanted(choreography.accept, false) && isWanted(choreography.application, false)))
    return `A${letter}`;
  return isWanted(choreography.accept, false) ? `C${letter}` : undefined;
}

function owedBy(choreography: Choreography): OwedAnswer | undefined {
  if (choreography.mode === "original") return choreography.after === "fold" ? { condition: "AL", mode: "original" } : undefined;
  return choreography.application === "NE" ? undefined : { condition: choreography.application, mode: "application" };
}

function failureOf({ outcome, failure }: FoldedOutcome): Failure | undefined {
  if (outcome === "applied" || outcome === "filtered") return undefined;
  return failure ?? { code: "FOLD_ERROR" };
}

/**
 * The application acknowledgement for a message that is folded.
 * @returns undefined bytes when the sender does not want to hear of this outcome.
 */
export function applicationAnswer(
  header: Header,
  feed: Feed,
  condition: OwedAnswer["condition"],
  after: FoldedOutcome,
  at: Date,
): { readonly code: string; readonly bytes: Buffer | undefined } {
  const failure = failureOf(after);
  const letter = letterIn(failure, feed);
  const code = failure === undefined ? "AA" : `A${letter}`;
  if (!isWanted(condition, failure === undefined)) return { code, bytes: undefined };
  // A second answer to the same message: its own control id.
  return { code, bytes: applicationAcknowledgement(header, failure, letter, contextOf(freshId() as MessageId, at)) };
}

function laterAnswer(needs: Needs, feed: Feed, header: Header, recordId: MessageId, owes: OwedAnswer): { readonly later?: LaterAnswer } {
  // What goes on a connection of its own is sent from the books, by whoever sends there.
  if (needs.folded === undefined || feed.applicationAnswers !== undefined) return {};
  let code: string | undefined;
  const bytes = needs.folded(recordId).then((after) => {
    if (after === undefined) return undefined;
    const answer = applicationAnswer(header, feed, owes.condition, after, needs.now());
    code = answer.code;
    if (answer.bytes === undefined) void needs.answered?.(recordId, "not-owed", code);
    return answer.bytes;
  });
  const ended = (delivered: boolean): void => void needs.answered?.(recordId, delivered ? "sent" : "undelivered", code);
  return { later: { recordId, bytes, ended } };
}

/** The journal cannot be written: never an accept, and never an E of the application, which senders file as final. */
function storeDown(feed: Feed, header: Header, choreography: Choreography, context: AnswerContext): Reply {
  const failures: readonly Failure[] = [{ code: "STORE_DOWN" }];
  const about = { kind: "answer" as const, verdict: "refused" as const, failure: { code: "STORE_DOWN" as const } };
  if (feed.onStoreDown === "AR207") return { ...about, bytes: refusalBytes(header, "AR", failures, context) };
  if (feed.onStoreDown === "CE" && choreography.mode === "enhanced")
    return { ...about, bytes: refusalBytes(header, "CE", failures, context) };
  return { kind: "close" };
}
