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
  readonly name: string;
  readonly unknown: TableSpec["unknown"];
  find(code: string): TableEntry | undefined;
}

export function compileTable(spec: TableSpec): Table {
  const entries = new Map<string, TableEntry>();
  for (const [code, to] of Object.entries(spec.codes)) {
    const { code: target, display = undefined, system = undefined } = typeof to === "string" ? { code: to } : to;
    entries.set(code.toUpperCase(), { code: target, display, system: system ?? spec.system, name: `${spec.source} ${code}` });
  }
  return { name: spec.source, unknown: spec.unknown, find: (code) => entries.get(code) ?? entries.get(code.toUpperCase()) };
}
