import { z } from "zod";

const range = z.string().regex(/^[0-9A-Z]{1,7}(-[0-9A-Z]{1,7})?$/, "is a code or its beginning, or two of them with a hyphen: J12-J18");

/**
 * What a site and its payers decide, where the published sets decide nothing: the `policy` of edits.yaml. Every part is
 * optional, and without it its edit keeps silent.
 */
export const policyShape = z.strictObject({
  /** Payers that still run a sex edit (CMS stopped it on 2024-10-01). */
  sexConflictPayers: z.array(z.string()).default([]),
  /** DRGs under the post-acute transfer policy. */
  postAcuteDrgs: z.array(z.string().regex(/^\d{3}$/)).default([]),
  /** Symptoms that belong to a definitive diagnosis. */
  integralSymptoms: z.array(z.strictObject({ symptom: range, of: range })).default([]),
  /** Days from the service to the payer's limit for the first claim; `default` for all others. */
  timelyFilingDays: z.record(z.string(), z.int().min(1)).default({}),
  /** Days before the limit from which on it is told. */
  timelyFilingWarnDays: z.int().min(1).default(14),
  /** Services that need an authorisation. */
  authorizations: z.array(z.strictObject({ payer: z.string(), codes: z.array(z.string()).min(1) })).default([]),
  /** Diagnoses of which one must be the reason for a service, as a coverage decision says. */
  medicalNecessity: z
    .array(
      z.strictObject({
        codes: z.array(z.string()).min(1),
        diagnoses: z.array(range).min(1),
        citation: z.string(),
        payer: z.string().optional(),
      }),
    )
    .default([]),
  /** Payers that take no replacement or void (frequency 7 and 8). */
  noReplacementPayers: z.array(z.string()).default([]),
  /** Codes whose units are minutes or whole 15-minute steps. */
  timedCodes: z.array(z.string()).default([]),
  /** Drugs in single-dose containers: JW or JZ is due. */
  singleDoseDrugs: z.array(z.string()).default([]),
  /** Departments away from the campus (FT1-13): PO or PN is due. */
  offCampusDepartments: z.array(z.string()).default([]),
  /** Whether an injury's external cause is asked for. */
  externalCauseWanted: z.boolean().default(false),
});
export type Policy = z.output<typeof policyShape>;

/** Nothing decided: every part empty. */
export const NO_POLICY: Policy = policyShape.parse({});

/** Whether a code without its dot is in `J18`, or in `J12-J18`. */
export function inRange(code: string, text: string): boolean {
  const [from = "", to = from] = text.split("-");
  return code.slice(0, from.length) >= from && code.slice(0, to.length) <= to;
}
