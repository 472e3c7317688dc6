import { fiscalYear } from "../periods.ts";
import type { CodeRow, Part, Sink } from "../rows.ts";
import { tabSeparated } from "./tab-separated.ts";

const SPAN = /^fy(20\d\d)_to_fy(20\d\d)$/;

/**
 * One row a run of equal flags: `1` valid, `0` header, `.` not in that year's file. Fiscal year `first` is the first flag. What holds in the last year has
 * not ended as far as the file knows.
 */
export function* runsOf(flags: string, first: number): Generator<Pick<CodeRow, "billable" | "from" | "to">> {
  for (let at = 0; at < flags.length; ) {
    let end = at;
    while (flags[end + 1] === flags[at]) end++;
    if (flags[at] !== ".")
      yield {
        billable: flags[at] === "1",
        from: fiscalYear(first + at).from,
        ...(end === flags.length - 1 ? {} : { to: `${first + end}-09-30` }),
      };
    at = end + 1;
  }
}

const lifespan = (name: string, part: Part, columns: readonly string[]) =>
  tabSeparated({
    name,
    columns,
    named: part.set === "icd-10-pcs" ? /pcs/i : /^(?!.*pcs)/i,
    open: (_context, sink: Sink) => {
      let rows = 0;
      let span: { first: number; last: number } | undefined;
      const seen = new Set<string>();
      return {
        row(cells, line, header) {
          if (span === undefined) {
            const match = SPAN.exec(header[1] ?? "");
            if (match === null) return sink.fault(1, "the second column is not named fyYYYY_to_fyYYYY");
            span = { first: Number(match[1]), last: Number(match[2]) };
          }
          const flags = cells(header[1] ?? "");
          const code = cells("code");
          if (!/^[01.]+$/.test(flags) || flags.length !== span.last - span.first + 1)
            return sink.fault(line, `the years of a code are ${span.last - span.first + 1} characters of 1, 0 and "."`);
          if (!/^[0-9A-Z]{3,7}$/.test(code)) return sink.fault(line, "is no code");
          if (seen.has(code)) return sink.fault(line, "the code was there before");
          seen.add(code);
          rows++;
          for (const run of runsOf(flags, span.first)) sink.code(part, { code, short: cells("short"), long: cells("long"), ...run });
        },
        end() {
          if (span === undefined) {
            sink.fault(1, "the file has no codes");
            return [];
          }
          const last = fiscalYear(span.last);
          const period = {
            edition: last.edition,
            from: fiscalYear(span.first).from,
            ...(last.to === undefined ? {} : { to: last.to }),
            label: `FY${span.first}-FY${span.last}`,
          };
          return [{ ...part, period, fileRows: rows }];
        },
      };
    },
  });

const COLUMNS = ["code", "fy*", "short", "long"];
/** Codes with the fiscal years in which each was valid: many order files in one. */
export const lifespans = [
  lifespan("ICD-10-CM codes with their fiscal years", { set: "icd-10-cm", part: "codes" }, COLUMNS),
  lifespan("ICD-10-PCS codes with their fiscal years", { set: "icd-10-pcs", part: "codes" }, COLUMNS),
];
