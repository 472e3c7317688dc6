import type { Failure } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import type { Journaled, Verdict } from "#src/base/journaled.ts";

export type { Journaled, Verdict } from "#src/base/journaled.ts";
/** What came of an accepted record. */
export type Outcome = "applied" | "filtered" | "failed" | "parked";
export type Protocol = "mllp" | "http" | "files" | "fhir";

/** One byte sequence on its way into the journal. */
export interface JournalEntry {
  readonly id: MessageId;
  readonly feed: string;
  readonly protocol: Protocol;
  /** Address of the sender, without a name of a person. */
  readonly peer?: string;
  readonly receivedAt: Date;
  /** The patient, else the account, as text: decides the lane. Entries with the same text are folded in the order they were committed. */
  readonly orderKey?: string;
  /** MSH-10, MessageHeader.id, Bundle.id: with the feed it decides what is a repetition. */
  readonly controlId?: string;
  /** `ADT^A01`; `FHIR message`, `FHIR transaction`. */
  readonly messageType?: string;
  readonly bytes: Buffer;
  readonly verdict: Exclude<Verdict, "duplicate">;
  /** MSA-1 or HTTP status. */
  readonly answer?: string;
  readonly failure?: Failure;
}

export interface Journal {
  /** Resolves after commit. Rejects when the store cannot be written: then nothing may be promised to the sender. */
  append(entry: JournalEntry): Promise<Journaled>;
}

/** Partitions of the fold. They give parallelism only; order is per account. */
export const LANES = 32;
