import type { TableSpec } from "./map-schema.ts";

export interface TableEntry {
  readonly code: string;
  readonly display: string | undefined;
  readonly system: string | undefined;
  /** As lineage names it: `v2-0004 I`. */
  readonly name: string;
}

/** A code that a table gives, and a way to say at its line what is wrong with it. */
export interface Given {
  readonly code: string;
  readonly fault: (what: string) => void;
}

/** A code table of `mappings/tables`; codes are looked up without regard to case. */
export interface Table {
  /** As the guide names it: `PatientClass[EncounterStatus]`. */
  readonly name: string;
  /** `v2-0004`. */
  readonly source: string;
  readonly unknown: TableSpec["unknown"];
  /** All that it gives, each with the place in its file. */
  readonly gives: readonly Given[];
  /** Undefined: the table does not know the code. `none`: it knows that FHIR has no code for it. */
  find(code: string): TableEntry | "none" | undefined;
}

type Codes = TableSpec["codes"];
/** Says what is wrong with what a code of the file becomes. */
export type CodeFault = (code: string, what: string) => void;

/** Codes of one file. */
export interface CodesOf {
  readonly codes: Codes;
  readonly fault: CodeFault;
}

/** Entries of a site go over those of the base. */
export function compileTable(spec: Omit<TableSpec, "codes">, ...files: readonly CodesOf[]): Table {
  const entries = new Map<string, { readonly to: TableEntry | "none"; readonly fault: Given["fault"] }>();
  for (const { codes, fault } of files)
    for (const [code, to] of Object.entries(codes))
      entries.set(code.toUpperCase(), { to: entryOf(code, to, spec), fault: (what) => fault(code, what) });
  const found = new Map(Array.from(entries, ([code, { to }]) => [code, to]));
  return {
    name: spec.table,
    source: spec.source,
    unknown: spec.unknown,
    gives: Array.from(entries.values()).flatMap(({ to, fault }) => (to === "none" ? [] : [{ code: to.code, fault }])),
    find: (code) => found.get(code) ?? found.get(code.toUpperCase()),
  };
}

function entryOf(code: string, to: Codes[string] | undefined, spec: Omit<TableSpec, "codes">): TableEntry | "none" {
  if (to === null || to === undefined) return "none";
  const { code: target, display = undefined, system = undefined } = typeof to === "string" ? { code: to } : to;
  return { code: target, display, system: system ?? spec.system, name: `${spec.source} ${code}` };
}
