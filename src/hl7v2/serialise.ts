import { fail, ok, type Result } from "#src/base/result.ts";
import { type Delimiters, readDelimiters } from "./delimiters.ts";
import { escape } from "./escapes.ts";

/** One value as plain text, escaped when written; `null` is HL7's null: delete what is there. */
export type Leaf = string | null;
/** A component: its value, or its subcomponents. */
export type Component = Leaf | readonly Leaf[];
/** A field: its value, its components, or its repetitions. */
export type Field = Leaf | readonly Component[] | { readonly each: readonly (readonly Component[])[] };
/** Field number to value; what is not named stays empty. */
export type Fields = Readonly<Record<number, Field>>;
export type SegmentFields = readonly [name: string, fields: Fields];

/** The separators the standard recommends (v2.5.1 ch. 2.5.4), without the truncation character of v2.7. */
export const STANDARD_DELIMITERS: Delimiters = {
  field: "|",
  component: "^",
  repetition: "~",
  escape: "\\",
  subcomponent: "&",
  truncation: "",
};

const NULL = '""';
const SEGMENT_NAME = /^(?!MSH)[A-Z][A-Z0-9]{2}$/;

/** Two quotation marks that are text, not HL7's null: in hexadecimal they are read as what they are. */
const QUOTES = "X2222";

function leaf(value: Leaf, d: Delimiters): string {
  if (value === null) return NULL;
  return value === NULL ? d.escape + QUOTES + d.escape : escape(value, d);
}

/** Joined without the separators behind the last part that says something: they mean nothing (v2.5.1 ch. 2.6). */
function joined(parts: readonly string[], separator: string): string {
  const end = parts.findLastIndex((part) => part !== "") + 1;
  return parts.slice(0, end).join(separator);
}

const isSubcomponents = (component: Component): component is readonly Leaf[] => typeof component === "object" && component !== null;
const isRepeating = (field: Field): field is { readonly each: readonly (readonly Component[])[] } =>
  typeof field === "object" && field !== null && "each" in field;

function componentText(component: Component, d: Delimiters): string {
  if (!isSubcomponents(component)) return leaf(component, d);
  const parts = component.map((one) => leaf(one, d));
  return joined(parts, d.subcomponent);
}

function repetitionText(components: readonly Component[], d: Delimiters): string {
  const parts = components.map((one) => componentText(one, d));
  return joined(parts, d.component);
}

function fieldText(field: Field, d: Delimiters): string {
  // Empty repetitions keep their places: the second of PID-3 is the second.
  if (isRepeating(field)) return field.each.map((one) => repetitionText(one, d)).join(d.repetition);
  return typeof field === "string" || field === null ? leaf(field, d) : repetitionText(field, d);
}

/** Null is a value; only what is not named is empty. */
function valueAt(fields: Fields, n: number): Field {
  const value = fields[n];
  return value === undefined ? "" : value;
}

/** @param from number of the first field that is written */
function segmentText(head: readonly string[], fields: Fields, from: number, d: Delimiters): string {
  const last = Math.max(from - 1, ...Object.keys(fields).map(Number));
  const values = Array.from({ length: last - from + 1 }, (_, index) => fieldText(valueAt(fields, from + index), d));
  const text = joined(values, d.field);
  return [...head, ...(text === "" ? [] : [text])].join(d.field);
}

/**
 * Writes one message; segments end with CR (v2.5.1 ch. 2.6). `parseMessage` reads back what was given, for any delimiters.
 *
 * @param msh fields of MSH from 3 on; MSH-1 and MSH-2 are the delimiters.
 * @param segments what follows MSH, in order.
 * @param delimiters with or without a truncation character; the other five are needed.
 * @returns Fails with `DELIMITERS_NOT_USABLE` when one is missing or two are the same, and with `SEGMENT_NAME_NOT_VALID`.
 */
export function serialise(
  msh: Fields,
  segments: readonly SegmentFields[],
  delimiters: Delimiters = STANDARD_DELIMITERS,
): Result<string, "DELIMITERS_NOT_USABLE" | "SEGMENT_NAME_NOT_VALID"> {
  const { field, component, repetition, escape: escapeCharacter, subcomponent, truncation } = delimiters;
  const encodingCharacters = component + repetition + escapeCharacter + subcomponent + truncation;
  const single = [field, component, repetition, escapeCharacter, subcomponent].every((one) => one.length === 1);
  // A quotation mark between fields could not be told from HL7's null.
  if (!single || field === '"' || readDelimiters(`MSH${field}${encodingCharacters}`) === undefined) return fail("DELIMITERS_NOT_USABLE");
  if (!segments.every(([name]) => SEGMENT_NAME.test(name))) return fail("SEGMENT_NAME_NOT_VALID");
  const lines = [
    segmentText(["MSH", encodingCharacters], msh, 3, delimiters),
    ...segments.map(([name, fields]) => segmentText([name], fields, 1, delimiters)),
  ];
  return ok(`${lines.join("\r")}\r`);
}
