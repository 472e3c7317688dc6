import type { ClaimDiagnosis, ClaimProcedure, CodeableConcept } from "@medplum/fhirtypes";
import { dotted, SYSTEMS, tidy } from "#src/coding/codes.ts";
import type { CodeSubmission } from "#src/coding/submission.ts";
import type { ClaimAbstract } from "./claim-abstract.ts";
import { drgConcept } from "./supporting-info.ts";
import { CLAIM_SYSTEMS, EXTENSIONS } from "./systems.ts";

type Diagnosis = CodeSubmission["diagnoses"][number];
type Use = Diagnosis["use"];

/** Uses that a line may point to, and the uses that say whether they were there on admission (UB-04 form locators 67 and 72). */
export const POINTABLE: readonly Use[] = ["principal", "secondary"];
const HAS_POA: readonly Use[] = ["principal", "secondary", "externalcauseofinjury"];

/** Two codings of a diagnosis' use, so that a reader of either list finds it: R4's own has no `secondary`, CARIN's no `admitting`. */
function usedAs(use: Use, professional: boolean): CodeableConcept {
  const general = { system: CLAIM_SYSTEMS.diagnosisType, code: use };
  if (use === "principal" || use === "admitting") return { coding: [{ system: CLAIM_SYSTEMS.exDiagnosisType, code: use }, general] };
  const carin = use === "secondary" && !professional ? "other" : use;
  return { coding: [general, { system: CLAIM_SYSTEMS.carinDiagnosisType, code: carin }] };
}

export interface DiagnosisNeeds {
  readonly professional: boolean;
  readonly inpatient: boolean;
  readonly drg?: ClaimAbstract["drg"];
}

/** One numbering over all uses, in the order given: the lines' pointers count the same way. */
export const diagnosesOf = (diagnoses: readonly Diagnosis[], { professional, inpatient, drg }: DiagnosisNeeds): ClaimDiagnosis[] =>
  diagnoses.map(({ code, use, onAdmission }, index) => ({
    sequence: index + 1,
    diagnosisCodeableConcept: { coding: [{ system: SYSTEMS.icd10cm, code: dotted(code) }] },
    type: [usedAs(use, professional)],
    ...(inpatient && !professional && onAdmission !== undefined && HAS_POA.includes(use)
      ? { onAdmission: { coding: [{ system: CLAIM_SYSTEMS.presentOnAdmission, code: onAdmission }] } }
      : {}),
    ...(use === "principal" && drg !== undefined && !professional ? { packageCode: drgConcept(drg) } : {}),
  }));

/**
 * ICD-10-PCS procedures; the first is the principal one (UB-04 form locator 74).
 * @param memberOf sequence in the care team of who has this NPI.
 */
export const proceduresOf = ({ procedures }: CodeSubmission, memberOf: (npi: string) => number | undefined): ClaimProcedure[] =>
  procedures.map(({ code, date, performerNpi }, index) => {
    const by = performerNpi === undefined ? undefined : memberOf(performerNpi);
    return {
      ...(by === undefined ? {} : { extension: [{ url: EXTENSIONS.performedBy, valuePositiveInt: by }] }),
      sequence: index + 1,
      type: [{ coding: [{ system: CLAIM_SYSTEMS.procedureType, code: index === 0 ? "primary" : "secondary" }] }],
      date,
      procedureCodeableConcept: { coding: [{ system: SYSTEMS.icd10pcs, code: tidy(code) }] },
    };
  });
