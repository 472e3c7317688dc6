import { type ElementRow, INSTITUTIONAL_ELEMENTS, PROFESSIONAL_ELEMENTS } from "#src/claims/elements.ts";

const row = ({ id, x12, element, source, status, reason }: ElementRow): string =>
  `| ${id} | ${x12} | \`${element}\` | ${source.join(", ")} | ${status} | ${reason} |`;
const table = (rows: readonly ElementRow[]): readonly string[] => [
  "| Form | 837 | FHIR element | Source | Status | From where, or why not |",
  "|---|---|---|---|---|---|",
  ...rows.map(row),
  "",
];

/** docs/claim-elements.md. */
export const claimElementsPage = (): string =>
  [
    "# Elements of a claim",
    "",
    "Made by `chartbridge docs` from `src/claims/elements.ts`. Each row that is filled has a test of its name in `test/claims/elements.test.ts`.",
    "",
    "Where the coder gives a value or a list, it counts; else what the messages brought; else the site's own files.",
    "",
    "## Professional: CMS-1500, 837P",
    "",
    ...table(PROFESSIONAL_ELEMENTS),
    "## Institutional: UB-04, 837I",
    "",
    ...table(INSTITUTIONAL_ELEMENTS),
    "## More than one claim of one item",
    "",
    "A professional claim takes 50 lines and 12 diagnoses, an institutional one 999 lines and 25 diagnoses. An item that needs more lines gives several claims",
    "of one version: `claim.part` counts them, `claim.parts` says how many there are. The first has the number of the version (`CB…-1`), the others a letter behind it",
    "(`CB…-1B`) and `related` (associated) to the first. Each professional part has the diagnoses that its lines point to, renumbered; each institutional part has all.",
    "A stay is one claim: when it has more than 999 lines, those that a revenue code bills alone are summed by revenue code. A line keeps part and number in every later",
    "version, and a number once used is never another line's.",
    "",
  ].join("\n");
