import type { Location, Reference } from "@medplum/fhirtypes";
import { stableId } from "#src/base/ids.ts";
import type { Value } from "#src/hl7v2/message.ts";
import type { Elements, Made, Scope } from "../scope.ts";
import { authoritySystem } from "./identifiers.ts";
import type { ValueType } from "./value-type.ts";

/** A level of a place, the widest first, and its code in location-physical-type. */
const LEVELS = [
  ["site", "si", "Site"],
  ["building", "bu", "Building"],
  ["floor", "lvl", "Level"],
  ["ward", "wa", "Ward"],
  ["room", "ro", "Room"],
  ["bed", "bd", "Bed"],
] as const;
type Level = (typeof LEVELS)[number][0];

/** Which component is what. */
interface Layout extends Readonly<Record<Level, number>> {
  readonly description?: number;
  readonly identifier?: number;
  readonly assigner?: number;
}

/** PL (v2.5.1 ch. 2A.53). */
const PL: Layout = { ward: 1, room: 2, bed: 3, site: 4, building: 7, floor: 8, description: 9, identifier: 10, assigner: 11 };
/** NDL (v2.5.1 ch. 2A.46). */
const NDL: Layout = { ward: 4, room: 5, bed: 6, site: 7, building: 10, floor: 11 };

const PHYSICAL_TYPE = "http://terminology.hl7.org/CodeSystem/location-physical-type";

/** PL.10 and PL.11: the number of the innermost level, and who gave it. */
function numberOf(value: Value, layout: Layout, scope: Scope): Elements | undefined {
  if (layout.identifier === undefined || layout.assigner === undefined) return undefined;
  const identifier = value.part(layout.identifier);
  const number = identifier.part(1).text;
  if (number === "") return undefined;
  const assigner = value.part(layout.assigner).part(1).text;
  const authority = assigner || identifier.part(2).text || scope.defaultAuthority;
  return { system: authoritySystem(authority), value: number, ...(assigner === "" ? {} : { assigner: { display: assigner } }) };
}

/** Where a bed stands, in one line: point of care, room, bed. */
const displayOf = (value: Value, layout: Layout): string =>
  [layout.ward, layout.room, layout.bed]
    .map((component) => value.part(component).text)
    .filter((part) => part !== "")
    .join(" ") || (layout.description === undefined ? "" : value.part(layout.description).text);

/**
 * One Location for each level that is named, each part of the one above; gives a reference to the innermost.
 * A level is who it is by all levels above it: bed 1 stands in every room.
 */
const placeOf = (layout: Layout): ValueType => ({
  read: (value, { frame: { scope } }) => {
    const display = displayOf(value, layout);
    const known = scope.referred.get(`place|${layout.ward}|${value.raw}`);
    if (known !== undefined) return known;
    const path: string[] = [];
    let above: Reference<Location> | undefined;
    let made: Made | undefined;
    for (const [level, code, physicalType] of LEVELS) {
      const name = value.part(layout[level]).text;
      if (name === "") continue;
      path.push(`${code}:${name}`);
      const id = stableId(scope.settings.idKey, "Location", scope.defaultAuthority, ...path);
      made = scope.resources.get(`Location/${id}`);
      if (made === undefined) {
        const root: Made["root"] = {
          resourceType: "Location",
          id,
          identifier: [{ value: name }],
          name,
          mode: "instance",
          physicalType: { coding: [{ system: PHYSICAL_TYPE, code, display: physicalType }] },
          ...(above === undefined ? {} : { partOf: above }),
        };
        made = { root, deleted: undefined, initial: undefined, envelope: false };
        scope.resources.set(`Location/${id}`, made);
      }
      above = { reference: `Location/${id}` };
    }
    if (above === undefined || made === undefined) return display === "" ? undefined : { display };
    const { root } = made;
    const description = layout.description === undefined ? "" : value.part(layout.description).text;
    if (description !== "") root["description"] ??= description;
    const number = numberOf(value, layout, scope);
    const identifiers = root["identifier"];
    if (number !== undefined && Array.isArray(identifiers) && identifiers.length === 1) identifiers.push(number);
    const reference: Reference = display === "" ? above : { ...above, display };
    scope.referred.set(`place|${layout.ward}|${value.raw}`, reference);
    return reference;
  },
});

/** Functions that make the places of a PL or NDL. */
export const LOCATION_TYPES: Readonly<Record<string, ValueType>> = { nurseLocation: placeOf(NDL) };
export const LOCATION_NATIVES: Readonly<Record<string, ValueType>> = { locations: placeOf(PL) };
