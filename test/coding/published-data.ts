import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { CodeData, CodeEntry, ListName } from "#src/codesets/code-data.ts";
import { PUBLISHED } from "#test/codesets/published.ts";

const FOLDER = process.env["CHARTBRIDGE_CODESETS"] ?? PUBLISHED ?? "";
const path = (name: string): string => `${FOLDER}/${name}`;
/** Why a sweep over published rows cannot be run; undefined when it can. */
export const missing: string | undefined = existsSync(path("ORIGIN.md")) ? undefined : "the published code sets are not there";

const text = (name: string): string => gunzipSync(readFileSync(path(name))).toString("utf8");
const rows = (name: string): readonly (readonly string[])[] =>
  text(name)
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"));

/** Codes by fiscal year, each character of a life being one year from FY2016 on. */
function lives(name: string): (code: string, date: string) => CodeEntry | "unknown" | "no-data" {
  const all = new Map(rows(name).map(([code = "", life = "", short = ""]) => [code, { life, short }]));
  const years = Math.max(...[...all.values()].slice(0, 1).map(({ life }) => life.length));
  return (code, date) => {
    const year = Number(date.slice(0, 4)) + (date.slice(5) >= "10-01" ? 1 : 0) - 2016;
    if (year < 0 || year >= years) return "no-data";
    const row = all.get(code);
    const state = row?.life[year];
    if (row === undefined || state === undefined || state === ".") return "unknown";
    let first = year;
    while (row.life[first - 1] === state) first--;
    return { code, short: row.short, billable: state === "1", validFrom: `${2015 + first}-10-01` };
  };
}

const dashed = (day: string): string => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;

/** The published rows at hand, read straight from their files: what the edits say about real codes. */
let read: CodeData | undefined;
/** Read once: the files have 200,000 rows. */
export const publishedData = (): CodeData => (read ??= readAll());

function readAll(): CodeData {
  const cm = lives("icd10cm-lifespan-fy2016-fy2027.tsv.gz");
  const pcs = lives("icd10pcs-lifespan-fy2016-fy2026.tsv.gz");
  const dated = (name: string): ReadonlyMap<string, CodeEntry> =>
    new Map(
      rows(name).map(([code = "", add = "", , term = "", , long = ""]) => [
        code,
        { code, short: long.slice(0, 40), billable: true, validFrom: dashed(add), ...(term === "" ? {} : { validTo: dashed(term) }) },
      ]),
    );
  const hcpcs = dated("hcpcs-l2-2025q4.tsv.gz");
  const modifiers = dated("hcpcs-l2-modifiers-2025q4.tsv.gz");
  const exempt = new Set(rows("poa-exempt-fy2026.txt.gz").map(([code = ""]) => code));
  const mce = (JSON.parse(text("mce-dx-edits-fy2026.json.gz")) as { codes: Record<string, string[]> }).codes;
  const lists = new Map<ListName, ReadonlySet<string>>([
    ["poa-exempt", exempt],
    ["mce-manifestation", new Set(mce["manifestation_not_pdx"])],
    ["mce-unacceptable-principal", new Set(mce["unacceptable_pdx"])],
    ["mce-newborn", new Set(mce["age_newborn"])],
    ["mce-pediatric", new Set(mce["age_pediatric"])],
    ["mce-maternity", new Set(mce["age_maternity"])],
    ["mce-adult", new Set(mce["age_adult"])],
  ]);
  const mue = new Map(
    rows("mue-practitioner-hcpcs-l2-2026q2.tsv.gz").map(([code = "", units = "", mai = "", rationale = ""]) => [
      code,
      { units: Number(units), adjudication: Number(mai) as 1 | 2 | 3, rationale },
    ]),
  );
  const opps = new Map(
    rows("opps-addendum-b-hcpcs-l2-2026q2.tsv.gz").map(([code = "", statusIndicator = ""]) => [code, { statusIndicator }]),
  );
  const excludes = Map.groupBy(
    rows("icd10cm-excludes1-refs-fy2021.tsv.gz").map(([from = "", to = "", refFrom = "", refTo = ""]) => ({ from, to, refFrom, refTo })),
    // Nearly every scope lies in one letter.
    ({ from }) => from.slice(0, 1),
  );
  const within = (code: string, from: string, to: string): boolean => code.slice(0, from.length) >= from && code.slice(0, to.length) <= to;
  const sides = rows("icd10cm-laterality-fy2027.tsv.gz");
  const groups = Map.groupBy(sides, ([, , group = ""]) => group);
  const sideOf = new Map(sides.map(([code = "", side = "", group = ""]) => [code, { side, group }]));
  const NAMES = { R: "right", L: "left", B: "bilateral", U: "unspecified" } as const;
  return {
    versionOf: () => "published",
    lookup: (system, code, date) => {
      if (system === "icd-10-cm") return cm(code, date);
      if (system === "icd-10-pcs") return pcs(code, date);
      if (system === "cpt") return "no-data";
      const entry = (system === "hcpcs" ? hcpcs : modifiers).get(code);
      return entry === undefined || entry.validFrom > date || (entry.validTo !== undefined && entry.validTo < date) ? "unknown" : entry;
    },
    successors: () => [],
    inList: (list, code) => lists.get(list)?.has(code) ?? false,
    mue: (code, _date, setting) => (setting === "practitioner" ? mue.get(code) : "no-data"),
    ptp: () => "no-data",
    addOnPrimaries: () => "no-data",
    ops: (code) => opps.get(code),
    excludes1: (one, two) =>
      (excludes.get(one.slice(0, 1)) ?? []).some(({ from, to, refFrom, refTo }) => within(one, from, to) && within(two, refFrom, refTo)),
    laterality: (code) => {
      const own = sideOf.get(code);
      if (own === undefined) return undefined;
      const side = NAMES[own.side as keyof typeof NAMES];
      return { side, siblings: (groups.get(own.group) ?? []).flatMap(([one = ""]) => (one === code ? [] : [one])) };
    },
  };
}
