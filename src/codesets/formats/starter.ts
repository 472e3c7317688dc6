import type { DataSet } from "../code-data.ts";
import type { PartRead } from "../rows.ts";
import { tabSeparated } from "./tab-separated.ts";

const SETS: readonly DataSet[] = ["icd-10-cm", "icd-10-pcs", "hcpcs", "hcpcs-modifier", "place-of-service"];

/**
 * A handful of codes for trying the engine out. It is never the whole of a set: a code that is not in it is not known to be wrong, so every answer about
 * such a code is "no data".
 */
export const starterTable = tabSeparated({
  name: "starter codes",
  columns: ["set", "code", "billable", "short", "long"],
  open: (_context, sink) => {
    const rows = new Map<DataSet, number>();
    return {
      row(cells, line) {
        const set = SETS.find((one) => one === cells("set"));
        if (set === undefined) return sink.fault(line, `set is none of ${SETS.join(", ")}`);
        rows.set(set, (rows.get(set) ?? 0) + 1);
        sink.code(
          { set, part: "codes" },
          { code: cells("code"), billable: cells("billable") === "1", short: cells("short"), long: cells("long") },
        );
      },
      end: () =>
        [...rows].map(
          ([set, fileRows]): PartRead => ({
            set,
            part: "codes",
            // The oldest edition there can be: whatever is imported counts before it.
            period: { edition: "1900-01-01", from: "1900-01-01", label: "starter" },
            fileRows,
            notCovered: "",
          }),
        ),
    };
  },
});
