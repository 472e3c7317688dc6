import type { Claim } from "@medplum/fhirtypes";
import type { Severity } from "#src/coding/submission.ts";
import type { Bill } from "../form/bill.ts";

/** WEDI SNIP types: 1 syntax, 2 what the implementation guide wants, 3 balance, 4 situations, 5 code sets, 6 line of service, 7 payer. */
export type SnipType = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** What a check looks at: the claim, and the same as the forms say it. */
export interface Submitted {
  readonly claim: Claim;
  readonly bill: Bill;
}

export interface Fault {
  /** `Claim.item[0].net`. */
  readonly place: string;
  readonly message: string;
  readonly fix: string;
}

/** One thing that a clearinghouse or payer would refuse a claim for. */
export interface ReadinessCheck {
  readonly id: string;
  readonly snip: SnipType;
  readonly title: string;
  /** `hard` keeps the claim from being released; `soft` is shown. */
  readonly severity: Severity;
  readonly citation: string;
  readonly run: (submitted: Submitted) => readonly Fault[];
}

export const fault = (place: string, message: string, fix: string): Fault => ({ place, message, fix });
export const when = (wrong: boolean, place: string, message: string, fix: string): readonly Fault[] =>
  wrong ? [fault(place, message, fix)] : [];

/** Place of an element of the line at an index. */
export const item = (index: number, element: string): string => `Claim.item[${index}].${element}`;
