/** What the demo's hospital calls its doctors, payers and charges. The engine knows the same codes from `sites/demo/*.csv`. */

/** A practitioner by the hospital's own number; the engine finds the NPI. */
export interface Doctor {
  readonly id: string;
  readonly family: string;
  readonly given: string;
}

/** IN1-3 and IN1-4 with the plan (IN1-2, IN1-35). */
export interface Payer {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
  readonly planName: string;
  readonly planType: string;
}

/** One line of the charge master. */
export interface Charge {
  /** FT1-7. */
  readonly code: string;
  readonly text: string;
  /** FT1-25; absent when only the charge master knows it, or there is none (room and board). */
  readonly hcpcs?: string;
  readonly cents: number;
  readonly department: string;
}

export const DOCTORS = {
  hospitalist: { id: "D1001", family: "Okafor", given: "Amara" },
  surgeon: { id: "D1002", family: "Lindgren", given: "Karl" },
  emergency: { id: "D1003", family: "Reyes", given: "Tomas" },
  clinic: { id: "D1004", family: "Haddad", given: "Nadia" },
} as const satisfies Record<string, Doctor>;

export const PAYERS = {
  medicare: { id: "MCARE", name: "Medicare Part A and B", plan: "MCAREAB", planName: "Medicare Original", planType: "MA" },
  bluecross: { id: "BCNORTH", name: "North Blue Plan", plan: "BCPPO", planName: "North Blue PPO", planType: "BL" },
  commercial: { id: "UNITYHP", name: "Unity Health Partners", plan: "UNITYHMO", planName: "Unity HMO", planType: "HM" },
  medicaid: { id: "STMCAID", name: "State Medicaid", plan: "MCAIDFFS", planName: "Medicaid Fee for Service", planType: "MC" },
} as const satisfies Record<string, Payer>;

export const CHARGES = {
  room: { code: "1200001", text: "Room and board, semi-private, per day", cents: 142_000, department: "MEDSURG" },
  clinicVisit: { code: "5100463", text: "Hospital outpatient clinic visit", hcpcs: "G0463", cents: 18_500, department: "CLINIC" },
  observation: { code: "7620378", text: "Observation service, per hour", hcpcs: "G0378", cents: 9_800, department: "OBS" },
  emergencyVisit: { code: "4560383", text: "Emergency visit, level 4", hcpcs: "G0383", cents: 64_000, department: "ED" },
  ketorolac: { code: "6361885", text: "Ketorolac 15 mg injection", hcpcs: "J1885", cents: 2_150, department: "PHARM" },
  ondansetron: { code: "6362405", text: "Ondansetron 1 mg injection", hcpcs: "J2405", cents: 1_240, department: "PHARM" },
  saline: { code: "2587030", text: "Normal saline 1000 cc infusion", hcpcs: "J7030", cents: 3_900, department: "PHARM" },
  contrast: { code: "6369967", text: "Low osmolar contrast, per ml", hcpcs: "Q9967", cents: 310, department: "IMAGING" },
} as const satisfies Record<string, Charge>;

export type ChargeName = keyof typeof CHARGES;
