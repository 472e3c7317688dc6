import type { TableSpec } from "./map-schema.ts";

export interface TableEntry {
  readonly code: string;
  readonly display: string | undefined;
  readonly system: string | undefined;
  /** As lineage names it: `v2-0004 I`. */
  readonly name: string;
}

/** A code table of `mappings/tables`; codes are looked up without regard to case. */
export interface Table {
  /** As the guide names it: `PatientClass[EncounterStatus]`. */
  readonly name: string;
  /** `v2-0004`. */
  readonly source: string;
  readonly unknown: TableSpec["unknown"];
  /** Undefined: the table does not know the code. `none`: it knows that FHIR has no code for it. */
  find(code: string): TableEntry | "none" | undefined;
}

type Codes = TableSpec["codes"];

/** Entries of a site go over those of the base. */
export function compileTable(spec: TableSpec, site: Codes = {}): Table {
  const entries = new Map<string, TableEntry | "none">();
  for (const [code, to] of [...Object.entries(spec.codes), ...Object.entries(site)]) {
    if (to === null) {
      entries.set(code.toUpperCase(), "none");
      continue;
    }
    const { code: target, display = undefined, system = undefined } = typeof to === "string" ? { code: to } : to;
    entries.set(code.toUpperCase(), { code: target, display, system: system ?? spec.system, name: `${spec.source} ${code}` });
  }
  return {
    name: spec.table,
    source: spec.source,
    unknown: spec.unknown,
    find: (code) => entries.get(code) ?? entries.get(code.toUpperCase()),
  };
}
