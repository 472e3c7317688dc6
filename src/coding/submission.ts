import { z } from "zod";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";

/** How a diagnosis is used on the claim (THO `diagnosistype`). */
export const DIAGNOSIS_USES = ["principal", "secondary", "admitting", "patientreasonforvisit", "externalcauseofinjury"] as const;

const diagnosis = z.strictObject({
  /** ICD-10-CM, with or without the dot. */
  code: z.string().min(1).max(10),
  use: z.enum(DIAGNOSIS_USES),
  /** Present on admission; absent for codes exempt from it. */
  onAdmission: z.enum(["Y", "N", "U", "W"]).optional(),
});

const procedure = z.strictObject({
  /** ICD-10-PCS. */
  code: z.string().min(1).max(10),
  /** Local date, YYYY-MM-DD. */
  date: z.iso.date(),
  /** NPI of who performed it. */
  performerNpi: z.string().optional(),
});

const line = z.strictObject({
  /** The charge (ChargeItem id in the chart) this line changes; absent for a soft-coded line of the coder's own. */
  chargeId: z.uuid().optional(),
  /** CPT or HCPCS. */
  procedureCode: z.string().max(10).optional(),
  modifiers: z.array(z.string().max(4)).max(10).default([]),
  revenueCode: z.string().max(6).optional(),
  /** Sequence numbers of diagnoses (1 = first in `diagnoses`), most important first. */
  diagnosisPointers: z.array(z.int().min(1).max(99)).max(12).default([]),
  serviceDate: z.iso.date().optional(),
  units: z.number().positive().optional(),
  /** Whole cents for all units. */
  amountCents: z.int().min(0).optional(),
});

/** What a coder submits for one item. */
export const codeSubmission = z.strictObject({
  diagnoses: z.array(diagnosis).max(60),
  procedures: z.array(procedure).max(60).default([]),
  lines: z.array(line).max(999).default([]),
});
export type CodeSubmission = z.infer<typeof codeSubmission>;

/** One edit that fired. `hard` stops the submit; `soft` wants a reason; `info` tells. */
export interface Finding {
  readonly rule: string;
  readonly severity: "hard" | "soft" | "info";
  /** Place in the submission or the claim: `diagnoses[0].code`. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
  /** What the rule rests on. */
  readonly citation: string;
  /** Version of the rule and its data. */
  readonly version: string;
}

export type Stream = "FAC" | `PRO:${string}`;

/** Runs every edit over one submission. Pure. */
export type CheckCodes = (chart: ChartSnapshot, stream: Stream, codes: CodeSubmission) => readonly Finding[];
