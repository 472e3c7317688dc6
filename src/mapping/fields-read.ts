import type { MessageSpec, When } from "./map-schema.ts";
import type { Read } from "./read-maps.ts";
import type { MergedMap } from "./site-overlay.ts";
import { GATHER_READS } from "./values/gather.ts";

const fieldIn = (place: string): string | undefined => /^[A-Z][A-Z0-9]{2}-\d+/.exec(place)?.[0];

/** Every place that a condition looks at. */
function placesIn(when: When | undefined): readonly string[] {
  if (when === undefined) return [];
  const { valued = [], empty = [], is = {}, count = {}, length = {}, same = [], any = [], all = [], not } = when;
  return [
    ...[valued].flat(),
    ...[empty].flat(),
    ...Object.keys(is),
    ...Object.keys(count),
    ...Object.keys(length),
    ...same,
    ...[...any, ...all, ...(not === undefined ? [] : [not])].flatMap(placesIn),
  ];
}

/**
 * Fields that decide what is made, or what it is called, without being made into anything themselves: those of conditions and
 * identities. With the fields that lineage names these are all that a result depends on.
 */
export function fieldsLookedAt(maps: ReadonlyMap<string, MergedMap>, messages: readonly Read<MessageSpec>[]): ReadonlySet<string> {
  const places: string[] = [];
  for (const { spec, rows } of maps.values()) {
    places.push(...placesIn(spec.when));
    for (const one of spec.identity)
      places.push(...("identifier" in one ? [one.identifier, ...(one.authority === undefined ? [] : [one.authority])] : one.by));
    for (const { row } of rows) {
      places.push(...placesIn(row.when), ...(row.join ?? []), ...(row.systemFrom === undefined ? [] : [row.systemFrom]));
      if (row.from !== undefined) places.push(...[row.from].flat());
      if (row.gather !== undefined) places.push(...(GATHER_READS[row.gather] ?? []));
    }
  }
  for (const { spec } of messages) for (const entry of spec.maps) places.push(...placesIn(entry.when));
  return new Set(places.flatMap((place) => fieldIn(place) ?? []));
}
