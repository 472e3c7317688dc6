import { readFileSync } from "node:fs";
import type { Hl7Message, Segment, Value } from "#src/hl7v2/message.ts";

/** One valued part of a message, with the standard's name for it. */
export interface DecodedPart {
  /** `PID-3.4.1`. */
  readonly place: string;
  /** Undefined for what the standard does not define. */
  readonly name: string | undefined;
  readonly type: string | undefined;
  /** Decoded; absent where there are parts below. */
  readonly text?: string;
  /** The text goes on: only its beginning is shown. */
  readonly length?: number;
  /** HL7's null: the sender deletes the value. */
  readonly deleted?: true;
  readonly parts?: readonly DecodedPart[];
}

export interface DecodedSegment {
  readonly name: string;
  readonly title: string | undefined;
  /** Which of its name, counted from 1. */
  readonly index: number;
  readonly fields: readonly DecodedPart[];
}

type Named = readonly [title: string, fields: readonly (readonly [type: string, name: string] | null)[]];
type Names = Readonly<Record<"segments" | "types", ReadonlyMap<string, Named>>>;

/** Longest text shown of one value: documents have their own way. */
const TEXT_SHOWN = 2_000;
/** More fields or repetitions than the standard has in one segment mean nothing to a reader. */
const FIELDS_SHOWN = 250;
const REPETITIONS_SHOWN = 100;
const PARTS_SHOWN = 50;

let loaded: Names | undefined;
/** Made from hl7v2-dictionary by `chartbridge docs`; read at the first question. */
function names(): Names {
  if (loaded !== undefined) return loaded;
  const read = JSON.parse(readFileSync(new URL("./field-names.json", import.meta.url), "utf8")) as Record<
    keyof Names,
    Readonly<Record<string, Named>>
  >;
  loaded = { segments: new Map(Object.entries(read.segments)), types: new Map(Object.entries(read.types)) };
  return loaded;
}

const leaf = (value: Value): Pick<DecodedPart, "text" | "length" | "deleted"> => {
  if (value.isNull) return { text: "", deleted: true };
  const { text } = value;
  return text.length > TEXT_SHOWN ? { text: text.slice(0, TEXT_SHOWN), length: text.length } : { text };
};

function partsOf(value: Value, place: string, type: string | undefined, depth: number): readonly DecodedPart[] {
  const defined = type === undefined ? undefined : names().types.get(type)?.[1];
  const count = Math.min(value.count, PARTS_SHOWN);
  return Array.from({ length: count }, (_, n): DecodedPart | undefined => {
    const part = value.part(n + 1);
    if (part.raw === "") return undefined;
    const [partType, name] = defined?.[n] ?? [];
    const here = { place: `${place}.${n + 1}`, name, type: partType };
    return depth > 1 && part.count > 1 ? { ...here, parts: partsOf(part, here.place, partType, depth - 1) } : { ...here, ...leaf(part) };
  }).filter((part) => part !== undefined);
}

function decodeSegment(segment: Segment): DecodedSegment {
  const [title, defined] = names().segments.get(segment.name) ?? [];
  const fields: DecodedPart[] = [];
  for (let n = 1; n <= FIELDS_SHOWN; n++) {
    const repetitions = segment.repetitions(n);
    const [type, name] = defined?.[n - 1] ?? [];
    repetitions.slice(0, REPETITIONS_SHOWN).forEach((value, index) => {
      if (value.raw === "") return;
      const place = `${segment.name}${segment.index > 1 ? `(${segment.index})` : ""}-${n}${repetitions.length > 1 ? `(${index + 1})` : ""}`;
      const here = { place, name, type };
      fields.push(value.count > 1 ? { ...here, parts: partsOf(value, place, type, 2) } : { ...here, ...leaf(value) });
    });
  }
  return { name: segment.name, title, index: segment.index, fields };
}

/** The valued fields of a message with the standard's names (of v2.5.1, else of the newest version that has them). */
export const decodeSegments = (message: Hl7Message): readonly DecodedSegment[] => message.segments.map(decodeSegment);
