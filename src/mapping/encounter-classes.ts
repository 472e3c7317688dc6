import { targetOf } from "./row-key.ts";
import type { MergedMap } from "./site-overlay.ts";
import type { Table } from "./tables.ts";

/** Codes that maps give as Encounter.class: the constants of its rows and what their tables give. */
export function classesGiven(maps: ReadonlyMap<string, MergedMap>, tables: ReadonlyMap<string, Table>): readonly string[] {
  const rows = Array.from(maps).flatMap(([name, { rows: own }]) => (/\[Encounter[\]-]/.test(name) ? own : []));
  return rows.flatMap(({ row }) => {
    if (row.guide === "skipped" || row.by !== undefined || !/^class(?:\.code)?$/.test(targetOf(row))) return [];
    const constant = typeof row.set === "object" && row.set !== null && "code" in row.set ? row.set.code : row.set;
    const given = row.table === undefined ? [] : (tables.get(row.table)?.gives ?? []).map(({ code }) => code);
    return typeof constant === "string" ? [...given, constant] : given;
  });
}
