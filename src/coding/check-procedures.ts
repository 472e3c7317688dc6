import { isNpi } from "#src/sitedata/npi.ts";
import { isInpatientProcedureCode, tidy } from "./codes.ts";
import { CITE, hard, soft } from "./findings.ts";
import { shiftDay, type Stay } from "./stay.ts";
import type { CodeSubmission, Finding } from "./submission.ts";

const MOST = 25;
/** What an outpatient department did so many calendar days before belongs to the stay (three-day payment window, 42 CFR 412.2(c)(5)). */
const DAYS_BEFORE = 3;

/** Edits on the ICD-10-PCS procedures. */
export function checkProcedures({ procedures }: CodeSubmission, professional: boolean, stay: Stay | undefined): readonly Finding[] {
  if (procedures.length === 0) return [];
  if (professional || stay?.inpatient !== true)
    return [
      hard(
        "CB-PX-INPATIENT",
        "procedures",
        ["ICD-10-PCS codes go on inpatient hospital claims only.", "Enter CPT or HCPCS codes as lines instead."],
        CITE.pcs,
      ),
    ];
  const earliest = stay.from === undefined ? undefined : shiftDay(stay.from, -DAYS_BEFORE);
  const seen = new Set<string>();
  return [
    ...(procedures.length > MOST
      ? [hard("CB-PX-COUNT", `procedures[${MOST}]`, [`A claim takes ${MOST} procedures.`, "Remove those that matter least."], CITE.ub74)]
      : []),
    ...procedures.flatMap(({ code, date, performerNpi }, index): readonly Finding[] => {
      const path = `procedures[${index}]`;
      const key = `${tidy(code)} ${date}`;
      const again = seen.has(key);
      seen.add(key);
      const outside = (earliest !== undefined && date < earliest) || (stay.through !== undefined && date > stay.through);
      return [
        ...(isInpatientProcedureCode(code)
          ? []
          : [
              hard(
                "CB-FMT-PCS",
                `${path}.code`,
                ["This is not the form of an ICD-10-PCS code.", "Enter seven characters: digits and letters other than I and O."],
                CITE.codeSets,
              ),
            ]),
        ...(again
          ? [
              soft(
                "CB-PX-DUP",
                `${path}.code`,
                ["The same procedure is already there for this day.", "Remove one, or confirm that it was done twice."],
                CITE.ub74,
              ),
            ]
          : []),
        ...(outside
          ? [soft("CB-PX-DATE", `${path}.date`, ["The day is not within the stay.", "Correct the day, or confirm it."], CITE.ub74)]
          : []),
        ...(performerNpi === undefined || isNpi(performerNpi)
          ? []
          : [
              hard(
                "CB-FMT-NPI",
                `${path}.performerNpi`,
                ["This is not a valid NPI.", "Correct it: its last digit does not fit the others."],
                CITE.npi,
              ),
            ]),
      ];
    }),
  ];
}
