import { hash } from "node:crypto";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Feed } from "#src/config/feed.ts";
import { type BatchFault, type BatchMessage, readBatch } from "#src/hl7v2/batch.ts";
import { batchAcknowledgement, type MessageAnswer } from "#src/hl7v2/batch-acknowledgement.ts";
import type { Frame } from "#src/hl7v2/framer.ts";
import type { Reply } from "#src/intake/accept.ts";

export interface TakeFileNeeds {
  /** Takes one message and says what became of it; never rejects. */
  readonly accept: (frame: Frame, peer: string) => Promise<Reply>;
  readonly now: () => Date;
}

export interface ReceivedFile {
  readonly feed: Pick<Feed, "maxFrameBytes">;
  readonly bytes: Buffer;
  /** What the answer file holds. */
  readonly acknowledge: "all" | "errors" | "none";
}

/** A message that was not accepted: which one (from 1), on which line of the file it begins, and why. */
export interface RefusedMessage {
  readonly number: number;
  readonly line: number;
  readonly failure: Failure;
}

export interface FileSummary {
  readonly messages: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: readonly RefusedMessage[];
  readonly faults: readonly BatchFault[];
  /** Stretches of lines that belong to no message, and the line of the first. */
  readonly outside: { readonly stretches: number; readonly line: number } | undefined;
  /** Whether the file holds a message, or says that it holds none: an empty batch with its trailer. */
  readonly readable: boolean;
  readonly answer: Buffer | undefined;
}

/** The journal could not be written; `done` messages before were kept. The file is to be taken again from the start. */
export interface FileStopped {
  readonly code: "STORE_DOWN";
  readonly done: number;
}

/** Kept of a message over the feed's limit, in bytes: enough for its MSH, so that it can be answered. */
const HEAD_BYTES = 4_096;

/**
 * The feed as it stands for files: each message is answered once, after its commit, in the batch of answers, whatever its
 * MSH-15 and 16 say of a connection; and without a journal the file waits, for nobody is there to hear an AR.
 */
export const asFileFeed = (feed: Feed): Feed => ({ ...feed, ackMode: "on-receipt", onStoreDown: "close" });

/** The name of a file's content: what logs and the journal may say of it. File names may name patients. */
export const fileMark = (sha256: Buffer): string => sha256.toString("hex").slice(0, 12);

export const sha256Of = (bytes: Buffer): Buffer => hash("sha256", bytes, "buffer");

function frameOf({ bytes, unfinished }: BatchMessage, limit: number): Frame {
  if (bytes.length > limit) return { kind: "too-large", bytes: bytes.subarray(0, HEAD_BYTES), length: bytes.length };
  if (unfinished) return { kind: "incomplete", bytes };
  return { kind: "message", bytes, unterminated: false };
}

/**
 * Gives each message of a file to the intake, in order, one after the other: a message that is refused does not stop those behind it.
 * Fails when the journal cannot be written; the messages before are kept, and come out as repetitions when the file is taken again.
 */
export async function takeFile(
  { accept, now }: TakeFileNeeds,
  { feed, bytes, acknowledge }: ReceivedFile,
): Promise<Result<FileSummary, FileStopped>> {
  const batch = readBatch(bytes);
  const mark = fileMark(sha256Of(bytes));
  const at = now();
  const answers = new Map<BatchMessage, MessageAnswer>();
  const refused: RefusedMessage[] = [];
  const counts = { accepted: 0, duplicates: 0 };
  for (const [index, message] of batch.messages.entries()) {
    const number = index + 1;
    const reply = await accept(frameOf(message, feed.maxFrameBytes), `file:${mark}#${number}`);
    // A reply that names no record was made without the journal.
    if (reply.kind === "close" || reply.recordId === undefined) return fail({ code: "STORE_DOWN", done: index });
    if (reply.verdict === "accepted") counts.accepted++;
    else if (reply.verdict === "duplicate") counts.duplicates++;
    else refused.push({ number, line: message.line, failure: reply.failure ?? { code: "MESSAGE_UNREADABLE" } });
    if (reply.kind === "answer")
      answers.set(message, { bytes: reply.bytes, refused: reply.verdict !== "accepted" && reply.verdict !== "duplicate" });
  }
  const [first] = batch.outside;
  const unreadable = refused.filter(({ failure }) => failure.code === "MESSAGE_UNREADABLE").length;
  const saysEmpty = batch.messages.length === 0 && batch.files.some(({ batches }) => batches.some(({ stated }) => stated === 0));
  const readable = unreadable < batch.messages.length || saysEmpty;
  return ok({
    messages: batch.messages.length,
    ...counts,
    refused,
    faults: batch.faults,
    outside: first === undefined ? undefined : { stretches: batch.outside.length, line: first.line },
    readable,
    answer:
      acknowledge === "none" || !readable
        ? undefined
        : batchAcknowledgement(batch, answers, { at, controlId: mark.toUpperCase(), errorsOnly: acknowledge === "errors" }),
  });
}
