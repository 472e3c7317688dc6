import type { Row } from "./map-schema.ts";

/** `PV1-45>period.end` to its two sides, without the number of a repeated key. */
function sidesOf(key: string): readonly [string, string] {
  const at = key.indexOf(">");
  return [key.slice(0, at), key.slice(at + 1).replace(/#\d+$/, "")];
}

/** The target a row has without `to`: that of its key, without the resource that the guide names beside a reference. */
export const targetOf = (row: Row): string => row.to ?? sidesOf(row.key)[1].replace(/\([A-Za-z]+(?:\[\w*\])?\)$/, "");

/**
 * The places a row reads: `from`, else the left side of its key; none when that names a segment as a whole, or nothing.
 * @param dataType name of the data type whose map it is in; undefined in maps of segments.
 */
export function sourcesOf(row: Row, dataType: string | undefined): readonly string[] {
  if (row.from !== undefined) return [row.from].flat();
  const [left] = sidesOf(row.key);
  return left.includes("-") || left.includes(".") || left.startsWith("@") || left === dataType ? [left] : [];
}

/** A row that says which extension it is: it runs after the rows of the map that give the extension its value. */
export const namesExtension = (row: Row): boolean =>
  row.set !== undefined && /^url$|(?:^|\.)extension(?:\[\w*\])?\.url$/.test(targetOf(row));

/** The segment or data type that a map is for: `PV1[Encounter]` to `PV1`. */
export const homeName = (map: string): string => map.slice(0, map.indexOf("["));

/** The map whose resource a row's `as` refers to: of `Reference(XCN[Practitioner])` what stands in brackets; undefined of any other. */
export const referredTo = (as: string): string | undefined => /^Reference\((.+)\)$/.exec(as)?.[1];
