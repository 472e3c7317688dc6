import { shared } from "#src/fhir/shared-json.ts";
import { copyOf } from "./copies.ts";

/*
 * Rows of maps are data, yet each becomes a function of its own: text is put together out of the closed set that a row can say, never out of what a row
 * contains. One function for all rows would meet every element name and every kind of source, which V8 cannot make fast; of a row's own function it
 * learns what that row meets.
 */

/** Text of a function under way, with the things that it names. */
export class Code {
  readonly #known = new Map<unknown, string>();

  /** The name of a thing in the text: of a function, a set, a constant object. */
  name(thing: unknown): string {
    const known = this.#known.get(thing);
    if (known !== undefined) return known;
    const name = `k${this.#known.size}`;
    this.#known.set(thing, name);
    return name;
  }

  /**
   * The function.
   * @param title tells functions of the same text apart, for which V8 would else learn as if they were one: the row, as lineage names it.
   * @param text of one expression.
   */
  compile<T>(title: string, text: string): T {
    const things = [...this.#known];
    // oxlint-disable-next-line typescript/no-implied-eval -- what a row contains goes into it as JSON or by name, never as code
    const made = new Function(
      ...things.map(([, name]) => name),
      `"use strict"; // ${title.replaceAll(/[^\w ()>.[\]#-]/g, " ")}\nreturn ${text};`,
    ) as (...all: readonly unknown[]) => T;
    return made(...things.map(([thing]) => thing));
  }
}

/** A constant. What is no list is shared by all places: what writes into one of them has a copy first. */
export function constantText(code: Code, value: unknown): string {
  if (typeof value !== "object" || value === null) return code.name(value);
  return Array.isArray(value) ? `${code.name(copyOf)}(${code.name(value)})` : code.name(shared(copyOf(value)));
}

/** A text, number or name of an element as it stands in JavaScript. */
export const literal = (value: string | number): string => JSON.stringify(value);

/** Access to a member: names of elements are words, but for the one of primitive maps. */
export const member = (object: string, name: string): string => `${object}[${literal(name)}]`;
