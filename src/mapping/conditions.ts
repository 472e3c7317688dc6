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

/** Compiles a condition; `source` reports a path that cannot be read and gives undefined. */
export function compileCondition(when: When, source: (path: string) => Source | undefined): Condition {
  const tests: Condition[] = [];
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
  if (when.event !== undefined) {
    const events = new Set(when.event);
    tests.push((frame) => events.has(frame.scope.event));
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
