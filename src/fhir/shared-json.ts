import { keepLately } from "#src/base/lately.ts";

/*
 * Objects of JSON that stand in many resources: what a doctor's name or a code became, a constant of a map. Nobody may change one, so that its text is
 * made once and put into the texts of all.
 */

/** What is constructed of it is the object that it was given. */
class Given {
  constructor(value: object) {
    // oxlint-disable-next-line no-constructor-return -- so the private field below is put into that object
    return value;
  }
}

/** The mark of a shared object: a private field, which neither copies of the object nor comparisons see, nor does it count as one of its members. */
class Shared extends Given {
  /** Once somebody asked for it. */
  #text: string | undefined = undefined;

  static has(value: object): boolean {
    return #text in value;
  }

  /** Undefined for an object that is not shared. */
  static textOf(value: object): string | undefined {
    return #text in value ? (value.#text ??= JSON.stringify(value)) : undefined;
  }
}

/** Says that nobody will change an object from now on. A copy of it may be changed again. */
export function shared<T extends object>(value: T): T {
  if (!Shared.has(value)) new Shared(value);
  return value;
}

/** Whether an object may stand elsewhere too: who writes into it, or into what it holds, has a copy first. */
export const isShared = (value: object): boolean => Shared.has(value);

/** What stands in JSON otherwise than as it is (RFC 8259, 7), or may. */
// oxlint-disable-next-line no-control-regex -- these are the control characters
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/**
 * The text of a resource or of a part of it, as `JSON.stringify` gives it: of texts, numbers, truths, lists and objects of them, not of objects that have
 * a `toJSON`. Faster where much of it is shared.
 */
export function jsonText(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? textOfList(value) : textOfObject(value as Elements);
  if (typeof value === "string" && !ESCAPED.test(value)) return `"${value}"`;
  // A hole of a list is a null.
  return JSON.stringify(value) ?? "null";
}

function textOfList(list: readonly unknown[]): string {
  const [first] = list;
  if (list.length === 1) return `[${jsonText(first)}]`;
  let text = "";
  for (const entry of list) text += text === "" ? jsonText(entry) : `,${jsonText(entry)}`;
  return `[${text}]`;
}

type Elements = Readonly<Record<string, unknown>>;

/** What stands before a member: it may be the first, or come after another, whose closing quote is then part of it, and may have an opening quote. */
const START = 0;
const AFTER_VALUE = 2;
const AFTER_TEXT = 4;
const TEXT = 1;

/** By name of the member. */
const names = new Map<string, readonly string[]>();
const NAMES = 5_000;

function beforeMember(name: string): readonly string[] {
  const known = names.get(name);
  if (known !== undefined) return known;
  const said = `${JSON.stringify(name)}:`;
  return keepLately(
    names,
    NAMES,
    name,
    ["{", ",", '",'].flatMap((before) => [before + said, `${before}${said}"`]),
  );
}

/** Put together of as few pieces as there may be: each costs as much as a short text. */
function textOfObject(object: Elements): string {
  const known = Shared.textOf(object);
  if (known !== undefined) return known;
  let text = "";
  let at = START;
  for (const name in object) {
    const member = object[name];
    if (member === undefined) continue;
    const before = beforeMember(name);
    if (typeof member === "string" && !ESCAPED.test(member)) {
      text += (before[at + TEXT] as string) + member;
      at = AFTER_TEXT;
    } else {
      text += (before[at] as string) + jsonText(member);
      at = AFTER_VALUE;
    }
  }
  return at === START ? "{}" : text + (at === AFTER_TEXT ? '"}' : "}");
}
