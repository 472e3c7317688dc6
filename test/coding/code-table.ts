import type { CodeData, CodeEntry, DataSet, ListName } from "#src/codesets/code-data.ts";
import { createCodeData } from "#src/codesets/memory.ts";

/** A few rows of code sets, as a test needs them. What it does not name is unknown; sets it does not name have no data. */
export interface Rows {
  /** `J18.9`, or `Z68.1 2015-10-01..2026-09-30`; `J18-` is a heading. No dots are needed. */
  readonly cm?: readonly string[];
  readonly pcs?: readonly string[];
  readonly hcpcs?: readonly string[];
  readonly cpt?: readonly string[];
  readonly modifiers?: readonly string[];
  readonly next?: Readonly<Record<string, readonly string[]>>;
  readonly lists?: Partial<Record<ListName, readonly string[]>>;
  readonly mue?: Readonly<Record<string, readonly [units: number, adjudication: 1 | 2 | 3]>>;
  readonly ptp?: Readonly<Record<string, 0 | 1 | 9>>;
  readonly addOn?: Readonly<Record<string, readonly [type: 1 | 2 | 3, ...primaries: string[]]>>;
  readonly opps?: Readonly<Record<string, string>>;
  readonly excludes1?: readonly string[];
  readonly sides?: readonly (readonly [right: string, left: string, unspecified?: string, bilateral?: string])[];
  /** Days outside of which no set has data. */
  readonly loaded?: readonly [from: string, to: string];
}

const BEGIN = "2015-10-01";

function entries(texts: readonly string[]): ReadonlyMap<string, readonly CodeEntry[]> {
  const all = texts.map((text): CodeEntry => {
    const [name = "", days] = text.split(" ");
    const [validFrom = BEGIN, validTo] = (days ?? BEGIN).split("..");
    const code = name.replace(".", "").replace("-", "");
    return { code, short: code, billable: !name.endsWith("-"), validFrom, ...(validTo === undefined ? {} : { validTo }) };
  });
  return Map.groupBy(all, ({ code }) => code);
}

export function codeTable(rows: Rows): CodeData {
  const systems = {
    "icd-10-cm": rows.cm,
    "icd-10-pcs": rows.pcs,
    hcpcs: rows.hcpcs,
    cpt: rows.cpt,
    "hcpcs-modifier": rows.modifiers,
  } as const;
  const read = new Map(Object.entries(systems).map(([name, texts]) => [name, texts === undefined ? undefined : entries(texts)]));
  const [from, to] = rows.loaded ?? [BEGIN, "2099-12-31"];
  const covered = (date: string): boolean => date >= from && date <= to;
  const present: Partial<Record<DataSet, unknown>> = {
    ...systems,
    mce: rows.lists,
    "poa-exempt": rows.lists?.["poa-exempt"],
    mue: rows.mue,
    ptp: rows.ptp,
    "add-on": rows.addOn,
    opps: rows.opps,
    excludes1: rows.excludes1,
  };
  const group = (code: string) => (rows.sides ?? []).find((one) => one.includes(code));
  return {
    versionOf: (set, date) => (present[set] === undefined || !covered(date) ? undefined : "test"),
    lookup: (system, code, date) => {
      const set = read.get(system);
      if (set === undefined || !covered(date)) return "no-data";
      return (set.get(code) ?? []).find((one) => one.validFrom <= date && (one.validTo === undefined || one.validTo >= date)) ?? "unknown";
    },
    successors: (_system, code) => rows.next?.[code] ?? [],
    inList: (list, code, date) => {
      const codes = rows.lists?.[list];
      const set = list === "poa-exempt" ? rows.lists?.["poa-exempt"] : rows.lists;
      return set === undefined || !covered(date) ? "no-data" : (codes ?? []).includes(code);
    },
    mue: (code, date) => {
      if (rows.mue === undefined || !covered(date)) return "no-data";
      const row = rows.mue[code];
      return row === undefined ? undefined : { units: row[0], adjudication: row[1], rationale: "Clinical: Data" };
    },
    ptp: (one, two, date) => {
      if (rows.ptp === undefined || !covered(date)) return "no-data";
      const modifierAllowed = rows.ptp[`${one} ${two}`];
      return modifierAllowed === undefined ? undefined : { modifierAllowed, rationale: "Misuse of column two code" };
    },
    addOnPrimaries: (code, date) => {
      if (rows.addOn === undefined || !covered(date)) return "no-data";
      const row = rows.addOn[code];
      if (row === undefined) return undefined;
      const [type, ...primaries] = row;
      return { type, primaries };
    },
    ops: (code, date) => {
      if (rows.opps === undefined || !covered(date)) return "no-data";
      const statusIndicator = rows.opps[code];
      return statusIndicator === undefined ? undefined : { statusIndicator };
    },
    excludes1: (one, two, date) => (rows.excludes1 === undefined || !covered(date) ? "no-data" : rows.excludes1.includes(`${one} ${two}`)),
    laterality: (code) => {
      const row = group(code);
      if (row === undefined) return undefined;
      const at = row.indexOf(code);
      const side = (["right", "left", "unspecified", "bilateral"] as const)[at] ?? "unspecified";
      return { side, siblings: row.filter((one): one is string => one !== undefined && one !== "" && one !== code) };
    },
  };
}

/** An installation that has imported nothing: no set answers for any day. */
export const NO_CODE_DATA: CodeData = createCodeData([]);
