import type { Resource } from "@medplum/fhirtypes";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import type { Mapped, MapSettings } from "#src/mapping/types.ts";

export const MAP_FILES = readMapFiles(new URL("../../../mappings", import.meta.url).pathname);

function shippedPack(): MapPack {
  const compiled = compileMaps(MAP_FILES);
  if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
  return compiled.value;
}

/** The shipped maps, compiled. */
export const PACK = shippedPack();
export const SETTINGS: MapSettings = { idKey: OFFLINE_ID_KEY, zone: "America/Chicago" };

/** Segments of an admission that tests change by line. */
export const ADMISSION: Readonly<Record<string, string>> = {
  MSH: "MSH|^~\\&|EHR|WEST|CB|HIM|20260110083000||ADT^A01^ADT_A01|M1|P|2.5.1",
  EVN: "EVN|A01|20260110082900",
  PID: "PID|1||778899^^^WEST^MR||Quill^Ada^B^^^^L||19700203|F|||1 Elm^^Town^IL^60601^USA^H||^PRN^PH^^^312^5550100|||||ACC9^^^WEST^AN",
  PV1: "PV1|1|I|3N^301^A^WEST||||7001^Stone^Rae^^^^^^WEST||||||||||||VIS9^^^WEST^VN|||||||||||||||||||||||||20260110080000",
  DG1: "DG1|1||J18.9^Pneumonia^I10|||A",
};

export const textOf = (segments: Readonly<Record<string, string>>): string => `${Object.values(segments).flat().join("\r")}\r`;

export function tryMap(text: string, settings: MapSettings = SETTINGS, pack: MapPack = PACK): ReturnType<MapPack["map"]> {
  const message = parseMessage(text);
  return message.ok ? pack.map(message.value, settings) : message;
}

/** Maps the admission with some segments replaced or added. */
export const mapWith = (changes: Readonly<Record<string, string>>, settings: MapSettings = SETTINGS): ReturnType<MapPack["map"]> =>
  tryMap(textOf({ ...ADMISSION, ...changes }), settings);

export function mappedWith(changes: Readonly<Record<string, string>> = {}, settings: MapSettings = SETTINGS): Mapped {
  const mapped = mapWith(changes, settings);
  if (!mapped.ok) throw new Error(JSON.stringify(mapped.failure));
  return mapped.value;
}

/** The message with another event, in MSH-9 and EVN-1. */
export const event = (code: string): { readonly MSH: string; readonly EVN: string } => ({
  MSH: (ADMISSION["MSH"] ?? "").replace("ADT^A01^ADT_A01", `ADT^${code}`),
  EVN: (ADMISSION["EVN"] ?? "").replace("A01", code),
});

/** Field n of a segment line replaced; fields in between are made. */
export function withField(line: string, n: number, value: string): string {
  const fields = line.split("|");
  while (fields.length <= n) fields.push("");
  fields[n] = value;
  return fields.join("|");
}

/** A segment with some fields: `segment("IN1", { 1: "1", 36: "MEM1" })`. */
export const segment = (name: string, fields: Readonly<Record<number, string>>): string =>
  Object.entries(fields).reduce((line, [n, value]) => withField(line, Number(n), value), name);

/** A segment of the admission with some fields changed. */
export const changed = (name: string, fields: Readonly<Record<number, string>>): string =>
  Object.entries(fields).reduce((line, [n, value]) => withField(line, Number(n), value), ADMISSION[name] ?? name);

/** Maps a message of a type with these segments after MSH, the message's own resources (header, provenance) among them. */
export function mappedMessage(type: string, ...segments: readonly string[]): Mapped {
  const MSH = changed("MSH", { 8: type });
  const mapped = tryMap(`${[MSH, ...segments].join("\r")}\r`, { ...SETTINGS, envelope: true });
  if (!mapped.ok) throw new Error(JSON.stringify(mapped.failure));
  return mapped.value;
}

/** The resources of a type that a message gives, of all its groups. */
export const resourcesOf = <T extends Resource>(mapped: Mapped, type: T["resourceType"]): T[] =>
  [mapped, ...(mapped.others ?? [])]
    .flatMap(({ resources }) => resources.map(({ resource }) => resource as Resource))
    .filter((resource): resource is T => resource.resourceType === type);
