import { elementOf, isType } from "#src/fhir/elements.ts";
import { codeFaultsOf, requiredCodesOf } from "#src/fhir/required-codes.ts";
import type { Row } from "./map-schema.ts";
import type { Where } from "./read-maps.ts";
import type { RowContext } from "./row.ts";
import { targetOf } from "./row-key.ts";
import type { Table } from "./tables.ts";
import { stepsOf } from "./target-paths.ts";

type Fault = (where: Where, what: string) => void;

/** The element that a row writes. */
interface Written {
  /** What it is an element of: `Encounter`, `Encounter.location`. */
  readonly holder: string;
  readonly name: string;
  /** What it holds. */
  readonly type: string;
}

function writtenBy(row: Row, type: string): Written | undefined {
  const path = targetOf(row).replace(/\.\$this$/, "");
  const read = path.startsWith("$") ? undefined : stepsOf(type, path, new Map());
  if (read === undefined || typeof read === "string") return undefined;
  return { holder: read.holder, name: read.steps.at(-1)?.said ?? "", type: read.type };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

const listed = (codes: Iterable<string>): string => `R4 has ${[...codes].join(", ")}`;

/** Constants of an object of a type: `use` in `{ system: …, use: legal }`. */
function holdMembers(where: string, type: string, object: unknown, fault: Fault): void {
  if (!isObject(object) || !isType(type)) return;
  for (const { place, text } of codeFaultsOf(type, object)) fault([where], `${place}: ${text}`);
}

/** A table's codes: what is wrong with a few is told at their lines; where most are strange the row names the wrong table. */
function holdTable(
  table: Table,
  known: ReadonlySet<string>,
  { element, name, fault }: { element: string; name: string; fault: Fault },
): void {
  const strange = table.gives.filter(({ code }) => !known.has(code));
  if (strange.length > table.gives.length / 2) return fault(["table"], `the table ${table.name} is not of ${element}: ${listed(known)}`);
  for (const { code, fault: atCode } of strange) atCode(`${code} is no code of ${element}, which ${name} writes it to: ${listed(known)}`);
}

/**
 * Holds the constants of a row, and the codes that its table gives, against the value sets that R4 binds the elements to (R4 4.1.5, required): a map
 * must not be able to write an `Encounter.status` of "discharged".
 * @param name of the row, as lineage names it
 */
export function holdCodes(row: Row, name: string, { type, tables, fault }: Pick<RowContext, "type" | "tables" | "fault">): void {
  const written = writtenBy(row, type);
  if (written === undefined) return holdMembers("set", type, row.set, fault);
  const { holder, name: last } = written;
  const element = `${holder}.${last}`;
  const known = requiredCodesOf(holder, last);
  for (const one of [row.set].flat()) {
    holdMembers("set", written.type, one, fault);
    if (known !== undefined && typeof one === "string" && !known.has(one))
      fault(["set"], `${one} is no code of ${element}: ${listed(known)}`);
  }
  // What stands beside an entry of a list is the entry's own; beside a single element it is a sibling of that.
  holdMembers("beside", elementOf(holder, last)?.list === true ? written.type : holder, row.beside, fault);
  const table = row.table === undefined ? undefined : tables.get(row.table);
  if (known !== undefined && table !== undefined && row.set === undefined) holdTable(table, known, { element, name, fault });
}
