import type { ChargeName, DOCTORS } from "./site.ts";

export type CaseKind = "inpatient" | "emergency" | "outpatient" | "observation";

export interface Diagnosis {
  readonly code: string;
  readonly text: string;
}

/** A reason to come to the hospital, what is done, and what the doctor writes about it. */
export interface Case {
  readonly kind: CaseKind;
  readonly reason: string;
  /** Most important first. */
  readonly diagnoses: readonly [Diagnosis, ...Diagnosis[]];
  readonly charges: readonly { readonly name: ChargeName; readonly units: number; readonly daily?: boolean }[];
  readonly doctor: keyof typeof DOCTORS;
  readonly note: readonly string[];
}

const HYPERTENSION = { code: "I10", text: "Essential (primary) hypertension" };
const DIABETES = { code: "E11.9", text: "Type 2 diabetes mellitus without complications" };

export const CASES: Readonly<Record<CaseKind, readonly [Case, ...Case[]]>> = {
  inpatient: [
    {
      kind: "inpatient",
      reason: "Cough and fever for four days, short of breath",
      diagnoses: [
        { code: "J18.9", text: "Pneumonia, unspecified organism" },
        { code: "J96.01", text: "Acute respiratory failure with hypoxia" },
        HYPERTENSION,
      ],
      charges: [
        { name: "room", units: 1, daily: true },
        { name: "saline", units: 2 },
        { name: "contrast", units: 80 },
      ],
      doctor: "hospitalist",
      note: [
        "Course: right lower lobe infiltrate on chest film; hypoxic at 86% on room air on arrival, weaned from 4 L by day three.",
        "Treated with IV antibiotics, then by mouth. Blood cultures without growth. Blood pressure controlled on home medication.",
      ],
    },
    {
      kind: "inpatient",
      reason: "Swollen legs and short of breath when lying flat",
      diagnoses: [
        { code: "I50.33", text: "Acute on chronic diastolic (congestive) heart failure" },
        { code: "N17.9", text: "Acute kidney failure, unspecified" },
        DIABETES,
      ],
      charges: [
        { name: "room", units: 1, daily: true },
        { name: "saline", units: 1 },
        { name: "ondansetron", units: 4 },
      ],
      doctor: "hospitalist",
      note: [
        "Course: diuresed 4.2 L net. Echocardiogram with preserved ejection fraction. Creatinine peaked at 2.1 and fell to 1.3 before discharge.",
        "Glucose managed with basal insulin; no hypoglycemia. Weight on discharge 6 kg below admission.",
      ],
    },
    {
      kind: "inpatient",
      reason: "Pain in the right lower abdomen since last night",
      diagnoses: [
        { code: "K35.80", text: "Unspecified acute appendicitis" },
        { code: "K66.0", text: "Peritoneal adhesions" },
      ],
      charges: [
        { name: "room", units: 1, daily: true },
        { name: "ketorolac", units: 4 },
        { name: "ondansetron", units: 4 },
        { name: "saline", units: 2 },
      ],
      doctor: "surgeon",
      note: [
        "Course: laparoscopic appendectomy on the day of admission, adhesions divided. Appendix inflamed, not perforated.",
        "Tolerated diet on the first day after surgery. Pain controlled. Wound dry, no drain.",
      ],
    },
  ],
  emergency: [
    {
      kind: "emergency",
      reason: "Flank pain, nausea",
      diagnoses: [
        { code: "N20.0", text: "Calculus of kidney" },
        { code: "R11.2", text: "Nausea with vomiting, unspecified" },
      ],
      charges: [
        { name: "emergencyVisit", units: 1 },
        { name: "ketorolac", units: 2 },
        { name: "ondansetron", units: 4 },
        { name: "saline", units: 1 },
      ],
      doctor: "emergency",
      note: [
        "5 mm stone in the left kidney without obstruction. Ketorolac 30 mg IV at arrival, pain 8/10 to 2/10.",
        "Home with a strainer; follow-up with urology.",
      ],
    },
    {
      kind: "emergency",
      reason: "Headache since morning, light hurts",
      diagnoses: [{ code: "G43.909", text: "Migraine, unspecified, not intractable, without status migrainosus" }, HYPERTENSION],
      charges: [
        { name: "emergencyVisit", units: 1 },
        { name: "ketorolac", units: 2 },
        { name: "ondansetron", units: 4 },
      ],
      doctor: "emergency",
      note: [
        "Known migraine, same pattern as before. Neurological examination normal. No red flags, no imaging.",
        "Pain free after treatment. Blood pressure 148/90, to be checked by the family doctor.",
      ],
    },
    {
      kind: "emergency",
      reason: "Fell from a ladder, wrist pain",
      diagnoses: [
        { code: "S52.501A", text: "Unspecified fracture of the lower end of right radius, initial encounter" },
        { code: "W11.XXXA", text: "Fall on and from ladder, initial encounter" },
      ],
      charges: [
        { name: "emergencyVisit", units: 1 },
        { name: "ketorolac", units: 2 },
      ],
      doctor: "emergency",
      note: ["Closed fracture of the right distal radius, neurovascularly intact. Splint applied.", "Orthopedic clinic within five days."],
    },
  ],
  outpatient: [
    {
      kind: "outpatient",
      reason: "Diabetes follow-up",
      diagnoses: [{ code: "E11.65", text: "Type 2 diabetes mellitus with hyperglycemia" }, HYPERTENSION],
      charges: [{ name: "clinicVisit", units: 1 }],
      doctor: "clinic",
      note: [
        "A1c 9.1%, up from 8.2%. Metformin raised, diet reviewed with the dietitian.",
        "Blood pressure 134/82 on lisinopril. Return in three months.",
      ],
    },
    {
      kind: "outpatient",
      reason: "Low back pain for two weeks",
      diagnoses: [{ code: "M54.50", text: "Low back pain, unspecified" }],
      charges: [
        { name: "clinicVisit", units: 1 },
        { name: "ketorolac", units: 4 },
      ],
      doctor: "clinic",
      note: [
        "No weakness, reflexes equal, straight leg raise negative. Ketorolac 60 mg IM given in clinic.",
        "Physical therapy ordered; no imaging.",
      ],
    },
    {
      kind: "outpatient",
      reason: "CT of the abdomen for a renal lesion",
      diagnoses: [{ code: "N28.1", text: "Cyst of kidney, acquired" }],
      charges: [
        { name: "clinicVisit", units: 1 },
        { name: "contrast", units: 95 },
      ],
      doctor: "clinic",
      note: ["Contrast CT without reaction. Simple cyst, 2.4 cm, unchanged from last year.", "No further imaging needed."],
    },
  ],
  observation: [
    {
      kind: "observation",
      reason: "Chest pain, first troponin normal",
      diagnoses: [{ code: "R07.9", text: "Chest pain, unspecified" }, HYPERTENSION],
      charges: [
        { name: "observation", units: 22 },
        { name: "saline", units: 1 },
      ],
      doctor: "hospitalist",
      note: [
        "Placed in observation. Serial troponins normal, stress test without ischemia.",
        "Pain reproducible at the left costal margin. Discharged home.",
      ],
    },
    {
      kind: "observation",
      reason: "Vomiting, cannot keep fluids down",
      diagnoses: [
        { code: "A08.4", text: "Viral intestinal infection, unspecified" },
        { code: "E86.0", text: "Dehydration" },
      ],
      charges: [
        { name: "observation", units: 17 },
        { name: "saline", units: 3 },
        { name: "ondansetron", units: 8 },
      ],
      doctor: "hospitalist",
      note: [
        "Observation for rehydration: three liters of saline, antiemetic every six hours.",
        "Drinking by morning, electrolytes normal. Home with written advice.",
      ],
    },
  ],
};
