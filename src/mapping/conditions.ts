import type { When } from "./map-schema.ts";
import type { Frame } from "./scope.ts";
import type { Source } from "./sources.ts";

export type Condition = (frame: Frame) => boolean;

const listOf = (one: string | readonly string[]): readonly string[] => (typeof one === "string" ? [one] : one);

/** A field is valued by any of its parts; a single component by its own text, which is what a row reads of it. */
const valuedAt = (source: Source, path: string): Condition =>
  path.includes(".")
    ? (frame) => source.all(frame).some((value) => value.text !== "")
    : (frame) => source.all(frame).some((value) => value.valued);

/** `>1` to a test of a number. */
function boundOf(text: string): (n: number) => boolean {
  const [, operator = "=", digits = "0"] = /^(<=|>=|<|>|=)(\d+)$/.exec(text) ?? [];
  const limit = Number(digits);
  switch (operator) {
    case "<":
      return (n) => n < limit;
    case ">":
      return (n) => n > limit;
    case "<=":
      return (n) => n <= limit;
    case ">=":
      return (n) => n >= limit;
    default:
      return (n) => n === limit;
  }
}

/** What may stand between a segment and the one that it belongs to (v2.5.1 ch. 3.3): ADT_A01 has `PID [PD1] [{ROL}]` and `PV1 [PV2] [{ROL}] [{DB1}]`. */
const ATTACHED = new Set(["ROL", "PRT", "NTE", "ARV", "DB1"]);

/** Name of the segment that a segment belongs to. */
function ownerOf({ scope, segment }: Frame): string {
  let owner = "";
  for (const { name, position } of scope.message.segments) {
    if (position >= segment.position) break;
    if (!ATTACHED.has(name)) owner = name;
  }
  return owner;
}

/** Compiles a condition; `source` reports a path that cannot be read and gives undefined. */
export function compileCondition(when: When, source: (path: string) => Source | undefined): Condition {
  const tests: Condition[] = [];
  const measured = (bounds: Readonly<Record<string, string>>, measure: (at: Source, frame: Frame) => number): void => {
    for (const [path, bound] of Object.entries(bounds)) {
      const at = source(path);
      const fits = boundOf(bound);
      if (at !== undefined) tests.push((frame) => fits(measure(at, frame)));
    }
  };
  for (const path of listOf(when.valued ?? [])) {
    const at = source(path);
    if (at !== undefined) tests.push(valuedAt(at, path));
  }
  for (const path of listOf(when.empty ?? [])) {
    const at = source(path);
    if (at === undefined) continue;
    const valued = valuedAt(at, path);
    tests.push((frame) => !valued(frame));
  }
  for (const [path, texts] of Object.entries(when.is ?? {})) {
    const at = source(path);
    const wanted = new Set(listOf(texts).map((text) => text.toUpperCase()));
    if (at !== undefined) tests.push((frame) => wanted.has(at.first(frame).text.toUpperCase()));
  }
  // All of them, though a row may be going through them one by one.
  measured(when.count ?? {}, (at, frame) => at.all({ ...frame, repetition: 0 }).filter((value) => value.valued).length);
  measured(when.length ?? {}, (at, frame) => at.first(frame).text.length);
  if (when.same !== undefined) {
    const [one, other] = when.same.map(source);
    if (one !== undefined && other !== undefined) tests.push((frame) => one.first(frame).text === other.first(frame).text);
  }
  if (when.segment !== undefined) {
    const names = when.segment;
    tests.push(({ scope }) => names.every((name) => scope.message.first(name) !== undefined));
  }
  if (when.has !== undefined) {
    const elements = when.has;
    tests.push(({ building }) => elements.every((name) => building.root[name] !== undefined));
  }
  if (when.event !== undefined) {
    const events = new Set(when.event);
    tests.push((frame) => events.has(frame.scope.event));
  }
  if (when.after !== undefined) {
    const names = new Set(when.after);
    tests.push((frame) => names.has(ownerOf(frame)));
  }
  if (when.any !== undefined) {
    const any = when.any.map((one) => compileCondition(one, source));
    tests.push((frame) => any.some((one) => one(frame)));
  }
  if (when.all !== undefined) tests.push(...when.all.map((one) => compileCondition(one, source)));
  if (when.not !== undefined) {
    const not = compileCondition(when.not, source);
    tests.push((frame) => !not(frame));
  }
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : (frame) => tests.every((test) => test(frame));
}
