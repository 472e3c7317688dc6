import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";

/**
 * The parts of a message that are each about a patient, or a visit, of its own: what stands before the first segment of the name
 * belongs to all of them. Segments keep their numbers of the whole message, so that places stay true.
 */
export function groupsOf(message: Hl7Message, name: string | undefined): readonly Hl7Message[] {
  const starts = name === undefined ? [] : message.all(name).map(({ position }) => position);
  const [first] = starts;
  if (first === undefined || starts.length === 1) return [message];
  const common = message.segments.filter(({ position }) => position < first);
  return starts.map((from, at) => {
    const to = starts[at + 1] ?? Number.POSITIVE_INFINITY;
    const segments = [...common, ...message.segments.filter(({ position }) => position >= from && position < to)];
    const byName = new Map<string, Segment[]>();
    for (const segment of segments) {
      const same = byName.get(segment.name);
      if (same === undefined) byName.set(segment.name, [segment]);
      else same.push(segment);
    }
    return { ...message, segments, all: (wanted) => byName.get(wanted) ?? [], first: (wanted) => byName.get(wanted)?.[0] };
  });
}
