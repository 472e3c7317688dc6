import { type Condition, compileCondition } from "./conditions.ts";
import type { Row } from "./map-schema.ts";
import type { Where } from "./read-maps.ts";
import { type Building, type Elements, type Frame, warn } from "./scope.ts";
import { compileSource, type Home, type Source } from "./sources.ts";
import type { Table } from "./tables.ts";
import { compileTarget, type Target } from "./targets.ts";
import { GATHERS } from "./values/gather.ts";
import type { Reading, Spot, ValueType } from "./values/value-type.ts";

export type RunRow = (frame: Frame) => void;

/** What a row is compiled with. */
export interface RowContext {
  readonly home: Home;
  /** FHIR type of the map: targets of segment maps begin with it. */
  readonly type: string;
  readonly typeOf: (name: string) => ValueType | undefined;
  readonly tables: ReadonlyMap<string, Table>;
  readonly mapNames: ReadonlySet<string>;
  readonly fault: (where: Where, what: string) => void;
}

const OWN = new Set(["Patient", "Encounter", "Account"]);
const listOf = (one: string | readonly string[] | undefined): readonly string[] =>
  one === undefined ? [] : typeof one === "string" ? [one] : one;

/** `PV1-45>period.end`: names a row in lineage and lets a site replace it. */
export const rowKey = (row: Pick<Row, "from" | "to">, type: string): string =>
  `${listOf(row.from)[0] ?? "set"}>${row.to.startsWith(`${type}.`) ? row.to.slice(type.length + 1) : row.to}`;

const deleteTarget = (building: Building, target: Target): void => void (building.deleted ??= new Set()).add(target.deletes);

/** Puts a value in its place and says where it came from. */
interface Writer {
  readonly target: Target;
  readonly key: string;
  readonly beside: Elements | undefined;
  /** Counts only while the chart has no value. */
  readonly initial: boolean;
}

const fullPath = (frame: Frame, path: string): string => `${frame.target}.${path}`;

function write(frame: Frame, writer: Writer, path: string, value: unknown, source: string | undefined, table: string | undefined): void {
  writer.target.put(frame.building, value, writer.beside);
  if (writer.initial) (frame.building.initial ??= new Set()).add(writer.target.top);
  frame.scope.lineage.push({
    target: fullPath(frame, path),
    resourceId: frame.resourceId,
    ...(source === undefined ? {} : { source }),
    row: writer.key,
    ...(table === undefined ? {} : { table }),
  });
}

/** A row with a constant, a reference or a function over several fields: no single source. */
function compileUnsourced(row: Row, writer: Writer, context: RowContext): RunRow | undefined {
  const { target } = writer;
  const constant =
    (value: (frame: Frame) => unknown): RunRow =>
    (frame) => {
      const path = target.locate(frame.building);
      const made = path === undefined ? undefined : value(frame);
      if (path !== undefined && made !== undefined) write(frame, writer, path, made, undefined, undefined);
    };
  if (row.delete) return ({ building }) => deleteTarget(building, target);
  if (row.gather !== undefined) {
    const gather = GATHERS.get(row.gather);
    if (gather === undefined) context.fault(["gather"], `no function ${row.gather}`);
    else
      return (frame) => {
        for (const one of gather(frame)) {
          const path = target.locate(frame.building);
          if (path !== undefined) write(frame, writer, path, one.value, one.source, undefined);
        }
      };
  }
  if (row.ref !== undefined) {
    const { ref } = row;
    if (OWN.has(ref)) return constant(({ scope }) => reference(scope.own.get(ref)));
    if (!context.mapNames.has(ref)) context.fault(["ref"], `no map ${ref}`);
    return constant(({ scope, segment }) => scope.made.get(`${ref}#${segment.position}`));
  }
  if (row.set !== undefined) return constant(() => row.set);
  return undefined;
}

const reference = (to: string | undefined): { readonly reference: string } | undefined =>
  to === undefined ? undefined : { reference: to };

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

/** A row with sources: the first of them that has a value; every repetition of it when the target is a list. */
function compileSourced(row: Row, sources: readonly Source[], writer: Writer, context: RowContext, reading: Reading): RunRow {
  const { target } = writer;
  const name = row.as ?? (row.table === undefined ? "text" : "code");
  const type = context.typeOf(name);
  if (type === undefined) context.fault(["as"], `no data type ${name}`);
  const read = row.set === undefined ? type?.read : () => row.set;
  const ownLineage = row.set === undefined && type?.ownLineage === true;
  return (frame) => {
    let path = target.locate(frame.building);
    if (path === undefined || read === undefined) return;
    let nulled = false;
    for (const source of sources) {
      if (source.isNull(frame)) {
        nulled = true;
        continue;
      }
      let written = false;
      const values = source.all(frame);
      for (let at = 0; at < values.length; at++) {
        const value = values[at];
        if (value === undefined || !value.valued) continue;
        const label = source.label(frame, target.repeats && context.home.isSegment ? at + 1 : 0);
        const spot: Spot = { frame, source: label, target: fullPath(frame, path), reading };
        const made = read(value, spot);
        if (made === undefined) continue;
        written = true;
        if (ownLineage) target.put(frame.building, made, writer.beside);
        else write(frame, writer, path, made, label, spot.table);
        if (!target.repeats) return;
        path = target.locate(frame.building) ?? path;
      }
      if (written) return;
    }
    if (nulled) deleteTarget(frame.building, target);
  };
}

const conditional = (run: RunRow, condition: Condition | undefined): RunRow =>
  condition === undefined ? run : (frame) => (condition(frame) ? run(frame) : undefined);

/** Compiles one row. What is wrong with it goes to `context.fault`; the row then does nothing. */
export function compileRow(row: Row, key: string, context: RowContext): RunRow {
  const sourceOf =
    (where: string) =>
    (path: string): Source | undefined => {
      const source = compileSource(path, context.home);
      if (source === undefined) context.fault([where], `${path} cannot be read in a map of ${context.home.name}`);
      return source;
    };
  const { isSegment } = context.home;
  if (isSegment && !row.to.startsWith(`${context.type}.`)) context.fault(["to"], `must begin with ${context.type}.`);
  const path = isSegment ? row.to.slice(context.type.length + 1) : row.to;
  if (path === "") return () => undefined;
  const writer: Writer = { target: compileTarget(path), key, beside: row.beside, initial: row.initial === true };
  const sources = listOf(row.from).flatMap((one) => sourceOf("from")(one) ?? []);
  const reading = readingOf(row, context, sourceOf("systemFrom"));
  const unsourced = sources.length > 0 ? undefined : compileUnsourced(row, writer, context);
  if (sources.length === 0 && unsourced === undefined && row.from === undefined && row.gather === undefined)
    context.fault([], "says neither from, set, ref, gather nor delete");
  const run = unsourced ?? compileSourced(row, sources, writer, context, reading);
  const condition = row.when === undefined ? undefined : compileCondition(row.when, sourceOf("when"));
  return conditional(withWarning(run, row, writer.target, sourceOf("warn")), condition);
}

/** Warns when the row had to speak. */
function withWarning(run: RunRow, row: Row, target: Target, source: (path: string) => Source | undefined): RunRow {
  if (row.warn === undefined) return run;
  const { code, place } = row.warn;
  const at = source(place);
  return (frame) => {
    if (target.locate(frame.building) === undefined) return;
    run(frame);
    if (at !== undefined) warn(frame.scope, code, at.label(frame, 0));
  };
}
