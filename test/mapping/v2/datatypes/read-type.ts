import type { Resource } from "@medplum/fhirtypes";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { elementOf, isType } from "#src/fhir/elements.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps, fhirTypeOf, type MapPack } from "#src/mapping/compile.ts";
import type { MapFile } from "#src/mapping/map-file.ts";
import type { MapSpec } from "#src/mapping/map-schema.ts";
import { readMaps } from "#src/mapping/read-maps.ts";
import type { Mapped } from "#src/mapping/types.ts";

/** The shipped data types and code tables, without segments and messages. */
const SHIPPED: readonly MapFile[] = readMapFiles(new URL("../../../../mappings", import.meta.url).pathname).filter(
  ({ path }) => path.startsWith("base/datatypes/") || path.startsWith("tables/"),
);

/** All shipped data type maps. */
export const DATA_TYPES: readonly MapSpec[] = readMaps(SHIPPED).maps.map(({ spec }) => spec);

const specOf = (map: string): MapSpec => {
  const found = DATA_TYPES.find((one) => one.map === map);
  if (found === undefined) throw new Error(`no data type map ${map}`);
  return found;
};

/** A place that can hold what a data type map makes: the row's target, what it is read as, and the resource. */
interface Place {
  readonly resource: string;
  readonly to: string;
  readonly as: string;
  readonly referred: boolean;
}

function placeFor(map: string): Place {
  const type = fhirTypeOf(map);
  const spec = specOf(map);
  if (spec.identity.length > 0 || map === "PL[Location]")
    return { resource: "Basic", to: "extension[1].valueReference", as: `Reference(${map})`, referred: true };
  if (type === "Extension") return { resource: "Basic", to: "extension[1]", as: map, referred: false };
  if (type === "MessageHeader.source") return { resource: "MessageHeader", to: "source", as: map, referred: false };
  if (type === "MessageHeader.destination") return { resource: "MessageHeader", to: "destination[1]", as: map, referred: false };
  const value = `value${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  if (elementOf("Extension", value) !== undefined) return { resource: "Basic", to: `extension[1].${value}`, as: map, referred: false };
  if (!isType(type)) throw new Error(`R4 has no type ${type}`);
  return { resource: type, to: "$this", as: map, referred: false };
}

/** Data types that tests read through a table, which their row names. */
const TABLED: readonly (readonly [string, string])[] = [
  ["CWE[CodeableConcept]", "MaritalStatus"],
  ["CWE[CodeableConcept]", "AdmissionType"],
  ["CWE[CodeableConcept]", "HospitalService"],
  ["CWE[code]", "AdministrativeSex"],
  ["ID[code]", "ObservationResultStatusCodesInterpretation"],
];

const nameOf = (map: string, table: string | undefined): string => (table === undefined ? map : `${map} ${table}`);
/** Each gets a segment of its own with one field: `Z0A`. */
const SEGMENTS: ReadonlyMap<string, string> = new Map(
  [...DATA_TYPES.map(({ map }) => nameOf(map, undefined)), ...TABLED.map(([map, table]) => nameOf(map, table))].map((name, at) => [
    name,
    `Z${at.toString(36).toUpperCase().padStart(2, "0")}`,
  ]),
);

const segmentOf = (map: string, table: string | undefined): string => {
  const found = SEGMENTS.get(nameOf(map, table));
  if (found === undefined) throw new Error(`no segment for ${nameOf(map, table)}`);
  return found;
};

function segmentMap(map: string, table: string | undefined): unknown {
  const segment = segmentOf(map, table);
  const { resource, to, as } = placeFor(map);
  const row = { key: `${segment}-1>${to}`, from: `${segment}-1`, to, as, guide: "added", ...(table === undefined ? {} : { table }) };
  // A destination without its endpoint would be dropped as incomplete; the segment has other rows for it, a data type alone has none.
  const endpoint = { key: `${segment}-1>endpoint`, from: `${segment}-1`, to: "destination[1].endpoint", set: "urn:test", guide: "added" };
  const rows = to.startsWith("destination") ? [row, endpoint] : [row];
  return { map: `${segment}[${resource}]`, identity: [{ by: [`${segment}-2`], within: "message" }], rows };
}

/** The shipped data types with a segment for each. */
function packOfTypes(): MapPack {
  const maps = [
    { map: "PID[Patient]", once: true, rows: [{ key: "PID-8>gender", set: "unknown", guide: "added" }] },
    ...DATA_TYPES.map(({ map }) => segmentMap(map, undefined)),
    ...TABLED.map(([map, table]) => segmentMap(map, table)),
  ];
  const names = maps.map((one) => String(Reflect.get(Object(one), "map")));
  const message = { messages: ["ADT^A08"], level: "account", maps: names.map((name) => ({ row: name, map: name, guide: "added" })) };
  const compiled = compileMaps([
    ...SHIPPED,
    { path: "test/segments/Z.yaml", text: JSON.stringify({ maps }) },
    { path: "test/messages/ADT.yaml", text: JSON.stringify(message) },
  ]);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  return compiled.value;
}
const PACK = packOfTypes();

/** What a data type map makes of a text. */
export interface ReadType {
  /** The value itself, for a reference the reference. */
  readonly value: unknown;
  /** Resources that the value made: what a reference points at, and what that points at. */
  readonly made: readonly Resource[];
  readonly lineage: Mapped["lineage"];
  readonly warnings: Mapped["warnings"];
  readonly unmapped: NonNullable<Mapped["unmapped"]>;
}

const BARE = ["resourceType", "id"];
const memberOf = (at: unknown, name: string): unknown => (typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined);

function valueAt(resource: unknown, to: string): unknown {
  if (to === "$this") {
    const own = Object.entries(resource ?? {}).filter(([name]) => !BARE.includes(name));
    return own.length === 0 ? undefined : Object.fromEntries(own);
  }
  let at: unknown = resource;
  for (const part of to.split(".")) {
    const found = memberOf(at, part.replace(/\[\d\]$/, ""));
    at = Array.isArray(found) ? found[0] : found;
  }
  return at;
}

/**
 * Maps a message with the text as a field of the data type.
 * @param settings the message's MSH-7, and the table of the row.
 */
export function readType(map: string, text: string, settings: { readonly sent?: string; readonly table?: string } = {}): ReadType {
  const place = placeFor(map);
  const lines = [
    `MSH|^~\\&|EHR|WEST|CB|HIM|${settings.sent ?? "20260110083000"}||ADT^A08|M1|P|2.5.1`,
    "PID|||1^^^WEST|||||||||||||||ACC9^^^WEST",
    "PV1|1|I",
    `${segmentOf(map, settings.table)}|${text}|1`,
  ];
  const message = parseMessage(lines.join("\r"));
  if (!message.ok) throw new Error(message.failure.code);
  const mapped = PACK.map(message.value, { idKey: OFFLINE_ID_KEY, zone: "America/Chicago" });
  if (!mapped.ok) throw new Error(mapped.failure.code);
  const all = mapped.value.resources.map(({ resource }) => resource as Resource);
  const own = all.find(({ resourceType }) => resourceType === place.resource);
  return {
    value: valueAt(own, place.to),
    made: all.filter((one) => one !== own && one.id !== mapped.value.patientId),
    lineage: mapped.value.lineage,
    warnings: mapped.value.warnings,
    unmapped: mapped.value.unmapped ?? [],
  };
}

/** The one resource that a text makes. */
export function madeOf<T extends Resource>(map: string, text: string): T {
  const [made] = readType(map, text).made;
  if (made === undefined) throw new Error(`${map} makes nothing of it`);
  return made as T;
}
