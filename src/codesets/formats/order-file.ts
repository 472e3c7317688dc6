import { fiscalYearInName } from "../periods.ts";
import type { Format, Part } from "../rows.ts";
import { periodOrFault } from "./period-or-fault.ts";

/** CMS/NCHS order file: 1-5 order number, 7-13 code, 15 header (0) or valid (1), 17-76 short title, 78 on long title. */
const LINE = /^(\d{5}) ([0-9A-Z]{3,7}) *([01]) (.*)$/;
const PCS_CODE = /^[0-9A-HJ-NP-Z]+$/;

const isPcs = (name: string, code: string): boolean => /^\d/.test(code) || (/pcs/i.test(name) && PCS_CODE.test(code));

/** `icd10cm_order_2026.txt` and `icd10pcs_order_2026.txt`. The order numbers have no gap, so that a missing piece is seen. */
export const orderFile: Format = {
  name: "ICD-10 order file",
  recognises: ([first = ""]) => LINE.test(first) && first.length >= 17,
  reader({ name, from }, sink) {
    let part: Part | undefined;
    let before: number | undefined;
    let rows = 0;
    return {
      line(text, number) {
        if (text === "") return;
        const match = LINE.exec(text);
        if (match === null || text.length < 78) return sink.fault(number, "is no line of an order file, or ends too early");
        const [, order = "", code = "", valid] = match;
        if (before !== undefined && Number(order) !== before + 1)
          sink.fault(number, `order number ${order} follows ${String(before).padStart(5, "0")}: lines are missing or repeated`);
        before = Number(order);
        part ??= { set: isPcs(name, code) ? "icd-10-pcs" : "icd-10-cm", part: "codes" };
        rows++;
        const short = text.slice(16, 76).trim();
        const long = text.slice(77).trim();
        if (short === "" || long === "") return sink.fault(number, "has no title");
        // A PCS header names a table, not a code.
        if (part.set === "icd-10-pcs" && valid === "0") return;
        sink.code(part, { code, billable: valid === "1", short, long });
      },
      end() {
        const period = periodOrFault(fiscalYearInName(name), from, sink);
        if (part === undefined || period === undefined) return [];
        return [{ ...part, period, fileRows: rows }];
      },
    };
  },
};
