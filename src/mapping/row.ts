import { type Condition, compileCondition } from "./conditions.ts";
import type { Row } from "./map-schema.ts";
import type { Where } from "./read-maps.ts";
import { lineageEntry } from "./lineage-entry.ts";
import { copyOf, readRemembered } from "./memory.ts";
import { type Elements, type Frame, type MadeOf, warn } from "./scope.ts";
import { hasEnded } from "./order-groups.ts";
import { sourcesOf, targetOf } from "./row-key.ts";
import { compileSource, type Home, type Source } from "./sources.ts";
import type { Table } from "./tables.ts";
import { compileTarget, type EntryKinds, type SlotNumbers, type Target } from "./targets.ts";
import { GATHERS } from "./values/gather.ts";
import { type Reading, Spot, type ValueType } from "./values/value-type.ts";

type Run = (frame: Frame) => void;

/** A compiled row. */
export interface RunRow {
  readonly run: Run;
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

const OWN = new Set(["Patient", "Encounter", "Account"]);
/** The functions for primitives, by R4 type. */
const BY_ELEMENT: Readonly<Record<string, string>> = {
  string: "text",
  markdown: "text",
  id: "text",
  code: "code",
  uri: "uri",
  url: "uri",
  canonical: "uri",
  oid: "uri",
  uuid: "uri",
  boolean: "yesNo",
  date: "date",
  dateTime: "dateTime",
  instant: "instant",
  time: "time",
  decimal: "decimal",
  integer: "integer",
  positiveInt: "positiveInt",
  unsignedInt: "unsignedInt",
  base64Binary: "base64Binary",
};

/** Puts a value in its place and says where it came from. */
interface Writer {
  readonly target: Target;
  /** As lineage names it: `PV1[Encounter] PV1-45>period.end`. */
  readonly name: string;
  readonly row: Row;
}

/** A constant of its own for each place: what later rows write into one must not show in others. */
const ownCopy = (value: unknown): unknown => (typeof value === "object" ? copyOf(value) : value);

const fullPath = (frame: Frame, path: string): string => (path === "" ? frame.target : `${frame.target}.${path}`);

function write(frame: Frame, { target, name, row }: Writer, value: unknown, source: Source | string | undefined, table?: string): void {
  const { lineage } = frame.scope;
  const path = lineage === undefined ? "" : fullPath(frame, target.path(frame));
  target.put(frame, value, row.beside);
  if (row.initial === true) (frame.building.initial ??= new Set()).add(target.top);
  if (lineage === undefined) return;
  const from = typeof source === "object" ? source.label(frame) : source;
  lineage.push(lineageEntry(path, frame.resourceId, from === "" ? undefined : from, name, table));
}

function deleteTarget({ building }: Frame, target: Target): void {
  building.deleted ??= new Set();
  for (const path of target.deletes) building.deleted.add(path);
}

const segmentOf = (map: string): string => map.slice(0, map.indexOf("["));

/** What a map made of this segment, else of the nearest before it that it belongs to. */
export function madeBy({ scope, segment }: Frame, map: string): MadeOf | undefined {
  let found: MadeOf | undefined;
  for (const one of scope.made.get(map) ?? []) if (one.position <= segment.position && one.position >= (found?.position ?? 0)) found = one;
  const ended = found !== undefined && hasEnded(scope.message, { name: segmentOf(map), position: found.position }, segment);
  return ended ? undefined : found;
}

/** A row that refers to other resources of the message. */
function compileReference(writer: Writer, context: RowContext): Run | undefined {
  const { row, target } = writer;
  const { ref, refs } = row;
  const known = (name: string, where: string): void => {
    if (!OWN.has(name) && !context.mapNames.has(name)) context.fault([where], `no map ${name}`);
  };
  if (ref !== undefined) {
    known(ref, "ref");
    return (frame) => {
      if (target.taken(frame)) return;
      const own = OWN.has(ref) ? frame.scope.own.get(ref) : undefined;
      const reference = own === undefined ? madeBy(frame, ref)?.reference : { reference: own };
      if (reference !== undefined) write(frame, writer, { ...reference }, undefined);
    };
  }
  if (refs === undefined) return undefined;
  known(refs, "refs");
  const there: Home = { name: segmentOf(refs), isSegment: true, once: false, companions: [] };
  const counts = row.of === undefined ? undefined : compileCondition(row.of, (path) => compileSource(path, there));
  return (frame) => {
    // What follows is not mapped yet.
    frame.scope.later.push(() => {
      const { message, made } = frame.scope;
      const { position, name } = frame.segment;
      const from = context.home.once ? -1 : position;
      const next = context.home.once ? undefined : message.all(name).find((one) => one.position > position)?.position;
      for (const one of made.get(refs) ?? []) {
        if (one.position <= from || one.position >= (next ?? Number.POSITIVE_INFINITY)) continue;
        const segment = message.all(there.name).find((own) => own.position === one.position);
        if (segment !== undefined && counts?.({ ...frame, segment }) !== false) write(frame, writer, { ...one.reference }, undefined);
      }
    });
  };
}

function compileGather(writer: Writer, context: RowContext): Run | undefined {
  const { row, target } = writer;
  if (row.gather === undefined) return undefined;
  const gather = GATHERS.get(row.gather);
  if (gather === undefined) {
    context.fault(["gather"], `no function ${row.gather}`);
    return () => undefined;
  }
  return (frame) => {
    for (const { value, source, also = [] } of gather(frame)) {
      if (target.taken(frame)) continue;
      const { lineage } = frame.scope;
      const path = lineage === undefined ? "" : fullPath(frame, target.path(frame));
      write(frame, writer, value, source);
      for (const place of also) lineage?.push(lineageEntry(path, frame.resourceId, place, writer.name, undefined));
    }
  };
}

/** Texts put together; without any text of the message there is nothing to say. */
function compileJoin(writer: Writer, source: (path: string) => Source | undefined): Run | undefined {
  const { row, target } = writer;
  if (row.join === undefined) return undefined;
  const parts = row.join.map((part) => (part.startsWith("'") ? part.slice(1, -1) : source(part)));
  const [label] = parts.filter((part) => typeof part === "object");
  return (frame) => {
    if (target.taken(frame)) return;
    let said = false;
    let text = "";
    for (const part of parts) {
      const one = typeof part === "object" ? part.first(frame).text : (part ?? "");
      if (typeof part === "object" && one !== "") said = true;
      text += one;
    }
    // Parts that are empty leave no gap.
    if (said) write(frame, writer, text.replace(/ {2,}/g, " ").trim(), label);
  };
}

function readingOf(row: Row, context: RowContext, source: (path: string) => Source | undefined): Reading {
  const table = row.table === undefined ? undefined : context.tables.get(row.table);
  if (row.table !== undefined && table === undefined) context.fault(["table"], `no table ${row.table}`);
  const systemFrom = row.systemFrom === undefined ? undefined : source(row.systemFrom);
  return {
    table,
    codingSystems: context.tables.get("coding-systems"),
    system: row.system,
    localSystem: row.localSystem,
    systems: row.systems,
    systemFrom: systemFrom === undefined ? undefined : (frame) => systemFrom.first(frame).text,
  };
}

/** The data type of a row: named, else by the R4 type of its target. */
function typeFor(writer: Writer, context: RowContext): ValueType | undefined {
  const { row, target } = writer;
  const element = target.type === "" ? context.type : target.type;
  const name = row.as ?? BY_ELEMENT[element];
  if (name === undefined) context.fault([], `says nothing of how a ${element} is read: as`);
  const type = name === undefined ? undefined : context.typeOf(name);
  if (type === undefined && name !== undefined) context.fault(["as"], `no data type ${name}`);
  return type;
}

type RunValue = (frame: Frame, source: Source) => boolean;

/** Writes one value. @returns whether there was one. */
function compileValue(writer: Writer, context: RowContext, reading: Reading): RunValue {
  const { row, target } = writer;
  if (row.set !== undefined)
    return (frame, source) => {
      if (!source.first(frame).valued) return false;
      if (!target.taken(frame)) write(frame, writer, ownCopy(row.set), source);
      return true;
    };
  const type = typeFor(writer, context);
  if (type === undefined) return () => false;
  const { write: writeInto, read } = type;
  if (writeInto !== undefined)
    return (frame, source) => {
      const value = source.first(frame);
      if (!value.valued || target.excluded(frame)) return false;
      const spot = new Spot(frame, source, reading);
      if (frame.scope.lineage !== undefined) spot.target = target.path(frame);
      const opened = target.open(frame);
      if (!writeInto(value, spot, opened.object)) {
        opened.drop();
        return false;
      }
      if (row.beside !== undefined) for (const [name, one] of Object.entries(row.beside)) opened.holder[name] ??= one;
      if (row.initial === true) (frame.building.initial ??= new Set()).add(target.top);
      return true;
    };
  const remembered = type.readsAlone === true && reading.systemFrom === undefined;
  return (frame, source) => {
    const value = source.first(frame);
    if (!value.valued || target.taken(frame)) return false;
    const spot = new Spot(frame, source, reading);
    const made = remembered
      ? readRemembered(writer, value.raw, spot, () => read?.(value, spot) as Elements | undefined)
      : read?.(value, spot);
    if (made === undefined) return false;
    write(frame, writer, made, source, spot.table);
    return true;
  };
}

/** A row with sources: the first of them that has a value; every repetition of it when the target is a list. */
function compileSourced(writer: Writer, sources: readonly Source[], runValue: RunValue, condition: Condition | undefined): Run {
  const { target, row } = writer;
  const once = (frame: Frame, source: Source): boolean => (condition === undefined || condition(frame)) && runValue(frame, source);
  const through = (frame: Frame, source: Source, count: number): boolean => {
    let written = false;
    frame.field = source.field;
    for (let repetition = 1; repetition <= count; repetition++) {
      frame.repetition = repetition;
      if (once(frame, source)) written = true;
      if (written && !target.repeats) break;
    }
    frame.field = 0;
    frame.repetition = 0;
    return written;
  };
  return (frame) => {
    let nulled = false;
    for (const source of sources) {
      if (row.set === undefined && source.isNull(frame)) {
        nulled = true;
        continue;
      }
      const count = source.field === 0 ? 1 : frame.segment.repetitions(source.field).length;
      if (count === 0) continue;
      const alone = source.field === 0 || (count === 1 && !target.repeats);
      if (alone ? once(frame, source) : through(frame, source, count)) return;
    }
    if (nulled && (condition === undefined || condition(frame))) deleteTarget(frame, target);
  };
}

/** Runs a row for each repetition of a field of the segment: what it reads itself has only one. */
const forEach = (run: Run, field: number): Run =>
  field === 0
    ? run
    : (frame) => {
        const count = frame.segment.repetitions(field).length;
        for (let repetition = 1; repetition <= count; repetition++) {
          frame.field = field;
          frame.repetition = repetition;
          run(frame);
        }
        frame.field = 0;
        frame.repetition = 0;
      };

const conditional = (run: Run, condition: Condition | undefined): Run =>
  condition === undefined ? run : (frame) => (condition(frame) ? run(frame) : undefined);

/** Warns when the row had to speak. */
function withWarning(run: Run, row: Row, target: Target, source: (path: string) => Source | undefined): Run {
  if (row.warn === undefined) return run;
  const { code, place } = row.warn;
  const at = source(place);
  return (frame) => {
    if (target.taken(frame)) return;
    run(frame);
    if (at !== undefined && target.taken(frame)) warn(frame.scope, code, at.label(frame));
  };
}

/**
 * Compiles one row. What is wrong with it goes to `context.fault`; the row then does nothing.
 * @param name as lineage names it: `PV1[Encounter] PV1-45>period.end`.
 */
export function compileRow(row: Row, name: string, context: RowContext): RunRow | undefined {
  if (row.guide !== "as-is" && row.guide !== "added" && row.why === undefined) context.fault([], `${row.guide} and says not why`);
  if (row.guide === "skipped" || row.by !== undefined) return undefined;
  const sourceOf =
    (where: string) =>
    (path: string): Source | undefined => {
      const source = compileSource(path, context.home);
      if (source === undefined) context.fault([where], `${path} cannot be read in a map of ${context.home.name}`);
      return source;
    };
  const target = compileTarget(context.type, targetOf(row), context.slots, context.kinds);
  if (typeof target === "string") {
    context.fault([row.to === undefined ? "key" : "to"], target);
    return undefined;
  }
  const writer: Writer = { target, name, row };
  const condition = row.when === undefined ? undefined : compileCondition(row.when, sourceOf("when"));
  const each = row.each === undefined ? 0 : (sourceOf("each")(row.each)?.field ?? 0);
  // A row that goes through the repetitions of a field may ask each of them.
  const gate = each === 0 ? gateOf(row, context) : undefined;
  const guarded = (run: Run): RunRow => ({
    gate,
    run: forEach(conditional(withWarning(run, row, target, sourceOf("warn")), condition), each),
    field: 0,
    component: 0,
  });
  if (row.delete === true) return guarded((frame) => deleteTarget(frame, target));
  const unsourced = compileReference(writer, context) ?? compileGather(writer, context) ?? compileJoin(writer, sourceOf("join"));
  if (unsourced !== undefined) return guarded(unsourced);
  const sources = sourcesOf(row, context.home.isSegment ? undefined : context.home.name).flatMap(
    (one) => sourceOf(row.from === undefined ? "key" : "from")(one) ?? [],
  );
  if (sources.length === 0) {
    if (row.set === undefined) context.fault([], "says neither from, set, join, ref, refs, gather nor delete");
    return guarded((frame) => {
      if (!target.taken(frame)) write(frame, writer, ownCopy(row.set), undefined);
    });
  }
  const runValue = compileValue(writer, context, readingOf(row, context, sourceOf("systemFrom")));
  const [first] = sources;
  const only = (of: (source: Source) => number): number =>
    first !== undefined && sources.every((source) => of(source) === of(first)) ? of(first) : 0;
  if (each > 0) {
    const run = forEach((frame) => {
      if (condition === undefined || condition(frame)) sources.some((one) => runValue(frame, one));
    }, each);
    return { gate, run, field: 0, component: 0 };
  }
  const through = new Set(sources.map(({ field }) => field));
  return {
    gate: gate !== undefined && through.has(gate.field) ? undefined : gate,
    run: withWarning(compileSourced(writer, sources, runValue, condition), row, target, sourceOf("warn")),
    field: only(({ field }) => field),
    component: only(({ component }) => component),
  };
}
