import { quarterInName } from "../periods.ts";
import type { Part, Sink } from "../rows.ts";
import { delimited } from "./delimited.ts";
import { periodOrFault } from "./period-or-fault.ts";
import { tabSeparated } from "./tab-separated.ts";

const STATUS: Part = { set: "opps", part: "addendum-b" };
const INDICATORS: Part = { set: "opps", part: "indicators" };

/** Dollars as they are printed (`$1,234.50`) to whole cents; undefined when there is none. */
function cents(text: string): number | undefined {
  const match = /^\$?\s*([\d,]+)(?:\.(\d{1,2})\d*)?$/.exec(text);
  return match === null ? undefined : Number((match[1] ?? "").replaceAll(",", "")) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
}

function writeStatus(sink: Sink, line: number, code: string, status: string, rate: string): boolean {
  if (!/^[0-9A-Z]{5}$/.test(code) || !/^[A-Z][0-9]?$/.test(status)) {
    sink.fault(line, "is no code with a status indicator");
    return false;
  }
  const value = cents(rate);
  sink.fact(STATUS, { fact: "status", code, note: status, ...(value === undefined ? {} : { value }) });
  return true;
}

/** OPPS Addendum B as CMS publishes it: preamble, then code, short descriptor, SI, APC, weight, rate. */
export const addendumB = delimited({
  name: "OPPS Addendum B",
  columns: { code: /^HCPCS( Code)?$/i, status: /^(SI|status indicator)$/i, rate: /^payment rate/i },
  open: ({ name, from }, sink) => {
    let rows = 0;
    let notCovered: string | undefined = "^[0-9]";
    let told: string | undefined;
    return {
      header(_headings, preamble) {
        told = preamble;
      },
      row(cells, line) {
        if (!writeStatus(sink, line, cells("code"), cells("status"), cells("rate"))) return;
        rows++;
        if (/^\d/.test(cells("code"))) notCovered = undefined;
      },
      end() {
        const period = periodOrFault(quarterInName(name) ?? quarterInName((told ?? "").replace(/\s+/g, " ")), from, sink);
        return period === undefined ? [] : [{ ...STATUS, period, fileRows: rows, ...(notCovered === undefined ? {} : { notCovered }) }];
      },
    };
  },
});

export const addendumBLevel2 = tabSeparated({
  name: "OPPS Addendum B of HCPCS Level II codes",
  columns: ["code", "status_indicator", "payment_rate", "short"],
  open: ({ name, from }, sink) => {
    let rows = 0;
    return {
      row(cells, line) {
        if (writeStatus(sink, line, cells("code"), cells("status_indicator"), cells("payment_rate"))) rows++;
      },
      end() {
        const period = periodOrFault(quarterInName(name), from, sink);
        return period === undefined ? [] : [{ ...STATUS, period, fileRows: rows, notCovered: "^[0-9]" }];
      },
    };
  },
});

/** What each status indicator says of payment. */
export const statusIndicators = tabSeparated({
  name: "OPPS status indicators",
  columns: ["StatusIndicator", "Paid", "Description"],
  open: (_context, sink) => {
    let rows = 0;
    return {
      row(cells) {
        rows++;
        sink.fact(INDICATORS, { fact: "indicator", code: cells("StatusIndicator"), other: cells("Paid"), note: cells("Description") });
      },
      // The letters have stood since OPPS began; one that CMS adds comes with a newer file.
      end: () => [{ ...INDICATORS, period: { edition: "2000-08-01", from: "2000-08-01", label: "terms" }, fileRows: rows }],
    };
  },
});
