import type { Value } from "#src/hl7v2/message.ts";
import { Code, literal, member } from "./generated.ts";
import type { When } from "./map-schema.ts";
import type { Frame } from "./scope.ts";
import { type Source, decodedText } from "./sources.ts";

export type Condition = (frame: Frame) => boolean;

/** Text of a condition on a `frame`. */
export type ConditionText = (code: Code) => string;

const listOf = (one: string | readonly string[]): readonly string[] => (typeof one === "string" ? [one] : one);

/** Whether a field of the map's own segment is valued: in the current repetition alone while a row goes through them, else in any. */
function anyValued(frame: Frame, field: number): boolean {
  const values = frame.segment.repetitions(field);
  if (frame.repetition > 0 && frame.field === field) return values[frame.repetition - 1]?.valued ?? false;
  for (const value of values) if (value.valued) return true;
  return false;
}

/** A field is valued by any of its parts; a single component by its own text, which is what a row reads of it. */
function valuedText(code: Code, source: Source, path: string): string {
  if (path.includes(".")) {
    const any = (frame: Frame): boolean => source.all(frame).some((value) => value.text !== "");
    return source.field === 0 && source.component === 0 ? `${code.name(any)}(frame)` : partsText(code, source, any);
  }
  if (source.field > 0) return `${code.name(anyValued)}(frame, ${source.field})`;
  const any = (frame: Frame): boolean => source.all(frame).some((value) => value.valued);
  return `${code.name(any)}(frame)`;
}

/** A component: nearly always of a field that does not repeat. */
const partsText = (code: Code, source: Source, any: Condition): string =>
  source.component > 0 || source.field === 0
    ? `${decodedText(code, source)} !== ""`
    : `(frame.segment.raw(${source.field}) !== "" && (${decodedText(code, source)} !== "" || ${code.name(any)}(frame)))`;

const BOUND = /^(<=|>=|<|>|=)(\d+)$/;

/** `>1` to the text of a comparison. */
function boundText(measured: string, bound: string): string {
  const [, operator = "=", digits = "0"] = BOUND.exec(bound) ?? [];
  return `${measured} ${operator === "=" ? "===" : operator} ${Number(digits)}`;
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

function valuedAmong(values: readonly Value[]): number {
  let count = 0;
  for (const { valued } of values) if (valued) count++;
  return count;
}

/** All of them, though a row may be going through them one by one. */
function countText(code: Code, source: Source): string {
  if (source.field > 0 && source.parts.length === 0) return `${code.name(valuedAmong)}(frame.segment.repetitions(${source.field}))`;
  return `${code.name((frame: Frame) => valuedAmong(source.all({ ...frame, repetition: 0 })))}(frame)`;
}

/** Reads a condition; `source` reports a path that cannot be read and gives undefined. */
export function readCondition(when: When, source: (path: string) => Source | undefined): ConditionText {
  const tests: ConditionText[] = [];
  const at = (path: string, test: (code: Code, source: Source) => string): void => {
    const found = source(path);
    if (found !== undefined) tests.push((code) => test(code, found));
  };
  for (const path of listOf(when.valued ?? [])) at(path, (code, one) => valuedText(code, one, path));
  for (const path of listOf(when.empty ?? [])) at(path, (code, one) => `!(${valuedText(code, one, path)})`);
  for (const [path, texts] of Object.entries(when.is ?? {})) {
    const wanted = [...new Set(listOf(texts).map((text) => text.toUpperCase()))];
    at(path, (code, one) => {
      const said = `${decodedText(code, one)}.toUpperCase()`;
      return wanted.length === 1 ? `${said} === ${literal(wanted[0] ?? "")}` : `${code.name(new Set(wanted))}.has(${said})`;
    });
  }
  for (const [path, bound] of Object.entries(when.count ?? {})) at(path, (code, one) => boundText(countText(code, one), bound));
  for (const [path, bound] of Object.entries(when.length ?? {}))
    at(path, (code, one) => boundText(`${decodedText(code, one)}.length`, bound));
  if (when.same !== undefined) {
    const [one, other] = when.same.map(source);
    if (one !== undefined && other !== undefined) tests.push((code) => `${decodedText(code, one)} === ${decodedText(code, other)}`);
  }
  for (const name of when.segment ?? []) tests.push(() => `frame.scope.message.first(${literal(name)}) !== undefined`);
  for (const name of when.has ?? []) tests.push(() => `${member("frame.building.root", name)} !== undefined`);
  const { event: events, after } = when;
  if (events !== undefined) tests.push((code) => `${code.name(new Set(events))}.has(frame.scope.event)`);
  if (after !== undefined) tests.push((code) => `${code.name(new Set(after))}.has(${code.name(ownerOf)}(frame))`);
  if (when.any !== undefined) {
    const any = when.any.map((one) => readCondition(one, source));
    tests.push((code) => any.map((one) => one(code)).join(" || "));
  }
  if (when.all !== undefined) tests.push(...when.all.map((one) => readCondition(one, source)));
  if (when.not !== undefined) {
    const not = readCondition(when.not, source);
    tests.push((code) => `!${not(code)}`);
  }
  return (code) => `(${tests.length === 0 ? "true" : tests.map((test) => `(${test(code)})`).join(" && ")})`;
}

/**
 * Compiles a condition that is looked at before any row: of a map, of a map in a message.
 * @param title the map, and the message.
 */
export function compileCondition(when: When, title: string, source: (path: string) => Source | undefined): Condition {
  const text = readCondition(when, source);
  let made: Condition | undefined;
  return (frame) => {
    if (made === undefined) {
      const code = new Code();
      made = code.compile<Condition>(title, `(frame) => ${text(code)}`);
    }
    return made(frame);
  };
}
