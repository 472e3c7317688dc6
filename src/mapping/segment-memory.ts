import { isShared, shared } from "#src/fhir/shared-json.ts";
import type { Segment } from "#src/hl7v2/message.ts";
import { isUnclean } from "./incomplete-entries.ts";
import { lineageEntry } from "./lineage-entry.ts";
import { isQuiet, type Mark, markOf, mayKeep, nameAgain, type RememberedResource } from "./memory.ts";
import { madeBy } from "./row.ts";
import type { Made, Scope } from "./scope.ts";
import { CHOSEN, following, type Home, nearest } from "./sources.ts";
import type { LooksAround } from "./stand-alone.ts";
import type { LineageEntry } from "./types.ts";

/*
 * What segments became before. A sender says a patient's insurance, contacts, allergies and diagnoses again with every message of a stay: a segment that
 * is the same, letter by letter, of the same account, becomes the same resource where whatever else its map looks at is the same too. A map that writes
 * into a resource which is there makes the same of the same: the patient of PID-5 and the contact of NK1 after it. What is remembered is shared, so that
 * nobody changes it and one look tells whether it is the same.
 */

/** Lines longer than this do not come again. */
const LONGEST = 1_000;

/** Another resource that the segment names: made where nothing else of the message has made it. */
interface NamedResource {
  readonly known: RememberedResource;
  /** Where it is named, below the segment: `-16(1)`; empty when no lineage is kept. */
  readonly source: string;
}

/** What the rows did besides writing into their resource: a line of its lineage, or another resource that they named. */
type Step = LineageEntry | NamedResource;

const isNamed = (step: Step): step is NamedResource => "known" in step;

/** Of one account, when there are more all are forgotten: they are looked through. */
const LINES = 40;

const NONE: readonly never[] = [];

/** What one segment became by one map. */
interface RememberedSegment {
  readonly by: SegmentMemory;
  readonly line: string;
  /** What its rows wrote into, as it was before; undefined when it was new. */
  readonly before: Made["root"] | undefined;
  /** What else the map looked at. */
  readonly seen: readonly (string | undefined)[];
  /** Number of the segment, which lineage names. */
  readonly index: number;
  readonly root: Made["root"];
  readonly unsure: boolean;
  /** In their order. */
  readonly steps: readonly Step[];
}

/** What the segments of one account became. */
export interface AccountMemory {
  readonly patient: string | undefined;
  readonly encounter: string | undefined;
  /** At most `LINES`; those of one map stand anywhere. */
  lines: RememberedSegment[];
}

/** What was there before the rows of a segment were run. */
export interface Begun {
  readonly before: RememberedSegment["before"];
  readonly mark: Mark;
  readonly seen: RememberedSegment["seen"];
}

/** The memory of one map of a segment. */
export class SegmentMemory {
  readonly #home: Home;
  readonly #around: LooksAround;
  /** How many things it looks at. */
  readonly #looks: number;

  constructor(home: Home, around: LooksAround) {
    this.#home = home;
    this.#around = around;
    this.#looks = around.events.length + around.segments.length + around.chosen.length + around.maps.length;
  }

  /**
   * What a segment became before is made again: its resource, or what it made of the one that it writes into, and those that it names.
   * @param into what its rows would write into, where that is there
   * @returns what was made; undefined when it is not known what the segment becomes
   */
  recall(scope: Scope, segment: Segment, into: Made | undefined): Made | undefined {
    const known = scope.ofAccount === undefined ? undefined : this.#find(scope.ofAccount, segment);
    if (known === undefined || known.before !== into?.root || (into === undefined && scope.resources.has(known.root.id))) return undefined;
    // A number that the feed's `identity` chose is named by its place, not by the segment.
    if (this.#around.chosen.length > 0 && known.index !== segment.index) return undefined;
    for (let n = 0; n < this.#looks; n++) if (known.seen[n] !== this.#look(scope, segment, n)) return undefined;
    const { root } = known;
    const made: Made = into ?? { root, deleted: undefined, initial: undefined, envelope: false };
    if (into === undefined) scope.resources.set(root.id, made);
    made.root = root;
    if (known.unsure) scope.unsure.add(root.id);
    this.#tell(scope, segment, known);
    return made;
  }

  /**
   * What is there before the rows of a segment are run; undefined when nothing is to be remembered of it.
   * @param before what they will write into, as it is now; undefined when it is new
   */
  begin(scope: Scope, segment: Segment, before: Made["root"] | undefined): Begun | undefined {
    const { ofAccount, message } = scope;
    // What orders and results bring is said once.
    if (ofAccount === undefined || segment.line.length > LONGEST || message.first("OBR") !== undefined) return undefined;
    // What is not shared is changed, and never comes again.
    if (before !== undefined && !isShared(before)) return undefined;
    scope.named = [];
    return { before, mark: markOf(scope), seen: this.#looks === 0 ? NONE : this.#seen(scope, segment) };
  }

  /** Remembers what the rows of a segment made. */
  end(scope: Scope, segment: Segment, { before, mark, seen }: Begun, { root, deleted, initial }: Made): void {
    const named = scope.named ?? [];
    scope.named = undefined;
    const { ofAccount, memory } = scope;
    if (ofAccount === undefined || memory === undefined || deleted !== undefined || initial !== undefined || !isQuiet(scope, mark)) return;
    const { line, index } = segment;
    const steps = this.#stepsSince(scope, mark, named, { label: this.#labelOf(index), id: root.id });
    if (steps === undefined) return;
    const one = { by: this, line, before, seen, index, root: shared(root), unsure: scope.unsure.has(root.id) && isUnclean(root), steps };
    const other = this.#find(ofAccount, segment);
    if (other !== undefined) ofAccount.lines[ofAccount.lines.indexOf(other)] = one;
    else if (!mayKeep(memory)) return;
    else if (ofAccount.lines.length < LINES) ofAccount.lines.push(one);
    else ofAccount.lines = [one];
  }

  #find({ lines }: AccountMemory, { line }: Segment): RememberedSegment | undefined {
    for (const one of lines) if (one.by === this && one.line === line) return one;
    return undefined;
  }

  #seen(scope: Scope, segment: Segment): RememberedSegment["seen"] {
    // oxlint-disable-next-line unicorn/no-new-array -- of that length at once: many are kept, and one that grows has room to spare
    const seen = new Array<string | undefined>(this.#looks);
    for (let n = 0; n < seen.length; n++) seen[n] = this.#look(scope, segment, n);
    return seen;
  }

  /** The nth of what the map looks at beside its own segment. */
  #look(scope: Scope, segment: Segment, n: number): string | undefined {
    const { events, segments, chosen, maps } = this.#around;
    const event = events[n];
    if (event !== undefined) return event.has(scope.event) ? "yes" : "no";
    let at = n - events.length;
    const name = segments[at];
    if (name !== undefined) {
      const search = this.#home.companions.includes(name) ? following : nearest;
      return search(scope, segment, name)?.line;
    }
    at -= segments.length;
    const number = CHOSEN[chosen[at] ?? ""]?.(scope);
    if (number !== undefined) return `${number.place}:${number.value.raw}`;
    return madeBy(scope, segment, maps[at - chosen.length] ?? "")?.reference.reference;
  }

  /** `DG1(2)`, as lineage names it. */
  #labelOf(index: number): string {
    return this.#home.once && index === 1 ? this.#home.name : `${this.#home.name}(${index})`;
  }

  /** Lineage since the rows began to run; undefined where it names a place of another segment, or a resource that is not remembered. */
  #stepsSince(
    scope: Scope,
    mark: Mark,
    named: NonNullable<Scope["named"]>,
    { label, id }: { readonly label: string; readonly id: string },
  ): readonly Step[] | undefined {
    const { lineage } = scope;
    if (lineage === undefined && named.length === 0) return NONE;
    const chosen = this.#around.chosen.map((name) => CHOSEN[name]?.(scope).place);
    const isComparable = (source: string): boolean =>
      source.startsWith(`${label}-`) || source.startsWith("MSH-") || chosen.includes(source.replace(/\..*/, ""));
    const steps: Step[] = [];
    let at = mark.lineage;
    const own = (until: number): boolean => {
      for (; at < until; at++) {
        const entry = lineage?.[at];
        if (entry === undefined || entry.resourceId !== id) return false;
        const { source } = entry;
        if (source !== undefined && !isComparable(source)) return false;
        steps.push(entry);
      }
      return true;
    };
    for (const one of named) {
      if (one === undefined || !own(one.from)) return undefined;
      if (lineage !== undefined && !one.source.startsWith(`${label}-`)) return undefined;
      steps.push({ known: one.known, source: one.source.slice(label.length) });
      at = one.to;
    }
    return own(lineage?.length ?? 0) ? steps : undefined;
  }

  #tell(scope: Scope, segment: Segment, { index, steps }: RememberedSegment): void {
    if (steps.length === 0) return;
    const { lineage } = scope;
    const label = lineage === undefined ? "" : this.#labelOf(segment.index);
    const before = segment.index === index ? undefined : `${this.#labelOf(index)}-`;
    for (const step of steps) {
      if (isNamed(step)) nameAgain(scope, step.known, label + step.source);
      else if (before === undefined || step.source?.startsWith(before) !== true) lineage?.push(step);
      else lineage?.push(lineageEntry(step.target, step.resourceId, label + step.source.slice(before.length - 1), step.row, step.table));
    }
  }
}
