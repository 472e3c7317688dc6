import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";

/** How deep a segment stands in the groups of orders and results (v2.5.1 ch. 4 and 7): one that is less deep ends those below it. */
const DEPTH: Readonly<Record<string, number>> = {
  PID: 1,
  ORC: 2,
  OBR: 3,
  RXO: 3,
  RXE: 3,
  RXD: 3,
  RXG: 3,
  RXA: 3,
  TQ1: 4,
  RXR: 4,
  RXC: 4,
  SPM: 4,
  FT1: 4,
  PRT: 4,
  OBX: 4,
};
const DEEPEST = 9;

/** What may stand between a segment and its notes. A diagnosis of an order has none of its own: senders write those of the order after it. */
const BESIDE_NOTES = new Set(["NTE", "PRT", "TQ1", "TQ2", "CTD", "RXR", "ROL", "DG1"]);

/** Whether a segment looks for the other within the groups of orders: an OBX for its OBR, a note for what it is a note of. */
export const isGrouped = (segment: string, other: string): boolean =>
  DEPTH[other] !== undefined && (segment === "NTE" || (DEPTH[segment] ?? 0) > 1);

/**
 * Whether what stood before is no longer what a segment belongs to: between them a group has ended. A note belongs to the segment
 * that it follows; an OBR to an ORC that no other OBR has had.
 * @param other name and position of the earlier segment.
 */
export function hasEnded(message: Hl7Message, other: { readonly name: string; readonly position: number }, segment: Segment): boolean {
  if (other.position >= segment.position || !isGrouped(segment.name, other.name)) return false;
  // An order before is another order.
  if (other.name === segment.name) return true;
  const depth = DEPTH[other.name] ?? DEEPEST;
  for (const { name, position } of message.segments) {
    if (position <= other.position) continue;
    if (position >= segment.position) return false;
    if (segment.name === "NTE" ? !BESIDE_NOTES.has(name) : (DEPTH[name] ?? DEEPEST) < depth) return true;
    if (other.name === "ORC" && segment.name === "OBR" && name === "OBR") return true;
  }
  return false;
}
