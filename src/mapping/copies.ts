import { Code, literal, member } from "./generated.ts";
import type { Elements } from "./scope.ts";

/** A copy of something of JSON. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  return copyInto(value as Elements, {});
}

/** Copies the members of an object into another. */
export function copyInto<T extends Elements>(from: Elements, into: T): T {
  for (const name in from) (into as Elements)[name] = copyOf(from[name]);
  return into;
}

/** Copies the members of an object into another. */
export type Copier = (from: Elements, into: Elements) => void;

/** Larger things, and more forms, are copied member by member. */
const LARGEST = 60;
const FORMS = 1_000;

const forms = new Map<string, Copier>();

/** Text of a copy of what another text says; undefined when that is too large. */
function copyText(value: unknown, at: string, left: { members: number }): string | undefined {
  if (--left.members < 0) return undefined;
  if (typeof value !== "object" || value === null) return at;
  if (Array.isArray(value)) {
    const all = value.map((one, index) => copyText(one, `${at}[${index}]`, left));
    return all.includes(undefined) ? undefined : `[${all.join(", ")}]`;
  }
  const all = Object.entries(value).map(([name, one]) => {
    const text = copyText(one, member(at, name), left);
    return text === undefined ? undefined : `${literal(name)}: ${text}`;
  });
  return all.includes(undefined) ? undefined : `{ ${all.join(", ")} }`;
}

/**
 * Copies objects of the form of one: the same members and as many entries, written out member by member.
 * @param like one of the form.
 */
export function copierOf(like: Elements): Copier {
  const left = { members: LARGEST };
  const all = Object.entries(like).map(([name, one]) => {
    const text = copyText(one, member("from", name), left);
    return text === undefined ? undefined : `${member("into", name)} = ${text};`;
  });
  if (all.includes(undefined)) return copyInto;
  const text = all.join(" ");
  const known = forms.get(text);
  if (known !== undefined) return known;
  if (forms.size >= FORMS) return copyInto;
  const made = new Code().compile<Copier>(`form ${forms.size}`, `(from, into) => { ${text} }`);
  forms.set(text, made);
  return made;
}
