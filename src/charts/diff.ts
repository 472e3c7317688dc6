import type { Resource } from "@medplum/fhirtypes";
import { kindsIn } from "#src/fhir/entry-kinds.ts";
import { entryStatements } from "./statements.ts";

/** One element that differs between two versions of a chart. Values are as in FHIR; absent = there was none. */
export interface FieldChange {
  /** `Encounter/<id>`. */
  readonly resource: string;
  /**
   * `period.end`, `name[0].family`; of entries that are said apart the kind: `participant[ATND].individual.display`. Empty when the whole resource came
   * or went.
   */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

type Elements = Readonly<Record<string, unknown>>;
const isElements = (value: unknown): value is Elements => typeof value === "object" && value !== null && !Array.isArray(value);

function* elementChanges(before: unknown, after: unknown, path: string): Generator<Omit<FieldChange, "resource">> {
  if (isElements(before) && isElements(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* elementChanges(before[name], after[name], `${path}.${name}`);
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [n, one] of before.entries()) yield* elementChanges(one, after[n], `${path}[${n}]`);
  } else if (JSON.stringify(before) !== JSON.stringify(after))
    yield { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

const isListOrNone = (value: unknown): boolean => value === undefined || Array.isArray(value);

/** Of a list by the paths of its kinds: the one entry that is of a kind, or all of them. */
function byKind(name: string, list: unknown, kindOf: (entry: unknown) => string): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  entryStatements(name, Array.isArray(list) ? list : [], kindOf, found);
  for (const [path, entries] of found) if (Array.isArray(entries) && entries.length === 1) found.set(path, entries[0]);
  return found;
}

/** Entries that are said apart are compared by their kinds: one more is one change, wherever it stands. */
function* resourceChanges(before: Resource, after: Resource): Generator<Omit<FieldChange, "resource">> {
  const [was, is] = [before, after] as unknown as readonly [Elements, Elements];
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const kindOf = kindsIn(after.resourceType, name);
    if (kindOf === undefined || ![was[name], is[name]].every(isListOrNone)) {
      yield* elementChanges(was[name], is[name], name);
      continue;
    }
    const [old, now] = [byKind(name, was[name], kindOf), byKind(name, is[name], kindOf)];
    for (const path of new Set([...old.keys(), ...now.keys()])) yield* elementChanges(old.get(path), now.get(path), path);
  }
}

const byKey = (resources: Iterable<Resource>): ReadonlyMap<string, Resource> =>
  new Map([...resources].map((resource) => [`${resource.resourceType}/${resource.id ?? ""}`, resource]));

/** What differs between two states of a chart, element by element, in the order of resource and element. */
export function diffCharts(before: Iterable<Resource>, after: Iterable<Resource>): readonly FieldChange[] {
  const [was, is] = [byKey(before), byKey(after)];
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((resource): FieldChange[] => {
    const [old, now] = [was.get(resource), is.get(resource)];
    if (old === undefined || now === undefined)
      return [{ resource, path: "", ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) }];
    return [...resourceChanges(old, now)].map((change) => ({ resource, ...change }));
  });
}
