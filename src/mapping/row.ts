import type { Segment } from "#src/hl7v2/message.ts";
import { kindAt } from "#src/fhir/entry-kinds.ts";
import { compileCondition, readCondition } from "./conditions.ts";
import type { Code } from "./generated.ts";
import { holdCodes } from "./known-codes.ts";
import type { Row } from "./map-schema.ts";
import type { Where } from "./read-maps.ts";
import {
  type Body,
  constant,
  deletion,
  entryDeletion,
  gathered,
  joined,
  labelText,
  readOnce,
  readThrough,
  reference,
  references,
  type RowReading,
  rowText,
  type Write,
  type Writer,
} from "./row-code.ts";
import { hasEnded } from "./order-groups.ts";
import { homeName, sourcesOf, targetOf } from "./row-key.ts";
import { type Frame, type MadeOf, OWN_TYPES, type Scope } from "./scope.ts";
import { compileSource, type Home, type Source } from "./sources.ts";
import type { Table } from "./tables.ts";
import type { EntryKinds, SlotNumbers } from "./target-paths.ts";
import { compileTarget } from "./targets.ts";
import { GATHERS } from "./values/gather.ts";
import { readingOf, typeFor } from "./row-values.ts";
import type { ValueType } from "./values/value-type.ts";

/** A compiled row. */
export interface CompiledRow {
  /** Text of an expression that gives the row's function of a frame. */
  readonly text: (code: Code) => string;
  /** The only field of the segment that it reads: without it there is nothing to do. 0: it reads others too, or none. */
  readonly field: number;
  /** The same of a data type's component. */
  readonly component: number;
  /** What another field of the segment must say: OBX-2, of which each value has rows of its own. Part of the row's condition, looked at first. */
  readonly gate: Gate | undefined;
}

export interface Gate {
  readonly field: number;
  /** Capitals. */
  readonly texts: ReadonlySet<string>;
}

/** The first field of the map's own segment that a row's condition wants to have one of some texts. */
function gateOf({ when }: Row, { home }: RowContext): Gate | undefined {
  if (!home.isSegment) return undefined;
  for (const [path, texts] of Object.entries(when?.is ?? {})) {
    const [name, field = ""] = path.split("-");
    if (name === home.name && /^\d+$/.test(field))
      return { field: Number(field), texts: new Set([texts].flat().map((text) => text.toUpperCase())) };
  }
  return undefined;
}

/** What a row is compiled with. */
export interface RowContext {
  readonly home: Home;
  /** FHIR type of the map: `Encounter`, `HumanName`, `MessageHeader.source`. */
  readonly type: string;
  readonly typeOf: (name: string) => ValueType | undefined;
  readonly tables: ReadonlyMap<string, Table>;
  readonly mapNames: ReadonlySet<string>;
  readonly slots: SlotNumbers;
  readonly kinds: EntryKinds;
  readonly fault: (where: Where, what: string) => void;
}

/** What a map made of this segment, else of the nearest before it that it belongs to. */
export function madeBy(scope: Scope, segment: Segment, map: string): MadeOf | undefined {
  let found: MadeOf | undefined;
  for (const one of scope.made.get(map) ?? []) if (one.position <= segment.position && one.position >= (found?.position ?? 0)) found = one;
  const ended = found !== undefined && hasEnded(scope.message, { name: homeName(map), position: found.position }, segment);
  return ended ? undefined : found;
}

type BodyOf = (code: Code) => Body;
type ReadSource = (path: string) => Source | undefined;

const plainly =
  (run: (code: Code) => string): BodyOf =>
  (code) => ({ declared: "", run: run(code) });

/** A row that takes something away: an element, or the entry of a list that names what another map made. */
function deletionBody(writer: Writer, source: Source | undefined, context: RowContext): BodyOf {
  const { ref } = writer.row;
  const said = (code: Code): string => (source === undefined ? '""' : labelText(code, source));
  if (ref === undefined) return plainly((code) => deletion(code, writer, said(code)));
  if (!context.mapNames.has(ref)) context.fault(["ref"], `no map ${ref}`);
  if (kindAt(context.type, writer.target.top)?.endsWith("reference") !== true)
    context.fault(["ref"], `entries of ${context.type}.${writer.target.top} are not told apart by what they refer to`);
  return plainly((code) => entryDeletion(code, writer, said(code), { ref, madeBy }));
}

/** A row that refers to other resources of the message. */
function referenceBody({ row }: Writer, context: RowContext): BodyOf | undefined {
  const { ref, refs } = row;
  const known = (name: string, where: string): void => {
    if (!OWN_TYPES.has(name) && !context.mapNames.has(name)) context.fault([where], `no map ${name}`);
  };
  if (ref !== undefined) {
    known(ref, "ref");
    return plainly((code) => reference(code, ref, { own: OWN_TYPES.has(ref), madeBy }));
  }
  if (refs === undefined) return undefined;
  known(refs, "refs");
  const there: Home = { name: homeName(refs), isSegment: true, once: false, companions: [] };
  const counts =
    row.of === undefined ? undefined : compileCondition(row.of, `${context.home.name} ${row.key} of`, (path) => compileSource(path, there));
  const refer = (frame: Frame, write: Write): void => {
    const { message, made } = frame.scope;
    const { position, name } = frame.segment;
    const from = context.home.once ? -1 : position;
    const next = context.home.once ? undefined : message.all(name).find((one) => one.position > position)?.position;
    for (const one of made.get(refs) ?? []) {
      if (one.position <= from || one.position >= (next ?? Number.POSITIVE_INFINITY)) continue;
      const segment = message.all(there.name).find((own) => own.position === one.position);
      if (segment !== undefined && counts?.({ ...frame, segment }) !== false) write(frame, { ...one.reference }, "", undefined);
    }
  };
  return plainly((code) => references(code, refer));
}

function gatherBody(writer: Writer, context: RowContext): BodyOf | undefined {
  const { row } = writer;
  if (row.gather === undefined) return undefined;
  const gather = GATHERS.get(row.gather);
  if (gather === undefined) context.fault(["gather"], `no function ${row.gather}`);
  return plainly((code) => (gather === undefined ? "" : gathered(code, gather, writer)));
}

function joinBody({ row }: Writer, source: ReadSource): BodyOf | undefined {
  if (row.join === undefined) return undefined;
  const parts = row.join.map((part) => (part.startsWith("'") ? part.slice(1, -1) : (source(part) ?? "")));
  return plainly((code) => joined(code, parts));
}

/**
 * Compiles one row. What is wrong with it goes to `context.fault`; the row then does nothing.
 * @param name as lineage names it: `PV1[Encounter] PV1-45>period.end`.
 */
export function compileRow(row: Row, name: string, context: RowContext): CompiledRow | undefined {
  if (row.guide !== "as-is" && row.guide !== "added" && row.why === undefined) context.fault([], `${row.guide} and says not why`);
  if (row.guide === "skipped" || row.by !== undefined) return undefined;
  const sourceOf =
    (where: string): ReadSource =>
    (path) => {
      const source = compileSource(path, context.home);
      if (source === undefined) context.fault([where], `${path} cannot be read in a map of ${context.home.name}`);
      return source;
    };
  const target = compileTarget(context.type, targetOf(row), context.slots, context.kinds);
  if (typeof target === "string") {
    context.fault([row.to === undefined ? "key" : "to"], target);
    return undefined;
  }
  holdCodes(row, name, context);
  const writer: Writer = { target, name, row, resource: context.home.isSegment ? context.type : undefined };
  const when = row.when === undefined ? undefined : readCondition(row.when, sourceOf("when"));
  const each = row.each === undefined ? 0 : (sourceOf("each")(row.each)?.field ?? 0);
  // A row that goes through the repetitions of a field may ask each of them.
  const gate = each === 0 ? gateOf(row, context) : undefined;
  const at = row.warn === undefined ? undefined : sourceOf("warn")(row.warn.place);
  const warning = row.warn === undefined || at === undefined ? undefined : { code: row.warn.code, at };
  const guarded = (body: BodyOf): CompiledRow => ({
    gate,
    field: 0,
    component: 0,
    text: (code) => rowText(code, writer, body, { each, when, warning }),
  });
  const sourcesIn = (): readonly Source[] =>
    sourcesOf(row, context.home.isSegment ? undefined : context.home.name).flatMap(
      (one) => sourceOf(row.from === undefined ? "key" : "from")(one) ?? [],
    );
  if (row.delete === true) return guarded(deletionBody(writer, sourcesIn()[0], context));
  const unsourced = referenceBody(writer, context) ?? gatherBody(writer, context) ?? joinBody(writer, sourceOf("join"));
  if (unsourced !== undefined) return guarded(unsourced);
  const sources = sourcesIn();
  if (sources.length === 0) {
    if (row.set === undefined) context.fault([], "says neither from, set, join, ref, refs, gather nor delete");
    return guarded(plainly((code) => constant(code, writer)));
  }
  const reading: RowReading = {
    type: row.set === undefined ? typeFor(writer, context) : undefined,
    reading: readingOf(row, context, sourceOf("systemFrom")),
  };
  if (each > 0) return guarded((code) => readOnce(code, writer, reading, sources));
  const [first] = sources;
  const only = (of: (source: Source) => number): number =>
    first !== undefined && sources.every((source) => of(source) === of(first)) ? of(first) : 0;
  const through = new Set(sources.map(({ field }) => field));
  return {
    gate: gate !== undefined && through.has(gate.field) ? undefined : gate,
    field: only(({ field }) => field),
    component: only(({ component }) => component),
    text: (code) =>
      rowText(code, writer, (own) => readThrough(own, writer, reading, { sources, when }), { each: 0, when: undefined, warning }),
  };
}
