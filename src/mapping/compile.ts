import { hash } from "node:crypto";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { isType } from "#src/fhir/elements.ts";
import { kindAt, kindsIn } from "#src/fhir/entry-kinds.ts";
import type { Hl7Message } from "#src/hl7v2/message.ts";
import { classesGiven } from "./encounter-classes.ts";
import { fieldsLookedAt } from "./fields-read.ts";
import type { MapFile } from "./map-file.ts";
import { mapMessage, type MessageMap } from "./map-message.ts";
import { createMemories } from "./memory.ts";
import type { SiteSpec } from "./map-schema.ts";
import { compileMessages } from "./message-maps.ts";
import { oddSegments } from "./odd-segments.ts";
import { type Read, type ReadMaps, readMaps } from "./read-maps.ts";
import { compileRow, type RowContext, type CompiledRow } from "./row.ts";
import { inOrder } from "./rows-in-order.ts";
import { homeName, namesExtension, referredTo, targetOf } from "./row-key.ts";
import { compileMapCondition, type CompiledRows, dataTypeOf, referenceTypeOf } from "./segment-map.ts";
import { looksAround, standAlone } from "./stand-alone.ts";
import { baseMaps, checkSenders, isFrom, type MergedMap, siteMaps } from "./site-overlay.ts";
import type { Home } from "./sources.ts";
import { type EntryKinds, slotOf } from "./target-paths.ts";
import { type CodeFault, compileTable, type Table } from "./tables.ts";
import type { Mapped, MapSettings } from "./types.ts";
import { REFERENCE_DISPLAYS } from "./values/names.ts";
import { NATIVE_TYPES, VALUE_TYPES } from "./values/index.ts";
import type { ValueType } from "./values/value-type.ts";

/** All maps, compiled. */
export interface MapPack {
  /** Hash over all files: every stored result names it. */
  readonly version: string;
  /** Names of all rows as lineage names them, those of sites included: stored lineage counts them. */
  readonly rows: readonly string[];
  /** All that have maps: `ADT^A01`. */
  readonly messageTypes: readonly string[];
  /** Fields that decide what is made without being made into anything: those of conditions and identities. */
  readonly looksAt: ReadonlySet<string>;
  /** Codes that the maps, those of sites included, give as Encounter.class. */
  readonly encounterClasses: ReadonlySet<string>;
  /** Fields that the maps leave alone on purpose, with the reason: `PV1-41`. */
  readonly leftAlone: ReadonlyMap<string, string>;
  /** `ADT^A01`; also `ADT`, whose event EVN-1 then tells. */
  handles(messageType: string): boolean;
  /** Pure. Never throws on bad data. */
  map(message: Hl7Message, settings: MapSettings): Result<Mapped, Failure>;
}

/** `OBX[Observation-Component]` to `Observation`, `HD[MessageHeader.source-name]` to `MessageHeader.source`. */
export const fhirTypeOf = (map: string): string => map.slice(map.indexOf("[") + 1, -1).split("-")[0] ?? "";

/** A function of a closed set by the name that a file gives it: `constructor` is none. */
const own = <T>(set: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(set, name) ? set[name] : undefined);

export type CompiledMaps = ReadonlyMap<string, CompiledRows & { readonly merged: MergedMap }>;

/** Compiles all maps. Data types are resolved by name when they are first used: they may use each other. */
function compileRows(merged: ReadonlyMap<string, MergedMap>, tables: ReadonlyMap<string, Table>): CompiledMaps {
  const compiled = new Map<string, CompiledRows & { readonly merged: MergedMap }>();
  const required = (name: string): CompiledRows => {
    const found = compiled.get(name);
    if (found === undefined) throw new Error(`the map ${name} is not compiled`);
    return found;
  };
  const alone = standAlone(merged);
  const compileType = (name: string): ValueType | undefined => {
    const referred = referredTo(name);
    const map = merged.get(referred ?? name);
    if (map?.dataType !== true) return referred === undefined ? own(VALUE_TYPES, name) : undefined;
    const { native } = map.spec;
    if (native !== undefined) return own(NATIVE_TYPES, native);
    if (referred !== undefined)
      return referenceTypeOf(
        () => required(referred),
        REFERENCE_DISPLAYS[homeName(referred)] ?? (() => ""),
        () => alone(referred),
      );
    return dataTypeOf(
      /^[a-z]/.test(fhirTypeOf(name)),
      () => required(name),
      () => alone(name),
    );
  };
  // One for all rows: what an address became in one field is remembered for the others.
  const types = new Map<string, ValueType | undefined>();
  const typeOf = (name: string): ValueType | undefined => {
    if (!types.has(name)) types.set(name, compileType(name));
    return types.get(name);
  };
  const keysOf = new Map(Array.from(merged, ([name, { rows }]) => [name, new Set(rows.map(({ row }) => row.key))]));
  for (const [name, one] of merged) {
    const { spec, rows, fault } = one;
    const type = fhirTypeOf(name);
    if (/^[A-Z]/.test(type) && !isType(type)) fault(["map"], `R4 has no type ${type}`);
    if (spec.native !== undefined && own(NATIVE_TYPES, spec.native) === undefined) fault(["native"], `no function ${spec.native}`);
    const home: Home = { name: homeName(name), isSegment: !one.dataType, once: spec.once, companions: spec.with };
    const context: RowContext = {
      home,
      type,
      typeOf,
      tables,
      mapNames: new Set(merged.keys()),
      slots: new Map(),
      kinds: entryKinds(type, one, merged),
      fault,
    };
    const run: CompiledRow[] = [];
    const last: CompiledRow[] = [];
    for (const { row, fault: at } of rows) {
      if (row.by !== undefined) checkBy(row.by, keysOf, at);
      // What a native function does is not compiled from its rows: they say which of it is whose.
      if (spec.native !== undefined) continue;
      const made = compileRow(row, `${name} ${row.key}`, { ...context, fault: at });
      if (made !== undefined) (namesExtension(row) ? last : run).push(made);
    }
    compiled.set(name, {
      spec,
      type,
      rows: inOrder([...run, ...last], name),
      condition: compileMapCondition(spec.when, context),
      around: one.dataType ? undefined : looksAround(one, merged, alone),
      context,
      merged: one,
    });
  }
  return compiled;
}

/** `participant[4].type.coding.code` to `type.coding.code`. */
const belowSlot = (target: string, slot: string): string => target.slice(slot.length + 1).replaceAll(/\[\w*\]/g, "");

/**
 * Kinds of a map's entries by slot (an extension's URL, a participant's role): named by a row of their own, beside a value, or by the data type that the
 * entry is read as.
 */
function entryKinds(type: string, { rows }: MergedMap, merged: ReadonlyMap<string, MergedMap>): EntryKinds {
  const kinds = new Map<string, Set<string>>();
  for (const { row } of rows) {
    if (row.guide === "skipped" || row.by !== undefined) continue;
    const target = targetOf(row);
    const slot = slotOf(target);
    const list = slot.split("[", 1)[0] ?? slot;
    const at = kindAt(type, list);
    if (at === undefined) continue;
    const inType = slot === target ? (merged.get(row.as ?? "")?.rows ?? []) : [];
    // Constants stand in what holds the value: it may be an entry further down.
    const isBeside = target === slot || target.lastIndexOf(".") === slot.length;
    const named = belowSlot(target, slot) === at ? row.set : isBeside ? kindsIn(type, list)?.(row.beside) : undefined;
    for (const kind of [named, ...inType.map((one) => (targetOf(one.row) === at ? one.row.set : undefined))])
      if (typeof kind === "string" && kind !== "") kinds.set(slot, (kinds.get(slot) ?? new Set()).add(kind));
  }
  return kinds;
}

/** `IN1[Organization] IN1-5>address`: the row that does another's work must be there. */
function checkBy(by: string, keysOf: ReadonlyMap<string, ReadonlySet<string>>, fault: MergedMap["fault"]): void {
  const at = by.indexOf(" ");
  if (keysOf.get(by.slice(0, at))?.has(by.slice(at + 1)) !== true) fault(["by"], `there is no row ${by}`);
}

/** Old messages state only their kind in MSH-9; then EVN-1 tells the event, or there is but one. */
function fullType(message: Hl7Message, known: ReadonlyMap<string, MessageMap>): string {
  if (message.type.includes("^")) return message.type;
  const event = message.first("EVN")?.field(1).text ?? "";
  if (event !== "") return `${message.type}^${event}`;
  const ofKind = [...known.keys()].filter((name) => name.startsWith(`${message.type}^`));
  return ofKind.length === 1 ? (ofKind[0] ?? message.type) : message.type;
}

const rowNames = (all: readonly ReadonlyMap<string, MergedMap>[]): readonly string[] => [
  ...new Set(all.flatMap((maps) => Array.from(maps).flatMap(([name, { rows }]) => rows.map(({ row }) => `${name} ${row.key}`)))),
];

/** Fields of segments whose rows are all skipped. */
function leftAloneIn(maps: ReadonlyMap<string, MergedMap>): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const used = new Set<string>();
  for (const { rows, dataType } of maps.values())
    for (const { row } of dataType ? [] : rows) {
      const field = /^[A-Z][A-Z0-9]{2}-\d+/.exec(row.key)?.[0];
      if (field === undefined) continue;
      if (row.guide !== "skipped") used.add(field);
      else if (row.why !== undefined && !reasons.has(field)) reasons.set(field, row.why);
    }
  for (const field of used) reasons.delete(field);
  return reasons;
}

function tablesFor(read: ReadMaps, site: Read<SiteSpec> | undefined): ReadonlyMap<string, Table> {
  const own = new Map(
    (site?.spec.tables ?? []).map((one, at) => {
      const fault: CodeFault = (code, what) => site?.fault(["tables", at, "codes", code], what);
      return [one.table, { ...one, file: { codes: one.codes, fault } }] as const;
    }),
  );
  const tables = new Map<string, Table>();
  for (const { spec, fault } of read.tables) {
    if (site === undefined && tables.has(spec.table)) fault(["table"], `${spec.table} is there already`);
    const changed = own.get(spec.table);
    const files = [{ codes: spec.codes, fault: (code: string, what: string) => fault(["codes", code], what) }];
    if (changed !== undefined) files.push(changed.file);
    tables.set(spec.table, compileTable({ ...spec, unknown: changed?.unknown ?? spec.unknown }, ...files));
    own.delete(spec.table);
  }
  for (const { table, file, unknown = "task" } of own.values()) tables.set(table, compileTable({ table, source: table, unknown }, file));
  return tables;
}

/** Compiles all files of `mappings/`. Fails with every fault at once, as `mappings/…yaml:LINE: what`. */
export function compileMaps(files: readonly MapFile[]): Result<MapPack, readonly string[]> {
  const read = readMaps(files);
  if (read.faults.length > 0) return fail(read.faults);
  const base = baseMaps(read.maps);
  const tables = tablesFor(read, undefined);
  const messages = compileMessages(read.messages, compileRows(base, tables));
  checkSenders(read.sites);
  const overlaid = read.sites.map((site) => ({ spec: site.spec, maps: siteMaps(base, site), tables: tablesFor(read, site) }));
  const sites = overlaid.map((site) => ({
    spec: site.spec,
    messages: compileMessages(read.messages, compileRows(site.maps, site.tables)),
  }));
  if (read.faults.length > 0) return fail([...new Set(read.faults)]);

  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const version = hash("sha256", ordered.map(({ path, text }) => `${path}\n${text.length}\n${text}`).join("\n"), "hex").slice(0, 16);
  const memoryOf = createMemories();
  const kinds = new Set(Array.from(messages.keys(), (name) => name.slice(0, 3)));
  return ok({
    version,
    rows: rowNames([base, ...overlaid.map(({ maps }) => maps)]),
    messageTypes: [...messages.keys()],
    looksAt: fieldsLookedAt(base, read.messages),
    encounterClasses: new Set([{ maps: base, tables }, ...overlaid].flatMap((one) => classesGiven(one.maps, one.tables))),
    leftAlone: leftAloneIn(base),
    handles: (messageType) => messages.has(messageType) || kinds.has(messageType),
    map: (message, settings) => {
      const messageType = fullType(message, messages);
      const known = sites.find(({ spec }) => isFrom(message, spec))?.messages ?? messages;
      const map = known.get(messageType);
      if (map === undefined) return fail({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" });
      const mapped = mapMessage(message, settings, messageType, { ...map, memoryOf });
      const odd = mapped.ok ? oddSegments(message, messageType, map.spec.groups) : [];
      return mapped.ok && odd.length > 0 ? ok({ ...mapped.value, warnings: [...mapped.value.warnings, ...odd] }) : mapped;
    },
  });
}
