import type { Finding, Override } from "./submission.ts";

/** What became of one finding of a submit. */
export interface Judged {
  readonly finding: Finding;
  /** `stopped`: it stands in the way. `overridden`: a reason set it aside. `told`: it stops nothing. */
  readonly outcome: "stopped" | "overridden" | "told";
  readonly reason?: string;
}

const isFor = ({ rule, path }: Override, finding: Finding): boolean =>
  rule === finding.rule && (path === undefined || path === finding.path);

/** Sets soft findings aside for which a reason is given. A hard one no reason sets aside. */
export const judge = (findings: readonly Finding[], overrides: readonly Override[] = []): readonly Judged[] =>
  findings.map((finding): Judged => {
    if (finding.severity === "info") return { finding, outcome: "told" };
    const reason = finding.severity === "soft" ? overrides.find((one) => isFor(one, finding))?.reason : undefined;
    return reason === undefined ? { finding, outcome: "stopped" } : { finding, outcome: "overridden", reason };
  });

/** Whether nothing stands in the way of a submit. */
export const mayPass = (judged: readonly Judged[]): boolean => judged.every(({ outcome }) => outcome !== "stopped");
