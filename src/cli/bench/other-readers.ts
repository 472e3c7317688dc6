import { Hl7Message } from "@medplum/core";
import { HL7Message } from "hl7v2";

/** Packages that read HL7 v2, and what they do with a text: nothing but reading it, the one every field, the other all there is at once. */
const READERS: ReadonlyMap<string, (text: string) => void> = new Map([
  [
    "@medplum/core",
    (text) => {
      for (const { fields } of Hl7Message.parse(text).segments) for (const field of fields) field.toString();
    },
  ],
  [
    "hl7v2",
    (text) => {
      HL7Message.parse(text);
    },
  ],
]);

/** Seconds that something takes. */
export function secondsOf(work: () => void): number {
  const begun = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

/**
 * Other packages that read some of the messages of a bench, in turn with what is measured. Machines, and the phases of one, differ by more than a change of
 * the maps does: these say how quick this one was meanwhile.
 */
export class OtherReaders {
  readonly #took = new Map<string, number>();
  #count = 0;

  read(texts: readonly string[]): void {
    this.#count += texts.length;
    for (const [name, reader] of READERS) {
      const seconds = secondsOf(() => {
        for (const text of texts) reader(text);
      });
      this.#took.set(name, (this.#took.get(name) ?? 0) + seconds);
    }
  }

  /** Messages read a second, by package. */
  get perSecond(): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from(this.#took, ([name, seconds]) => [name, Math.round(this.#count / seconds)]));
  }
}
