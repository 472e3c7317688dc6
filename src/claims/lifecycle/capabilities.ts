import type { Payer } from "#src/sitedata/site-data.ts";

/** What a payer takes in the way of corrections, and within which days. */
export interface PayerCapabilities {
  /** Frequency 7 and 8. A payer that takes none is called, or reopens the claim by its own form. */
  readonly takesCorrections: boolean;
  /** Medicare (X12 claim filing MA or MB): a wrong number of the beneficiary or provider is voided, not replaced. */
  readonly medicare: boolean;
  /** Days after the last day of service until which a corrected claim is taken. */
  readonly filingDays: number;
  /** Days after a denial until which it may be appealed. */
  readonly appealDays: number;
}

/** One calendar year after the service: Medicare's limit (42 CFR 424.44), for payers of whom the site says nothing. */
const FILING_DAYS = 365;
/** Days for the first appeal of a Medicare claim (42 CFR 405.942). */
const APPEAL_DAYS = 120;
const PART_B = "MB";
const MEDICARE: readonly string[] = ["MA", PART_B];

/** What the site data say of a payer; professional claims of Medicare Part B are reopened, never replaced, whatever they say. */
export const capabilitiesOf = (payer: Payer | undefined, kind: "institutional" | "professional"): PayerCapabilities => ({
  takesCorrections: (payer?.takesReplacements ?? true) && !(kind === "professional" && payer?.claimFiling === PART_B),
  medicare: payer !== undefined && MEDICARE.includes(payer.claimFiling),
  filingDays: payer?.filingDays ?? FILING_DAYS,
  appealDays: payer?.appealDays ?? APPEAL_DAYS,
});
