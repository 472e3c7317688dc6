import type { Failure } from "#src/base/failures.ts";
import type { Hl7Message, Value } from "#src/hl7v2/message.ts";
import type { LineageEntry, Mapped, MappedResource } from "./types.ts";

/** One field of a message that has something in it, and what became of it. */
export interface FieldUse {
  /** `PID-5`, `DG1(2)-3`. */
  readonly place: string;
  /** `PID-5`, without the number of the segment. */
  readonly field: string;
  /** As sent. */
  readonly raw: string;
  /** What it fed; empty: nothing. */
  readonly fed: readonly LineageEntry[];
}

/** Fields that are no content: delimiters, and numbers that count segments. */
const NO_CONTENT = new Set(["MSH-1", "MSH-2"]);

/** `DG1(2)-3(1).1` to `DG1` and `3`, with the segment's number. */
const PLACE = /^([A-Z][A-Z0-9]{2})(?:\((\d+)\))?-(\d+)/;

export const allLineage = (mapped: Mapped): readonly LineageEntry[] => [
  ...mapped.lineage,
  ...(mapped.others ?? []).flatMap((other) => other.lineage),
];

export const warningsOf = (mapped: Mapped): readonly Failure[] => [
  ...mapped.warnings,
  ...(mapped.others ?? []).flatMap((other) => other.warnings),
];

export const allResources = (mapped: Mapped): readonly MappedResource["resource"][] =>
  [mapped, ...(mapped.others ?? [])].flatMap(({ resources }) => resources.map(({ resource }) => resource));

const isSaid = (values: readonly Value[]): boolean => values.some((value) => value.valued || value.isNull);

/** Every populated field of a message in order, with the elements it fed. */
export function fieldUses(message: Hl7Message, lineage: readonly LineageEntry[]): readonly FieldUse[] {
  const fed = new Map<string, LineageEntry[]>();
  for (const entry of lineage) {
    const match = PLACE.exec(entry.source ?? "");
    if (match === null) continue;
    const [, name = "", index = "1", field = ""] = match;
    const key = `${name}(${index})-${field}`;
    const list = fed.get(key);
    if (list === undefined) fed.set(key, [entry]);
    else list.push(entry);
  }
  const uses: FieldUse[] = [];
  for (const segment of message.segments) {
    const many = message.all(segment.name).length > 1;
    for (let n = 1; n <= segment.fieldCount; n++) {
      const field = `${segment.name}-${n}`;
      if (NO_CONTENT.has(field) || !isSaid(segment.repetitions(n))) continue;
      uses.push({
        place: many ? `${segment.name}(${segment.index})-${n}` : field,
        field,
        raw: segment.raw(n),
        fed: fed.get(`${segment.name}(${segment.index})-${n}`) ?? [],
      });
    }
  }
  return uses;
}
