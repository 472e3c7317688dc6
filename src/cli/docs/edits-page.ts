import type { Edit } from "#src/coding/edits/edit.ts";
import { EDITS } from "#src/coding/edits/registry.ts";
import { RULE_PACK } from "#src/coding/findings.ts";

const GROUPS: readonly (readonly [prefix: string, title: string])[] = [
  ["DX", "Diagnoses"],
  ["POA", "Present on admission"],
  ["IP", "Inpatient abstract"],
  ["PX", "Procedures, units, modifiers"],
  ["CL", "Lines and the whole claim"],
];
const KINDS: Readonly<Record<string, string>> = { I: "inpatient", O: "outpatient", P: "professional" };
const SEVERITIES = { hard: "stops the submit", soft: "wants a reason", info: "tells" } as const;

const claims = ({ streams, payers }: Edit): string => {
  const kinds = streams === "IOP" ? "all claims" : [...streams].map((kind) => KINDS[kind]).join(", ");
  return payers === undefined ? kinds : `${kinds}; ${payers === "medicare" ? "Medicare" : payers.join(", ")}`;
};
const state = ({ waitsFor }: Edit): string => (waitsFor === undefined ? "implemented" : `implemented; waits for ${waitsFor}`);

const section = (edit: Edit): string =>
  [
    `### ${edit.id}`,
    "",
    `${edit.title}.`,
    "",
    `- ${edit.severity.map((one) => `${one}: ${SEVERITIES[one]}`).join("; ")}`,
    `- Looks at ${claims(edit)}; reads ${edit.reads.join(", ")}`,
    ...(edit.sets === undefined ? [] : [`- Code sets: ${edit.sets.join(", ")}`]),
    `- Rests on ${edit.citation}`,
    `- Version ${edit.version}, ${state(edit)}`,
    "",
  ].join("\n");

const row = (edit: Edit): string =>
  `| [${edit.id}](#${edit.id.toLowerCase()}) | ${edit.title} | ${edit.severity.join(", ")} | ${state(edit)} |`;

/** docs/edits.md. */
export function editsPage(): string {
  const groupOf = ({ id }: Edit): string => id.replace(/\d+$/, "");
  return [
    "# Coding edits",
    "",
    `Made by \`chartbridge docs\` from the edits themselves (${RULE_PACK}).`,
    "",
    "A **hard** finding stops the submit. A **soft** one wants a reason: `overrides: [{ rule, path, reason }]` beside the codes; who gave it and why is",
    "kept, and `GET /api/edits` counts it. **Info** stops nothing.",
    "",
    "Codes are judged by the set of their day: the discharge date of an inpatient, the service date of the line otherwise. Where no set is loaded",
    "for that day the finding is `NO-DATA`, names the set, the day and the edits that could not look, and says nothing against a code.",
    "An edit that waits for a file looks as soon as the file is imported.",
    "",
    "A site adds edits of the same shape, and its own decisions (`policy`), in `edits.yaml` among its site data: see [site edits](site-edits.md).",
    "",
    "| Edit | What has to be | Severity | State |",
    "|---|---|---|---|",
    ...EDITS.map(row),
    "",
    ...GROUPS.flatMap(([prefix, title]) => [`## ${title}`, "", ...EDITS.filter((edit) => groupOf(edit) === prefix).map(section)]),
  ].join("\n");
}
