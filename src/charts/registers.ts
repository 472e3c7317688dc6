import type { Identifier, Resource } from "@medplum/fhirtypes";
import { kindsIn, listOfKind } from "#src/fhir/entry-kinds.ts";
import type { MappedResource } from "#src/mapping/types.ts";
import { sameJson } from "./same-json.ts";
import {
  deletions,
  type Elements,
  inOneOrder,
  isOf,
  isWholeList,
  newestOf,
  pathIn,
  resourceInOrder,
  resourceOf,
  statements,
  topOf,
} from "./statements.ts";

/** When a whole set last said a resource of one visit, and last left it out. ISO 8601 UTC; empty = never, or at no stated time. */
export interface Presence {
  readonly said: string;
  readonly omitted: string;
}

/** One resource of a chart, with when each of its elements was last said. */
export interface Charted {
  readonly resource: Resource & { readonly id: string };
  /** Event time of the newest message that touched it, ISO 8601 UTC; empty when no message of it had a time. */
  readonly at: string;
  /** Elements (`status`, `period.end`, `value[x]`, `participant[ATND]`) last said at another time than `at`, and those that were deleted. */
  readonly fieldAt?: Readonly<Record<string, string>>;
  /** By visit id (empty: the whole account), for types that senders state as whole sets. */
  readonly presence?: Readonly<Record<string, Presence>>;
  /** Numbers it had before a merge or a change of number. */
  readonly formerly?: readonly Identifier[];
}

/** A mapped resource whose own number is no longer in use brings that number along as a former one. */
export interface Incoming extends MappedResource {
  readonly formerly?: readonly Identifier[];
}

/** Times of different offsets compare as instants; an unreadable or absent one is older than any. */
export const instantOf = (time: string | undefined): string => {
  if (time === undefined) return "";
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
};

export const later = (a: string, b: string): string => (a > b ? a : b);

/** The elements of a resource as values with times; written to, then made a resource again. */
class Registers {
  readonly values = new Map<string, unknown>();
  readonly times = new Map<string, string>();
  #changed = false;
  #restated = false;
  /** What is stored was of a time when the types of a choice were said apart. */
  #mended = false;

  constructor({ resource, at, fieldAt }: Charted) {
    const type = resource.resourceType;
    const said = statements(resource as unknown as Elements);
    if (fieldAt === undefined) {
      for (const [path, value] of said) {
        this.values.set(path, value);
        this.times.set(path, at);
      }
      return;
    }
    for (const [path, time] of Object.entries(fieldAt)) {
      const element = pathIn(type, path);
      this.times.set(element, later(this.times.get(element) ?? "", time));
    }
    for (const [path, value] of said) {
      const newest = newestOf(path, value, (name) => fieldAt[name] ?? fieldAt[path] ?? fieldAt[topOf(path)] ?? at);
      if (newest.value !== value) this.#mended = true;
      this.values.set(path, newest.value);
      this.times.set(path, newest.time);
    }
  }
  get changed(): boolean {
    return this.#changed;
  }
  /** A time moved, whether or not a value did. */
  get restated(): boolean {
    return this.#restated;
  }
  /** When it was last said; all entries of its list may have been deleted at once. */
  timeOf(path: string): string | undefined {
    const own = this.times.get(path);
    const list = listOfKind(path);
    const all = list === undefined ? undefined : this.times.get(list);
    return own === undefined || all === undefined ? (own ?? all) : later(own, all);
  }
  /** Deletes the entries of a list that were said before, whatever their kind. @param spared those that the deletion does not mean. */
  clear(list: string, time: string, spared: (path: string) => boolean): void {
    const known = this.times.get(list);
    if (known !== undefined && time < known) return;
    for (const path of [...this.values.keys()]) if (listOfKind(path) === list && !spared(path)) this.say(path, undefined, time);
    if (known === time) return;
    this.times.set(list, time);
    this.#restated = true;
  }
  /** The newest wins; undefined = deleted. Of two at one instant the one that comes later. */
  say(path: string, value: unknown, time: string): void {
    const known = this.timeOf(path);
    if (known !== undefined && time < known) return;
    if (this.times.get(path) !== time) {
      this.times.set(path, time);
      this.#restated = true;
    }
    const before = this.values.get(path);
    if (sameJson(before, value)) return;
    this.#changed = true;
    if (value === undefined) this.values.delete(path);
    else this.values.set(path, value);
  }
  /** Whether a time has to be kept: not that of all, nor of an entry that went when, or before, its whole list was stated. */
  #isKept(path: string, time: string, at: string): boolean {
    const list = this.times.get(listOfKind(path) ?? "");
    if (!this.values.has(path)) return list === undefined || time > list;
    return time !== at || list !== undefined;
  }
  build(before: Charted, at: string): Charted {
    const fieldAt = Object.fromEntries([...this.times].filter(([path, time]) => this.#isKept(path, time, at)));
    const { fieldAt: _, ...rest } = before;
    const { resourceType, id } = before.resource;
    return {
      ...rest,
      resource:
        this.#changed || this.#mended ? (resourceOf(resourceType, id, this.values) as unknown as Charted["resource"]) : before.resource,
      at,
      ...(Object.keys(fieldAt).length === 0 ? {} : { fieldAt }),
    };
  }
}

/** Whether the lists that a message states as a whole are those of which the chart keeps times, each of the same message as all the rest. */
function areWhole({ resource, at, fieldAt = {} }: Charted, lists: readonly string[]): boolean {
  let kept = 0;
  for (const [path, time] of Object.entries(fieldAt)) {
    if (time !== at || !lists.includes(listOfKind(path) ?? path)) return false;
    kept++;
  }
  let said = 0;
  for (const list of lists) {
    const entries = (resource as unknown as Elements)[list];
    const kindOf = kindsIn(resource.resourceType, list);
    if (kindOf === undefined || fieldAt[list] === undefined) return false;
    said += 1 + (Array.isArray(entries) ? new Set(entries.map(kindOf)).size : 0);
  }
  return kept === said;
}

/** Everything the chart has of it is said again, word for word, and nothing else: the most frequent message. */
function isRestated(before: Charted, { resource: said, deleted, initial, formerly }: Incoming): boolean {
  if (initial !== undefined || formerly !== undefined || !areWhole(before, deleted)) return false;
  const [have, says] = [before.resource as unknown as Elements, said as unknown as Elements];
  const { resourceType } = said;
  for (const name in says)
    if (says[name] !== undefined && !sameJson(inOneOrder(resourceType, name, have[name]), inOneOrder(resourceType, name, says[name])))
      return false;
  for (const name in have) if (have[name] !== undefined && says[name] === undefined) return false;
  return true;
}

const saidAt = (charted: Charted, time: string): Charted => ({
  ...charted,
  at: time,
  ...(charted.fieldAt === undefined ? {} : { fieldAt: Object.fromEntries(Object.keys(charted.fieldAt).map((path) => [path, time])) }),
});

const blank = ({ resourceType, id }: Charted["resource"]): Charted => ({
  resource: { resourceType, id } as unknown as Charted["resource"],
  at: "",
});

/**
 * Puts one mapped resource over what the chart has. Per element the newest event wins; an older message may add an element
 * that nobody has said yet, but never overwrites or deletes. A guess (`initial`) is older than any statement.
 * @returns the same object when neither a value nor a time changed.
 */
export function mergeResource(before: Charted | undefined, incoming: Incoming, time: string): Charted {
  if (before === undefined && incoming.deleted.length === 0 && incoming.initial === undefined && incoming.formerly === undefined)
    return { resource: resourceInOrder(incoming.resource as unknown as Elements) as unknown as Charted["resource"], at: time };
  if (before !== undefined && isRestated(before, incoming)) return time > before.at ? saidAt(before, time) : before;
  const have = before ?? blank(incoming.resource);
  const registers = new Registers(have);
  const { resourceType } = incoming.resource;
  const said = statements(incoming.resource as unknown as Elements);
  for (const path of incoming.deleted)
    if (isWholeList(resourceType, path)) registers.clear(path, time, (one) => said.has(one));
    else for (const one of deletions(resourceType, path)) registers.say(one, undefined, time);
  for (const [path, value] of said)
    registers.say(path, value, incoming.initial !== undefined && isOf(path, value, incoming.initial) ? "" : time);
  const formerly = union(have.formerly, incoming.formerly);
  if (before !== undefined && !registers.changed && !registers.restated && formerly === have.formerly) return before;
  const after = registers.build(have, later(time, have.at));
  return formerly === undefined ? after : { ...after, formerly };
}

/** Two states of one resource as one: per element the newest, and of two at one instant always the same of them. */
export function joinCharted(a: Charted, b: Charted): Charted {
  const registers = new Registers(a);
  const other = new Registers(b);
  const { resourceType } = a.resource;
  // What was said at that very time may be of the message that deleted the rest.
  for (const [path, time] of other.times)
    if (isWholeList(resourceType, path)) registers.clear(path, time, (one) => (registers.timeOf(one) ?? "") >= time);
  for (const [path, time] of other.times) {
    if (isWholeList(resourceType, path)) continue;
    const value = other.values.get(path);
    const tie = registers.timeOf(path) === time;
    if (!tie || (JSON.stringify(value) ?? "") > (JSON.stringify(registers.values.get(path)) ?? "")) registers.say(path, value, time);
  }
  const presence = joinPresence(a.presence, b.presence);
  const formerly = union(a.formerly, b.formerly);
  return {
    ...registers.build(a, later(a.at, b.at)),
    ...(presence === undefined ? {} : { presence }),
    ...(formerly === undefined ? {} : { formerly }),
  };
}

export function joinPresence(a: Charted["presence"], b: Charted["presence"]): Charted["presence"] {
  if (a === undefined || b === undefined) return a ?? b;
  const joined: Record<string, Presence> = { ...a };
  for (const [visit, one] of Object.entries(b)) {
    const have = joined[visit];
    joined[visit] = have === undefined ? one : { said: later(have.said, one.said), omitted: later(have.omitted, one.omitted) };
  }
  return joined;
}

const numberOf = ({ system, value }: Identifier): string => `${system ?? ""}|${value ?? ""}`;

/** The same list when nothing is added. Sorted, so that the order of messages does not show. */
function union(have: readonly Identifier[] | undefined, more: readonly Identifier[] | undefined): readonly Identifier[] | undefined {
  const known = new Map((have ?? []).map((one) => [numberOf(one), one]));
  const size = known.size;
  for (const one of more ?? []) if (!known.has(numberOf(one))) known.set(numberOf(one), { ...one, use: "old" });
  return known.size === size ? have : [...known.values()].sort((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1));
}

/** Whether the chart shows it: no whole set of any of its visits left it out since it was last said. */
export const isStanding = ({ presence }: Charted): boolean =>
  presence === undefined || Object.values(presence).some(({ said, omitted }) => said >= omitted);

const shown = new WeakMap<Charted, Charted["resource"]>();

/** The resource as readers see it: former numbers after those in use. */
export function shownResource(charted: Charted): Charted["resource"] {
  const { resource, formerly } = charted;
  if (formerly === undefined) return resource;
  const known = shown.get(charted);
  if (known !== undefined) return known;
  const { identifier } = resource as { identifier?: readonly Identifier[] };
  const inUse = new Set((identifier ?? []).map(numberOf));
  const made = { ...resource, identifier: [...(identifier ?? []), ...formerly.filter((one) => !inUse.has(numberOf(one)))] };
  shown.set(charted, made as Charted["resource"]);
  return made as Charted["resource"];
}
