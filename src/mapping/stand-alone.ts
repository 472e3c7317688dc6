import type { Row, When } from "./map-schema.ts";
import { homeName, referredTo, sourcesOf } from "./row-key.ts";
import { OWN_TYPES } from "./scope.ts";
import type { MergedMap } from "./site-overlay.ts";
import { CODED_GATHERS } from "./values/coded.ts";
import { DOCUMENT_TYPES } from "./values/documents.ts";
import { LOCATION_NATIVES, LOCATION_TYPES } from "./values/locations.ts";
import { SCHEDULE_TYPES } from "./values/schedules.ts";

/** Functions that look at more of the message than the text they read, or make resources. */
const LOOK_AROUND: ReadonlySet<string> = new Set(
  [DOCUMENT_TYPES, LOCATION_TYPES, LOCATION_NATIVES, SCHEDULE_TYPES].flatMap((types) => Object.keys(types)),
);
/** Functions over several components that read those of the data type alone. */
const GATHER_ALONE: ReadonlySet<string> = new Set([
  ...["dialledNumber", "defaultAuthority", "structuredNumeric"],
  ...["encapsulatedType", "encapsulatedData", "pointedType", "pointedAddress", "pointedName"],
]);

const isInside = (path: string): boolean => !path.includes("-") && !path.startsWith("@");
const listOf = (one: string | readonly string[] | undefined): readonly string[] => (one === undefined ? [] : [one].flat());

/** A condition, and those that it is put together of. */
const conditionsIn = (when: When | undefined): readonly When[] =>
  when === undefined
    ? []
    : [when, ...[...(when.any ?? []), ...(when.all ?? []), ...(when.not === undefined ? [] : [when.not])].flatMap(conditionsIn)];

/** Places that a condition itself looks at. */
const placesOf = ({ valued, empty, is, count, length, same }: When): readonly string[] => [
  ...listOf(valued),
  ...listOf(empty),
  ...[is, count, length].flatMap((one) => Object.keys(one ?? {})),
  ...(same ?? []),
];

/** Whether a condition looks at nothing but the data type's own parts and what was made of them. */
const isOwn = (when: When | undefined): boolean =>
  conditionsIn(when).every(
    (one) => one.event === undefined && one.segment === undefined && one.after === undefined && placesOf(one).every(isInside),
  );

/** Places that a row reads or looks at, but for those of its condition. */
const placesOfRow = (row: Row, dataType: string | undefined): readonly string[] => [
  ...sourcesOf(row, dataType),
  ...(row.join ?? []).filter((part) => !part.startsWith("'")),
  ...listOf(row.systemFrom),
  ...listOf(row.each),
];

const isRun = ({ guide, by }: Row): boolean => guide !== "skipped" && by === undefined;

/**
 * Tells of data type maps whether what they make depends on the text alone, and on the feed's settings: only then it may be remembered.
 * @returns by the name of a map: `XAD[Address]`.
 */
export function standAlone(maps: ReadonlyMap<string, MergedMap>): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const readsAlone = (name: string): boolean => {
    if (referredTo(name) !== undefined) return false;
    return maps.has(name) ? tells(name) : !LOOK_AROUND.has(name);
  };
  const rowIsAlone = (row: Row, dataType: string): boolean => {
    if (!isRun(row)) return true;
    if (row.ref !== undefined || row.refs !== undefined) return false;
    return (
      placesOfRow(row, dataType).every(isInside) &&
      isOwn(row.when) &&
      (row.gather === undefined || GATHER_ALONE.has(row.gather)) &&
      (row.as === undefined || readsAlone(row.as))
    );
  };
  const tells = (name: string): boolean => {
    const before = known.get(name);
    if (before !== undefined) return before;
    // One that stands in itself is run anew.
    known.set(name, false);
    const map = maps.get(name);
    if (map === undefined) return false;
    const { spec, rows } = map;
    const dataType = homeName(name);
    const identified = spec.identity.every((one) =>
      "identifier" in one
        ? [one.identifier, ...listOf(one.authority)].every(isInside)
        : one.within === "authority" && one.by.every(isInside),
    );
    const alone =
      identified &&
      isOwn(spec.when) &&
      (spec.native === undefined ? rows.every(({ row }) => rowIsAlone(row, dataType)) : !LOOK_AROUND.has(spec.native));
    known.set(name, alone);
    return alone;
  };
  return tells;
}

/** What the map of a segment looks at beside its own segment, what it writes into, the feed's settings and who the message is about. */
export interface LooksAround {
  /** Each tells some events from all others. */
  readonly events: readonly ReadonlySet<string>[];
  /** Other segments: the nearest before, or those that belong to its own. */
  readonly segments: readonly string[];
  /** The numbers that the feed's `identity` chose: `@account`. */
  readonly chosen: readonly string[];
  /** Maps whose resources it refers to. */
  readonly maps: readonly string[];
}

/**
 * Tells what the map of a segment looks at, so that what it made may be remembered where all of that is the same again.
 * Undefined: it makes something of the message, of which no two are the same, or looks at more than can be compared.
 * @param alone of data type maps, as `standAlone` tells
 */
export function looksAround(
  { spec, rows }: MergedMap,
  maps: ReadonlyMap<string, MergedMap>,
  alone: (name: string) => boolean,
): LooksAround | undefined {
  if (spec.envelope || (spec.into.length > 0 && spec.identity.length > 0)) return undefined;
  const own = homeName(spec.map);
  const run = rows.filter(({ row }) => isRun(row)).map(({ row }) => row);
  const conditions = [spec.when, ...run.map(({ when }) => when)].flatMap(conditionsIn);
  // What the last one makes within the message never comes again, and is not remembered.
  const identities = spec.identity.flatMap((one, at) => {
    if ("identifier" in one) return [one.identifier, ...listOf(one.authority)];
    return one.within === "message" && at === spec.identity.length - 1 ? [] : one.by;
  });
  const places = [...identities, ...run.flatMap((row) => placesOfRow(row, undefined)), ...conditions.flatMap(placesOf)];
  const referred = run.flatMap(({ ref }) => (ref === undefined || OWN_TYPES.has(ref) ? [] : [ref]));
  const comparable =
    places.every((place) => place.includes("-") || place.startsWith("@")) &&
    conditions.every((one) => one.segment === undefined && one.after === undefined) &&
    !referred.includes(spec.map) &&
    run.every((row) => row.refs === undefined && gathersOwn(row.gather) && readsText(row.as));
  if (!comparable) return undefined;
  const names = places.map((place) => (place.startsWith("@") ? place.replace(/\..*/, "") : place.slice(0, place.indexOf("-"))));
  return {
    events: conditions.flatMap(({ event }) => (event === undefined ? [] : [new Set(event)])),
    segments: [...new Set(names)].filter((name) => name !== own && !name.startsWith("@")),
    chosen: [...new Set(names)].filter((name) => name.startsWith("@")),
    maps: [...new Set(referred)],
  };

  function gathersOwn(gather: string | undefined): boolean {
    return gather === undefined || Object.hasOwn(CODED_GATHERS, gather);
  }

  function readsText(as: string | undefined): boolean {
    if (as === undefined) return true;
    const type = referredTo(as) ?? as;
    return maps.has(type) ? alone(type) : !LOOK_AROUND.has(type);
  }
}
