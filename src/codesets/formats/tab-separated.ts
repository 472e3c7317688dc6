import type { Format, ReaderContext, Reader, Sink } from "../rows.ts";

type Cells = (name: string) => string;

/**
 * A format with a header row of known column names, separated by tabs. Every row must have a cell for each column.
 * @param row called with the cells by column name, and the line's number.
 */
export function tabSeparated(spec: {
  readonly name: string;
  /** The whole header; `*` at the end of a name stands for any ending. */
  readonly columns: readonly string[];
  readonly named?: RegExp;
  readonly later?: true;
  readonly open: (
    context: ReaderContext,
    sink: Sink,
  ) => { row(cells: Cells, line: number, columns: readonly string[]): void } & Pick<Reader, "end">;
}): Format {
  const matches = (columns: readonly string[]): boolean =>
    columns.length === spec.columns.length &&
    spec.columns.every((name, index) => (name.endsWith("*") ? columns[index]?.startsWith(name.slice(0, -1)) : columns[index] === name));
  return {
    name: spec.name,
    ...(spec.later === undefined ? {} : { later: spec.later }),
    recognises: ([first = ""], name) => matches(first.split("\t")) && (spec.named === undefined || spec.named.test(name)),
    reader(context, sink) {
      const { row, end } = spec.open(context, sink);
      let columns: readonly string[] = [];
      return {
        line(text, number) {
          if (number === 1) columns = text.split("\t");
          else if (text !== "") {
            const cells = text.split("\t");
            if (cells.length !== columns.length)
              return sink.fault(number, `${cells.length} values where the header names ${columns.length}`);
            row((name) => cells[columns.indexOf(name)]?.trim() ?? "", number, columns);
          }
        },
        end,
      };
    },
  };
}
