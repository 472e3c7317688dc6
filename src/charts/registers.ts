import type { Identifier, Resource } from "@medplum/fhirtypes";
import { sameJson } from "./same-json.ts";
import type { MappedResource } from "#src/mapping/types.ts";

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
  /** Elements (`status`, `period.end`) last said at another time than `at`, and those that were deleted. */
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

type Elements = Record<string, unknown>;
const isElements = (value: unknown): value is Elements => typeof value === "object" && value !== null && !Array.isArray(value);

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

/** Times of different offsets compare as instants; an unreadable or absent one is older than any. */
export const instantOf = (time: string | undefined): string => {
  if (time === undefined) return "";
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
};

export const later = (a: string, b: string): string => (a > b ? a : b);

/** What a resource says, element by element, or member by member where members are said apart. */
function* statements(resource: Elements): Generator<readonly [path: string, value: unknown]> {
  for (const [name, value] of Object.entries(resource)) {
    if (name === "resourceType" || name === "id" || value === undefined) continue;
    if (MEMBERS[name] !== undefined && isElements(value)) {
      for (const [member, inner] of Object.entries(value)) if (inner !== undefined) yield [`${name}.${member}`, inner];
    } else yield [name, value];
  }
}

/** `period` deletes each of its members. */
const deletions = (path: string): readonly string[] => MEMBERS[path]?.map((member) => `${path}.${member}`) ?? [path];

/** The elements of a resource as values with times; written to, then made a resource again. */
class Registers {
  readonly values: Map<string, unknown>;
  readonly times: Map<string, string>;
  #changed = false;
  #restated = false;

  constructor({ resource, at, fieldAt = {} }: Charted) {
    this.values = new Map(statements(resource as unknown as Elements));
    this.times = new Map(Object.entries(fieldAt));
    for (const path of this.values.keys()) if (!this.times.has(path)) this.times.set(path, fieldAt[path.split(".")[0] ?? path] ?? at);
  }
  get changed(): boolean {
    return this.#changed;
  }
  /** A time moved, whether or not a value did. */
  get restated(): boolean {
    return this.#restated;
  }
  /** The newest wins; undefined = deleted. Of two at one instant the one that comes later. */
  say(path: string, value: unknown, time: string): void {
    const known = this.times.get(path);
    if (known !== undefined && time < known) return;
    if (known !== time) {
      this.times.set(path, time);
      this.#restated = true;
    }
    const before = this.values.get(path);
    if (sameJson(before, value)) return;
    this.#changed = true;
    if (value === undefined) this.values.delete(path);
    else this.values.set(path, value);
  }
  build(before: Charted, at: string): Charted {
    const { resourceType, id } = before.resource;
    const root: Elements = { resourceType, id };
    // In one order, so that equal content is equal text whichever message said what.
    for (const [path, value] of [...this.values].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [name = path, member] = path.split(".");
      if (member === undefined) root[name] = value;
      else root[name] = { ...(isElements(root[name]) ? root[name] : {}), [member]: value };
    }
    const fieldAt = Object.fromEntries([...this.times].filter(([path, time]) => time !== at || !this.values.has(path)));
    const { fieldAt: _, ...rest } = before;
    return {
      ...rest,
      resource: root as unknown as Charted["resource"],
      at,
      ...(Object.keys(fieldAt).length === 0 ? {} : { fieldAt }),
    };
  }
}

/** What `Registers.build` would make of it, for the most frequent case: a resource that is new. */
function inOrder(resource: Charted["resource"]): Charted["resource"] {
  const elements = resource as unknown as Elements;
  const sorted = (of: Elements): Elements => {
    const copy: Elements = {};
    for (const name of Object.keys(of).sort()) if (of[name] !== undefined) copy[name] = of[name];
    return copy;
  };
  const { resourceType, id } = resource;
  const made: Elements = { resourceType, id };
  for (const [name, value] of Object.entries(sorted(elements)))
    if (name !== "resourceType" && name !== "id") {
      if (MEMBERS[name] === undefined || !isElements(value)) made[name] = value;
      else if (Object.keys(value).length > 0) made[name] = sorted(value);
    }
  return made as unknown as Charted["resource"];
}

/** Everything the chart has of it is said again, word for word, and nothing else: the most frequent message. */
function isRestated({ resource, fieldAt }: Charted, { resource: said, deleted, initial, formerly }: Incoming): boolean {
  if (fieldAt !== undefined || deleted.length > 0 || initial !== undefined || formerly !== undefined) return false;
  const [have, says] = [resource as unknown as Elements, said as unknown as Elements];
  for (const name in says)
    if (says[name] !== undefined && !sameJson(inMembers(name, have[name]), inMembers(name, says[name]))) return false;
  for (const name in have) if (have[name] !== undefined && says[name] === undefined) return false;
  return true;
}

/** The members of an element whose members are said apart come in one order. */
const inMembers = (name: string, value: unknown): unknown =>
  MEMBERS[name] === undefined || !isElements(value) ? value : Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));

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
    return { resource: inOrder(incoming.resource), at: time };
  if (before !== undefined && isRestated(before, incoming)) return time > before.at ? { ...before, at: time } : before;
  const have = before ?? blank(incoming.resource);
  const registers = new Registers(have);
  for (const path of incoming.deleted) for (const one of deletions(path)) registers.say(one, undefined, time);
  for (const [path, value] of statements(incoming.resource as unknown as Elements))
    registers.say(path, value, incoming.initial?.includes(path.split(".")[0] ?? path) === true ? "" : time);
  const formerly = union(have.formerly, incoming.formerly);
  if (before !== undefined && !registers.changed && !registers.restated && formerly === have.formerly) return before;
  const after = registers.build(have, later(time, have.at));
  return formerly === undefined ? after : { ...after, formerly };
}

/** Two states of one resource as one: per element the newest, and of two at one instant always the same of them. */
export function joinCharted(a: Charted, b: Charted): Charted {
  const registers = new Registers(a);
  const other = new Registers(b);
  for (const [path, time] of other.times) {
    const value = other.values.get(path);
    const tie = registers.times.get(path) === time;
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
