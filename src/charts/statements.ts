import { choiceOf } from "#src/fhir/elements.ts";
import { kindsIn, listOfKind, pathOfKind } from "#src/fhir/entry-kinds.ts";

export type Elements = Record<string, unknown>;
export const isElements = (value: unknown): value is Elements => typeof value === "object" && value !== null && !Array.isArray(value);

/*
 * What a resource says, in parts that are said apart. A part has a path: `status` for an element, with its extensions (`_status`); `value[x]` for a
 * choice, of which a new type takes the place of the old one; `period.end` for a member of an element whose members come in different messages;
 * `extension[URL]` for all extensions of one URL, `participant[ATND]` for everyone in one role of a stay.
 */

/** Elements whose members come in different messages: the begin of a stay with its admission, its end with the discharge. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  period: ["start", "end"],
  hospitalization: [
    "preAdmissionIdentifier",
    "origin",
    "admitSource",
    "reAdmission",
    "dietPreference",
    "specialCourtesy",
    "specialArrangement",
    "destination",
    "dischargeDisposition",
  ],
};

/** Whether a path is of a whole list whose entries are said apart: so charts once stored it, and so a whole resource states it. */
export const isWholeList = (type: string, path: string): boolean => kindsIn(type, path) !== undefined;

/** The element that a path is in: `period` of `period.end`. A URL has points too. */
export const topOf = (path: string): string => listOfKind(path) ?? path.split(".", 1)[0] ?? path;

const partsOf = new Map<string, Map<string, string>>();
/** Types and names of elements are few, but senders of FHIR write them. */
const MOST_NAMES = 1024;

function partsIn(type: string): Map<string, string> {
  const known = partsOf.get(type);
  if (known !== undefined) return known;
  const made = new Map<string, string>();
  if (partsOf.size < MOST_NAMES) partsOf.set(type, made);
  return made;
}

/** The part that an element of a resource belongs to: `_birthDate` to `birthDate`, `valueString` to `value[x]`. */
export function pathIn(type: string, name: string, parts = partsIn(type)): string {
  const known = parts.get(name);
  if (known !== undefined) return known;
  const plain = name.startsWith("_") ? name.slice(1) : name;
  const path = choiceOf(type, plain) ?? plain;
  if (parts.size < MOST_NAMES) parts.set(name, path);
  return path;
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byKind = (list: readonly unknown[], kindOf: (entry: unknown) => string): readonly unknown[] =>
  list.length < 2 ? list : [...list].sort((a, b) => order(kindOf(a), kindOf(b)));
function byName(elements: Elements): Elements {
  const made: Elements = {};
  for (const name of Object.keys(elements).sort()) if (elements[name] !== undefined) made[name] = elements[name];
  return made;
}

/** Puts the entries of a list under the paths of their kinds, those of one kind in their order. */
export function entryStatements(
  name: string,
  list: readonly unknown[],
  kindOf: (entry: unknown) => string,
  into: Map<string, unknown>,
): void {
  for (const one of list) {
    const path = pathOfKind(name, kindOf(one));
    const known = into.get(path);
    if (known === undefined) into.set(path, [one]);
    else (known as unknown[]).push(one);
  }
}

/** The parts of a resource by path. The value of an element is an object of the names it has in JSON: `{ birthDate, _birthDate }`. */
export function statements(resource: Elements): Map<string, unknown> {
  const type = String(resource["resourceType"]);
  const parts = partsIn(type);
  const said = new Map<string, unknown>();
  for (const name in resource) {
    const value = resource[name];
    if (name === "resourceType" || name === "id" || value === undefined) continue;
    const kindOf = Array.isArray(value) ? kindsIn(type, name) : undefined;
    if (kindOf !== undefined) entryStatements(name, value as readonly unknown[], kindOf, said);
    else if (MEMBERS[name] !== undefined && isElements(value)) {
      for (const member in value) if (value[member] !== undefined) said.set(`${name}.${member}`, value[member]);
    } else {
      const path = pathIn(type, name, parts);
      const known = said.get(path);
      said.set(path, isElements(known) ? byName({ ...known, [name]: value }) : { [name]: value });
    }
  }
  return said;
}

const namesOf = (path: string, value: unknown): readonly string[] =>
  path.includes(".") || listOfKind(path) !== undefined || !isElements(value) ? [path] : Object.keys(value);

/** Whether a part is of one of these elements. */
export const isOf = (path: string, value: unknown, names: readonly string[]): boolean =>
  namesOf(path, value).some((name) => names.includes(topOf(name)));

/** What of a stored part was said last: two types of a choice may have been kept, and extensions of a value that is no more. */
export function newestOf(
  path: string,
  value: unknown,
  timeOf: (name: string) => string,
): { readonly value: unknown; readonly time: string } {
  const names = namesOf(path, value);
  const time = names.map(timeOf).reduce((a, b) => (a > b ? a : b), "");
  if (names.length < 2 || !isElements(value)) return { value, time };
  const newest = names.filter((name) => timeOf(name) === time);
  const chosen = newest.findLast((name) => !name.startsWith("_")) ?? newest.at(-1) ?? "";
  const kept = newest.filter((name) => name === chosen || name === `_${chosen}`);
  return { value: kept.length === names.length ? value : Object.fromEntries(kept.map((name) => [name, value[name]])), time };
}

/** The parts that a deletion means: `period` each of its members, `deceasedBoolean` the choice whatever its type, `valueQuantity.value` too. */
export function deletions(type: string, path: string): readonly string[] {
  const members = MEMBERS[path];
  if (members !== undefined) return members.map((member) => `${path}.${member}`);
  if (listOfKind(path) !== undefined) return [path];
  const top = pathIn(type, topOf(path));
  return path.includes(".") && !top.endsWith("[x]") ? [path] : [top];
}

/** A value as it is stored: members that are said apart in one order, and entries in that of their kinds. */
export const inOneOrder = (type: string, name: string, value: unknown): unknown => {
  const kindOf = Array.isArray(value) ? kindsIn(type, name) : undefined;
  if (kindOf !== undefined) return byKind(value as readonly unknown[], kindOf);
  return MEMBERS[name] !== undefined && isElements(value) ? byName(value) : value;
};

/** A resource with all in one order, so that equal content is equal text whichever message said what. */
export function resourceInOrder(elements: Elements): Elements {
  const made: Elements = { resourceType: elements["resourceType"], id: elements["id"] };
  for (const name of Object.keys(elements).sort()) {
    const value = elements[name];
    if (value === undefined || name === "resourceType" || name === "id") continue;
    const ordered = inOneOrder(String(elements["resourceType"]), name, value);
    if (MEMBERS[name] === undefined || !isElements(ordered) || Object.keys(ordered).length > 0) made[name] = ordered;
  }
  return made;
}

/** The resource that some parts make. */
export function resourceOf(resourceType: string, id: string, parts: ReadonlyMap<string, unknown>): Elements {
  const made: Elements = { resourceType, id };
  for (const [path, value] of parts) {
    const list = listOfKind(path);
    if (list !== undefined) {
      made[list] = [...((made[list] ?? []) as unknown[]), ...(value as unknown[])];
      continue;
    }
    const point = path.indexOf(".");
    if (point < 0) Object.assign(made, value);
    else {
      const name = path.slice(0, point);
      const members = made[name];
      const member = path.slice(point + 1);
      if (isElements(members)) members[member] = value;
      else made[name] = { [member]: value };
    }
  }
  return resourceInOrder(made);
}
