import type { Reference } from "@medplum/fhirtypes";
import type { Delimiters } from "#src/hl7v2/delimiters.ts";
import type { Value } from "#src/hl7v2/message.ts";
import { shared } from "#src/fhir/shared-json.ts";
import { copyOf } from "./copies.ts";
import { isUnclean } from "./incomplete-entries.ts";
import { lineageEntry } from "./lineage-entry.ts";
import type { Elements, Made, Own, Scope } from "./scope.ts";
import type { AccountMemory } from "./segment-memory.ts";
import type { LineageEntry, MapSettings } from "./types.ts";
import type { Spot } from "./values/value-type.ts";

/*
 * What texts became before. Doctors, wards, codes and a patient's address come again with every message, and what a data type makes of a text depends
 * on nothing else of the message: it is made once and shared after that. Mapping stays pure: with a memory or without it the same comes out. What is
 * remembered is shared: who writes into it has a copy first.
 */

/** Texts longer than this do not come again. */
const LONGEST = 400;
/** Texts and segments remembered in all, and settings told apart; when there are more all are forgotten. A text keeps the message alive that it was part of. */
const TEXTS = 16_384;
const SETTINGS = 8;

/** Lineage whose target, source and resource are said from where the text stands. */
interface Told {
  readonly target: string;
  /** Undefined: a constant. */
  readonly source: string | undefined;
  /** `source` is whole, not below the text's place: MSH-4. */
  readonly absolute: boolean;
  readonly row: string;
  readonly table: string | undefined;
}

/** What one text became. */
interface Remembered {
  readonly members: Elements;
  readonly lineage: readonly Told[];
  /** Some extension has an address and no value. */
  readonly unsure: boolean;
}

/** A resource that one text became. */
export interface RememberedResource extends Remembered {
  readonly members: Made["root"];
  readonly reference: Reference;
}

/** Of one data type: by the text. `none`: it warned, or said something of the message. */
type Texts<T> = Map<string, T | "none">;

/** What one feed's messages became, by data type. */
export interface Memory {
  readonly texts: Map<ReadAs, Texts<unknown>>;
  /** What segments became, by the account's id; where there is none by the patient's. */
  readonly accounts: Map<string, AccountMemory>;
  /** Of all feeds together. */
  readonly counted: { texts: number };
}

/** What texts are read as: a data type, or a row whose code systems and tables count too. It knows where it looked last. */
export class ReadAs {
  memory: Memory | undefined;
  texts: Texts<unknown> | undefined;
  /** The same of components and subcomponents: `A&B` is two parts there, and one in a field. */
  below: ReadAs | undefined;
}

/** What a data type may look at besides its text, the feed's settings and the delimiters. */
interface Seen {
  readonly defaultAuthority: string;
  /** Of the account. */
  readonly authority: string | undefined;
  readonly offset: string | undefined;
  /** MSH-4 says the authority of those that name none. */
  readonly authoritySaid: boolean;
}

/** The memory for a message: one for all that a data type may look at besides its text. */
export type MemoryOf = (settings: MapSettings, delimiters: Delimiters, seen: Seen) => Memory;

/** Memories of one compiled set of maps. */
export function createMemories(): MemoryOf {
  const all = new Map<string, Memory>();
  const counted = { texts: 0 };
  let last: { readonly of: Parameters<MemoryOf>; readonly memory: Memory } | undefined;
  return (...of) => {
    // Message after message of one feed: nothing has to be put together to see that.
    if (last !== undefined && counted.texts < TEXTS && isSame(last.of, of)) return last.memory;
    const memory = find(...of);
    last = { of, memory };
    return memory;
  };

  function find(
    { idKey, zone, lineage, defaultAuthority: named }: MapSettings,
    d: Delimiters,
    { defaultAuthority, authoritySaid, authority, offset }: Seen,
  ): Memory {
    const key = [
      `${d.field}${d.component}${d.repetition}${d.escape}${d.subcomponent}${d.truncation}`,
      ...[
        idKey,
        zone,
        lineage === false ? "" : "lineage",
        authoritySaid ? "said" : "",
        named ?? "",
        defaultAuthority,
        authority ?? "",
        offset ?? "",
      ],
    ].join("\u0000");
    const known = all.get(key);
    if (known !== undefined && counted.texts < TEXTS) return known;
    if (counted.texts >= TEXTS || all.size >= SETTINGS) {
      all.clear();
      counted.texts = 0;
    }
    const made: Memory = { texts: new Map(), accounts: new Map(), counted };
    all.set(key, made);
    return made;
  }
}

const isSame = ([settings, d, seen]: Parameters<MemoryOf>, [settings2, d2, seen2]: Parameters<MemoryOf>): boolean =>
  settings === settings2 &&
  d.field === d2.field &&
  d.component === d2.component &&
  d.repetition === d2.repetition &&
  d.escape === d2.escape &&
  d.subcomponent === d2.subcomponent &&
  d.truncation === d2.truncation &&
  seen.defaultAuthority === seen2.defaultAuthority &&
  seen.authoritySaid === seen2.authoritySaid &&
  seen.authority === seen2.authority &&
  seen.offset === seen2.offset;

function textsOf<T>(memory: Memory, read: ReadAs, { isField }: Value): Texts<T> {
  const as = isField ? read : (read.below ??= new ReadAs());
  if (as.memory === memory && as.texts !== undefined) return as.texts as Texts<T>;
  const known = memory.texts.get(as) as Texts<T> | undefined;
  const texts: Texts<T> = known ?? new Map();
  if (known === undefined) memory.texts.set(as, texts);
  as.memory = memory;
  as.texts = texts;
  return texts;
}

/** Whether one more may be remembered, which is counted: one message of many texts may not fill it all. */
export function mayKeep({ counted }: Memory): boolean {
  if (counted.texts >= 2 * TEXTS) return false;
  counted.texts++;
  return true;
}

function keep<T>(memory: Memory, texts: Texts<T>, text: string, became: T | "none"): void {
  if (mayKeep(memory)) texts.set(text, became);
}

/** What segments of an account became: of the same patient and visit, which what they become refers to. */
export function accountMemory(memory: Memory, own: ReadonlyMap<string, Own>): AccountMemory | undefined {
  const patient = own.get("Patient")?.id;
  const encounter = own.get("Encounter")?.id;
  const id = own.get("Account")?.id ?? patient ?? "";
  const known = memory.accounts.get(id);
  if (known !== undefined && known.patient === patient && known.encounter === encounter) return known;
  if (!mayKeep(memory)) return undefined;
  const made: AccountMemory = { patient, encounter, lines: [] };
  memory.accounts.set(id, made);
  return made;
}

const isEmpty = (into: Elements): boolean => {
  for (const _ in into) return false;
  return true;
};

/** How much a scope had before a text was read: what is there after came of it. */
export interface Mark {
  readonly lineage: number;
  readonly warned: number;
  readonly unmapped: number;
  readonly resources: number;
}

export const markOf = ({ lineage, warned, unmapped, resources }: Scope): Mark => ({
  lineage: lineage?.length ?? 0,
  warned,
  unmapped: unmapped.length,
  resources: resources.size,
});

const NONE: readonly never[] = [];

/** Lineage since a mark, said from where the text stands; undefined when it names another place or resource. */
function toldSince({ lineage }: Scope, mark: Mark, target: string, source: string, resourceId: string): readonly Told[] | undefined {
  if (lineage === undefined) return NONE;
  const told: Told[] = [];
  for (const entry of lineage.slice(mark.lineage)) {
    const below = entry.source?.startsWith(source) === true;
    const absolute = !below && entry.source?.startsWith("MSH-") === true;
    if (entry.resourceId !== resourceId || !entry.target.startsWith(target) || (entry.source !== undefined && !below && !absolute))
      return undefined;
    told.push({
      target: entry.target.slice(target.length),
      source: below ? entry.source.slice(source.length) : entry.source,
      absolute,
      row: entry.row,
      table: entry.table,
    });
  }
  return told;
}

function tell(lineage: LineageEntry[], told: readonly Told[], target: string, source: string, resourceId: string): void {
  for (const one of told) {
    const at = one.source === undefined || one.absolute ? one.source : source + one.source;
    lineage.push(lineageEntry(target + one.target, resourceId, at, one.row, one.table));
  }
}

/** What a data type made of a text before, its lineage told; undefined when it is to be written. */
export function recalled(as: ReadAs, value: Value, spot: Spot, target: string): Elements | undefined {
  const { scope, resourceId } = spot.frame;
  if (scope.memory === undefined || value.raw.length > LONGEST) return undefined;
  const known = textsOf<Remembered>(scope.memory, as, value).get(value.raw);
  // What it made nothing of leaves no object.
  if (known === undefined || known === "none" || isEmpty(known.members)) return undefined;
  if (known.unsure) scope.unsure.add(resourceId);
  if (scope.lineage !== undefined) tell(scope.lineage, known.lineage, target, spot.source, resourceId);
  return known.members;
}

/**
 * Writes what a data type makes of a text into an object, by running its rows, and remembers it.
 * @param target path of the object, as lineage names it.
 */
export function writeRemembered(
  as: ReadAs,
  value: Value,
  spot: Spot,
  into: Elements,
  target: string,
  run: (value: Value, spot: Spot, into: Elements, target: string) => void,
): void {
  const { scope, resourceId } = spot.frame;
  const text = value.raw;
  if (scope.memory === undefined || text.length > LONGEST || !isEmpty(into)) return run(value, spot, into, target);
  const texts = textsOf<Remembered>(scope.memory, as, value);
  const mark = markOf(scope);
  run(value, spot, into, target);
  if (texts.has(text)) return;
  const source = scope.lineage === undefined ? "" : spot.source;
  const told =
    isQuiet(scope, mark) && scope.resources.size === mark.resources ? toldSince(scope, mark, target, source, resourceId) : undefined;
  const members = shared(spot.reading.writtenAfter ? copyOf(into) : into);
  keep(scope.memory, texts, text, told === undefined ? "none" : { members, lineage: told, unsure: isUnclean(into) });
}

/** What a function read of one text, and the table row it used. */
interface RememberedValue extends Remembered {
  readonly table: string | undefined;
}

/**
 * Reads an object of a text: from memory, else by `read`, and remembers it. Nobody may change it.
 * @param as of the row: what it says of code systems and tables counts too.
 */
export function readRemembered(
  as: ReadAs,
  value: Value,
  spot: Spot,
  read: (value: Value, spot: Spot) => Elements | undefined,
): Elements | undefined {
  const { scope } = spot.frame;
  const text = value.raw;
  if (scope.memory === undefined || text.length > LONGEST) return read(value, spot);
  const texts = textsOf<RememberedValue>(scope.memory, as, value);
  const known = texts.get(text);
  if (known !== undefined && known !== "none") {
    spot.table = known.table;
    return known.members;
  }
  const mark = markOf(scope);
  const made = read(value, spot);
  if (known === undefined)
    keep(
      scope.memory,
      texts,
      text,
      made !== undefined && isQuiet(scope, mark) ? { members: shared(made), lineage: [], unsure: false, table: spot.table } : "none",
    );
  return made;
}

/** What is made of a text alone, and makes nothing else of the message: from memory, else by `make`. Nobody may change it. */
export function madeOfText<T>(as: ReadAs, value: Value, { memory }: Scope, make: () => T): T {
  const text = value.raw;
  if (memory === undefined || text.length > LONGEST) return make();
  const texts = textsOf<T>(memory, as, value);
  const known = texts.get(text);
  if (known !== undefined && known !== "none") return known;
  const made = make();
  keep(memory, texts, text, made);
  return made;
}

export const isQuiet = ({ warned, unmapped }: Scope, mark: Mark): boolean => warned === mark.warned && unmapped.length === mark.unmapped;

/** A resource of a text that comes again: put among those of the message where it is not yet. */
export function nameAgain(scope: Scope, known: RememberedResource, source: string): void {
  const { id } = known.members;
  if (scope.resources.has(id)) return;
  if (known.unsure) scope.unsure.add(id);
  scope.resources.set(id, { root: known.members, deleted: undefined, initial: undefined, envelope: false });
  if (scope.lineage !== undefined) tell(scope.lineage, known.lineage, known.members.resourceType, source, id);
}

/**
 * Makes a resource of a text, known to the scope from then on: from memory, else by `make`.
 * @param make runs the rows of a resource that the message has not yet; undefined when the text identifies none.
 * @returns a reference to it, as `refer` makes it
 */
export function resourceRemembered(
  as: ReadAs,
  value: Value,
  spot: Spot,
  resourceType: string,
  make: () => Made | undefined,
  refer: (made: Made) => Reference,
): Reference | undefined {
  const { scope } = spot.frame;
  const text = value.raw;
  if (scope.memory === undefined || text.length > LONGEST) {
    scope.named?.push(undefined);
    const made = make();
    return made === undefined ? undefined : refer(made);
  }
  const texts = textsOf<RememberedResource>(scope.memory, as, value);
  const known = texts.get(text);
  const source = scope.lineage === undefined ? "" : spot.source;
  const from = scope.lineage?.length ?? 0;
  const noted = (resource: RememberedResource): void => {
    scope.named?.push({ known: resource, source, from, to: scope.lineage?.length ?? 0 });
  };
  if (known !== undefined && known !== "none") {
    nameAgain(scope, known, source);
    noted(known);
    return known.reference;
  }
  const mark = markOf(scope);
  const made = make();
  if (made === undefined) return undefined;
  const { root, deleted, initial, envelope } = made;
  const reference = refer(made);
  const isNew = scope.resources.size === mark.resources + 1 && deleted === undefined && initial === undefined && !envelope;
  if (known === undefined && isNew) {
    const told = isQuiet(scope, mark) ? toldSince(scope, mark, resourceType, source, root.id) : undefined;
    const became =
      told === undefined ? "none" : { members: shared(root), reference: shared(reference), lineage: told, unsure: isUnclean(root) };
    keep(scope.memory, texts, text, became);
    if (became !== "none") {
      noted(became);
      return reference;
    }
  }
  scope.named?.push(undefined);
  return reference;
}
