import type { Facility } from "#src/sitedata/site-data.ts";

/** Claim frequency (UB-04 form locator 4, third digit; 837 CLM05-3): original, first, next and last interim bill, late charges, replacement, void. */
export type Frequency = "1" | "2" | "3" | "4" | "5" | "7" | "8";

export const ORIGINAL: Frequency = "1";
export const REPLACEMENT: Frequency = "7";

/** Frequencies of a claim that stands for an earlier one. */
export const CORRECTS: readonly Frequency[] = ["7", "8"];
/** Bills of a stay that is not over. */
export const INTERIM: readonly Frequency[] = ["2", "3"];

/** Bills that carry only what no bill before them did. */
export const CONTINUES: readonly Frequency[] = ["3", "4", "5"];

/** First two digits of the type of bill by the provider's taxonomy: a stay, and a visit. A hospital that is none of these is 11 and 13. */
const BY_TAXONOMY: readonly (readonly [taxonomy: string, stay: string, visit: string])[] = [
  ["282NC0060X", "11", "85"],
  ["314", "21", "22"],
  ["251E", "32", "34"],
  ["251G", "82", "81"],
  ["261QR1300X", "71", "71"],
  ["261QE0700X", "72", "72"],
  ["261QR0400X", "74", "74"],
  ["261QR0401X", "75", "75"],
  ["261QF0400X", "77", "77"],
  ["261QA1903X", "83", "83"],
];

/** Three digits of the type of bill: kind of facility, kind of care, frequency. */
export function typeOfBill(facility: Facility, inpatient: boolean, frequency: Frequency): string {
  const [, stay, visit] = BY_TAXONOMY.find(([taxonomy]) => facility.taxonomy.startsWith(taxonomy)) ?? ["", "11", "13"];
  return `${inpatient ? stay : visit}${frequency}`;
}
