import { STANDINGS, type Standing } from "../map-schema.ts";
import type { ReadMaps } from "../read-maps.ts";
import { type GuideKind, GUIDE_KINDS, type GuideTable } from "./guide-rows.ts";

/** How the rows of one table of the guide stand. */
export interface TableCoverage {
  readonly kind: GuideKind;
  readonly name: string;
  /** Mapped rows in the guide. */
  readonly rows: number;
  readonly standing: Readonly<Record<Standing, number>>;
  /** Rows of the guide that the maps do not have. */
  readonly missing: readonly string[];
  /** Rows that say they are the guide's, and are not. */
  readonly unknown: readonly string[];
}

export interface Coverage {
  readonly tables: readonly TableCoverage[];
  /** Every row that is not as the guide says, with its reason. */
  readonly reasons: readonly { readonly row: string; readonly standing: Standing; readonly why: string }[];
}

/** Our rows under the names of the guide's tables. */
function ours(read: ReadMaps): ReadonlyMap<string, ReadonlyMap<string, { readonly standing: Standing; readonly why: string }>> {
  const all = new Map<string, Map<string, { standing: Standing; why: string }>>();
  const add = (table: string, key: string, standing: Standing, why: string | undefined): void => {
    const known = all.get(table) ?? new Map<string, { standing: Standing; why: string }>();
    known.set(key, { standing, why: why ?? "" });
    all.set(table, known);
  };
  for (const { spec, dataType } of read.maps)
    for (const row of spec.rows) add(`${dataType ? "datatypes" : "segments"} ${spec.map}`, row.key, row.guide, row.why);
  for (const { spec } of read.messages)
    for (const entry of spec.maps) if (spec.guide !== undefined) add(`messages ${spec.guide}`, entry.row, entry.guide, entry.why);
  for (const { spec } of read.tables)
    for (const [code, to] of Object.entries(spec.codes)) {
      const { guide = "as-is", why = undefined } = typeof to === "object" && to !== null ? to : {};
      // A file's name cannot hold the slash that the guide's rows write.
      add(`codesystems ${spec.table.replaceAll("/", "")}`, code, guide, why ?? spec.repaired);
    }
  return all;
}

const nothing = (): Record<Standing, number> => ({ "as-is": 0, repaired: 0, decided: 0, skipped: 0, added: 0 });

/** Compares the maps with the tables of the guide, row for row. */
export function coverageOf(read: ReadMaps, guide: readonly GuideTable[]): Coverage {
  const rows = ours(read);
  const tables = guide.map(({ kind, name, keys }): TableCoverage => {
    const own = rows.get(`${kind} ${name}`) ?? new Map<string, { standing: Standing; why: string }>();
    const standing = nothing();
    for (const [key, row] of own) if (row.standing === "added" || keys.includes(key)) standing[row.standing]++;
    return {
      kind,
      name,
      rows: keys.length,
      standing,
      missing: keys.filter((key) => !own.has(key) || own.get(key)?.standing === "added"),
      unknown: Array.from(own).flatMap(([key, row]) => (row.standing === "added" || keys.includes(key) ? [] : [key])),
    };
  });
  const reasons = Array.from(rows).flatMap(([table, own]) =>
    Array.from(own).flatMap(([key, { standing, why }]) =>
      standing === "as-is" ? [] : [{ row: `${table.slice(table.indexOf(" ") + 1)} ${key}`, standing, why }],
    ),
  );
  return { tables, reasons };
}

/** The sums of one kind of table. */
export function sumOf(tables: readonly TableCoverage[]): {
  readonly rows: number;
  readonly standing: Readonly<Record<Standing, number>>;
  readonly missing: number;
} {
  const standing = nothing();
  let rows = 0;
  let missing = 0;
  for (const table of tables) {
    rows += table.rows;
    missing += table.missing.length;
    for (const name of STANDINGS) standing[name] += table.standing[name];
  }
  return { rows, standing, missing };
}

export const kindsIn = (tables: readonly TableCoverage[]): readonly GuideKind[] =>
  GUIDE_KINDS.filter((kind) => tables.some((table) => table.kind === kind));
