import { inspect } from "node:util";

/** Text that may identify a patient. Prints as a placeholder everywhere; `reveal` is easy to find in review. */
export class Phi<T> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  reveal(): T {
    return this.#value;
  }
  toString(): string {
    return "[PHI]";
  }
  toJSON(): string {
    return "[PHI]";
  }
  [inspect.custom](): string {
    return "[PHI]";
  }
}
