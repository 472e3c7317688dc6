import { z } from "zod";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { RelatedItem } from "./scene.ts";

const EVIDENCE_LIMIT = 20;

/** What a code rests on: words of a document, a charge, or a field of a message. Checked against the chart at every change of it. */
const evidence = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("document"),
    /** DocumentReference id in the chart. */
    documentId: z.uuid(),
    /** Heading above the words, as written; absent when there is none. */
    section: z.string().max(200).optional(),
    /** Character span in the document's text (UTF-16 code units), end exclusive. */
    start: z.int().min(0),
    end: z.int().min(1),
    /** The words themselves, and a little of what stands around them: by these the span is found again after an addendum. */
    quote: z.string().min(1).max(1_000),
    before: z.string().max(60).default(""),
    after: z.string().max(60).default(""),
  }),
  z.strictObject({ kind: z.literal("charge"), chargeId: z.uuid() }),
  /** A field of a message, by the resource it became: `Condition/ID`, and where it stood: `DG1-3`. */
  z.strictObject({ kind: z.literal("field"), resource: z.string().regex(/^[A-Z][A-Za-z]+\/[0-9a-f-]{36}$/), field: z.string().max(20) }),
]);
export type Evidence = z.infer<typeof evidence>;
const evidenceOf = z.array(evidence).max(EVIDENCE_LIMIT).optional();

/** How a diagnosis is used on the claim (THO `diagnosistype`). */
export const DIAGNOSIS_USES = ["principal", "secondary", "admitting", "patientreasonforvisit", "externalcauseofinjury"] as const;

const diagnosis = z.strictObject({
  /** ICD-10-CM, with or without the dot. */
  code: z.string().min(1).max(10),
  use: z.enum(DIAGNOSIS_USES),
  /** Present on admission; absent for codes exempt from it. */
  onAdmission: z.enum(["Y", "N", "U", "W"]).optional(),
  evidence: evidenceOf,
});

const procedure = z.strictObject({
  /** ICD-10-PCS. */
  code: z.string().min(1).max(10),
  /** Local date, YYYY-MM-DD. */
  date: z.iso.date(),
  /** NPI of who performed it. */
  performerNpi: z.string().optional(),
  evidence: evidenceOf,
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
  evidence: evidenceOf,
});

/** What the coder abstracts besides codes. Each is absent when the account has none. */
const abstract = z.strictObject({
  /** UB-04 condition codes (form locators 18 to 28). */
  conditionCodes: z
    .array(z.string().regex(/^[0-9A-Z]{2}$/))
    .max(24)
    .optional(),
  /** UB-04 occurrence codes and their day (31 to 34). */
  occurrences: z
    .array(z.strictObject({ code: z.string().regex(/^[0-9A-Z]{2}$/), date: z.iso.date() }))
    .max(24)
    .optional(),
  /** UB-04 occurrence span codes, first and last day (35 and 36). */
  spans: z
    .array(z.strictObject({ code: z.string().regex(/^[0-9A-Z]{2}$/), from: z.iso.date(), through: z.iso.date() }))
    .max(24)
    .optional(),
  /** UB-04 value codes (39 to 41); amounts in whole cents, counts times 100. */
  values: z
    .array(z.strictObject({ code: z.string().regex(/^[0-9A-Z]{2}$/), amount: z.int() }))
    .max(12)
    .optional(),
  accident: z
    .strictObject({ date: z.iso.date(), kind: z.enum(["auto", "work", "other"]), state: z.string().length(2).optional() })
    .optional(),
  /** Number of the prior authorisation, and the codes it is for. */
  authorization: z.strictObject({ number: z.string().min(1).max(50), codes: z.array(z.string().max(10)).default([]) }).optional(),
  /** The grouper's answer, with its version. */
  drg: z
    .strictObject({
      kind: z.enum(["MS-DRG", "APR-DRG"]),
      code: z.string().regex(/^\d{3}(-?[1-4][1-4])?$/),
      version: z.string().min(1).max(20),
      /** The DRG expected while the patient was in house. */
      working: z
        .string()
        .regex(/^\d{3}(-?[1-4][1-4])?$/)
        .optional(),
    })
    .optional(),
  birthWeightGrams: z.int().min(100).max(9_999).optional(),
  /** Hours on a ventilator, from the flowsheet. */
  ventilationHours: z.number().min(0).max(10_000).optional(),
  /** UB-04 type of bill, when it is not that of an original claim (third digit of frequency: 1 original, 2 to 4 interim, 7 replaced, 8 void). */
  frequency: z.enum(["1", "2", "3", "4", "5", "7", "8"]).optional(),
  /** The payer's number of the claim that this one replaces or voids. */
  originalReference: z.string().min(1).max(50).optional(),
  /** Words for the payer (UB-04 form locator 80, CMS-1500 item 19); a claim changed for reason D9 needs them. */
  remarks: z.string().trim().min(1).max(80).optional(),
  /** Earlier outpatient services before this stay: unrelated to it, as the hospital attests (condition code 51). */
  unrelatedAttested: z.boolean().optional(),
});
export type Abstract = z.infer<typeof abstract>;

/** A reason for leaving a soft finding as it is. */
const override = z.strictObject({
  rule: z.string().max(40),
  /** The finding's path; absent = all of this rule's findings. */
  path: z.string().max(120).optional(),
  reason: z.string().trim().min(3).max(500),
});
export type Override = z.infer<typeof override>;

/** What a coder submits for one item. */
export const codeSubmission = z.strictObject({
  diagnoses: z.array(diagnosis).max(60),
  procedures: z.array(procedure).max(60).default([]),
  lines: z.array(line).max(999).default([]),
  abstract: abstract.optional(),
  overrides: z.array(override).max(200).optional(),
});
export type CodeSubmission = z.infer<typeof codeSubmission>;

export type Severity = "hard" | "soft" | "info";

/** One edit that fired. `hard` stops the submit; `soft` wants a reason; `info` tells. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** `no-data`: the edit did not run, because no code set for the day is loaded. It says nothing about the code. */
  readonly kind?: "no-data";
  /** Place in the submission or the claim: `diagnoses[0].code`. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
  /** What the rule rests on. */
  readonly citation: string;
  /** Rule pack or rule and its version. */
  readonly version: string;
  /** Code-set versions it looked at: `icd-10-cm FY2026`. */
  readonly data?: readonly string[];
}

export type Stream = "FAC" | `PRO:${string}`;

/** Runs every edit over one submission. Pure. @param related other items of the same patient. */
export type CheckCodes = (
  chart: ChartSnapshot,
  stream: Stream,
  codes: CodeSubmission,
  related?: readonly RelatedItem[],
) => readonly Finding[];
