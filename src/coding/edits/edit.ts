import type { DataSet } from "#src/codesets/code-data.ts";
import type { Severity } from "../submission.ts";
import type { Part, Scene } from "../scene.ts";

/** What a claim is: I inpatient hospital, O outpatient hospital, P professional. */
export type ClaimKind = "I" | "O" | "P";

/** How an edit says what it found. */
export interface Report {
  /** @param severity when the edit has more than one. */
  at(path: string, message: string, fix: string, severity?: Severity): void;
  /** Passes a look-up's answer on; notes that there was no data for the day, and gives undefined then. */
  known<T>(answer: T | "no-data", set: DataSet, date: string): T | undefined;
}

/** One edit: what it is for the reader of docs/edits.md and of a finding, and the function that looks. */
export interface Edit {
  /** Stable: stored with findings and overrides. */
  readonly id: string;
  /** Counted up when its results change. */
  readonly version: number;
  readonly title: string;
  /** First and last day of service it is for; absent = open. */
  readonly from?: string;
  readonly to?: string;
  /** `IOP`: the kinds of claim it looks at. */
  readonly streams: string;
  /** `medicare`, or ids of payers.csv; absent = all. */
  readonly payers?: "medicare" | readonly string[];
  /** The worst it says, which is what it says unless stated; then milder ones. */
  readonly severity: readonly [Severity, ...Severity[]];
  /** Parts of the scene it looks at: when none of them changes, its findings stay. */
  readonly reads: readonly Part[];
  /** Code sets it looks at, for the evidence. */
  readonly sets?: readonly DataSet[];
  /** The file without which it never fires. Absent: it works with public data or without any. */
  readonly waitsFor?: string;
  readonly citation: string;
  readonly run: (scene: Scene, report: Report) => void;
}
