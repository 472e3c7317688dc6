import type { Claim, Resource } from "@medplum/fhirtypes";
import type { Finding } from "#src/coding/submission.ts";
import { readBill } from "../form/read-bill.ts";
import type { ReadinessCheck, SnipType } from "./check.ts";
import { CONTENT_CHECKS } from "./content-checks.ts";
import { FORM_CHECKS } from "./form-checks.ts";
import { SITUATION_CHECKS } from "./situation-checks.ts";

/** Version of the checks; stands in each finding. */
export const READINESS_VERSION = "chartbridge-readiness 1.0.0";

/** Every check before release, by SNIP type. */
export const READINESS: readonly ReadinessCheck[] = [...FORM_CHECKS, ...SITUATION_CHECKS, ...CONTENT_CHECKS].sort((a, b) =>
  a.id.localeCompare(b.id),
);

export interface SnipCoverage {
  readonly type: SnipType;
  readonly name: string;
  /** How far the checks go, and who does the rest. */
  readonly coverage: string;
}

/** What is checked of each WEDI SNIP type. */
export const SNIP_TYPES: readonly SnipCoverage[] = [
  {
    type: 1,
    name: "EDI syntax",
    coverage: "characters, lengths and dates of what the claim gives to an 837; envelopes and separators are the writer's of the 837",
  },
  {
    type: 2,
    name: "Implementation guide syntax",
    coverage: "required parties, numbers and numberings; the profiles of the FHIR package check presence and repeats besides",
  },
  {
    type: 3,
    name: "Balancing",
    coverage: "whole: lines to total, units to lines, what is not covered, in whole cents. Payments of other payers are not on our claims",
  },
  {
    type: 4,
    name: "Situations",
    coverage: "pointers, present on admission, replacements, periods, who operated. What depends on a payer's contract is not known here",
  },
  {
    type: 5,
    name: "External code sets",
    coverage:
      "forms of all codes; validity on the day is checked by the coding edits at submit (docs/edits.md), against the code sets loaded",
  },
  {
    type: 6,
    name: "Line of service",
    coverage: "inpatient, outpatient and professional claims; ambulance, chiropractic, home infusion and dental are not covered",
  },
  { type: 7, name: "Trading partner", coverage: "not covered: a site writes its payers' rules as site edits (docs/site-edits.md)" },
];

/** Everything that a clearinghouse or payer would refuse the claim for: hard ones keep it from being released. Values are never quoted. */
export function readinessOf(claim: Claim, referenced: readonly Resource[]): readonly Finding[] {
  const bill = readBill(claim, referenced);
  return READINESS.flatMap(({ id, severity, citation, run }) =>
    run({ claim, bill }).map(
      ({ place, message, fix }): Finding => ({
        rule: id,
        severity,
        path: place,
        message,
        fix,
        citation,
        version: READINESS_VERSION,
      }),
    ),
  );
}
