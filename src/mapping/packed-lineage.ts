import type { LineageEntry } from "./types.ts";

/** Lineage as it is stored: what repeats is written once, and rows are numbers in the list of their map version. */
export interface PackedLineage {
  /** `Encounter/<id>`. */
  readonly of: readonly string[];
  /** Which of `of`, path below its type, source, number of the row, table row. */
  readonly entries: readonly (readonly [number, string, string | 0, number, string?])[];
}

/** @param rowNumbers each row's place in the list of the map version. */
export function packLineage(lineage: readonly LineageEntry[], rowNumbers: ReadonlyMap<string, number>): PackedLineage {
  const of: string[] = [];
  const places = new Map<string, number>();
  const entries = lineage.map(({ target, resourceId, source, row, table }): PackedLineage["entries"][number] => {
    const dot = target.indexOf(".");
    const type = dot < 0 ? target : target.slice(0, dot);
    const name = `${type}/${resourceId}`;
    const at = places.get(name) ?? of.push(name) - 1;
    places.set(name, at);
    const path = dot < 0 ? "" : target.slice(dot + 1);
    const number = rowNumbers.get(row) ?? -1;
    return table === undefined ? [at, path, source ?? 0, number] : [at, path, source ?? 0, number, table];
  });
  return { of, entries };
}

/** @param rows the list of the map version that the lineage was stored under. */
export function unpackLineage({ of, entries }: PackedLineage, rows: readonly string[]): readonly LineageEntry[] {
  return entries.map(([at, path, source, number, table]) => {
    const [type = "", resourceId = ""] = (of[at] ?? "").split("/");
    return {
      target: path === "" ? type : `${type}.${path}`,
      resourceId,
      ...(source === 0 ? {} : { source }),
      row: rows[number] ?? "unknown row",
      ...(table === undefined ? {} : { table }),
    };
  });
}
