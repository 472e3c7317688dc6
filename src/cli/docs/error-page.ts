import { EXPLANATIONS } from "#src/base/failure-catalogue.ts";
import { FAILURES, type FailureCode, isFailureCode } from "#src/base/failures.ts";

/** One code for a terminal; undefined for one that does not exist. */
export function explainCode(code: string): string | undefined {
  if (!isFailureCode(code)) return undefined;
  const { cause, example, ask } = EXPLANATIONS[code];
  const { text, class: kind, http } = FAILURES[code];
  return [
    `${code}: ${text}`,
    "",
    `  Cause    ${cause}`,
    `  Example  ${example}`,
    `  Do       ${ask}`,
    "",
    `  ${kind}, HTTP ${http}`,
    "",
  ].join("\n");
}

/** docs/error-codes.md. */
export function errorPage(): string {
  const sections = (Object.keys(FAILURES) as FailureCode[]).map((code) => {
    const { cause, example, ask } = EXPLANATIONS[code];
    return `## ${code}\n\n${FAILURES[code].text}.\n\n- Cause: ${cause}\n- Example: \`${example}\`\n- Do: ${ask}\n`;
  });
  return `# Error codes\n\nMade by \`chartbridge docs\`; \`chartbridge explain CODE\` shows one of them. A code is stored with the message, stands in ERR-5 of the\nanswer, and never changes its meaning.\n\n${sections.join("\n")}`;
}
