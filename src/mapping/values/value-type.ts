import type { Value } from "#src/hl7v2/message.ts";
import type { Elements, Frame } from "../scope.ts";
import type { Source } from "../sources.ts";
import type { Table } from "../tables.ts";

/** What a row says of how its value is to be read. Resolved when the maps are compiled. */
export interface Reading {
  readonly table: Table | undefined;
  readonly codingSystems: Table | undefined;
  readonly system: string | undefined;
  readonly localSystem: string | undefined;
  readonly systems: Readonly<Record<string, string>> | undefined;
  /** Code system named in another field. */
  readonly systemFrom: ((frame: Frame) => string) | undefined;
  /** More is written into the value once it is read, constants or what other rows say: what is remembered of it is a copy. */
  readonly writtenAfter: boolean;
}

/** One value about to be read. */
export class Spot {
  readonly frame: Frame;
  readonly reading: Reading;
  readonly #via: Source;
  /** Set by a type that looked something up: `v2-0004 I`. */
  table: string | undefined;
  /** Path of the element in its resource or data type, `birthDate`; empty when no lineage is kept. */
  target = "";

  constructor(frame: Frame, via: Source, reading: Reading) {
    this.frame = frame;
    this.reading = reading;
    this.#via = via;
  }

  /** `PID-7`, made when asked for. */
  get source(): string {
    return this.#via.label(this.frame);
  }

  get via(): Source {
    return this.#via;
  }
}

/** Reads a FHIR value from a v2 one. */
export interface ValueType {
  /** Undefined when there is none in it, or none that is valid (then it warns). */
  readonly read?: (value: Value, spot: Spot) => unknown;
  /** `read` gives an object, and looks at nothing but the value and what the row says of reading it. */
  readonly readsAlone?: true;
  /** What it made of the same text before, with its lineage told; undefined when it has to be written. Nobody may change it. */
  readonly recall?: (value: Value, spot: Spot) => Elements | undefined;
  /** Writes the value's members into an object, with lineage of its own. @returns whether anything was written. */
  readonly write?: (value: Value, spot: Spot, into: Elements) => boolean;
}

export interface Gathered {
  readonly value: unknown;
  /** `FT1(1)-11`; absent when the message does not say it. */
  readonly source?: string;
  /** Further places that it was put together of: the other lines of a text. */
  readonly also?: readonly string[];
}

/** Reads values out of several fields or segments at once. */
export type Gather = (frame: Frame) => readonly Gathered[];
