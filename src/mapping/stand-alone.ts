import type { Row, When } from "./map-schema.ts";
import { sourcesOf } from "./row-key.ts";
import type { MergedMap } from "./site-overlay.ts";
import { DOCUMENT_TYPES } from "./values/documents.ts";
import { LOCATION_NATIVES, LOCATION_TYPES } from "./values/locations.ts";
import { SCHEDULE_TYPES } from "./values/schedules.ts";

/** Functions that look at more of the message than the text they read, or make resources. */
const LOOK_AROUND: ReadonlySet<string> = new Set(
  [DOCUMENT_TYPES, LOCATION_TYPES, LOCATION_NATIVES, SCHEDULE_TYPES].flatMap((types) => Object.keys(types)),
);
/** Functions over several components that read those of the data type alone. */
const GATHER_ALONE: ReadonlySet<string> = new Set(["dialledNumber", "defaultAuthority", "structuredNumeric"]);

const isInside = (path: string): boolean => !path.includes("-") && !path.startsWith("@");
const listOf = (one: string | readonly string[] | undefined): readonly string[] => (one === undefined ? [] : [one].flat());

/** Whether a condition looks at nothing but the data type's own parts and what was made of them. */
function isOwn(when: When | undefined): boolean {
  if (when === undefined) return true;
  if (when.event !== undefined || when.segment !== undefined || when.after !== undefined) return false;
  const paths = [
    ...listOf(when.valued),
    ...listOf(when.empty),
    ...[when.is, when.count, when.length].flatMap((one) => Object.keys(one ?? {})),
    ...(when.same ?? []),
  ];
  return paths.every(isInside) && [...(when.any ?? []), ...(when.all ?? []), ...(when.not === undefined ? [] : [when.not])].every(isOwn);
}

/**
 * Tells of data type maps whether what they make depends on the text alone, and on the feed's settings: only then it may be remembered.
 * @returns by the name of a map: `XAD[Address]`.
 */
export function standAlone(maps: ReadonlyMap<string, MergedMap>): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const readsAlone = (name: string): boolean => {
    if (name.startsWith("Reference(")) return false;
    return maps.has(name) ? tells(name) : !LOOK_AROUND.has(name);
  };
  const rowIsAlone = (row: Row, dataType: string): boolean => {
    if (row.guide === "skipped" || row.by !== undefined) return true;
    if (row.ref !== undefined || row.refs !== undefined) return false;
    const paths = [
      ...sourcesOf(row, dataType),
      ...(row.join ?? []).filter((part) => !part.startsWith("'")),
      ...listOf(row.systemFrom),
      ...listOf(row.each),
    ];
    return (
      paths.every(isInside) &&
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
    const dataType = name.slice(0, name.indexOf("["));
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
