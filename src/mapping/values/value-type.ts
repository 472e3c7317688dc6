import type { Value } from "#src/hl7v2/message.ts";
import type { Frame } from "../scope.ts";
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
}

/** One value about to be read. */
export interface Spot {
  readonly frame: Frame;
  /** `PID-7`. */
  readonly source: string;
  /** `Patient.birthDate`. */
  readonly target: string;
  readonly reading: Reading;
  /** Set by a type that looked something up: `v2-0004 I`. */
  table?: string;
}

/** Reads a FHIR value from a v2 one; undefined when there is none in it, or none that is valid (then it warns). */
export interface ValueType {
  readonly read: (value: Value, spot: Spot) => unknown;
  /** Writes lineage of its own, element by element. */
  readonly ownLineage?: true;
}

export interface Gathered {
  readonly value: unknown;
  /** `FT1(1)-11`; absent when the message does not say it. */
  readonly source?: string;
}

/** Reads values out of several fields or segments at once. */
export type Gather = (frame: Frame) => readonly Gathered[];
