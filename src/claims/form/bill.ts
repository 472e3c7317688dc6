/**
 * A claim as the paper forms and the 837 say it: flat, in their words. Read from the FHIR claim and what goes with it (read-bill.ts); the
 * checks before release, the printable preview and the 837 preview all look at this.
 */
export interface Bill {
  readonly kind: "professional" | "institutional";
  readonly inpatient: boolean;
  /** CLM01, UB-04 3a, CMS-1500 26. */
  readonly number: string;
  readonly accountNumber?: string;
  readonly medicalRecordNumber?: string;
  /** Three digits with the frequency; institutional only. */
  readonly typeOfBill?: string;
  readonly frequency: string;
  readonly provider: Party;
  /** Where it was done, when not at the billing provider's (professional). */
  readonly serviceFacility?: Party;
  readonly patient: Person;
  /** In the order of paying. */
  readonly payers: readonly BillPayer[];
  readonly paysProvider: boolean;
  readonly acceptsAssignment?: boolean;
  /** First and last day. */
  readonly from: string;
  readonly through: string;
  /** Local date and time with offset, as far as known. */
  readonly admittedAt?: string;
  readonly dischargedAt?: string;
  readonly admissionType?: string;
  readonly pointOfOrigin?: string;
  readonly dischargeStatus?: string;
  readonly conditions: readonly string[];
  readonly occurrences: readonly { readonly code: string; readonly date: string }[];
  readonly spans: readonly { readonly code: string; readonly from: string; readonly through: string }[];
  /** Amounts as written. */
  readonly values: readonly { readonly code: string; readonly amount: number }[];
  readonly onset?: string;
  readonly hospitalized?: { readonly from?: string; readonly through?: string };
  readonly accident?: { readonly date: string; readonly kind: "auto" | "work" | "other"; readonly state?: string };
  readonly drg?: string;
  readonly remarks?: string;
  readonly referralNumber?: string;
  /** The payer's number of the claim that this one stands for. */
  readonly originalReference?: string;
  readonly diagnoses: readonly BillDiagnosis[];
  readonly procedures: readonly { readonly code: string; readonly date: string }[];
  readonly team: readonly TeamMember[];
  readonly lines: readonly BillLine[];
  readonly totalCents: number;
}

export interface Address {
  readonly line: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
}

/** An organisation with its numbers; what is not known is empty. */
export interface Party {
  readonly name: string;
  readonly npi: string;
  readonly taxId: string;
  readonly taxonomy: string;
  readonly clia: string;
  readonly address: Address;
}

export interface Person {
  readonly family: string;
  readonly given: string;
  /** YYYY-MM-DD; empty when not known. */
  readonly birthDate: string;
  /** X12 DMG03: M, F, U. */
  readonly gender: "M" | "F" | "U";
  readonly address: Address;
}

export interface BillPayer {
  /** Empty: the patient pays. */
  readonly name: string;
  readonly electronicId: string;
  /** X12 SBR09. */
  readonly claimFiling: string;
  readonly focal: boolean;
  readonly memberId: string;
  readonly groupNumber: string;
  readonly groupName: string;
  /** What the patient is to the insured; self when nothing else is said. */
  readonly relationship: "self" | "spouse" | "child" | "other";
  readonly insured: Person;
  readonly authorizations: readonly string[];
}

export interface BillDiagnosis {
  readonly sequence: number;
  /** With its dot. */
  readonly code: string;
  /** THO diagnosistype. */
  readonly use: string;
  readonly onAdmission?: string;
}

export interface TeamMember {
  readonly sequence: number;
  /** THO claimcareteamrole, or `ordering`. */
  readonly role: string;
  readonly family: string;
  readonly given: string;
  readonly npi: string;
  readonly taxonomy: string;
}

export interface BillLine {
  readonly sequence: number;
  readonly controlNumber: string;
  readonly revenue?: string;
  /** CPT or HCPCS; absent on a line that its revenue code bills alone. */
  readonly code?: string;
  readonly description?: string;
  readonly modifiers: readonly string[];
  readonly from: string;
  readonly through?: string;
  readonly quantity: number;
  /** UN, DA, MJ. */
  readonly unit: string;
  readonly cents: number;
  readonly unitCents?: number;
  readonly nonCoveredCents: number;
  readonly pointers: readonly number[];
  readonly place?: string;
  readonly emergency: boolean;
  readonly ndc?: string;
  readonly ndcQuantity?: { readonly value: number; readonly unit: string };
  /** Sequences in the care team. */
  readonly team: readonly number[];
}
