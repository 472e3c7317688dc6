import type { LineageEntry } from "./types.ts";

/**
 * Lineage as it is stored. Messages of one form (the same fields filled) differ in the ids of their resources only: the form is one text, which
 * many messages share, and each has its ids.
 */
export interface PackedLineage {
  /** One line an entry: number of the resource, target, source, number of the row, table row, and a `-` where it deletes; tabs between them. */
  readonly form: string;
  /** Ids of the resources, in the order in which the form counts them. */
  readonly ids: readonly string[];
}

/** @param rowNumbers each row's place in the list of the map version. */
export function packLineage(lineage: readonly LineageEntry[], rowNumbers: ReadonlyMap<string, number>): PackedLineage {
  const ids: string[] = [];
  const places = new Map<string, number>();
  let form = "";
  for (const { target, resourceId, source, row, table, deletes } of lineage) {
    let at = places.get(resourceId);
    if (at === undefined) {
      at = ids.push(resourceId) - 1;
      places.set(resourceId, at);
    }
    form += `${at}\t${target}\t${source ?? ""}\t${rowNumbers.get(row) ?? -1}${deletes === true ? `\t${table ?? ""}\t-` : table === undefined ? "" : `\t${table}`}\n`;
  }
  return { form, ids };
}

/** @param rows the list of the map version that the lineage was stored under. */
export function unpackLineage({ form, ids }: PackedLineage, rows: readonly string[]): readonly LineageEntry[] {
  return form
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [at = "", target = "", source = "", row = "", table = "", deletes] = line.split("\t");
      return {
        target,
        resourceId: ids[Number(at)] ?? "",
        ...(source === "" ? {} : { source }),
        row: rows[Number(row)] ?? "unknown row",
        ...(table === "" ? {} : { table }),
        ...(deletes === undefined ? {} : { deletes: true as const }),
      };
    });
}
