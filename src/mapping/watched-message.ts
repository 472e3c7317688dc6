import type { Delimiters } from "#src/hl7v2/delimiters.ts";
import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";
import { isHead } from "./message-head.ts";
import type { Frame, Scope } from "./scope.ts";
import type { LineageEntry } from "./types.ts";

/** Segments that are longer in all are not compared. */
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
export function standing(own: Segment, all: readonly Segment[]): string | undefined {
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
  #headLookedAt = false;

  constructor(message: Hl7Message, event: string) {
    this.#message = message;
    this.#event = event;
    this.delimiters = message.delimiters;
    this.type = message.type;
    this.broken = message.broken;
  }

  /** Whether something of MSH or EVN was looked at that may differ between two messages that say the same. */
  get isHeadLookedAt(): boolean {
    return this.#headLookedAt;
  }

  all(name: string): readonly Segment[] {
    if (isHead(name)) this.#headLookedAt = true;
    const all = this.#message.all(name);
    this.trace?.lookedAt(name, all);
    return all;
  }

  first(name: string): Segment | undefined {
    if (isHead(name)) this.#headLookedAt = true;
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

  /** Looks at a field of MSH that is the same in messages that say the same. */
  lasting<T>(look: () => T): T {
    const before = this.#headLookedAt;
    const found = look();
    this.#headLookedAt = before;
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
    this.#headLookedAt = true;
    if (this.trace !== undefined) this.trace.broken = true;
  }
}
