import type { Coding, Reference } from "@medplum/fhirtypes";
import { recurringId } from "#src/base/ids.ts";
import { shared } from "#src/fhir/shared-json.ts";
import type { Value } from "#src/hl7v2/message.ts";
import { writable } from "../copies.ts";
import { madeOfText, ReadAs } from "../memory.ts";
import type { Elements, Made, Scope } from "../scope.ts";
import { type Referring, referenceTo } from "../references.ts";
import { authoritySystem } from "./identifiers.ts";
import type { Spot, ValueType } from "./value-type.ts";

/** A level of a place, the widest first, its code in location-physical-type, and the number that the guide gives it. */
const LEVELS = [
  ["site", "si", "Site", 6],
  ["building", "bu", "Building", 5],
  ["floor", "lvl", "Level", 3],
  ["ward", "wa", "Ward", 4],
  ["room", "ro", "Room", 2],
  ["bed", "bd", "Bed", 1],
] as const;
type Level = (typeof LEVELS)[number][0];

/** Which component is what. */
interface Layout extends Readonly<Record<Level, number>> {
  /** The row that lineage names; without one the guide's row of each element. */
  readonly row?: string;
  readonly description?: number;
  readonly identifier?: number;
  readonly assigner?: number;
}

/** PL (v2.5.1 ch. 2A.53). */
const PL: Layout = { ward: 1, room: 2, bed: 3, site: 4, building: 7, floor: 8, description: 9, identifier: 10, assigner: 11 };
/** NDL (v2.5.1 ch. 2A.46). */
const NDL: Layout = { row: "NDL[PractitionerRole] NDL>location", ward: 4, room: 5, bed: 6, site: 7, building: 10, floor: 11 };

const PHYSICAL_TYPE = "http://terminology.hl7.org/CodeSystem/location-physical-type";

/** PL.10 and PL.11: the number of the innermost level, and who gave it. */
function numberOf(value: Value, layout: Layout, scope: Scope): Elements | undefined {
  if (layout.identifier === undefined || layout.assigner === undefined) return undefined;
  const identifier = value.part(layout.identifier);
  const number = identifier.text;
  if (number === "") return undefined;
  const assigner = value.part(layout.assigner).text;
  const authority = assigner || identifier.part(2).text || scope.defaultAuthority;
  return { system: authoritySystem(authority), value: number, ...(assigner === "" ? {} : { assigner: { display: assigner } }) };
}

function placeNamed(id: string, name: string, level: Coding, partOf: Referring | undefined): Made["root"] {
  const physicalType = { coding: [{ system: PHYSICAL_TYPE, ...level }] };
  const root = { resourceType: "Location", id, identifier: [{ value: name }], name, mode: "instance", physicalType };
  return shared(partOf === undefined ? root : { ...root, partOf });
}

/** A level of a place as a resource, with the component that names it. */
interface Place {
  readonly root: Made["root"];
  readonly component: number;
  readonly traced: readonly Traced[];
}

/** What a text says of where a bed stands, the widest level first. */
interface ReadPlaces {
  readonly places: readonly Place[];
  readonly display: string;
}

/** Where a bed stands, in one line: point of care, room, bed. */
function displayOf(value: Value, { ward, room, bed, description }: Layout): string {
  let display = value.part(ward).text;
  for (const part of [value.part(room).text, value.part(bed).text]) if (part !== "") display += display === "" ? part : ` ${part}`;
  return display || (description === undefined ? "" : value.part(description).text);
}

/** The guide writes two elements of a ward in another way than those of the other levels. */
const keyOf = (level: Level, slot: number, element: string): string =>
  level === "ward" ? `[${slot}].location(Location.${element})` : `[${slot}].${element}`;

/** How the guide names the levels above: `PL.3>[1].partOf.reference(Location[2])`. */
const PART_OF: Readonly<Partial<Record<Level, number>>> = { ward: 6, room: 3, bed: 2, building: 5, floor: 4 };

/** An element of a Location, and the row that lineage names for it. */
interface Traced {
  readonly target: string;
  readonly row: string;
}

const tracedAt = ({ row }: Layout, component: number, elements: Readonly<Record<string, string>>): readonly Traced[] =>
  Object.entries(elements).map(([element, key]) => ({
    target: `Location.${element}`,
    row: row ?? `PL[Location] PL.${component}>${key}`,
  }));

/** What lineage says of the elements of one level; `within`: of one that is part of another. */
function tracedLevel(
  layout: Layout,
  level: Level,
  slot: number,
): { readonly alone: readonly Traced[]; readonly within: readonly Traced[] } {
  const elements = {
    "identifier[0].value": `[${slot}].identifier[1]`,
    name: `[${slot}].name`,
    mode: keyOf(level, slot, "mode"),
    "physicalType.coding[0].code": keyOf(level, slot, "physicalType.coding.code"),
    "physicalType.coding[0].system": keyOf(level, slot, "physicalType.coding.system"),
  };
  const partOf = { ...elements, partOf: `[${slot}].partOf.reference(Location[${PART_OF[level]}])` };
  return { alone: tracedAt(layout, layout[level], elements), within: tracedAt(layout, layout[level], partOf) };
}

/** Says of elements where they came from. */
function trace({ frame, source }: Spot, id: string, component: number, elements: readonly Traced[]): void {
  const at = `${source}.${component}`;
  for (const { target, row } of elements) frame.scope.lineage?.push({ target, resourceId: id, source: at, row });
}

/**
 * One Location for each level that is named, each part of the one above; gives a reference to the innermost.
 * A level is who it is by all levels above it: bed 1 stands in every room.
 */
function placeOf(layout: Layout): ValueType {
  const levels = LEVELS.map(
    ([level, code, physicalType, slot]) => ({ level, code, physicalType, traced: tracedLevel(layout, level, slot) }) as const,
  );
  const { description: describedAt, identifier: numberedAt } = layout;
  const described = describedAt === undefined ? [] : tracedAt(layout, describedAt, { description: "[1].location(Location.description)" });
  const numbered = numberedAt === undefined ? [] : tracedAt(layout, numberedAt, { "identifier[1]": "[1].identifier[2]" });
  const as = new ReadAs();
  /** A place for each level that is named. */
  const placesIn = (value: Value, { settings, defaultAuthority }: Scope): readonly Place[] => {
    const places: Place[] = [];
    const path: string[] = [defaultAuthority];
    let within: Referring | undefined;
    for (const { level, code, physicalType, traced } of levels) {
      const name = value.part(layout[level]).text;
      if (name === "") continue;
      path.push(`${code}:${name}`);
      const root = placeNamed(recurringId(settings.idKey, "Location", path), name, { code, display: physicalType }, within);
      places.push({ root, component: layout[level], traced: within === undefined ? traced.alone : traced.within });
      within = referenceTo("Location", root.id);
    }
    return places;
  };
  const readAnew = (value: Value, scope: Scope): ReadPlaces => ({ places: placesIn(value, scope), display: displayOf(value, layout) });
  const read = (value: Value, spot: Spot): Reference | undefined => {
    const { scope } = spot.frame;
    const { places, display } = madeOfText(as, value, scope, () => readAnew(value, scope));
    const traces = scope.lineage !== undefined;
    for (const { root, component, traced } of places) {
      if (scope.resources.has(root.id)) continue;
      scope.resources.set(root.id, { root, deleted: undefined, initial: undefined, envelope: false });
      if (traces) trace(spot, root.id, component, traced);
    }
    const innermost = places.at(-1);
    if (innermost === undefined) return display === "" ? undefined : { display };
    const { id } = innermost.root;
    describe(value, spot, scope.resources.get(id));
    return display === "" ? referenceTo("Location", id) : { ...referenceTo("Location", id), display };
  };
  /** Adds what is said of the innermost place: what was said before stays. */
  const describe = (value: Value, spot: Spot, made: Made | undefined): void => {
    const { scope } = spot.frame;
    const traces = scope.lineage !== undefined;
    const description = describedAt === undefined ? "" : value.part(describedAt).text;
    const number = numberOf(value, layout, scope);
    if (made === undefined || (description === "" && number === undefined)) return;
    if (description !== "" && describedAt !== undefined && made.root["description"] === undefined) {
      writable(made).root["description"] = description;
      if (traces) trace(spot, made.root.id, describedAt, described);
    }
    const identifiers = made.root["identifier"];
    if (number !== undefined && numberedAt !== undefined && Array.isArray(identifiers) && identifiers.length === 1) {
      const { root } = writable(made);
      root["identifier"] = [...(root["identifier"] as readonly unknown[]), number];
      if (traces) trace(spot, root.id, numberedAt, numbered);
    }
  };
  return { read };
}

/** Functions that make the places of a PL or NDL. */
export const LOCATION_TYPES: Readonly<Record<string, ValueType>> = { nurseLocation: placeOf(NDL) };
export const LOCATION_NATIVES: Readonly<Record<string, ValueType>> = { locations: placeOf(PL) };
