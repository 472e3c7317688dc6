import { hash } from "node:crypto";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Hl7Message } from "#src/hl7v2/message.ts";
import { compileCondition } from "./conditions.ts";
import type { MapFile } from "./map-file.ts";
import { mapMessage, type MessageMap } from "./map-message.ts";
import type { MapSpec, Row } from "./map-schema.ts";
import { type Read, type ReadMaps, readMaps, type Where } from "./read-maps.ts";
import { compileRow, rowKey, type RowContext, type RunRow } from "./row.ts";
import { type CompiledRows, compileSegmentMap, dataTypeOf, referenceTypeOf } from "./segment-map.ts";
import { compileSource, type Home } from "./sources.ts";
import { compileTable, type Table } from "./tables.ts";
import type { Mapped, MapSettings } from "./types.ts";
import { CODED_TYPES } from "./values/coded.ts";
import { IDENTIFIER_TYPES } from "./values/identifiers.ts";
import { SIMPLE_TYPES } from "./values/simple.ts";
import { TELECOM_TYPES } from "./values/telecom.ts";
import type { ValueType } from "./values/value-type.ts";

/** All maps, compiled. */
export interface MapPack {
  /** Hash over all files: every stored result names it. */
  readonly version: string;
  /** `ADT^A01`; also `ADT`, whose event EVN-1 then tells. */
  handles(messageType: string): boolean;
  /** Pure. Never throws on bad data. */
  map(message: Hl7Message, settings: MapSettings): Result<Mapped, Failure>;
}

const NATIVE: ReadonlyMap<string, ValueType> = new Map(
  Object.entries({ ...SIMPLE_TYPES, ...CODED_TYPES, ...IDENTIFIER_TYPES, ...TELECOM_TYPES }),
);

/** A row with the place to report it at. */
interface PlacedRow {
  readonly row: Row;
  readonly key: string;
  readonly fault: (where: Where, what: string) => void;
}

const typeIn = (map: string): string => map.slice(map.indexOf("[") + 1, -1);

function placedRows({ spec, fault }: Read<MapSpec>): readonly PlacedRow[] {
  const seen = new Map<string, number>();
  return spec.rows.map((row, at) => {
    const key = rowKey(row, typeIn(spec.map));
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return { row, key: nth === 1 ? key : `${key}#${nth}`, fault: (where, what) => fault(["rows", at, ...where], what) };
  });
}

/** A site's rows replace those of the same key; its others go first, for the first row that has a value counts. */
function withSite(base: readonly PlacedRow[], site: readonly PlacedRow[]): readonly PlacedRow[] {
  const own = new Map(site.map((one) => [one.key, one]));
  const kept = base.map((one) => {
    const replaced = own.get(one.key);
    own.delete(one.key);
    return replaced ?? one;
  });
  return [...own.values(), ...kept].filter(({ row }) => row.drop !== true);
}

/** The maps of all files under their names, a site's merged into the shipped ones. */
function mergeMaps(maps: ReadMaps["maps"]): ReadonlyMap<string, { readonly read: Read<MapSpec>; readonly rows: readonly PlacedRow[] }> {
  const merged = new Map<string, { read: Read<MapSpec>; rows: readonly PlacedRow[] }>();
  for (const read of [...maps].sort((a, b) => Number(a.site) - Number(b.site))) {
    const known = merged.get(read.spec.map);
    if (known === undefined) merged.set(read.spec.map, { read, rows: placedRows(read) });
    else if (read.site) known.rows = withSite(known.rows, placedRows(read));
    else read.fault(["map"], `${read.spec.map} is there already`);
  }
  return merged;
}

const REFERENCE = /^Reference\((.+)\)$/;

/** Compiles all maps. Data types are resolved by name when they are first used: they may use each other. */
function compileRows(
  read: ReadMaps,
  tables: ReadonlyMap<string, Table>,
): ReadonlyMap<string, CompiledRows & { readonly dataType: boolean }> {
  const merged = mergeMaps(read.maps);
  const compiled = new Map<string, CompiledRows & { readonly dataType: boolean }>();
  const required = (name: string): CompiledRows => {
    const found = compiled.get(name);
    if (found === undefined) throw new Error(`the map ${name} is not compiled`);
    return found;
  };
  const typeOf = (name: string): ValueType | undefined => {
    const referred = REFERENCE.exec(name)?.[1];
    const isDataType = merged.get(referred ?? name)?.read.dataType === true;
    if (referred !== undefined) return isDataType ? referenceTypeOf(() => required(referred)) : undefined;
    return isDataType ? dataTypeOf(() => required(name).rows) : NATIVE.get(name);
  };
  for (const [name, { read: one, rows }] of merged) {
    const home: Home = {
      name: name.slice(0, name.indexOf("[")),
      isSegment: !one.dataType,
      once: one.spec.once,
      companions: one.spec.with,
    };
    const context: RowContext = { home, type: typeIn(name), typeOf, tables, mapNames: new Set(merged.keys()), fault: one.fault };
    const run: RunRow[] = rows.map(({ row, key, fault }) => compileRow(row, `${name} ${key}`, { ...context, fault }));
    compiled.set(name, { spec: one.spec, type: context.type, rows: run, context, dataType: one.dataType });
  }
  return compiled;
}

function compileMessages(read: ReadMaps, maps: ReturnType<typeof compileRows>): ReadonlyMap<string, MessageMap> {
  const bound = new Map(Array.from(maps).flatMap(([name, one]) => (one.dataType ? [] : [[name, compileSegmentMap(one)] as const])));
  const messages = new Map<string, MessageMap>();
  for (const { spec, fault } of [...read.messages].sort((a, b) => Number(a.site) - Number(b.site))) {
    const run = spec.maps.flatMap((entry, at) => {
      const { map, when = undefined } = typeof entry === "string" ? { map: entry } : entry;
      const bind = bound.get(map);
      const home = maps.get(map)?.context.home;
      if (bind === undefined || home === undefined) {
        fault(["maps", at], `no map ${map} of a segment`);
        return [];
      }
      return [bind(when === undefined ? undefined : compileCondition(when, (path) => compileSource(path, home)))];
    });
    for (const name of spec.messages) messages.set(name, { spec, maps: run });
  }
  return messages;
}

/** Old messages state only their kind in MSH-9; then EVN-1 tells the event, or there is but one. */
function fullType(message: Hl7Message, known: ReadonlyMap<string, MessageMap>): string {
  if (message.type.includes("^")) return message.type;
  const event = message.first("EVN")?.field(1).text ?? "";
  if (event !== "") return `${message.type}^${event}`;
  const ofKind = [...known.keys()].filter((name) => name.startsWith(`${message.type}^`));
  return ofKind.length === 1 ? (ofKind[0] ?? message.type) : message.type;
}

/** Compiles all files of `mappings/`. Fails with every fault at once, as `mappings/…yaml:LINE: what`. */
export function compileMaps(files: readonly MapFile[]): Result<MapPack, readonly string[]> {
  const read = readMaps(files);
  if (read.faults.length > 0) return fail(read.faults);
  const tables = new Map<string, Table>();
  for (const { spec } of [...read.tables].sort((a, b) => Number(a.site) - Number(b.site))) tables.set(spec.table, compileTable(spec));
  const messages = compileMessages(read, compileRows(read, tables));
  if (read.faults.length > 0) return fail(read.faults);

  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const version = hash("sha256", ordered.map(({ path, text }) => `${path}\n${text.length}\n${text}`).join("\n"), "hex").slice(0, 16);
  const kinds = new Set(Array.from(messages.keys(), (name) => name.slice(0, 3)));
  return ok({
    version,
    handles: (messageType) => messages.has(messageType) || kinds.has(messageType),
    map: (message, settings) => {
      const messageType = fullType(message, messages);
      const map = messages.get(messageType);
      return map === undefined ? fail({ code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" }) : mapMessage(message, settings, messageType, map);
    },
  });
}
