/**
 * What the coding edits ask of the code sets: an interface of pure look-ups.
 *
 * The edits depend on this file alone, so that they can be tested against a handful of codes and run against 300,000.
 */

/** Data sets that are imported, versioned and activated each on its own. */
export type DataSet =
  | "icd-10-cm"
  | "icd-10-pcs"
  | "hcpcs"
  | "hcpcs-modifier"
  | "cpt"
  | "poa-exempt"
  | "mce"
  | "mue"
  | "ptp"
  | "add-on"
  | "opps"
  | "place-of-service"
  | "revenue"
  | "carc"
  | "excludes1";

/** Code systems a single code can be looked up in. */
export type CodeSystemName = "icd-10-cm" | "icd-10-pcs" | "hcpcs" | "cpt" | "hcpcs-modifier";

/** Published lists a code is on or not on. */
export type ListName =
  | "poa-exempt"
  | "mce-manifestation"
  | "mce-unacceptable-principal"
  | "mce-newborn"
  | "mce-pediatric"
  | "mce-maternity"
  | "mce-adult"
  | "mce-female"
  | "mce-male"
  | "mce-questionable-admission"
  | "mce-external-cause";

/** One code as it stood on a date. `validTo` is the last usable day. */
export interface CodeEntry {
  readonly code: string;
  readonly short: string;
  readonly billable: boolean;
  readonly validFrom: string;
  readonly validTo?: string;
}

/** What the edits ask of the code sets for a date. Pure look-ups over data in memory; `undefined` set = no data loaded for that date. */
export interface CodeData {
  /** Version name of the data used for (set, date), for the finding's evidence; undefined = no data for that date. */
  versionOf(set: DataSet, date: string): string | undefined;
  lookup(system: CodeSystemName, code: string, date: string): CodeEntry | "unknown" | "no-data";
  /** Successors and predecessors by the publishers' conversion tables. */
  successors(system: CodeSystemName, code: string, date: string): readonly string[];
  /** Arbitrary published attributes by data set: e.g. MCE lists, POA exemption, MUE values, NCCI pairs, OPPS status. */
  inList(list: ListName, code: string, date: string): boolean | "no-data";
  mue(
    code: string,
    date: string,
    setting: "practitioner" | "facility" | "dme",
  ): { readonly units: number; readonly adjudication: 1 | 2 | 3; readonly rationale: string } | undefined | "no-data";
  ptp(
    column1: string,
    column2: string,
    date: string,
    setting: "practitioner" | "facility",
  ): { readonly modifierAllowed: 0 | 1 | 9; readonly rationale: string } | undefined | "no-data";
  addOnPrimaries(code: string, date: string): { readonly type: 1 | 2 | 3; readonly primaries: readonly string[] } | undefined | "no-data";
  ops(code: string, date: string): { readonly statusIndicator: string } | undefined | "no-data";
  excludes1(code: string, other: string, date: string): boolean | "no-data";
  laterality(
    code: string,
  ): { readonly side: "left" | "right" | "bilateral" | "unspecified"; readonly siblings: readonly string[] } | undefined;
}
