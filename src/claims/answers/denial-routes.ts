import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, ok, type Result } from "#src/base/result.ts";
import { readCsv } from "#src/sitedata/csv.ts";
import type { Adjustment, CodeList } from "./answer.ts";

/** Whose work a denial is. `coding` and `cdi` go back to the coder; `none` is no denial. */
export const OWNERS = ["coding", "cdi", "documentation", "registration", "billing", "contracts", "none"] as const;
export type Owner = (typeof OWNERS)[number];
export const isCodings = (owner: Owner): boolean => owner === "coding" || owner === "cdi";

/** One row of the table of reasons. */
export interface RouteRow {
  readonly list: CodeList;
  /** `*`: every other code of the list. */
  readonly code: string;
  readonly remark: string;
  readonly group: string;
  readonly owner: Owner | "by-remark";
  readonly label: string;
  /** Ids of edits that look for it before a claim leaves. */
  readonly edits: readonly string[];
  readonly asks: boolean;
}

/** What the table says of one reason. */
export interface Routed {
  readonly owner: Owner;
  readonly label: string;
  readonly edits: readonly string[];
  /** Documents are asked for. */
  readonly asks: boolean;
}

export interface DenialRoutes {
  route(adjustment: Pick<Adjustment, "list" | "code" | "group">, remarks: readonly string[]): Routed;
  /** Rows of the base table and of the site. */
  readonly size: number;
}

/** Name of the base table beside this file, and of a site's own rows among its site data: a row of the site's comes before ours. */
export const ROUTES_FILE = "denial-routes.csv";
const LISTS: readonly string[] = ["CARC", "RARC", "STC", "ERROR"] satisfies readonly CodeList[];
const COLUMNS = ["list", "code", "remark", "group", "owner", "label", "edits", "asks"];

function readRows(file: string, text: string): Result<readonly RouteRow[], readonly string[]> {
  const { rows, faults: unread } = readCsv(text, COLUMNS);
  const faults = unread.map(({ line, text: what }) => `${file}:${line}: ${what}`);
  const read = rows.map(({ line, values }): RouteRow => {
    const value = (name: string): string => values[name] ?? "";
    const [list, owner] = [value("list"), value("owner")];
    if (!LISTS.includes(list)) faults.push(`${file}:${line}: list is one of ${LISTS.join(", ")}`);
    if (value("code") === "") faults.push(`${file}:${line}: code is empty; * means every other one`);
    if (owner !== "by-remark" && !(OWNERS as readonly string[]).includes(owner))
      faults.push(`${file}:${line}: owner is one of ${OWNERS.join(", ")}, by-remark`);
    return {
      list: list as CodeList,
      code: value("code").toUpperCase(),
      remark: value("remark").toUpperCase(),
      group: value("group").toUpperCase(),
      owner: owner as RouteRow["owner"],
      label: value("label"),
      edits: value("edits").split(/\s+/).filter(Boolean),
      asks: value("asks") === "yes",
    };
  });
  return faults.length > 0 ? fail(faults) : ok(read);
}

const NOWHERE: Routed = { owner: "billing", label: "not in the table", edits: [], asks: false };

/** The most exact row of those that fit: with the remark, with the group, of the code, of any code. */
function find(
  rows: readonly RouteRow[],
  { list, code, group = "" }: Pick<Adjustment, "list" | "code" | "group">,
  remarks: readonly string[],
): RouteRow | undefined {
  const exactness = (row: RouteRow): number => (row.code === "*" ? 0 : 4) + (row.remark === "" ? 0 : 2) + (row.group === "" ? 0 : 1);
  return rows
    .filter((row) => row.list === list && (row.code === "*" || row.code === code))
    .filter((row) => (row.remark === "" || remarks.includes(row.remark)) && (row.group === "" || row.group === group))
    .reduce<RouteRow | undefined>((best, row) => (best === undefined || exactness(row) > exactness(best) ? row : best), undefined);
}

/** Compiles the tables. @param site text of the site's own; empty when it has none. Fails with `file:line: what is wrong`. */
export function compileRoutes(base: string, site: string): Result<DenialRoutes, readonly string[]> {
  const [ours, theirs] = [readRows(ROUTES_FILE, base), site === "" ? ok([]) : readRows(ROUTES_FILE, site)];
  if (!ours.ok || !theirs.ok) return fail([ours, theirs].flatMap((one) => (one.ok ? [] : one.failure)));
  const own = theirs.value;
  // A site's row for any code is no answer to a code that our table has.
  const pick = (asked: Pick<Adjustment, "list" | "code" | "group">, remarks: readonly string[]): RouteRow | undefined => {
    const said = find(own, asked, remarks);
    return said !== undefined && said.code !== "*"
      ? said
      : (find(
          ours.value.filter(({ code }) => code !== "*"),
          asked,
          remarks,
        ) ??
          said ??
          find(ours.value, asked, remarks));
  };
  const shown = ({ owner, label, edits, asks }: RouteRow): Routed => (owner === "by-remark" ? NOWHERE : { owner, label, edits, asks });
  return ok({
    size: ours.value.length + own.length,
    route: (asked, remarks) => {
      const row = pick(asked, remarks);
      if (row === undefined) return NOWHERE;
      if (row.owner !== "by-remark") return shown(row);
      const known = remarks
        .flatMap((code) => pick({ list: "RARC", code }, []) ?? [])
        .toSorted((a, b) => Number(a.code === "*") - Number(b.code === "*"));
      return known[0] === undefined ? { ...NOWHERE, label: row.label } : shown(known[0]);
    },
  });
}

const baseText = (): string => readFileSync(new URL(ROUTES_FILE, import.meta.url), "utf8");

/** The rows that are shipped, for the reference page. */
export function baseRows(): readonly RouteRow[] {
  const rows = readRows(ROUTES_FILE, baseText());
  return rows.ok ? rows.value : [];
}

/** The table of reasons with a site's own rows before it. Fails with every fault. */
export function loadRoutes(siteDataDir: string): Result<DenialRoutes, readonly string[]> {
  const own = join(siteDataDir, ROUTES_FILE);
  return compileRoutes(baseText(), existsSync(own) ? readFileSync(own, "utf8") : "");
}
