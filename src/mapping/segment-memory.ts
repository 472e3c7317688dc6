import type { Delimiters } from "#src/hl7v2/delimiters.ts";
import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";
import { copyOf } from "./copies.ts";
import { isIncomplete } from "./incomplete-entries.ts";
import { madeBy } from "./row.ts";
import type { Frame, Made, Scope } from "./scope.ts";
import { AccountSegments } from "./segment-texts.ts";
import type { LineageEntry } from "./types.ts";

/*
 * What segments became before. A stay says who the patient is, who pays and what is wrong with every message of it, word for word. While a segment is
 * mapped for the first time everything besides its text that is looked at is noted: when it comes again for the same account, and all of that is as it
 * was, it becomes what it became. Mapping stays pure: with this memory or without it the same comes out.
 */

/** Longer segments hold documents and do not come again. */
const LONGEST = 2_000;

/** Which segment a source reads, and what its field says. */
export type FieldOf = (frame: Frame) => string;

/** Notes what the rows of one segment look at besides the segment, and what they make. */
export class Trace {
  readonly #own: Segment;
  readonly #scope: Scope;
  readonly #lineage: number;
  readonly #warned: number;
  readonly #unmapped: number;
  readonly #later: number;
  /** Ids of resources that were made. */
  readonly created: string[] = [];
  /** Other segments by name, and how they stood. */
  readonly segments: (readonly [string, string])[] = [];
  /** Maps, and the reference to what each had made for this segment. */
  readonly made: (readonly [string, string | undefined])[] = [];
  /** Ids of resources that were there already. */
  readonly borrowed: string[] = [];
  /** Whether the message's event was one of some. */
  readonly events: (readonly [ReadonlySet<string>, boolean])[] = [];
  /** Fields of other segments. */
  readonly fields: (readonly [FieldOf, string])[] = [];
  /** It depends on something that is not noted. */
  broken = false;

  constructor(scope: Scope, own: Segment) {
    this.#own = own;
    this.#scope = scope;
    this.#lineage = scope.lineage?.length ?? 0;
    this.#warned = scope.warned;
    this.#unmapped = scope.unmapped.length;
    this.#later = scope.later.length;
  }

  /** Whether all that came of the segment is a resource or more, and their lineage: no warning, no task, nothing that is done later. */
  get isQuiet(): boolean {
    const { warned, unmapped, later } = this.#scope;
    return !this.broken && warned === this.#warned && unmapped.length === this.#unmapped && later.length === this.#later;
  }

  get lineage(): readonly LineageEntry[] {
    return this.#scope.lineage?.slice(this.#lineage) ?? [];
  }

  lookedAt(name: string, all: readonly Segment[]): void {
    if (this.segments.some(([known]) => known === name)) return;
    const stood = standing(this.#own, all);
    if (stood === undefined) this.broken = true;
    else this.segments.push([name, stood]);
  }

  isOf(events: ReadonlySet<string>, is: boolean): void {
    if (!this.events.some(([known]) => known === events)) this.events.push([events, is]);
  }

  read(field: FieldOf, said: string): void {
    if (!this.fields.some(([known]) => known === field)) this.fields.push([field, said]);
  }

  refersTo(map: string, reference: string | undefined): void {
    if (!this.made.some(([known]) => known === map)) this.made.push([map, reference]);
  }
}

/** Texts of segments, and where they stand from one of them; undefined when they are too long to be compared. */
function standing(own: Segment, all: readonly Segment[]): string | undefined {
  if (all.length === 0) return "";
  let length = 0;
  for (const { line } of all) length += line.length;
  if (length > LONGEST) return undefined;
  return all.map(({ line, index, position }) => `${position - own.position} ${index} ${line}`).join("\r");
}

/** A message that tells what is looked at of it while somebody notes that. */
export class WatchedMessage implements Hl7Message {
  readonly #message: Hl7Message;
  readonly delimiters: Delimiters;
  readonly type: string;
  readonly broken: readonly Segment[];
  trace: Trace | undefined;
  readonly #event: string;

  constructor(message: Hl7Message, event: string) {
    this.#message = message;
    this.#event = event;
    this.delimiters = message.delimiters;
    this.type = message.type;
    this.broken = message.broken;
  }

  all(name: string): readonly Segment[] {
    const all = this.#message.all(name);
    this.trace?.lookedAt(name, all);
    return all;
  }

  first(name: string): Segment | undefined {
    this.trace?.lookedAt(name, this.#message.all(name));
    return this.#message.first(name);
  }

  /** Whether its event (`A01`) is one of some. */
  isOf(events: ReadonlySet<string>): boolean {
    const is = events.has(this.#event);
    this.trace?.isOf(events, is);
    return is;
  }

  /** Looks at it without noting what: who does so notes what it found there. */
  unnoted<T>(look: () => T): T {
    const { trace } = this;
    this.trace = undefined;
    const found = look();
    this.trace = trace;
    return found;
  }

  get segments(): readonly Segment[] {
    this.#breaks();
    return this.#message.segments;
  }

  get msh(): Segment {
    this.#breaks();
    return this.#message.msh;
  }

  get controlId(): string {
    this.#breaks();
    return this.#message.controlId;
  }

  #breaks(): void {
    if (this.trace !== undefined) this.trace.broken = true;
  }
}

/** What one segment became by one map. */
export interface Became {
  readonly index: number;
  readonly segments: Trace["segments"];
  readonly made: Trace["made"];
  readonly borrowed: readonly string[];
  readonly events: Trace["events"];
  readonly fields: Trace["fields"];
  /** The resource. Nobody may write to it. */
  readonly main: Made;
  /** Resources of data types: doctors, places. */
  readonly others: readonly Made[];
  readonly lineage: readonly LineageEntry[];
  readonly unsure: readonly string[];
}

const isAsItWas = (became: Became, frame: Frame): boolean => {
  const { scope, segment } = frame;
  if (became.index !== segment.index || scope.resources.has(became.main.root.id)) return false;
  for (const [events, is] of became.events) if (scope.message.isOf(events) !== is) return false;
  for (const [field, said] of became.fields) if (field(frame) !== said) return false;
  for (const [name, stood] of became.segments) if (standing(segment, scope.message.all(name)) !== stood) return false;
  for (const [map, reference] of became.made) if (madeBy(frame, map)?.reference.reference !== reference) return false;
  for (const id of became.borrowed) if (!scope.resources.has(id)) return false;
  for (const { root } of became.others) if (scope.resources.has(root.id)) return false;
  return true;
};

/** A copy that may be written to: its members, and into those that are named. */
function ownCopy({ root, deleted, initial, envelope }: Made, written: ReadonlySet<string>): Made {
  const own: Made["root"] = { ...root };
  for (const name in own) if (written.has(name)) own[name] = copyOf(own[name]);
  return {
    root: own,
    deleted: deleted === undefined ? undefined : new Set(deleted),
    initial: initial === undefined ? undefined : new Set(initial),
    envelope,
  };
}

/** What one segment may become in all: by event, and by what stands around it. */
const WAYS = 8;

/** Segments that a map records without ever meeting them again, before it stops; and how many it lets pass until it tries again. */
const TRIED = 256;
const PASSED = 4_096;

/** The memory of one map of a segment. */
export class SegmentMemory {
  readonly #written: ReadonlySet<string> | undefined;
  #recorded = 0;
  #used = 0;
  #passed = 0;

  /** @param written members of the resource that other maps write to after this one; undefined when none does. */
  constructor(written: ReadonlySet<string> | undefined) {
    this.#written = written;
  }

  /** What the segment became for this account before, put into the scope; undefined when it has to be mapped. */
  recall(frame: Frame, texts: AccountSegments): Made | undefined {
    if (this.#isResting) return undefined;
    const { scope, segment } = frame;
    const became = texts.find(segment.line, this)?.find((one) => isAsItWas(one, frame));
    if (became === undefined) return undefined;
    this.#used++;
    const made = this.#written === undefined ? became.main : ownCopy(became.main, this.#written);
    scope.resources.set(made.root.id, made);
    for (const one of became.others) scope.resources.set(one.root.id, one);
    if (scope.lineage !== undefined) for (const entry of became.lineage) scope.lineage.push(entry);
    for (const id of became.unsure) scope.unsure.add(id);
    return made;
  }

  /** Begins to note; undefined when what this map makes does not come again, or the segment can not be remembered. */
  begin({ scope, segment }: Frame, texts: AccountSegments): Trace | undefined {
    if (segment.line.length > LONGEST || !this.#isWorthIt() || (texts.find(segment.line, this)?.length ?? 0) >= WAYS) return undefined;
    const trace = new Trace(scope, segment);
    scope.message.trace = trace;
    return trace;
  }

  /** Ends to note, and remembers what the segment became. */
  keep({ scope, segment, resourceId }: Frame, texts: AccountSegments, trace: Trace): void {
    scope.message.trace = undefined;
    this.#recorded++;
    const { created } = trace;
    // What was added to a resource that was there already depends on what was in it.
    const quiet = trace.isQuiet && created[0] === resourceId;
    const [main, ...others] = quiet ? created.flatMap((id) => scope.resources.get(id) ?? []) : [];
    const isWhole = (one: Made): boolean => !isIncomplete(one, scope.unsure.has(one.root.id));
    // What is shared stays as it is: nothing may have to be taken away from it at the end.
    if (main === undefined || !others.every(isWhole) || (this.#written === undefined && !isWhole(main))) return;
    texts.keep(segment.line, this, {
      index: segment.index,
      segments: trace.segments,
      made: trace.made,
      borrowed: trace.borrowed.filter((id) => !created.includes(id)),
      events: trace.events,
      fields: trace.fields,
      main: this.#written === undefined ? main : ownCopy(main, this.#written),
      others,
      lineage: trace.lineage,
      unsure: created.filter((id) => scope.unsure.has(id)),
    });
  }

  /** What this map makes did not come again. */
  get #isResting(): boolean {
    return this.#recorded >= TRIED && this.#used * 8 <= this.#recorded;
  }

  #isWorthIt(): boolean {
    if (!this.#isResting) return true;
    if (++this.#passed < PASSED) return false;
    this.#recorded = 0;
    this.#used = 0;
    this.#passed = 0;
    return true;
  }
}

/** Whose segments they are: all that a segment's rows may look at besides segments and what was made of them. */
export function segmentsOfAccount(scope: Scope): AccountSegments | undefined {
  const { memory, own, accountNumber: account, visitNumber: visit } = scope;
  if (memory === undefined) return undefined;
  const ids = `${own.get("Patient")?.id ?? ""} ${own.get("Account")?.id ?? ""} ${own.get("Encounter")?.id ?? ""}`;
  return new AccountSegments(memory.segments, `${ids} ${account.place} ${account.value.raw} ${visit.place} ${visit.value.raw}`);
}
