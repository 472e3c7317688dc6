import type { Claim, Resource } from "@medplum/fhirtypes";
import type { Result } from "#src/base/result.ts";
import type { Guard } from "#src/config/destination.ts";
import type { Recorder } from "./attempt.ts";
import type { Classified } from "./classify.ts";
import type { AnswerSearch } from "./fhir/answer-search.ts";

export interface ClaimToSend {
  readonly claim: Claim;
  readonly referenced: readonly Resource[];
}

/** One claim for one destination, in our hands. */
export interface Taken {
  readonly claimId: string;
  readonly destination: string;
  /** This one included. */
  readonly attempt: number;
  /** Tries that count against the limit, before this one. */
  readonly strikes: number;
  /** An earlier try may have arrived, at this time: look before sending. */
  readonly unsureSince: Date | undefined;
  /** 1, and one more each time a person has it sent again. */
  readonly sending: number;
  /** Claim frequency code (UB-04 FL4): 1 original, 7 replacement, 8 void. */
  readonly frequency: string;
}

/** What of a delivery in several steps is done. A step that was begun and not finished may have been done. */
export interface Parts {
  read(): Promise<ReadonlyMap<string, "begun" | "done">>;
  begin(part: string): Promise<void>;
  finish(part: string): Promise<void>;
  /** It was refused: nothing was done. */
  undo(part: string): Promise<void>;
}

export interface Sending {
  readonly content: ClaimToSend;
  readonly taken: Taken;
  readonly parts: Parts;
  readonly record: Recorder;
  /** For a replacement or void: the claim before it that the destination has; undefined when it has none, or its void. */
  readonly standing: () => Promise<Claim | undefined>;
}

export type Found = Result<string | undefined, Classified>;
export type Sent = Result<{ readonly location?: string }, Classified>;

/** How this claim goes to this destination, once that is known. */
export interface Way {
  readonly guard: Guard;
  /** Asks whether the claim is there; absent where the destination cannot be asked. */
  readonly find?: () => Promise<Found>;
  /** Whether the ledger itself tells that an interrupted try left nothing in doubt. */
  readonly certain?: () => Promise<boolean>;
  readonly send: () => Promise<Sent>;
}

/** What speaks to one destination. */
export interface Sender {
  way(sending: Sending): Promise<Result<Way, Classified>>;
  /** Where it is to be asked for its answers. */
  readonly answers?: AnswerSearch;
  close(): Promise<void>;
}
