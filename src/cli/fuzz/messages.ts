import { STANDARD_DELIMITERS, serialise, type Fields, type SegmentFields } from "#src/hl7v2/serialise.ts";
import type { Delimiters } from "#src/hl7v2/delimiters.ts";
import { makeTemplates, stamp, type Template } from "../bench/templates.ts";
import type { Chance } from "../demo/random.ts";

/** The day the synthetic messages are of: the same bytes for the same seed, whenever they are made. */
const TODAY = new Date("2026-01-15T12:00:00Z");
/** Accounts a connection sends about: enough to spread, few enough that each has had messages of all kinds within a quarter of a long run. */
const ACCOUNTS = 500;

const HEAD: Fields = { 3: "FUZZ", 4: "NORTH", 5: "CB", 6: "CB", 7: "20260115120000", 9: ["ADT", "A08", "ADT_A01"], 11: "P", 12: "2.5.1" };

/** A message in parts, before it is written. */
export interface Draft {
  readonly msh?: Fields;
  readonly segments?: readonly SegmentFields[];
  readonly delimiters?: Delimiters;
}

/** The bytes of a small message under a control id. */
export function write(controlId: string, { msh = {}, segments = [], delimiters = STANDARD_DELIMITERS }: Draft): Buffer {
  const text = serialise({ ...HEAD, 10: controlId, ...msh }, segments, delimiters);
  if (!text.ok) throw new Error(text.failure);
  return Buffer.from(text.value, "utf8");
}

/** Segments of a small ADT about one of the accounts. */
export function visit(chance: Chance, line: string): readonly SegmentFields[] {
  const account = `${line}${chance.whole(0, ACCOUNTS - 1)}`;
  return [
    ["EVN", { 2: "20260115120000" }],
    ["PID", { 1: "1", 3: [`P${account}`, "", "", "NORTH", "MR"], 5: ["Fuzz", "Case"], 18: [`A${account}`, "", "", "NORTH", "AN"] }],
    ["PV1", { 1: "1", 2: "O", 19: [`V${account}`, "", "", "NORTH", "VN"] }],
  ];
}

/** A small message: one in three changes a chart, the others are filtered (A60: allergies), which costs the fold little. */
export const small = (chance: Chance, line: string, controlId: string): Buffer =>
  write(controlId, {
    segments: visit(chance, line),
    ...(chance.whole(0, 2) === 0 ? {} : { msh: { 9: ["ADT", "A60", "ADT_A60"] } }),
  });

/** The whole messages of the bench, without their frame, under ids of our own. */
export function fullMessages(): (chance: Chance, line: string, controlId: string) => Buffer {
  const templates: readonly (readonly Template[])[] = makeTemplates(TODAY);
  return (chance, line, controlId) => {
    const steps = templates[chance.whole(0, templates.length - 1)] ?? [];
    const template = steps[chance.whole(0, steps.length - 1)];
    if (template === undefined) throw new Error("the bench has no templates");
    const bytes = Buffer.from(template.bytes);
    const account = String(chance.whole(0, ACCOUNTS - 1)).padStart(13, "0");
    // Patient and visit of an account stay the same, as everywhere: with others each time its chart would have no end.
    const id = (letter: string): string => `${letter}${line}${account}`;
    stamp(bytes, template.controlIdAt, controlId);
    stamp(bytes, template.accountAt, id("A"));
    stamp(bytes, template.visitAt, id("V"));
    stamp(bytes, template.mrnAt, id("P"));
    return bytes.subarray(1, -2);
  };
}
