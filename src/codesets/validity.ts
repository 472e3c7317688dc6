import type { CodeData, CodeSystemName } from "./code-data.ts";
import type { RehearsedFinding } from "./rehearsal.ts";
import { bare, shown } from "./systems.ts";

/** A code, the day its set is chosen by, and where it stands. */
export interface DatedCode {
  readonly system: CodeSystemName;
  readonly code: string;
  readonly date: string;
  /** `diagnoses[0]` */
  readonly path: string;
}

/** Whether each code may be reported on its day: valid, a header, not in the set, or a day that no data tell of. */
export function validityOf(codes: readonly DatedCode[], data: CodeData): readonly RehearsedFinding[] {
  return codes.flatMap(({ system, code, date, path }): readonly RehearsedFinding[] => {
    const found = data.lookup(system, bare(code), date);
    if (typeof found === "object" && found.billable) return [];
    if (found === "no-data") return [{ rule: "NO-DATA", severity: "info", path, message: `no data for ${date} (${system})` }];
    const next = data
      .successors(system, bare(code), date)
      .slice(0, 5)
      .map((one) => shown(system, one));
    const hint = next.length === 0 ? "" : `; see ${next.join(", ")}`;
    return [
      {
        rule: found === "unknown" ? "NOT-VALID" : "HEADER",
        severity: "hard",
        path,
        message: `${shown(system, bare(code))} ${found === "unknown" ? "is not valid" : "is a header and needs more characters"} on ${date}${hint}`,
      },
    ];
  });
}
