import type { DataSet } from "./code-data.ts";
import type { Period } from "./periods.ts";

/** One code of a set. Without days of its own it is valid as long as its version is. Codes have no dot. */
export interface CodeRow {
  readonly code: string;
  readonly billable: boolean;
  readonly short: string;
  readonly long: string;
  readonly from?: string;
  /** Last usable day. */
  readonly to?: string;
}

/** One thing that is published about a code; what the fields mean is said by `fact`. */
export interface FactRow {
  readonly fact: string;
  readonly code: string;
  readonly other?: string;
  readonly value?: number;
  readonly flag?: number;
  readonly note?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A part of a data set that has versions of its own: `icd-10-cm` has codes, notes, laterality and conversion. */
export interface Part {
  readonly set: DataSet;
  readonly part: string;
}

/** What a reader found out about one part of the file it read. */
export interface PartRead extends Part {
  readonly period: Period;
  /** Rows as a person counts them in the file. */
  readonly fileRows: number;
  readonly notCovered?: string;
}

/** Where a reader puts what it reads. */
export interface Sink {
  code(part: Part, row: CodeRow): void;
  fact(part: Part, row: FactRow): void;
  /** @param line counted from 1. */
  fault(line: number, text: string): void;
}

/** What a reader may know besides the file's lines. */
export interface ReaderContext {
  /** The file's name without folders, and without `.gz`. */
  readonly name: string;
  /** The first day, when the person who imports gave it. */
  readonly from?: string;
  /** The codes in use on the day before a file of changes begins; for such files alone. */
  readonly before?: (part: Part, day: string) => Promise<readonly CodeRow[] | undefined>;
}

/** Reads a file line by line and is told when it ends. Lines come without their ends, in order, numbered from 1. */
export interface Reader {
  line(text: string, number: number): void;
  /** The parts the file had; faults go to the sink. */
  end(): Promise<readonly PartRead[]> | readonly PartRead[];
}

/** A kind of file the importer knows. */
export interface Format {
  /** For people: "ICD-10-CM order file". */
  readonly name: string;
  /** By the first lines, and by the name where two kinds look alike. */
  recognises(head: readonly string[], name: string): boolean;
  /** Imported after the others: it changes what they bring. */
  readonly later?: true;
  reader(context: ReaderContext, sink: Sink): Reader;
}
