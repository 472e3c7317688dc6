import { type Failure, isFailureCode } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import type { Journaled } from "#src/base/journaled.ts";
import { type AnswerContext, acceptAcknowledgement, refusal } from "#src/hl7v2/acknowledgement.ts";
import type { Header } from "#src/hl7v2/header.ts";

/** MSH-10 of the answer to a record, and when it was received: an answer that is given again is the same to the byte. */
export const contextOf = (id: MessageId, at: Date): AnswerContext => ({ at, controlId: id.replaceAll("-", "").slice(0, 20).toUpperCase() });

/** What the journal keeps of an answer. */
export interface AnsweredRecord {
  readonly id: MessageId;
  readonly receivedAt: Date;
  /** MSA-1; undefined when none was sent. */
  readonly answer: string | undefined;
  readonly code: string | undefined;
  readonly place: string | undefined;
  /** A refusal as it was sent. */
  readonly refusal: Buffer | undefined;
  readonly proof: Journaled | undefined;
  readonly original: { readonly id: MessageId; readonly receivedAt: Date } | undefined;
}

/** The first answer to a record as its sender got it; undefined when it got none. */
export function answerAgain(header: Header | undefined, record: AnsweredRecord): Buffer | undefined {
  if (record.refusal !== undefined) return record.refusal;
  const { id, receivedAt, answer, code, place, proof, original } = record;
  if (header === undefined) return undefined;
  if (proof !== undefined && (answer === "AA" || answer === "CA"))
    return acceptAcknowledgement(
      header,
      proof,
      answer,
      original === undefined ? contextOf(id, receivedAt) : contextOf(original.id, original.receivedAt),
    );
  if ((answer !== "AE" && answer !== "AR" && answer !== "CE" && answer !== "CR") || code === undefined || !isFailureCode(code))
    return undefined;
  const failure: Failure = { code, ...(place === undefined ? {} : { place }) };
  return refusal(header, answer, [failure], contextOf(id, receivedAt));
}
