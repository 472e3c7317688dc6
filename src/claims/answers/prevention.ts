import type { Claim } from "@medplum/fhirtypes";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import { judge } from "#src/coding/overrides.ts";
import type { Denial } from "./judge-answer.ts";

/** The edit that would have stopped a denied claim. */
export interface Prevention {
  readonly rule: string;
  readonly path: string;
  /** It fired before the claim left too, and a reason set it aside. */
  readonly overridden: boolean;
}

/**
 * Where in a coder's codes a line of the claim is: `lines[2]` where the coder has a line, `charges[ID]` where the charge stands as it came. A line's id on
 * the claim is its charge's; the coder's own lines follow the charges, in their order.
 */
export function pathOfLine(claim: Claim, sequence: number, { lines }: CodeSubmission): string | undefined {
  const items = claim.item ?? [];
  const item = items.find((one) => one.sequence === sequence);
  if (item === undefined) return undefined;
  const isCharge = (id: string | undefined): boolean => id !== undefined && /^[0-9a-f-]{36}$/.test(id);
  if (isCharge(item.id)) {
    const at = lines.findIndex(({ chargeId }) => chargeId === item.id);
    return at < 0 ? `charges[${item.id ?? ""}]` : `lines[${at}]`;
  }
  const own = lines.flatMap(({ chargeId }, index) => (chargeId === undefined ? [index] : []));
  const place = items.filter(({ id }) => !isCharge(id)).indexOf(item);
  const index = own[place];
  return index === undefined ? undefined : `lines[${index}]`;
}

const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}.`);

/**
 * The edit of now that fires on the frozen codes where the denial is. One that looks for this reason on this line comes first, then one that looks for it
 * anywhere; where the table names no edits for the reason, any that fires on the line. Pure; undefined when there is none: a candidate for a new rule.
 */
export function preventionOf(
  denial: Pick<Denial, "line" | "edits">,
  claim: Claim,
  codes: CodeSubmission,
  findings: readonly Finding[],
): Prevention | undefined {
  const place = denial.line === undefined ? undefined : pathOfLine(claim, denial.line, codes);
  const fired = judge(findings, codes.overrides).filter(({ finding }) => finding.kind !== "no-data");
  const stops = fired.filter(({ outcome }) => outcome !== "told");
  const onLine = (path: string): boolean => place !== undefined && within(path, place);
  const looks = (rule: string): boolean => denial.edits.includes(rule);
  const best =
    stops.find(({ finding }) => looks(finding.rule) && onLine(finding.path)) ??
    stops.find(({ finding }) => looks(finding.rule)) ??
    (denial.edits.length === 0 ? stops.find(({ finding }) => onLine(finding.path)) : undefined) ??
    // What only tells would have been seen.
    fired.find(({ finding }) => looks(finding.rule) && (place === undefined || onLine(finding.path)));
  return best === undefined ? undefined : { rule: best.finding.rule, path: best.finding.path, overridden: best.outcome === "overridden" };
}
