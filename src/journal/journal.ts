import type { Failure } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import type { Journaled, Verdict } from "#src/base/journaled.ts";
import type { Findable } from "./search-keys.ts";

export type { Journaled, Verdict } from "#src/base/journaled.ts";
/** What came of an accepted record. */
export type Outcome = "applied" | "filtered" | "failed" | "parked";
/** `operator`: the edited copy of a failed message, by a person. */
export type Protocol = "mllp" | "http" | "files" | "fhir" | "operator";

/** When the sender wants to hear of the effect (MSH-16), and as what: a second answer, or the one answer of original mode. */
export interface OwedAnswer {
  readonly condition: "AL" | "ER" | "SU";
  readonly mode: "application" | "original";
}

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
  /** Oddities that were tolerated: `PV1_MISSING`, `UNTERMINATED_FRAME`. */
  readonly flags?: readonly string[];
  /** Decided before the fold: the message is kept and not applied. */
  readonly foldAs?: { readonly outcome: "filtered" | "failed"; readonly failure: Failure };
  /** The refusal as sent. */
  readonly answerBytes?: Buffer;
  /** What to find the message by. */
  readonly findable?: readonly Findable[];
  /** What to do when the control id was used for other content; `accept` when absent. */
  readonly onReuse?: "accept" | "hold" | "reject";
  readonly owes?: OwedAnswer;
  /** Character set that the transport named: a table 0211 name, and it wins over MSH-18. */
  readonly charset?: string;
}

export interface Journal {
  /** Resolves after commit. Rejects when the store cannot be written: then nothing may be promised to the sender. */
  append(entry: JournalEntry): Promise<Journaled>;
}

/** Partitions of the fold. They give parallelism only; order is per account. */
export const LANES = 32;
