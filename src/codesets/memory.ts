import type { CodeData, CodeEntry, CodeSystemName, DataSet } from "./code-data.ts";
import type { AddOn, LoadedVersion } from "./loaded-version.ts";
import { covers, countsBefore } from "./versions.ts";

/** Successors are followed through at most this many changes of a code. */
const STEPS = 5;
/** Codes under a header that are worth proposing; a longer list helps nobody. */
const PROPOSED = 20;

const PART: Readonly<Partial<Record<DataSet, string>>> = { mce: "lists", opps: "addendum-b", excludes1: "pairs" };
const ptpModifier = (flag: number): 0 | 1 | 9 => (flag === 0 ? 0 : flag === 1 ? 1 : 9);

/**
 * The look-ups of the edits over versions in memory. Pure: the same versions give the same answers.
 * @param loaded versions in use; those of other parts or days than asked for are passed over.
 */
export function createCodeData(loaded: readonly LoadedVersion[]): CodeData {
  const byPart = Map.groupBy(loaded, ({ version }) => `${version.set} ${version.part}`);
  for (const versions of byPart.values()) versions.sort((a, b) => (countsBefore(a.version, b.version) ? -1 : 1));
  /** Versions of a part are sorted by which counts first. */
  const of = (set: DataSet, part: string, date: string): LoadedVersion | undefined =>
    byPart.get(`${set} ${part}`)?.find(({ version }) => covers(version, date));
  /** Tables that come in several files have a part for each: `practitioner 1`, `practitioner 2`. */
  const filesOf = (set: DataSet, part: string): readonly (readonly LoadedVersion[])[] =>
    [...byPart].filter(([key]) => key === `${set} ${part}` || key.startsWith(`${set} ${part} `)).map(([, versions]) => versions);
  const pairFiles = { practitioner: filesOf("ptp", "practitioner"), facility: filesOf("ptp", "facility") };
  const onDate = (files: readonly (readonly LoadedVersion[])[], date: string): readonly LoadedVersion[] =>
    files.flatMap((versions) => versions.find(({ version }) => covers(version, date)) ?? []);
  const notCovered = new Map<string, RegExp>();
  /** Whether a code that is absent from a version is known to be absent from the set. */
  const tells = ({ version }: LoadedVersion, code: string): boolean => {
    if (version.notCovered === undefined) return true;
    const pattern = notCovered.get(version.notCovered) ?? new RegExp(version.notCovered);
    notCovered.set(version.notCovered, pattern);
    return !pattern.test(code);
  };
  const entryOn = (version: LoadedVersion, code: string, date: string): CodeEntry | undefined => {
    const found = version.codes.get(code);
    if (found === undefined) return undefined;
    const rows: readonly CodeEntry[] = "code" in found ? [found] : found;
    return rows.find(({ validFrom, validTo }) => validFrom <= date && (validTo === undefined || date <= validTo));
  };
  const lookup: CodeData["lookup"] = (system, code, date) => {
    const version = of(system, "codes", date);
    if (version === undefined) return "no-data";
    return entryOn(version, code, date) ?? (tells(version, code) || version.codes.has(code) ? "unknown" : "no-data");
  };
  const billable = (system: CodeSystemName, code: string, date: string): boolean => {
    const found = lookup(system, code, date);
    return typeof found === "object" && found.billable;
  };
  const under = (system: CodeSystemName, code: string, date: string): readonly string[] => {
    const version = of(system, "codes", date);
    if (version === undefined) return [];
    const sorted = version.sorted();
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? "") < code) low = middle + 1;
      else high = middle;
    }
    const found: string[] = [];
    for (let at = low; found.length < PROPOSED && sorted[at]?.startsWith(code) === true; at++) {
      const one = sorted[at] ?? "";
      if (one !== code && billable(system, one, date)) found.push(one);
    }
    return found;
  };
  const converted = (system: CodeSystemName, code: string, date: string, steps: number): readonly string[] => {
    const after = (byPart.get(`${system} conversion`) ?? [])
      .flatMap(({ successors }) => successors.get(code) ?? [])
      .filter(({ from, code: next }) => from <= date && next !== code)
      .map(({ code: next }) => next);
    return after.flatMap((next) => (billable(system, next, date) || steps === 0 ? [next] : converted(system, next, date, steps - 1)));
  };
  const asOf = <T>(
    set: DataSet,
    part: string,
    code: string,
    date: string,
    found: (version: LoadedVersion) => T | undefined,
  ): T | undefined | "no-data" => {
    const version = of(set, part, date);
    if (version === undefined) return "no-data";
    return found(version) ?? (tells(version, code) ? undefined : "no-data");
  };
  const onDay =
    (date: string) =>
    ({ from, to }: AddOn): boolean =>
      (from === undefined || from <= date) && (to === undefined || date <= to);

  return {
    versionOf: (set, date) =>
      (
        of(set, PART[set] ?? "codes", date) ??
        ["practitioner", "facility", "dme", "carc"].flatMap((part) => onDate(filesOf(set, part), date))[0]
      )?.version.name,
    lookup,
    successors: (system, code, date) => {
      const found = [...new Set(converted(system, code, date, STEPS))];
      return found.length > 0 ? found : under(system, code, date);
    },
    inList: (list, code, date) => {
      const version = list === "poa-exempt" ? of("poa-exempt", "codes", date) : of("mce", "lists", date);
      const members = version?.lists.get(list);
      if (version === undefined || members === undefined) return "no-data";
      return members.has(code) || (tells(version, code) ? false : "no-data");
    },
    mue: (code, date, setting) => asOf("mue", setting, code, date, ({ units }) => units.get(code)),
    ptp: (column1, column2, date, setting) => {
      const versions = onDate(pairFiles[setting], date);
      if (versions.length === 0) return "no-data";
      for (const { pairs } of versions) {
        const found = pairs.find(column1, column2, date);
        if (found !== undefined) return { modifierAllowed: ptpModifier(found.flag), rationale: found.note };
      }
      return undefined;
    },
    addOnPrimaries: (code, date) =>
      asOf("add-on", "codes", code, date, ({ addOns }) => {
        const rows = (addOns.get(code) ?? []).filter(onDay(date));
        const [first] = rows;
        return first === undefined
          ? undefined
          : { type: first.type, primaries: rows.map(({ primary }) => primary).filter((one) => one !== "") };
      }),
    ops: (code, date) =>
      asOf("opps", "addendum-b", code, date, ({ status }) => {
        const statusIndicator = status.get(code);
        return statusIndicator === undefined ? undefined : { statusIndicator };
      }),
    excludes1: (code, other, date) => of("excludes1", "pairs", date)?.excludes.between(code, other) ?? "no-data",
    laterality: (code) => {
      const published = byPart.get("icd-10-cm laterality") ?? [];
      for (const { sides, groups } of [...published, ...(byPart.get("icd-10-cm codes") ?? [])]) {
        const found = sides.get(code);
        if (found !== undefined) return { side: found.side, siblings: (groups.get(found.group) ?? []).filter((one) => one !== code) };
      }
      return undefined;
    },
  };
}
