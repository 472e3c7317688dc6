import type { DataSet } from "./code-data.ts";

/** One imported part of a data set, with the days it answers for. */
export interface Version {
  readonly id: number;
  readonly set: DataSet;
  readonly part: string;
  readonly name: string;
  readonly state: "staged" | "active" | "retired";
  readonly edition: string;
  readonly from: string;
  /** Last day; absent = until a newer one. */
  readonly to?: string;
  readonly notCovered?: string;
  readonly fileName: string;
  /** Rows as a person counts them in the file. */
  readonly fileRows: number;
  readonly storedRows: number;
  readonly importedAt: string;
  readonly activatedAt?: string;
}

export const covers = ({ from, to }: Pick<Version, "from" | "to">, day: string): boolean => from <= day && (to === undefined || day <= to);

/**
 * Whether `a` counts before `b` where both answer for a day: the one that begins later (a quarter before the many years of an old file), then the
 * later edition, then the one put in use last.
 */
export function countsBefore(a: Version, b: Version): boolean {
  if (a.from !== b.from) return a.from > b.from;
  if (a.edition !== b.edition) return a.edition > b.edition;
  return (a.activatedAt ?? "") > (b.activatedAt ?? "") || (a.activatedAt === b.activatedAt && a.id > b.id);
}

/** The version of a part that answers for a day; those given are in use. */
export function versionFor(versions: readonly Version[], set: DataSet, part: string, day: string): Version | undefined {
  return versions
    .filter((one) => one.set === set && one.part === part && covers(one, day))
    .reduce<Version | undefined>((best, one) => (best === undefined || countsBefore(one, best) ? one : best), undefined);
}

export interface Gap {
  readonly set: DataSet;
  readonly part: string;
  /** Last day that is answered for; absent when none is. */
  readonly until?: string;
}

/** Parts that edits need and that answer nothing on a day. Parts that only describe codes leave no gap. */
export function gapsOn(versions: readonly Version[], day: string): readonly Gap[] {
  const active = versions.filter(({ state }) => state === "active");
  return NEEDED.flatMap(({ set, part }): readonly Gap[] => {
    const own = active.filter((one) => one.set === set && (one.part === part || one.part.startsWith(`${part} `)));
    if (own.some((one) => covers(one, day) && one.notCovered !== "")) return [];
    const until = own
      .filter((one) => one.notCovered !== "")
      .map(({ to }) => to ?? "")
      .sort()
      .at(-1);
    return [{ set, part, ...(until === undefined || until === "" ? {} : { until }) }];
  });
}

const NEEDED: readonly { readonly set: DataSet; readonly part: string }[] = [
  { set: "icd-10-cm", part: "codes" },
  { set: "icd-10-pcs", part: "codes" },
  { set: "hcpcs", part: "codes" },
  { set: "hcpcs-modifier", part: "codes" },
  { set: "cpt", part: "codes" },
  { set: "poa-exempt", part: "codes" },
  { set: "mce", part: "lists" },
  { set: "excludes1", part: "pairs" },
  { set: "mue", part: "practitioner" },
  { set: "mue", part: "facility" },
  { set: "ptp", part: "practitioner" },
  { set: "ptp", part: "facility" },
  { set: "add-on", part: "codes" },
  { set: "opps", part: "addendum-b" },
];
