import { type CodeSubmission, codeSubmission } from "#src/coding/submission.ts";
import type { Stay } from "./segments.ts";
import { DOCTORS } from "./site.ts";

/** NPIs of the demo's doctors as sites/demo/practitioners.csv has them. */
const SURGEON_NPI = "2000001026";
/** The same with a slip in its last digit. */
const SLIPPED_NPI = "2000001025";
/** What the patient complained of at admission, by the principal diagnosis. */
const COMPLAINTS: Readonly<Record<string, string>> = {
  "J18.9": "R05.9",
  "I50.33": "R60.0",
  "K35.80": "R10.31",
  "N20.0": "R10.9",
  "G43.909": "R51.9",
  "S52.501A": "M25.531",
};

const dashed = (time: string): string => `${time.slice(0, 4)}-${time.slice(4, 6)}-${time.slice(6, 8)}`;
const isCause = (code: string): boolean => /^[V-Y]\d/.test(code);

/** A demo stay coded as it should be. */
export function rightCodes(stay: Stay): CodeSubmission {
  const { kind, diagnoses } = stay.case;
  const inpatient = kind === "inpatient";
  const [first] = diagnoses;
  const complaint = COMPLAINTS[first.code] ?? first.code;
  return codeSubmission.parse({
    diagnoses: [
      ...diagnoses.map(({ code }, index) => ({
        code,
        use: index === 0 ? "principal" : isCause(code) ? "externalcauseofinjury" : "secondary",
        ...(inpatient ? { onAdmission: "Y" } : {}),
      })),
      ...(inpatient ? [{ code: complaint, use: "admitting" }] : []),
      ...(kind === "emergency" || kind === "observation" ? [{ code: complaint, use: "patientreasonforvisit" }] : []),
    ],
    procedures:
      stay.case.doctor === ("surgeon" satisfies keyof typeof DOCTORS)
        ? [{ code: "0DTJ4ZZ", date: dashed(stay.admittedAt), performerNpi: SURGEON_NPI }]
        : [],
  });
}

type Spoil = (right: CodeSubmission, stay: Stay) => object;

const withLine =
  (line: object): Spoil =>
  (right) => ({ ...right, lines: [{ modifiers: [], diagnosisPointers: [], ...line }] });
const withoutUse =
  (use: string): Spoil =>
  (right) => ({ ...right, diagnoses: right.diagnoses.filter((dx) => dx.use !== use) });

/** Patients (from 1) whose coder is in a hurry: the edit that rightly stops the first try, and what was wrong with it. */
export const FIRST_TRIES: Readonly<Record<number, { readonly edit: string; readonly slip: string; readonly spoil: Spoil }>> = {
  1: { edit: "DX19", slip: "an emergency visit without the patient's reason", spoil: withoutUse("patientreasonforvisit") },
  2: {
    edit: "POA01",
    slip: "no present-on-admission indicator on a secondary diagnosis",
    spoil: (right) => ({
      ...right,
      diagnoses: right.diagnoses.map(({ code, use, onAdmission }, index) => ({ code, use, ...(index === 1 ? {} : { onAdmission }) })),
    }),
  },
  3: {
    edit: "DX05",
    slip: "a diagnosis twice",
    spoil: (right) => ({ ...right, diagnoses: [...right.diagnoses, { code: right.diagnoses[0]?.code, use: "secondary" }] }),
  },
  5: {
    edit: "DX04",
    slip: "the principal diagnosis in second place",
    spoil: ({ diagnoses: [first, second, ...rest], ...right }) => ({ ...right, diagnoses: [second, first, ...rest] }),
  },
  6: { edit: "PX13", slip: "modifier 59 on a visit", spoil: withLine({ procedureCode: "G0384", revenueCode: "0450", modifiers: ["59"] }) },
  7: {
    edit: "CL01",
    slip: "a pointer to a diagnosis that is not there",
    spoil: withLine({ procedureCode: "J1885", revenueCode: "0636", diagnosisPointers: [9] }),
  },
  8: { edit: "PX11", slip: "a modifier twice", spoil: withLine({ procedureCode: "Q4010", revenueCode: "0270", modifiers: ["RT", "RT"] }) },
  9: {
    edit: "POA02",
    slip: "a present-on-admission indicator on the admitting diagnosis",
    spoil: (right) => ({ ...right, diagnoses: right.diagnoses.map((dx) => (dx.use === "admitting" ? { ...dx, onAdmission: "Y" } : dx)) }),
  },
  10: { edit: "CL03", slip: "a line without its revenue code", spoil: withLine({ procedureCode: "Q4010" }) },
  12: {
    edit: "IP03",
    slip: "an NPI with a wrong last digit",
    spoil: (right, stay) => ({ ...right, procedures: [{ code: "5A09357", date: dashed(stay.admittedAt), performerNpi: SLIPPED_NPI }] }),
  },
  13: {
    edit: "PX16",
    slip: "a professional's modifier on a hospital claim",
    spoil: withLine({ procedureCode: "Q4010", revenueCode: "0270", modifiers: ["53"] }),
  },
  14: {
    edit: "CL04",
    slip: "a service outside the visit",
    spoil: withLine({ procedureCode: "J1885", revenueCode: "0636", serviceDate: "2020-01-01" }),
  },
  16: {
    edit: "IP02",
    slip: "an operation on a day before the stay",
    spoil: (right) => ({ ...right, procedures: right.procedures.map((one) => ({ ...one, date: "2020-01-01" })) }),
  },
  17: {
    edit: "PX01",
    slip: "an ICD-10-PCS code of an outpatient",
    spoil: (right, stay) => ({ ...right, procedures: [{ code: "BT2100Z", date: dashed(stay.admittedAt) }] }),
  },
  20: {
    edit: "DX08",
    slip: "the external cause of an injury in first place",
    spoil: (right) => ({
      ...right,
      diagnoses: [...right.diagnoses]
        .reverse()
        .map((dx) => ({ ...dx, use: isCause(dx.code) ? "principal" : dx.use === "principal" ? "secondary" : dx.use }))
        .sort((a, b) => Number(b.use === "principal") - Number(a.use === "principal")),
    }),
  },
};

/** The codes of a stay as its coder sends them first: with the slip where the patient has one. */
export function firstCodes(patient: number, stay: Stay): CodeSubmission {
  const right = rightCodes(stay);
  const slip = FIRST_TRIES[patient];
  return slip === undefined ? right : codeSubmission.parse(slip.spoil(right, stay));
}
