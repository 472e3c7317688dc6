import type { Format, ReaderContext, Reader, Sink } from "../rows.ts";

/** Puts lines together to records: quoted cells (RFC 4180) may hold separators and line breaks. */
export function createRecords(separator: "," | "\t", record: (cells: readonly string[], line: number) => void) {
  let pending = "";
  let start = 0;
  const split = (text: string): readonly string[] | undefined => {
    if (!text.includes('"')) return text.split(separator).map((cell) => cell.trim());
    const cells: string[] = [];
    let cell = "";
    let quoted = false;
    for (let at = 0; at < text.length; at++) {
      const char = text[at] ?? "";
      if (quoted) {
        if (char !== '"') cell += char;
        else if (text[at + 1] === '"') {
          cell += '"';
          at++;
        } else quoted = false;
      } else if (char === '"' && cell.trim() === "") {
        cell = "";
        quoted = true;
      } else if (char === separator) {
        cells.push(cell.trim());
        cell = "";
      } else cell += char;
    }
    return quoted ? undefined : [...cells, cell.trim()];
  };
  return {
    line(text: string, number: number): void {
      if (pending === "") start = number;
      const whole = pending === "" ? text : `${pending}\n${text}`;
      const cells = split(whole);
      pending = cells === undefined ? whole : "";
      if (cells !== undefined) record(cells, start);
    },
    /** The line on which a quoted cell began that never ended. */
    unended: (): number | undefined => (pending === "" ? undefined : start),
  };
}

type Columns = Readonly<Record<string, RegExp>>;

/**
 * A table with a preamble of any length above its header, separated by commas or tabs. The header is the first record in which every
 * wanted column is found; columns may stand in any order, others are ignored, and line breaks in a heading count as blanks.
 */
export function delimited<C extends Columns>(spec: {
  readonly name: string;
  readonly columns: C;
  /** A column that may be missing. */
  readonly optional?: Columns;
  readonly named?: RegExp;
  readonly open: (
    context: ReaderContext,
    sink: Sink,
  ) => {
    /** The header's own text, for kinds that differ in it. */
    header?(headings: readonly string[], preamble: string): void;
    row(cells: (name: keyof C | string) => string, line: number): void;
  } & Pick<Reader, "end">;
}): Format {
  const find = (cells: readonly string[]): ReadonlyMap<string, number> | undefined => {
    const headings = cells.map((cell) => cell.replace(/\s+/g, " ").trim());
    const at = new Map<string, number>();
    for (const [name, pattern] of Object.entries(spec.columns)) {
      const index = headings.findIndex((heading) => pattern.test(heading));
      if (index < 0) return undefined;
      at.set(name, index);
    }
    for (const [name, pattern] of Object.entries(spec.optional ?? {})) {
      const index = headings.findIndex((heading) => pattern.test(heading));
      if (index >= 0) at.set(name, index);
    }
    return at;
  };
  const separatorOf = (head: readonly string[]): "," | "\t" => (head.some((line) => line.split("\t").length > 1) ? "\t" : ",");
  return {
    name: spec.name,
    recognises(head, name) {
      if (spec.named !== undefined && !spec.named.test(name)) return false;
      let found = false;
      const records = createRecords(separatorOf(head), (cells) => {
        found ||= find(cells) !== undefined;
      });
      head.forEach((line, index) => records.line(line, index + 1));
      return found;
    },
    reader(context, sink) {
      const { header, row, end } = spec.open(context, sink);
      let at: ReadonlyMap<string, number> | undefined;
      let width = 0;
      let preamble = "";
      let records: ReturnType<typeof createRecords> | undefined;
      const early: string[] = [];
      const take = (cells: readonly string[], line: number): void => {
        if (at === undefined) {
          at = find(cells);
          if (at === undefined) preamble += `${cells.join(" ")}\n`;
          else {
            width = Math.max(...at.values()) + 1;
            header?.(
              cells.map((cell) => cell.replace(/\s+/g, " ")),
              preamble,
            );
          }
          return;
        }
        if (cells.every((cell) => cell === "")) return;
        if (cells.length < Math.min(width, 2)) return sink.fault(line, `${cells.length} values where the header names ${width}`);
        const columns = at;
        row((name) => cells[columns.get(String(name)) ?? -1] ?? "", line);
      };
      const start = (): ReturnType<typeof createRecords> => {
        records = createRecords(separatorOf(early), take);
        early.forEach((line, index) => records?.line(line, index + 1));
        return records;
      };
      return {
        line(text, number) {
          // Which separator it is, the first lines together say.
          if (records !== undefined) records.line(text, number);
          else {
            early.push(text);
            if (early.length >= HEAD_LINES) start();
          }
        },
        end() {
          const unended = (records ?? start()).unended();
          if (unended !== undefined) sink.fault(unended, "a quoted cell does not end: the file is cut off");
          if (at === undefined) sink.fault(1, `no header with ${Object.keys(spec.columns).join(", ")}`);
          return end();
        },
      };
    },
  };
}

/** Lines by which a file is recognised; preambles of the NCCI tables have up to ten. */
export const HEAD_LINES = 40;
