import type { FailureCode } from "#src/base/failures.ts";
import type { Said } from "./outcome.ts";

/** What was asked of a destination. `answers`: its answers to our claims, which no delivery keeps. */
export const REQUESTS = [
  "capabilities",
  "look-up",
  "transaction",
  "create",
  "process-message",
  "charge-item-create",
  "task-update",
  "hl7-message",
  "file",
  "answers",
  "interrupted",
] as const;
export type RequestKind = (typeof REQUESTS)[number];

/** One exchange with a destination, as the ledger keeps it. */
export interface Attempt {
  readonly request: RequestKind;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** HTTP status, or MSA-1. */
  readonly status?: string;
  /** Absent: it went well. */
  readonly code?: FailureCode;
  readonly said?: Said;
}

export type Recorder = (attempt: Attempt) => void;
