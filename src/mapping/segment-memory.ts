import { isIncomplete } from "./incomplete-entries.ts";
import { madeBy } from "./row.ts";
import type { Elements, Frame, Made, Scope } from "./scope.ts";
import { AccountSegments } from "./segment-texts.ts";
import type { LineageEntry } from "./types.ts";
import { standing, Trace } from "./watched-message.ts";
import { Worth } from "./worth.ts";

/*
 * What segments became before. A stay says who the patient is, who pays and what is wrong with every message of it, word for word. While a segment is
 * mapped for the first time everything besides its text that is looked at is noted: when it comes again for the same account, and all of that is as it
 * was, it becomes what it became. Mapping stays pure: with this memory or without it the same comes out.
 */

/** Longer segments hold documents and do not come again. */
const LONGEST = 2_000;

/** What was added to a resource that was there. */
interface Added {
  readonly id: string;
  /** Members that the rows look at or write to, as they were, in their order: shared, so that the same again is the same object. */
  readonly before: readonly (readonly [string, unknown])[];
  /** What is deleted, and what counts only at first. */
  readonly marks: string;
  /** Members that are others since; undefined: gone. */
  readonly after: readonly (readonly [string, unknown])[];
}

/** What one segment became by one map. */
export interface Became {
  readonly index: number;
  readonly segments: Trace["segments"];
  readonly made: Trace["made"];
  readonly borrowed: readonly string[];
  readonly events: Trace["events"];
  readonly fields: Trace["fields"];
  /** The resource that was made, or what was added to one. Nobody may write to it. */
  readonly main: Made | Added;
  /** Resources of data types: doctors, places. */
  readonly others: readonly Made[];
  readonly lineage: readonly LineageEntry[];
  readonly unsure: readonly string[];
}

const isMade = (main: Made | Added): main is Made => "root" in main;

const NONE: ReadonlySet<string> = new Set();

const isAsItWas = (became: Became, frame: Frame, there: Made | undefined, touched = NONE): boolean => {
  const { scope, segment } = frame;
  const { main } = became;
  if (became.index !== segment.index) return false;
  if (isMade(main) ? there !== undefined || scope.resources.has(main.root.id) : there === undefined || !isBefore(main, there, touched))
    return false;
  for (const [events, is] of became.events) if (scope.message.isOf(events) !== is) return false;
  for (const [field, said] of became.fields) if (field(frame) !== said) return false;
  for (const [name, stood] of became.segments) if (standing(segment, scope.message.all(name)) !== stood) return false;
  for (const [map, reference] of became.made) if (madeBy(frame, map)?.reference.reference !== reference) return false;
  for (const id of became.borrowed) if (!scope.resources.has(id)) return false;
  for (const { root } of became.others) if (scope.resources.has(root.id)) return false;
  return true;
};

const marksOf = ({ deleted, initial }: Made): string =>
  deleted === undefined && initial === undefined ? "" : `${[...(deleted ?? [])].join("\n")}\n\n${[...(initial ?? [])].join("\n")}`;

function isBefore({ id, before, marks }: Added, there: Made, touched: ReadonlySet<string>): boolean {
  const { root } = there;
  if (root.id !== id || marksOf(there) !== marks) return false;
  let at = 0;
  for (const name in root) {
    if (!touched.has(name)) continue;
    const [known, value] = before[at++] ?? NOT_THERE;
    if (known !== name || value !== root[name]) return false;
  }
  return at === before.length;
}

const NOT_THERE = ["", undefined] as const;

/** Notes that members of a resource are remembered. */
function share(made: Made, names: Iterable<string>): void {
  for (const name of names) {
    const member = made.root[name];
    if (typeof member === "object" && member !== null) (made.shared ??= new Set()).add(name);
  }
}

/** One with the same members, of which those that other maps write to are shared. */
function sharing({ root, deleted, initial, envelope }: Made, written: ReadonlySet<string>): Made {
  const own: Made = {
    root: { ...root },
    deleted: deleted === undefined ? undefined : new Set(deleted),
    initial: initial === undefined ? undefined : new Set(initial),
    envelope,
    shared: undefined,
  };
  for (const name in root) if (written.has(name)) share(own, [name]);
  return own;
}

/** How a resource stood before a segment's rows were run on it. */
export interface Before {
  readonly members: Added["before"];
  readonly marks: string;
  /** Extensions were written into it before. */
  readonly unsure: boolean;
}

/** What a map of a segment writes to, and what is written to what it makes. */
export interface Written {
  /** Members that its rows look at or write to; undefined: any. */
  readonly touched: ReadonlySet<string> | undefined;
  /** Members of what it makes that other maps write to after this one; undefined when none does. */
  readonly byOthers: ReadonlySet<string> | undefined;
}

/** The memory of one map of a segment. */
export class SegmentMemory {
  readonly #written: Written;
  readonly #worth = new Worth();

  constructor(written: Written) {
    this.#written = written;
  }

  /**
   * What the segment became for this account before, put into the scope: the resource that it made or added to; undefined when it has to be mapped.
   * @param find the resource that it adds to, if there is one.
   */
  recall(frame: Frame, texts: AccountSegments, find: (frame: Frame) => Made | undefined): Made | undefined {
    if (this.#worth.isResting) return undefined;
    const { scope, segment } = frame;
    const ways = texts.find(segment.line, this);
    if (ways === undefined) return undefined;
    const there = find(frame);
    for (const became of ways) {
      if (!isAsItWas(became, frame, there, this.#written.touched)) continue;
      this.#worth.used();
      const main = this.#again(became.main, there, scope);
      for (const one of became.others) scope.resources.set(one.root.id, one);
      if (scope.lineage !== undefined) for (const entry of became.lineage) scope.lineage.push(entry);
      for (const id of became.unsure) scope.unsure.add(id);
      return main;
    }
    return undefined;
  }

  #again(main: Made | Added, there: Made | undefined, { resources }: Scope): Made | undefined {
    const { byOthers } = this.#written;
    if (isMade(main)) {
      const made = byOthers === undefined ? main : sharing(main, byOthers);
      resources.set(made.root.id, made);
      return made;
    }
    if (there === undefined) return undefined;
    for (const [name, value] of main.after) {
      if (value === undefined) delete (there.root as Elements)[name];
      else (there.root as Elements)[name] = value;
      share(there, [name]);
    }
    return there;
  }

  /** Begins to note; undefined when what this map makes does not come again, or the segment can not be remembered. */
  begin({ scope, segment }: Frame): Trace | undefined {
    if (segment.line.length > LONGEST || !this.#worth.isWorthIt()) return undefined;
    const trace = new Trace(scope, segment);
    scope.message.trace = trace;
    return trace;
  }

  /** How a resource that is there stands before the rows are run on it; undefined when nobody can say what they will look at. */
  before(made: Made, { unsure }: Scope): Before | undefined {
    const { touched } = this.#written;
    if (touched === undefined) return undefined;
    const members: (readonly [string, unknown])[] = [];
    for (const name in made.root) if (touched.has(name)) members.push([name, made.root[name]]);
    // Taken away, so that it shows whether these rows do that too.
    return { members, marks: marksOf(made), unsure: unsure.delete(made.root.id) };
  }

  /**
   * Ends to note, and remembers what the segment became.
   * @param before of the resource that was added to; undefined for one that was made.
   */
  keep({ scope, segment, resourceId }: Frame, texts: AccountSegments, trace: Trace, before: Before | undefined): void {
    scope.message.trace = undefined;
    this.#worth.recorded();
    const { created } = trace;
    const unsure = [resourceId, ...created].filter((id) => scope.unsure.has(id));
    if (before?.unsure === true) scope.unsure.add(resourceId);
    const main = scope.resources.get(resourceId);
    if (main === undefined || !trace.isQuiet) return;
    const isNew = created[0] === resourceId;
    const others = created.slice(isNew ? 1 : 0).flatMap((id) => scope.resources.get(id) ?? []);
    const isWhole = (one: Made): boolean => !isIncomplete(one, scope.unsure.has(one.root.id));
    // What is shared stays as it is: nothing may have to be taken away from it at the end.
    if (!others.every(isWhole)) return;
    const { touched } = this.#written;
    const became = isNew
      ? this.#made(main, isWhole)
      : before === undefined || touched === undefined
        ? undefined
        : added(main, before, touched);
    if (became === undefined) return;
    texts.keep(segment.line, this, {
      index: segment.index,
      segments: trace.segments,
      made: trace.made,
      borrowed: trace.borrowed.filter((id) => !created.includes(id)),
      events: trace.events,
      fields: trace.fields,
      main: became,
      others,
      lineage: trace.lineage,
      unsure,
    });
  }

  #made(main: Made, isWhole: (one: Made) => boolean): Made | undefined {
    const { byOthers } = this.#written;
    if (byOthers === undefined) return isWhole(main) ? main : undefined;
    for (const name in main.root) if (byOthers.has(name)) share(main, [name]);
    return sharing(main, byOthers);
  }
}

/** What was added to a resource; undefined when what it deletes changed, or what counts only at first. */
function added(made: Made, { members, marks }: Before, touched: ReadonlySet<string>): Added | undefined {
  if (marksOf(made) !== marks) return undefined;
  const { root } = made;
  const after: (readonly [string, unknown])[] = [];
  const was = (name: string): unknown => members.find(([known]) => known === name)?.[1];
  // In the order in which the resource has them.
  for (const name in root) if (touched.has(name) && root[name] !== was(name)) after.push([name, root[name]]);
  for (const [name] of members) if (root[name] === undefined) after.push([name, undefined]);
  share(
    made,
    after.map(([name]) => name),
  );
  return { id: root.id, before: members, marks, after };
}

/** Whose segments they are: all that a segment's rows may look at besides segments and what was made of them. */
export function segmentsOfAccount(scope: Scope): AccountSegments | undefined {
  const { memory, own, accountNumber: account, visitNumber: visit } = scope;
  if (memory === undefined) return undefined;
  const ids = `${own.get("Patient")?.id ?? ""} ${own.get("Account")?.id ?? ""} ${own.get("Encounter")?.id ?? ""}`;
  return new AccountSegments(memory.segments, `${ids} ${account.place} ${account.value.raw} ${visit.place} ${visit.value.raw}`);
}
