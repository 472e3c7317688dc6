/** A hospital or department that bills: a row of facilities.csv. */
export interface Facility {
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
}

/** A person who treats: a row of practitioners.csv. */
export interface KnownPractitioner {
  /** The hospital's own number (XCN.1). */
  readonly localId: string;
  /** Who gave the number (XCN.9); empty = whoever. */
  readonly authority: string;
  readonly npi: string;
  readonly family: string;
  readonly given: string;
  readonly taxonomy: string;
}

/** A payer: a row of payers.csv. */
export interface Payer {
  /** IN1-3.1 as the hospital sends it. */
  readonly id: string;
  readonly name: string;
  /** The number clearinghouses know the payer by; may be empty. */
  readonly electronicId: string;
  /** Claim filing indicator (X12 SBR09): MA, BL, HM, MC … */
  readonly claimFiling: string;
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
  /** First day, YYYY-MM-DD. */
  readonly from: string;
  /** Last day, YYYY-MM-DD; absent = open. */
  readonly to?: string;
}

/** The site's own reference data. Look-ups give undefined for what the files do not name. */
export interface SiteData {
  facility(code: string): Facility | undefined;
  /** @param authority when absent, the number has to be unique over all authorities. */
  practitioner(localId: string, authority?: string): KnownPractitioner | undefined;
  practitionerByNpi(npi: string): KnownPractitioner | undefined;
  payer(id: string): Payer | undefined;
  /** @param date local day of service, YYYY-MM-DD. */
  charge(facility: string, code: string, date: string): ChargeEntry | undefined;
  /** Number of rows of each file. */
  readonly counts: { readonly facilities: number; readonly practitioners: number; readonly payers: number; readonly charges: number };
}
