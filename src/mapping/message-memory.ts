import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";
import { isHead, isPassing } from "./message-head.ts";
import type { RunMap } from "./segment-map.ts";
import type { Mapped, MapSettings } from "./types.ts";
import { Worth } from "./worth.ts";

/*
 * What whole messages became before. A registration is saved again and again, and each time all of it is sent: where nothing but MSH and EVN differs, and
 * no map looked at these, the message becomes what it became, at its own time. Mapping stays pure: with this memory or without it the same comes out.
 */

/** Characters of a message behind its head: longer ones hold documents and do not come again. */
const LONGEST = 8_000;
/** Messages of one patient's number: by event, and as they were said lately. */
const WAYS = 4;
/** Messages remembered; as many again that were not said since. */
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

const linesBehind = ({ segments }: Hl7Message): SaidBefore["segments"] =>
  segments.flatMap(({ name, position, line }) => (isHead(name) ? [] : [{ position, line }]));

function isSame(before: SaidBefore, { maps, settings, messageType, offset }: Way, { msh, segments }: Hl7Message): boolean {
  if (before.maps !== maps || before.settings !== settings || before.messageType !== messageType || before.offset !== offset) return false;
  let at = 0;
  for (const one of segments) {
    if (isHead(one.name)) continue;
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
    const known = (this.#lately.get(line) ?? this.#before.get(line))?.find((one) => isSame(one, way, message));
    if (known === undefined) return undefined;
    this.#worth.used();
    return known.mapped;
  }

  /** Remembers what a message became, whose maps looked at nothing of MSH and EVN. */
  keep(message: Hl7Message, way: Way, mapped: Mapped): void {
    const line = message.first("PID")?.line;
    if (line === undefined || message.broken.length > 0 || !this.#worth.isWorthIt()) return;
    const segments = linesBehind(message);
    let length = 0;
    for (const one of segments) length += one.line.length;
    if (length > LONGEST) return;
    this.#worth.recorded();
    if (++this.#messages > MESSAGES) {
      this.#before = this.#lately;
      this.#lately = new Map();
      this.#messages = 1;
    }
    const said = (this.#lately.get(line) ?? this.#before.get(line) ?? []).slice(1 - WAYS);
    this.#lately.set(line, [...said, { ...way, msh: message.msh.fields, segments, mapped }]);
  }
}
