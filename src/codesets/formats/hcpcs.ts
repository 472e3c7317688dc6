import { compactDay, quarterInName, type Period } from "../periods.ts";
import type { Format, Part, Sink } from "../rows.ts";
import { periodOrFault } from "./period-or-fault.ts";
import { tabSeparated } from "./tab-separated.ts";

const CODES: Part = { set: "hcpcs", part: "codes" };
const MODIFIERS: Part = { set: "hcpcs-modifier", part: "codes" };

/** The file keeps codes that ended for more than ten years; we answer from it for five. */
const YEARS_BACK = 5;
const withHistory = (period: Period): Period => ({
  ...period,
  from: `${Number(period.edition.slice(0, 4)) - YEARS_BACK}${period.edition.slice(4)}`,
});

interface Record {
  readonly line: number;
  readonly part: Part;
  readonly code: string;
  long: string;
  readonly short: string;
  readonly added: string;
  readonly ended: string;
}

function write(sink: Sink, { part, code, long, short, added, ended, line }: Record): void {
  const from = compactDay(added);
  const to = ended === "" ? undefined : compactDay(ended);
  if (from === undefined || (ended !== "" && to === undefined)) return sink.fault(line, "a date is not YYYYMMDD");
  sink.code(part, { code, billable: true, short: short === "" ? long : short, long, from, ...(to === undefined ? {} : { to }) });
}

/**
 * HCPCS Level II alpha-numeric file (ANWEB), fixed width: 1-5 code (modifiers in 4-5), 6-10 sequence, 11 record kind (3 first line of a code, 4 more
 * of it, 7 first line of a modifier, 8 more of it), 12-91 long text, 92-119 short text, 269-276 added, 277-284 in effect, 285-292 last usable day.
 */
export const anweb: Format = {
  name: "HCPCS Level II file (ANWEB)",
  recognises: (head) => head.slice(0, 3).some((line) => ANWEB_LINE.test(line) && line.length >= 284),
  reader({ name, from }, sink) {
    let record: Record | undefined;
    const rows = { codes: 0, modifiers: 0 };
    const flush = (): void => {
      if (record !== undefined) write(sink, record);
      record = undefined;
    };
    return {
      line(text, number) {
        if (text.trim() === "") return;
        const kind = text[10];
        if (!ANWEB_LINE.test(text)) return sink.fault(number, "is no record of kind 3, 4, 7 or 8");
        const code = text.slice(0, 5).trim();
        const long = text.slice(11, 91).trim();
        if (kind === "3" || kind === "7") {
          flush();
          if (text.length < 284) return sink.fault(number, "ends before its dates");
          if (!(kind === "3" ? /^[A-Z]\d{4}$/ : /^[0-9A-Z]{2}$/).test(code)) return sink.fault(number, "is no code");
          const dates = { added: text.slice(268, 276).trim(), ended: text.slice(284, 292).trim() };
          const part = kind === "3" ? CODES : MODIFIERS;
          rows[kind === "3" ? "codes" : "modifiers"]++;
          record = { line: number, part, code, long, short: text.slice(91, 119).trim(), ...dates };
        } else if (record === undefined || record.code !== code) sink.fault(number, "goes on with a code that did not begin");
        else record.long += ` ${long}`;
      },
      end() {
        flush();
        const period = periodOrFault(quarterInName(name), from, sink);
        if (period === undefined) return [];
        return [
          ...(rows.codes === 0 ? [] : [{ ...CODES, period: withHistory(period), fileRows: rows.codes }]),
          ...(rows.modifiers === 0 ? [] : [{ ...MODIFIERS, period: withHistory(period), fileRows: rows.modifiers }]),
        ];
      },
    };
  },
};
const ANWEB_LINE = /^.{5}\d{5}[3478]/;

const table = (name: string, part: Part, column: string, form: RegExp): Format =>
  tabSeparated({
    name,
    columns: [column, "add_date", "eff_date", "term_date", "action", "long"],
    open: ({ name: file, from }, sink) => {
      let rows = 0;
      return {
        row(cells, line) {
          if (!form.test(cells(column))) return sink.fault(line, "is no code");
          rows++;
          write(sink, {
            line,
            part,
            code: cells(column),
            long: cells("long"),
            short: "",
            added: cells("add_date"),
            ended: cells("term_date"),
          });
        },
        end() {
          const period = periodOrFault(quarterInName(file), from, sink);
          return period === undefined ? [] : [{ ...part, period: withHistory(period), fileRows: rows }];
        },
      };
    },
  });

export const hcpcsTables = [
  table("HCPCS Level II codes", CODES, "code", /^[A-Z]\d{4}$/),
  table("HCPCS Level II modifiers", MODIFIERS, "modifier", /^[0-9A-Z]{2}$/),
];
