import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";
import { isPassing } from "./message-head.ts";
import type { RunMap } from "./segment-map.ts";
import type { Mapped, MapSettings } from "./types.ts";
import { Worth } from "./worth.ts";

/*
 * What whole messages became before. A registration is saved again and again, and each time all of it is sent: where nothing but MSH and EVN differs, and
 * no map looked at these, the message becomes what it became, at its own time. Mapping stays pure: with this memory or without it the same comes out.
 */

/** Characters of a message: longer ones hold documents and do not come again. */
const LONGEST = 8_000;
/** Messages of one patient's number: by event, and as they were said lately. */
const WAYS = 4;
/** Messages remembered; as many again that were not asked for since. */
const MESSAGES = 1_024;

/** What a message becomes depends on besides its segments. */
export interface Way {
  /** Those of its type, at its sender's site. */
  readonly maps: readonly RunMap[];
  readonly settings: MapSettings;
  readonly messageType: string;
  /** Of MSH-7. */
  readonly offset: string | undefined;
}

/** Texts alone: segments would keep all that was read of them. */
interface SaidBefore extends Way {
  /** Fields of MSH. */
  readonly msh: readonly string[];
  readonly segments: readonly Pick<Segment, "position" | "line">[];
  readonly mapped: Mapped;
}

function isSameHead(one: readonly string[], other: readonly string[]): boolean {
  const count = Math.max(one.length, other.length);
  for (let n = 1; n < count; n++) if (!isPassing("MSH", n) && (one[n] ?? "") !== (other[n] ?? "")) return false;
  return true;
}

/** The message's own MSH, and its event: of a second MSH it is compared what it says. */
const isItsHead = ({ name, position }: Segment): boolean => position === 0 || name === "EVN";

const linesBehind = ({ segments }: Hl7Message): SaidBefore["segments"] =>
  segments.flatMap((one) => (isItsHead(one) ? [] : [{ position: one.position, line: one.line }]));

function isSame(before: SaidBefore, { maps, settings, messageType, offset }: Way, { msh, segments }: Hl7Message): boolean {
  if (before.maps !== maps || before.settings !== settings || before.messageType !== messageType || before.offset !== offset) return false;
  let at = 0;
  for (const one of segments) {
    if (isItsHead(one)) continue;
    const known = before.segments[at++];
    // Places of lineage and ids name the position: an EVN more moves all that follows it.
    if (known === undefined || known.position !== one.position || known.line !== one.line) return false;
  }
  return at === before.segments.length && isSameHead(before.msh, msh.fields);
}

/** Messages of one set of maps. */
export class MessageMemory {
  readonly #worth = new Worth();
  /** By the line of PID. */
  #lately = new Map<string, readonly SaidBefore[]>();
  #before = new Map<string, readonly SaidBefore[]>();
  #messages = 0;

  /** What the message became before, said at another time; undefined when it has to be mapped. */
  recall(message: Hl7Message, way: Way): Mapped | undefined {
    const line = message.first("PID")?.line;
    if (this.#worth.isResting || line === undefined || message.broken.length > 0) return undefined;
    const said = this.#saidBy(line);
    const known = said.find((one) => isSame(one, way, message));
    if (known === undefined) return undefined;
    this.#worth.used();
    if (!this.#lately.has(line)) this.#put(line, said, said.length);
    return known.mapped;
  }

  /** Remembers what a message became, whose maps looked at nothing of MSH and EVN. */
  keep(message: Hl7Message, way: Way, mapped: Mapped): void {
    const line = message.first("PID")?.line;
    if (line === undefined || message.broken.length > 0 || !this.#worth.isWorthIt()) return;
    let length = 0;
    for (const one of message.segments) length += one.line.length;
    if (length > LONGEST) return;
    this.#worth.recorded();
    const said = [...this.#saidBy(line).slice(1 - WAYS), { ...way, msh: message.msh.fields, segments: linesBehind(message), mapped }];
    this.#put(line, said, this.#lately.has(line) ? 1 : said.length);
  }

  #saidBy(line: string): readonly SaidBefore[] {
    return this.#lately.get(line) ?? this.#before.get(line) ?? [];
  }

  #put(line: string, said: readonly SaidBefore[], more: number): void {
    this.#messages += more;
    if (this.#messages > MESSAGES) {
      this.#before = this.#lately;
      this.#lately = new Map();
      this.#messages = said.length;
    }
    this.#lately.set(line, said);
  }
}
