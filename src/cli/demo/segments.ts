import type { Case, CaseKind, Diagnosis } from "./cases.ts";
import type { Field, Segment } from "./build.ts";
import type { Person } from "./people.ts";
import { CHARGES, DOCTORS, PAYERS, type ChargeName, type Doctor, type Payer } from "./site.ts";

/** One stay of one patient, as the hospital's system knows it. Times are local, `YYYYMMDDHHMMSS`. */
export interface Stay {
  readonly person: Person;
  /** PID-18. */
  readonly account: string;
  /** PV1-19. */
  readonly visit: string;
  readonly case: Case;
  /** Absent: the patient gave no insurance. */
  readonly payer: keyof typeof PAYERS | undefined;
  readonly memberId: string;
  readonly admittedAt: string;
  readonly dischargedAt: string;
  readonly days: number;
}

const day = (time: string): string => time.slice(0, 8);
const PATIENT_CLASS = { inpatient: "I", emergency: "E", outpatient: "O", observation: "O" } as const;
const LOCATION = {
  inpatient: ["4WEST", "412", "A", "NORTH"],
  emergency: ["ED", "07", "1", "NORTH"],
  outpatient: ["CLINIC2", "R3", "", "NORTH"],
  observation: ["OBS", "118", "B", "NORTH"],
} as const;
const SERVICE = { inpatient: "MED", emergency: "EMR", outpatient: "FAM", observation: "OBS" } as const;
/** PV1-4 (UB-04 priority of admission): emergency, urgent, elective. */
const ADMISSION_TYPE = { inpatient: "1", emergency: "1", outpatient: "3", observation: "2" } as const;

const doctorField = (doctor: Doctor): Field => [doctor.id, doctor.family, doctor.given, "", "", "", "MD", "", "NORTH"];

const pid = ({ person, account }: Stay): Segment => [
  "PID",
  {
    1: "1",
    3: [person.mrn, "", "", "NORTH", "MR"],
    5: [person.family, person.given, person.middle, "", "", "", "L"],
    7: person.born,
    8: person.sex,
    11: [person.street, "", person.city, "OH", person.zip, "USA", "H"],
    13: ["", "PRN", "PH", "", "", "440", person.phone.replace("-", "")],
    15: ["en", "English", "ISO639"],
    16: ["M", "Married", "HL70002"],
    18: [account, "", "", "NORTH", "AN"],
  },
];

const nk1 = ({ person }: Stay): Segment => [
  "NK1",
  {
    1: "1",
    2: [person.family, person.kin],
    3: ["SPO", "Spouse", "HL70063"],
    4: [person.street, "", person.city, "OH", person.zip, "USA"],
    5: ["", "PRN", "PH", "", "", "440", person.phone.replace("-", "")],
    7: ["C", "Emergency Contact", "HL70131"],
  },
];

/** @param left whether the discharge is known: PV1-36 and PV1-45 are sent from then on. */
const pv1 = (stay: Stay, left: boolean): Segment => {
  const { kind } = stay.case;
  const doctor = doctorField(DOCTORS[stay.case.doctor]);
  return [
    "PV1",
    {
      1: "1",
      2: PATIENT_CLASS[kind],
      3: LOCATION[kind],
      4: ADMISSION_TYPE[kind],
      7: doctor,
      ...(kind === "inpatient" ? { 8: doctorField(DOCTORS.clinic), 17: doctor } : {}),
      10: SERVICE[kind],
      14: kind === "outpatient" ? "1" : "7",
      18: kind === "observation" ? "OBS" : kind === "inpatient" ? "IP" : kind === "emergency" ? "ER" : "OP",
      19: [stay.visit, "", "", "NORTH", "VN"],
      ...(left ? { 36: "01" } : {}),
      39: "NORTH",
      44: stay.admittedAt,
      ...(left ? { 45: stay.dischargedAt } : {}),
    },
  ];
};

const dg1 = (stay: Stay, left: boolean): readonly Segment[] =>
  stay.case.diagnoses.slice(0, left ? undefined : 1).map(
    ({ code, text }: Diagnosis, index): Segment => [
      "DG1",
      {
        1: String(index + 1),
        3: [code, text, "I10"],
        4: text,
        5: left ? stay.dischargedAt : stay.admittedAt,
        6: left ? "F" : "A",
        15: String(index + 1),
        16: doctorField(DOCTORS[stay.case.doctor]),
      },
    ],
  );

const insurance = (stay: Stay): readonly Segment[] => {
  if (stay.payer === undefined) return [];
  const payer: Payer = PAYERS[stay.payer];
  const { person } = stay;
  const name = [person.family, person.given, person.middle];
  const address = [person.street, "", person.city, "OH", person.zip, "USA", "H"];
  return [
    [
      "GT1",
      { 1: "1", 2: [person.mrn, "", "", "NORTH", "MR"], 3: name, 5: address, 8: person.born, 9: person.sex, 11: ["SE", "Self", "HL70063"] },
    ],
    [
      "IN1",
      {
        1: "1",
        2: [payer.plan, payer.planName, "NORTH"],
        3: [payer.id, "", "", "NORTH"],
        4: payer.name,
        5: ["PO Box 1180", "", "Norville", "OH", "44020", "USA"],
        8: `GRP-${payer.id}`,
        12: `${stay.admittedAt.slice(0, 4)}0101`,
        15: payer.planType,
        16: name,
        17: ["SEL", "Self", "HL70063"],
        18: person.born,
        19: address,
        22: "1",
        36: stay.memberId,
        43: person.sex,
      },
    ],
  ];
};

const measurement = (index: number, [code, name, value, unit]: readonly [string, string, string, string], at: string): Segment => [
  "OBX",
  { 1: String(index), 2: "NM", 3: [code, name, "LN"], 5: value, 6: [unit, unit, "UCUM"], 11: "F", 14: at },
];
const measurements = (stay: Stay): readonly Segment[] => [
  measurement(1, ["8302-2", "Body height", "171", "cm"], stay.admittedAt),
  measurement(2, ["29463-7", "Body weight", "78", "kg"], stay.admittedAt),
];
const allergyAndDiagnoses = (stay: Stay, left: boolean): readonly Segment[] => [
  ["AL1", { 1: "1", 2: ["DA", "Drug allergy", "HL70127"], 3: ["", "No known drug allergies"], 4: ["U", "Unknown", "HL70128"] }],
  ...dg1(stay, left),
];

/** PV2-12, visit description. */
const VISITS: Readonly<Record<CaseKind, string>> = {
  inpatient: "Inpatient stay",
  emergency: "Emergency visit",
  outpatient: "Outpatient visit",
  observation: "Observation stay",
};

/** Everything an ADT message carries of a stay. */
export const visitSegments = (stay: Stay, event: string, at: string, left: boolean): readonly Segment[] => [
  ["EVN", { 1: event, 2: at, 6: event === "A03" ? stay.dischargedAt : at }],
  pid(stay),
  nk1(stay),
  pv1(stay, left),
  ["PV2", { 3: ["", stay.case.reason], 12: VISITS[stay.case.kind] }],
  // ADT_A03 has its OBX after DG1, the others before AL1 (v2.5.1 ch. 3.3).
  ...(event === "A03"
    ? [...allergyAndDiagnoses(stay, left), ...measurements(stay)]
    : [...measurements(stay), ...allergyAndDiagnoses(stay, left)]),
  ...insurance(stay),
];

const amount = (cents: number): readonly string[] => [(cents / 100).toFixed(2), "USD"];

const ft1 = (stay: Stay, index: number, name: ChargeName, units: number): Segment => {
  const charge: { readonly hcpcs?: string } & (typeof CHARGES)[ChargeName] = CHARGES[name];
  const doctor = doctorField(DOCTORS[stay.case.doctor]);
  return [
    "FT1",
    {
      1: String(index + 1),
      2: `${stay.account}-${String(index + 1).padStart(3, "0")}`,
      4: stay.admittedAt,
      5: stay.dischargedAt,
      6: "CG",
      7: [charge.code, charge.text, "NORTH-CDM"],
      10: String(units),
      11: [amount(charge.cents * units)],
      12: [amount(charge.cents)],
      13: [charge.department, "", "NORTH"],
      16: LOCATION[stay.case.kind],
      19: [stay.case.diagnoses[0].code, stay.case.diagnoses[0].text, "I10"],
      20: doctor,
      21: doctor,
      ...(charge.hcpcs === undefined ? {} : { 25: [charge.hcpcs, charge.text, "HCPCS"] }),
    },
  ];
};

/** The charges of a stay (DFT^P03). */
export const chargeSegments = (stay: Stay, at: string): readonly Segment[] => [
  ["EVN", { 1: "P03", 2: at }],
  pid(stay),
  pv1(stay, false),
  ...stay.case.charges.map(({ name, units, daily }, index) => ft1(stay, index, name, daily === true ? stay.days : units)),
  ...dg1(stay, false),
  ...insurance(stay),
];

const NOTE = {
  inpatient: ["DS", "18842-5", "Discharge summary"],
  emergency: ["ED", "34111-5", "Emergency department note"],
  outpatient: ["PN", "34131-3", "Outpatient progress note"],
  observation: ["DS", "18842-5", "Observation discharge summary"],
} as const;

/** The signed note of a stay (MDM^T02). */
export const noteSegments = (stay: Stay, at: string): readonly Segment[] => {
  const [type, loinc, title] = NOTE[stay.case.kind];
  const doctor = doctorField(DOCTORS[stay.case.doctor]);
  const lines = [
    title.toUpperCase(),
    `Reason: ${stay.case.reason}.`,
    ...stay.case.note,
    "Assessment:",
    ...stay.case.diagnoses.map(({ text }, index) => `${index + 1}. ${text}`),
    "Plan: as discussed with the patient & family; questions answered. Signed electronically.",
  ];
  return [
    ["EVN", { 1: "T02", 2: at }],
    pid(stay),
    pv1(stay, false),
    [
      "TXA",
      {
        1: "1",
        2: type,
        3: "TX",
        4: stay.dischargedAt,
        5: doctor,
        6: at,
        9: doctor,
        12: [`DOC-${stay.visit}`, "NORTH"],
        16: title,
        17: "LA",
        19: "AV",
        22: doctor,
      },
    ],
    ...lines.map(
      (text, index): Segment => ["OBX", { 1: String(index + 1), 2: "TX", 3: [loinc, title, "LN"], 5: text, 11: "F", 14: day(at) }],
    ),
  ];
};
