import { parentPort } from "node:worker_threads";
import { HL7Message, type HL7Segment } from "hl7v2";
import type { Component, Field, SegmentFields } from "#src/hl7v2/serialise.ts";
import { VERSION } from "./content.ts";

/** Writes messages with the hl7v2 package, in a thread of its own: its dictionaries take seconds to load. */

function writeRepetition(segment: HL7Segment, position: number, index: number, components: readonly Component[]): void {
  const field = segment.field(position);
  while (field.repetitions.length <= index) field.add();
  const repetition = field.rep(index);
  components.forEach((component, at) => {
    if (typeof component === "object" && component !== null)
      component.forEach((leaf, within) => {
        if (leaf !== "" && leaf !== null) repetition.setValue(leaf, at + 1, within + 1);
      });
    else if (component !== "" && component !== null) repetition.setValue(component, at + 1);
  });
}

function writeField(segment: HL7Segment, position: number, value: Field): void {
  if (value === "" || value === null) return;
  if (typeof value === "string") segment.field(position).setValue(value);
  else if ("each" in value) value.each.forEach((components, index) => writeRepetition(segment, position, index, components));
  else writeRepetition(segment, position, 0, value);
}

/** @returns the message as on the wire, without framing: UTF-8, each segment ended by CR. */
function write(segments: readonly SegmentFields[]): Buffer {
  const message = new HL7Message(VERSION as ConstructorParameters<typeof HL7Message>[0]);
  for (const [name, fields] of segments) {
    const segment = name === "MSH" ? message.header : message.addSegment(name);
    for (const [position, value] of Object.entries(fields)) writeField(segment, Number(position), value);
  }
  const text = message.toHL7String().replace(/\r?\n/g, "\r");
  return Buffer.from(text.endsWith("\r") ? text : `${text}\r`, "utf8");
}

parentPort?.on("message", ({ id, segments }: { readonly id: number; readonly segments: readonly SegmentFields[] }) => {
  try {
    parentPort?.postMessage({ id, bytes: write(segments) });
  } catch {
    // Its words may quote what it was to write.
    parentPort?.postMessage({ id });
  }
});
