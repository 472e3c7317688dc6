import type { Segment } from "#src/hl7v2/message.ts";
import { Code } from "./generated.ts";
import type { CompiledRow } from "./row.ts";
import type { Frame } from "./scope.ts";

/** Text of what must be there before a row is called; most fields and components of most messages are empty. */
function needText(code: Code, { field, component, gate }: CompiledRow): string {
  const needs = [
    ...(field === 0 ? [] : [`fields[${field}]`]),
    ...(component === 0 ? [] : [`frame.value.has(${component})`]),
    ...(gate === undefined
      ? []
      : [`${code.name(gate.texts)}.has(said${gate.field} ??= frame.segment.field(${gate.field}).text.toUpperCase())`]),
  ];
  return needs.join(" && ");
}

/** The rows of a map, ready to run. */
export interface OrderedRows {
  /** Runs them in order. */
  readonly run: (frame: Frame) => void;
  /** Whether any of them has something to do: not where each reads a field that is empty. */
  readonly concern: (segment: Segment) => boolean;
}

/**
 * Puts the rows of a map in order. They are compiled when they are first run: most maps are for messages that a site never sees.
 * @param map its name: `PV1[Encounter]`.
 */
export function inOrder(rows: readonly CompiledRow[], map: string): OrderedRows {
  let made: ((frame: Frame) => void) | undefined;
  const compile = (): ((frame: Frame) => void) => {
    const code = new Code();
    const gates = [...new Set(rows.flatMap(({ gate }) => (gate === undefined ? [] : [gate.field])))];
    const declared = rows.map((row, n) => `const row${n} = ${row.text(code)};`);
    const calls = rows.map((row, n) => {
      const need = needText(code, row);
      return need === "" ? `row${n}(frame);` : `if (${need}) row${n}(frame);`;
    });
    return code.compile(
      map,
      `(() => { ${declared.join("\n")}
      return (frame) => { const { fields } = frame.segment; ${gates.map((field) => `let said${field};`).join(" ")}
      ${calls.join("\n")} }; })()`,
    );
  };
  const fields = [...new Set(rows.map(({ field }) => field))];
  const always = fields.includes(0);
  return {
    run: (frame) => (made ??= compile())(frame),
    concern: (segment) => always || fields.some((field) => segment.raw(field) !== ""),
  };
}
