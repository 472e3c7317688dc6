import { z } from "zod";

/** Why one asks a provider (AHIMA-ACDIS compliant query practice, 2022). */
export const YES_NO_PURPOSES = ["present-on-admission", "substantiate-documented", "cause-and-effect", "resolve-conflict"] as const;

export const queryContent = z.strictObject({
  title: z.string().min(1).max(200),
  text: z.string().min(1).max(5_000),
  /** What the record shows, each with where and by whom. */
  indicators: z
    .array(
      z.strictObject({
        text: z.string().min(1).max(2_000),
        /** DocumentReference, Observation or DiagnosticReport of the chart. */
        source: z.string().min(1).max(200),
        date: z.iso.date(),
        author: z.string().min(1).max(200),
        /** From an earlier visit: only where it bears on this one, and then it says so. */
        priorEncounter: z.boolean().default(false),
        relevance: z.string().max(500).optional(),
      }),
    )
    .max(50),
  kind: z.enum(["open", "multiple-choice", "yes-no"]),
  options: z.array(z.string().min(1).max(300)).max(20).default([]),
  yesNoPurpose: z.enum(YES_NO_PURPOSES).optional(),
  /** The diagnosis the author has in mind: never shown to the provider, and must not be in the title. */
  targetDiagnosis: z.string().max(200).optional(),
  /** Credential of the author, kept with the question. */
  credential: z.string().max(40).optional(),
});
export type QueryContent = z.output<typeof queryContent>;

export interface LintFinding {
  /** `Q1` to `Q6`. */
  readonly rule: string;
  readonly path: string;
  readonly message: string;
}

/** Words that say what an answer would be worth (rule 2). */
const MONEY_WORDS =
  /\b(reimburs\w*|payment|revenue|drg|ms-?drg|apr-?drg|mcc|cc\b(?!\/)|case mix|cmi|severity of illness|soi|rom|risk of mortality|quality (?:score|measure|metric)s?|psi\b|hac\b|denial|denied|financial|bill(?:ing|ed)?|profit\w*)\b/i;
const OTHER = /\bother\b/i;
const UNDETERMINED = /(unable to determine|cannot be determined|clinically undetermined|undetermined)/i;

const words = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 3);

/** What of a question would not be compliant; it is not sent while there is anything. Pure. */
export function lintQuery(content: QueryContent): readonly LintFinding[] {
  const findings: LintFinding[] = [];
  const find = (rule: string, path: string, message: string): void => void findings.push({ rule, path, message });
  if (content.indicators.length === 0)
    find("Q1", "indicators", "a question needs at least one clinical indicator with its source, date and author");
  content.indicators.forEach((indicator, n) => {
    if (indicator.priorEncounter && (indicator.relevance ?? "") === "")
      find("Q1", `indicators[${n}].relevance`, "an indicator of an earlier visit must say why it bears on this one");
  });
  const texts: readonly (readonly [string, string])[] = [
    ["title", content.title],
    ["text", content.text],
    ...content.options.map((option, n) => [`options[${n}]`, option] as const),
  ];
  for (const [path, text] of texts)
    if (MONEY_WORDS.test(text)) find("Q2", path, "a question never mentions payment, DRG, CC or MCC, severity, quality scores or denials");
  const target = content.targetDiagnosis;
  if (target !== undefined && words(target).length > 0 && words(target).every((word) => words(content.title).includes(word)))
    find("Q3", "title", "the title must not state the diagnosis that is hoped for");
  if (content.kind === "multiple-choice") {
    if (!content.options.some((option) => OTHER.test(option))) find("Q4", "options", 'the choices must have "other (specify)"');
    if (!content.options.some((option) => UNDETERMINED.test(option))) find("Q4", "options", 'the choices must have "unable to determine"');
    if (content.options.filter((option) => !OTHER.test(option) && !UNDETERMINED.test(option)).length === 0)
      find("Q4", "options", "the choices must have at least one that the record supports");
  }
  if (content.kind === "yes-no" && content.yesNoPurpose === undefined)
    find(
      "Q5",
      "yesNoPurpose",
      "yes or no is for presence on admission, a diagnosis already documented, cause and effect, or a conflict; never for a new diagnosis",
    );
  if ((content.credential ?? "") === "") find("Q6", "credential", "the question is a business record: it names its author's credential");
  return findings;
}
