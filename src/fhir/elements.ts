import elements from "./r4-elements.json" with { type: "json" };

/** An element of an R4 type: what it holds, and whether it is a list. */
export interface Element {
  readonly type: string;
  readonly list: boolean;
  /** A string, number, date … : extensions of it stand beside it, under `_name` (R4 JSON 2.6.2.3). */
  readonly primitive: boolean;
}

const { $required: REQUIRED, ...KNOWN } = elements;
const TYPES = new Map(Object.entries(KNOWN).map(([type, own]) => [type, new Map<string, string>(Object.entries(own))]));

/** Whether R4 has this resource or data type, or this group of elements of one: `Encounter`, `HumanName`, `Encounter.participant`. */
export const isType = (type: string): boolean => TYPES.has(type);

const isPrimitive = (type: string): boolean => /^[a-z]/.test(type);

/** `valueQuantity` of type Quantity to `value`: how the full name of a choice is made. */
const stemOf = (name: string, type: string): string | undefined => {
  const suffix = type.charAt(0).toUpperCase() + type.slice(1);
  return name.length > suffix.length && name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
};

/**
 * The other types of a choice (R4 2.4.1): of (`Observation`, `valueQuantity`) all other `value…`. One of them excludes the rest.
 * Empty when the element is no choice.
 */
export function rivalsOf(type: string, name: string): readonly string[] {
  const own = TYPES.get(type);
  const stem = stemOf(name, own?.get(name) ?? "*");
  if (own === undefined || stem === undefined) return [];
  return Array.from(own).flatMap(([other, held]) => (other !== name && stemOf(other, held) === stem ? [other] : []));
}

/** The choice that a type of it belongs to: (`Observation`, `valueQuantity`) to `value[x]`; undefined when it is none. */
export function choiceOf(type: string, name: string): string | undefined {
  const stem = stemOf(name, TYPES.get(type)?.get(name) ?? "*");
  return stem === undefined || rivalsOf(type, name).length === 0 ? undefined : `${stem}[x]`;
}

/**
 * An element by the type it belongs to and its name, choices by their full name: (`Observation`, `valueQuantity`).
 * @returns undefined when R4 has no such element, or the type is none that encounter messages are mapped to.
 */
export function elementOf(type: string, name: string): Element | undefined {
  const written = TYPES.get(type)?.get(name);
  if (written === undefined) return undefined;
  const list = written.endsWith("*");
  const held = list ? written.slice(0, -1) : written;
  return { type: held, list, primitive: isPrimitive(held) };
}

/** A list of groups of elements in a resource, and what each entry cannot be without. */
export interface RequiredMembers {
  /** `location`. */
  readonly list: string;
  readonly members: readonly string[];
}

const REQUIRED_IN = new Map<string, RequiredMembers[]>();
for (const [path, names] of Object.entries(REQUIRED)) {
  const [type = "", list = "", ...deeper] = path.split(".");
  if (deeper.length > 0 || elementOf(type, list)?.list !== true) continue;
  const known = REQUIRED_IN.get(type) ?? [];
  known.push({ list, members: names.split(" ") });
  REQUIRED_IN.set(type, known);
}

/** The lists of a resource whose entries must have certain members (R4 cardinality 1..): `Encounter.location` has a location. */
export const requiredMembersOf = (type: string): readonly RequiredMembers[] => REQUIRED_IN.get(type) ?? [];
