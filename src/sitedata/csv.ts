/** One record of a CSV file: its values by column name, and the line it begins on (1 = header). */
export interface CsvRow {
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
  /** `line: what is wrong`. */
  readonly faults: readonly { readonly line: number; readonly text: string }[];
}

interface Cells {
  readonly line: number;
  readonly cells: string[];
}

/** Splits CSV (RFC 4180): quoted cells may hold commas, doubled quotes and line breaks; blank lines and lines with `#` are skipped. */
function* recordsOf(text: string): Generator<Cells> {
  let line = 1;
  let record: Cells = { line, cells: [] };
  let cell = "";
  let quoted = false;
  let wasQuoted = false;
  const end = function* (): Generator<Cells> {
    record.cells.push(wasQuoted ? cell : cell.trim());
    const blank = record.cells.length === 1 && !wasQuoted && (cell.trim() === "" || cell.startsWith("#"));
    if (!blank) yield record;
  };
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  for (let at = 0; at < source.length; at++) {
    const char = source[at] ?? "";
    if (char === "\n") line++;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (source[at + 1] === '"') {
        cell += '"';
        at++;
      } else quoted = false;
    } else if (char === '"' && cell.trim() === "") {
      cell = "";
      quoted = true;
      wasQuoted = true;
    } else if (char === ",") {
      record.cells.push(wasQuoted ? cell : cell.trim());
      cell = "";
      wasQuoted = false;
    } else if (char === "\n") {
      yield* end();
      record = { line, cells: [] };
      cell = "";
      wasQuoted = false;
    } else cell += char;
  }
  if (cell !== "" || record.cells.length > 0) yield* end();
}

/** All records of a CSV text, as cells; blank lines and lines with `#` are left out. */
export const csvCells = (text: string): readonly (readonly string[])[] => Array.from(recordsOf(text), ({ cells }) => cells);

/** Reads a CSV text with a header line. A record with too few or too many cells is a fault and is left out. */
export function readCsv(text: string, required: readonly string[]): CsvTable {
  const faults: { line: number; text: string }[] = [];
  const rows: CsvRow[] = [];
  let columns: readonly string[] | undefined;
  for (const { line, cells } of recordsOf(text)) {
    if (columns === undefined) {
      columns = cells;
      for (const name of required) if (!cells.includes(name)) faults.push({ line, text: `the column ${name} is missing` });
      continue;
    }
    if (cells.length !== columns.length) {
      faults.push({ line, text: `${cells.length} values where the header names ${columns.length}` });
      continue;
    }
    rows.push({ line, values: Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ""])) });
  }
  if (columns === undefined) faults.push({ line: 1, text: "the file has no header" });
  return { columns: columns ?? [], rows, faults };
}
