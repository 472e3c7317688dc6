import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type Delimiters, readDelimiters } from "./delimiters.ts";
import { unescape } from "./escapes.ts";
import { isNameByte, isUpper } from "./header.ts";

/** HL7's null: the sender says that there is no value any more (v2.5.1 ch. 2.5.3). An empty field says nothing. */
const NULL = '""';

/** What the texts of a message are read with. */
interface Reading extends Delimiters {
  /** Neither an escape sequence nor a control character is in the whole message: texts stand as they mean. */
  readonly plain: boolean;
  /** Some field may repeat: its separator is somewhere in the message. */
  readonly repeats: boolean;
  /** The separator of subcomponents, where it is somewhere in the message; else empty. */
  readonly subcomponents: string;
}

/** One repetition of a field, or a component or subcomponent of it. Split and decoded when asked for, once. */
export class Value {
  /** As sent, escapes and all. */
  readonly raw: string;
  readonly #delimiters: Reading;
  /** The separator of the parts below this one; empty when there can be none. */
  readonly #separator: string;
  /** Texts, until somebody asks for the value. */
  #parts: (Value | string)[] | undefined;
  #text: string | undefined;

  constructor(raw: string, delimiters: Reading, separator: string) {
    this.raw = raw;
    this.#delimiters = delimiters;
    this.#separator = separator;
  }

  /** Whether it is a field, or one repetition of it: the same text has other parts there than in a component. */
  get isField(): boolean {
    return this.#separator === this.#delimiters.component;
  }

  /** Component (or subcomponent) n, counted from 1. A value without separators is its own first part. */
  part(n: number): Value {
    if (this.raw === "") return this;
    this.#parts ??= this.#split();
    const part = this.#parts[n - 1];
    if (typeof part === "object") return part;
    if (part === undefined || part === "") return NOTHING;
    return (this.#parts[n - 1] = new Value(part, this.#delimiters, this.#below));
  }

  /** How many parts it has; 1 for one without separators, 0 for an empty one. */
  get count(): number {
    if (this.raw === "") return 0;
    this.#parts ??= this.#split();
    return this.#parts.length;
  }

  /** Whether part n has anything in it. */
  has(n: number): boolean {
    if (this.raw === "") return false;
    this.#parts ??= this.#split();
    const part = this.#parts[n - 1];
    return part !== undefined && part !== "";
  }

  /** The first leaf, decoded and trimmed; empty for HL7's null. */
  get text(): string {
    if (this.raw === "") return "";
    this.#text ??= this.#leaf();
    return this.#text;
  }

  /** Whether there is any text in it: neither empty, nor separators only, nor null. */
  get valued(): boolean {
    if (this.raw === "") return false;
    if (this.#delimiters.plain && isLetterOrDigit(this.raw.charCodeAt(0))) return true;
    if (this.#separator === "" || !this.raw.includes(this.#separator)) return this.text !== "";
    // Nearly always: a letter or digit that no escape sequence hides. Nothing has to be split to see that.
    if (!this.raw.includes(this.#delimiters.escape || "\\") && PLAIN.test(this.raw)) return true;
    for (let n = 1; n <= this.count; n++) if (this.part(n).valued) return true;
    return false;
  }

  /** HL7's null, `""`: delete what is there. */
  get isNull(): boolean {
    return this.raw === NULL;
  }

  /** The separator of the parts of a part. */
  get #below(): string {
    return this.#separator === this.#delimiters.component ? this.#delimiters.subcomponents : "";
  }

  #split(): (Value | string)[] {
    if (this.#separator === "") return [this];
    const { raw } = this;
    let end = raw.indexOf(this.#separator);
    // Most are one leaf, and their own first part's too.
    if (end < 0) return [this.#below !== "" && raw.includes(this.#below) ? raw : this];
    // Few short parts: `split` takes half as long again.
    const parts: string[] = [];
    let from = 0;
    for (; end >= 0; end = raw.indexOf(this.#separator, from)) {
      parts.push(end === from ? "" : raw.slice(from, end));
      from = end + 1;
    }
    parts.push(raw.slice(from));
    return parts;
  }

  #leaf(): string {
    const { component, subcomponents } = this.#delimiters;
    let raw = this.raw;
    if (this.#separator !== "" && this.#separator === component) raw = before(raw, component);
    if (this.#separator !== "" && subcomponents !== "") raw = before(raw, subcomponents);
    if (raw === NULL) return "";
    if (this.#delimiters.plain) return isVisible(raw.charCodeAt(0)) && isVisible(raw.charCodeAt(raw.length - 1)) ? raw : raw.trim();
    const text = unescape(raw, this.#delimiters).trim();
    // They mean nothing in a value, and neither FHIR strings nor the database take them.
    return withoutControls(text);
  }
}

const PLAIN = /[A-Za-z0-9]/;

/** Of ASCII. */
const isLetterOrDigit = (code: number): boolean => (code > 47 && code < 58) || (code > 64 && code < 91) || (code > 96 && code < 123);

/** Of ASCII: nothing that is trimmed away. */
const isVisible = (code: number): boolean => code > 32 && code < 127;

/** Control characters but tab and line ends. */
const CONTROLS = /[^\P{Cc}\t\n\r]/u;
// oxlint-disable-next-line no-control-regex -- the same, written out: this one is looked for in whole messages
const CONTROLS_BUT_LINE_ENDS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;
const CONTROLS_ALL = new RegExp(CONTROLS, "gu");

/** Text without control characters, which FHIR texts may not have (R4 datatypes, string). */
export const withoutControls = (text: string): string => (CONTROLS.test(text) ? text.replace(CONTROLS_ALL, "").trim() : text);

const before = (text: string, separator: string): string => {
  const at = text.indexOf(separator);
  return at < 0 ? text : text.slice(0, at);
};

/** One segment. Fields are numbered as in the standard; MSH-1 is the field separator itself. */
export class Segment {
  readonly name: string;
  /** Which of its name in the message, counted from 1. */
  readonly index: number;
  /** Which segment of the message, counted from 0. */
  readonly position: number;
  /** As sent. */
  readonly line: string;
  readonly #delimiters: Reading;
  #fields: string[] | undefined;
  /** By number of the field. */
  #repetitions: (readonly Value[] | undefined)[] | undefined;

  constructor(name: string, index: number, position: number, line: string, delimiters: Reading) {
    this.name = name;
    this.index = index;
    this.position = position;
    this.line = line;
    this.#delimiters = delimiters;
  }

  /** Field n as sent; empty when the segment ends before it. */
  raw(n: number): string {
    this.#fields ??= this.#split();
    return this.#fields[n] ?? "";
  }

  /** All fields as sent, by number. */
  get fields(): readonly string[] {
    this.#fields ??= this.#split();
    return this.#fields;
  }

  /** Number of the last field that was sent, empty or not. */
  get fieldCount(): number {
    this.#fields ??= this.#split();
    return this.#fields.length - 1;
  }

  #split(): string[] {
    const fields = this.line.split(this.#delimiters.field);
    if (this.name === "MSH") fields.splice(1, 0, this.#delimiters.field);
    return fields;
  }

  /** All repetitions of field n in order, empty ones included; none when the field is empty. */
  repetitions(n: number): readonly Value[] {
    this.#fields ??= this.#split();
    if (n >= this.#fields.length) return NONE;
    // oxlint-disable-next-line unicorn/no-new-array -- of that length at once: it would grow with each field that is asked for
    this.#repetitions ??= new Array<readonly Value[] | undefined>(this.#fields.length);
    return (this.#repetitions[n] ??= this.#read(n));
  }

  /** The first repetition of field n. */
  field(n: number): Value {
    return this.repetitions(n)[0] ?? NOTHING;
  }

  #read(n: number): readonly Value[] {
    const raw = this.raw(n);
    if (raw === "") return NONE;
    const d = this.#delimiters;
    // The delimiters themselves are not to be split at themselves.
    if (n <= 2 && this.name === "MSH") return [new Value(raw, { ...d, escape: "" }, "")];
    if (!d.repeats || !raw.includes(d.repetition)) return [new Value(raw, d, d.component)];
    return raw.split(d.repetition).map((one) => new Value(one, d, d.component));
  }
}

const NONE: readonly Value[] = [];
/** The value that is not there. */
export const NOTHING = new Value(
  "",
  {
    field: "",
    component: "",
    repetition: "",
    escape: "",
    subcomponent: "",
    truncation: "",
    plain: true,
    repeats: false,
    subcomponents: "",
  },
  "",
);

/** One message (v2.5.1 ch. 2), any version from 2.1 on. */
export interface Hl7Message {
  readonly delimiters: Delimiters;
  readonly segments: readonly Segment[];
  /** `ADT^A01`: MSH-9.1 and 9.2; `ADT` when there is no event. */
  readonly type: string;
  /** MSH-10. */
  readonly controlId: string;
  readonly msh: Segment;
  /** All segments of a name, in message order. */
  all(name: string): readonly Segment[];
  first(name: string): Segment | undefined;
  /** Segments that lines without a segment name follow: a line break inside a field. Those lines are not read. */
  readonly broken: readonly Segment[];
}

/** What of its delimiters is in a message behind MSH-2, where all are named. */
function readingOf(text: string, delimiters: Delimiters): Reading {
  const { field, component, repetition, escape: escapes, subcomponent, truncation } = delimiters;
  const declared = `${field}${component}${repetition}${escapes}${subcomponent}${truncation}`;
  const from = text.indexOf(declared) + declared.length;
  const isUsed = (separator: string): boolean => separator !== "" && text.indexOf(separator, from) >= 0;
  return {
    ...delimiters,
    plain: !isUsed(escapes) && !CONTROLS_BUT_LINE_ENDS.test(text),
    repeats: isUsed(repetition),
    subcomponents: isUsed(subcomponent) ? subcomponent : "",
  };
}

const NO_SEGMENTS: readonly Segment[] = [];

/** Whether a line begins with the name of a segment. */
const isNamed = (line: string): boolean => isUpper(line.charCodeAt(0)) && isNameByte(line.charCodeAt(1)) && isNameByte(line.charCodeAt(2));

/**
 * Reads one message out of its text; segments end with CR, LF or both. A byte order mark and blank lines before MSH are passed over.
 * Takes time linear in the text; fields are split when asked for.
 * Fails with `MESSAGE_UNREADABLE` when MSH does not come first or its delimiters cannot be told apart. Never throws.
 */
export function parseMessage(text: string): Result<Hl7Message, Failure> {
  const lines = text.includes("\n") ? text.split(/[\r\n]+/) : text.split("\r");
  let first = 0;
  while (first < lines.length && (lines[first] ?? "").trim() === "") first++;
  const head = (lines[first] ?? "").replace(/^\s+/, "");
  if (!head.startsWith("MSH")) return fail({ code: "MESSAGE_UNREADABLE", place: "MSH" });
  const separators = readDelimiters(head);
  if (separators === undefined) return fail({ code: "MESSAGE_UNREADABLE", place: head.length < 4 ? "MSH-1" : "MSH-2" });
  const delimiters = readingOf(text, separators);

  const segments: Segment[] = [];
  const byName = new Map<string, Segment[]>();
  const broken: Segment[] = [];
  for (let at = first; at < lines.length; at++) {
    const line = at === first ? head : (lines[at] ?? "");
    if (line === "") continue;
    const named = isNamed(line) && (line.length === 3 || line[3] === delimiters.field);
    const last = segments.at(-1);
    if (!named) {
      if (last !== undefined && line.trim().length > 0 && line !== "\u001c" && broken.at(-1) !== last) broken.push(last);
      continue;
    }
    const name = line.slice(0, 3);
    const same = byName.get(name);
    const segment = new Segment(name, (same?.length ?? 0) + 1, segments.length, line, delimiters);
    if (same === undefined) byName.set(name, [segment]);
    else same.push(segment);
    segments.push(segment);
  }
  const msh = segments[0];
  if (msh === undefined) return fail({ code: "MESSAGE_UNREADABLE", place: "MSH" });
  const kind = msh.field(9);
  const event = kind.part(2).text;
  return ok({
    delimiters,
    segments,
    type: event === "" ? kind.text : `${kind.text}^${event}`,
    controlId: msh.field(10).text,
    msh,
    all: (name) => byName.get(name) ?? NO_SEGMENTS,
    first: (name) => byName.get(name)?.[0],
    broken,
  });
}
