/** Days between which a row is right; absent = from ever, for ever. */
export interface Valid {
  /** First day, YYYY-MM-DD. */
  readonly validFrom?: string;
  /** Last day, YYYY-MM-DD. */
  readonly validTo?: string;
}

/** A hospital or group that bills: a row of facilities.csv. */
export interface Facility extends Valid {
  /** The name a feed's configuration gives the place (`NORTH`). */
  readonly code: string;
  readonly name: string;
  /** Billing provider's NPI. */
  readonly npi: string;
  /** Employer identification number, digits with or without the hyphen. */
  readonly taxId: string;
  /** CMS certification number. */
  readonly ccn: string;
  readonly street: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  /** NUCC provider taxonomy. */
  readonly taxonomy: string;
  /** Number of the laboratory certificate (CLIA); absent when there is none. */
  readonly clia?: string;
}

/** A department (PV1-3.1, FT1-13): a row of departments.csv. */
export interface Department extends Valid {
  readonly facility: string;
  readonly code: string;
  readonly name: string;
  /** CMS place of service, two digits; empty when the department sees nobody. */
  readonly placeOfService: string;
  readonly serviceLine: string;
}

/** A person who treats: a row of practitioners.csv. */
export interface KnownPractitioner extends Valid {
  /** The hospital's own number (XCN.1). */
  readonly localId: string;
  /** Who gave the number (XCN.9); empty = whoever. */
  readonly authority: string;
  readonly npi: string;
  readonly family: string;
  readonly given: string;
  readonly taxonomy: string;
}

/** A payer: a row of payers.csv, or of plans.csv where a plan differs from its payer. */
export interface Payer extends Valid {
  /** IN1-3.1 as the hospital sends it. */
  readonly id: string;
  readonly name: string;
  /** The number clearinghouses know the payer by; may be empty. */
  readonly electronicId: string;
  /** Claim filing indicator (X12 SBR09): MA, BL, HM, MC … */
  readonly claimFiling: string;
  /** Days after the service until which a claim may be filed, and after the denial until which it may be appealed; absent when nobody said. */
  readonly filingDays?: number;
  readonly appealDays?: number;
  /** Whether the payer takes replacements and voids (frequency 7 and 8); one that does not wants a call or a reopening. */
  readonly takesReplacements: boolean;
  /** Whether the provider takes the payer's amount as the whole (837 CLM07, CMS-1500 item 27); absent when nobody said. */
  readonly acceptsAssignment?: boolean;
}

/** What the charge master says of a charge on a day: a row of charge-master.csv. */
export interface ChargeEntry {
  readonly facility: string;
  readonly code: string;
  readonly description: string;
  /** Which claim the charge is on. Column `claim`; empty = institutional. */
  readonly claim: "institutional" | "professional";
  /** Four digits; empty when none is known. */
  readonly revenueCode: string;
  /** HCPCS level II or CPT; absent when the charge has none (room and board) or the coder assigns it. */
  readonly procedureCode?: string;
  /** Price of one unit in whole US cents; absent when the file has none. */
  readonly priceCents?: number;
  /** First day, YYYY-MM-DD. */
  readonly from: string;
  /** Last day, YYYY-MM-DD; absent = open. */
  readonly to?: string;
}

/** The site's own reference data. Look-ups give undefined for what the files do not name. */
export interface SiteData {
  /** @param date local day, YYYY-MM-DD; the row that began last when absent. */
  facility(code: string, date?: string): Facility | undefined;
  department(facility: string, code: string, date?: string): Department | undefined;
  /** @param authority when absent, the number has to be unique over all authorities. */
  practitioner(localId: string, authority?: string, date?: string): KnownPractitioner | undefined;
  practitionerByNpi(npi: string): KnownPractitioner | undefined;
  payer(id: string, date?: string): Payer | undefined;
  /** What plans.csv says of the plan (IN1-2), else what is known of its payer (IN1-3). */
  plan(payerId: string, planId: string, date?: string): Payer | undefined;
  /** @param date local day of service, YYYY-MM-DD. */
  charge(facility: string, code: string, date: string): ChargeEntry | undefined;
  /** Number of rows of each file. */
  readonly counts: {
    readonly facilities: number;
    readonly departments: number;
    readonly practitioners: number;
    readonly plans: number;
    readonly payers: number;
    readonly charges: number;
  };
}
