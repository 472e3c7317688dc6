import type { ClaimDiagnosis, ClaimProcedure, ClaimSupportingInfo, CodeableConcept, Encounter } from "@medplum/fhirtypes";
import { dotted, SYSTEMS, tidy } from "#src/coding/codes.ts";
import type { Stay } from "#src/coding/stay.ts";
import type { CodeSubmission } from "#src/coding/submission.ts";
import { CLAIM_SYSTEMS, IDENTIFIERS } from "./systems.ts";

type Use = CodeSubmission["diagnoses"][number]["use"];

/** Codings of a diagnosis' use: the older system where it has the code, and the one that has all. */
const usedAs = (use: Use): CodeableConcept => ({
  coding: [
    ...(use === "principal" || use === "admitting" ? [{ system: CLAIM_SYSTEMS.exDiagnosisType, code: use }] : []),
    { system: CLAIM_SYSTEMS.diagnosisType, code: use },
  ],
});

/** Diagnoses numbered as the coder gave them: the lines' pointers count the same way. */
export const diagnosesOf = ({ diagnoses }: CodeSubmission, withPoa: boolean): ClaimDiagnosis[] =>
  diagnoses.map(({ code, use, onAdmission }, index) => ({
    sequence: index + 1,
    diagnosisCodeableConcept: { coding: [{ system: SYSTEMS.icd10cm, code: dotted(code) }] },
    type: [usedAs(use)],
    ...(withPoa && onAdmission !== undefined
      ? { onAdmission: { coding: [{ system: CLAIM_SYSTEMS.presentOnAdmission, code: onAdmission }] } }
      : {}),
  }));

/** ICD-10-PCS procedures; the first is the principal one (UB-04 form locator 74). */
export const proceduresOf = ({ procedures }: CodeSubmission): ClaimProcedure[] =>
  procedures.map(({ code, date }, index) => ({
    sequence: index + 1,
    type: [{ coding: [{ system: CLAIM_SYSTEMS.procedureType, code: index === 0 ? "primary" : "secondary" }] }],
    date,
    procedureCodeableConcept: { coding: [{ system: SYSTEMS.icd10pcs, code: tidy(code) }] },
  }));

/** Type of bill of an original claim: hospital (1), inpatient (1) or outpatient (3), admit through discharge (1). */
export const typeOfBill = (inpatient: boolean): string => (inpatient ? "111" : "131");

/** HL7 table 0007 as hospitals of the other habit send it, to the code of UB-04 form locator 14. Own digits stay. */
const ADMISSION_TYPE: ReadonlyMap<string, string> = new Map(Object.entries({ E: "1", A: "1", U: "2", R: "3", C: "3", L: "3", N: "4" }));

function admissionType({ type, priority }: Encounter): string | undefined {
  const codings = [...(type ?? []), ...(priority === undefined ? [] : [priority])].flatMap(({ coding }) => coding ?? []);
  const code = codings.find(({ system }) => system === undefined || system.includes("0007") || system.includes("PriorityType"))?.code;
  if (code === undefined) return undefined;
  return /^[1-59]$/.test(code) ? code : ADMISSION_TYPE.get(code);
}

const info = (code: string): Pick<ClaimSupportingInfo, "category"> => ({
  category: { coding: [{ system: CLAIM_SYSTEMS.supportingInfo, code }] },
});

/** The header of a hospital claim: UB-04 form locators 3a, 4, 12 to 17. What the chart does not tell is left out. */
export function institutionalInfo({ encounter, inpatient }: Stay, accountNumber: string): ClaimSupportingInfo[] {
  const bill = typeOfBill(inpatient);
  const type = admissionType(encounter);
  const origin = encounter.hospitalization?.admitSource?.coding?.[0]?.code;
  const status = encounter.hospitalization?.dischargeDisposition?.coding?.[0]?.code;
  const entries: Omit<ClaimSupportingInfo, "sequence">[] = [
    {
      ...info("typeofbill"),
      code: {
        coding: [
          { system: IDENTIFIERS.typeOfBill, code: bill },
          { system: CLAIM_SYSTEMS.typeOfBill, code: `0${bill}` },
        ],
      },
    },
  ];
  if (accountNumber !== "") entries.push({ ...info("patientaccountnumber"), valueString: accountNumber });
  if (inpatient && encounter.period !== undefined) entries.push({ ...info("admissionperiod"), timingPeriod: encounter.period });
  if (type !== undefined) entries.push({ ...info("admtype"), code: { coding: [{ system: CLAIM_SYSTEMS.admissionType, code: type }] } });
  if (origin !== undefined)
    entries.push({ ...info("pointoforigin"), code: { coding: [{ system: CLAIM_SYSTEMS.pointOfOrigin, code: origin }] } });
  if (status !== undefined)
    entries.push({ ...info("discharge-status"), code: { coding: [{ system: CLAIM_SYSTEMS.dischargeStatus, code: status }] } });
  return entries.map((entry, index) => ({ sequence: index + 1, ...entry }));
}

/** CMS place of service by encounter class: inpatient hospital, emergency room, on-campus outpatient hospital. */
export function placeOfService({ encounter, inpatient }: Stay): string {
  if (inpatient) return "21";
  return encounter.class.code === "EMER" ? "23" : "22";
}
