import type { ReadinessCheck } from "#src/claims/readiness/check.ts";
import { READINESS, READINESS_VERSION, SNIP_TYPES } from "#src/claims/readiness/readiness.ts";

const row = ({ id, title, severity, citation }: ReadinessCheck): string => `| ${id} | ${title} | ${severity} | ${citation} |`;

/** docs/claim-readiness.md. */
export const claimReadinessPage = (): string =>
  [
    "# Checks before a claim is released",
    "",
    `Made by \`chartbridge docs\` from the checks themselves (${READINESS_VERSION}).`,
    "",
    "A claim is released when it is valid FHIR R4 and valid under its profile (`CB-CLM-R4`), everything it refers to goes with it (`CB-CLM-REFERENCE`), and no check",
    "below that is **hard** fires. Else its item is held (CLAIM) with the findings. A **soft** one stops nothing: `GET /api/claims/{id}/readiness` shows it.",
    "No check quotes a value.",
    "",
    "## What is covered, by WEDI SNIP type",
    "",
    "| Type | Name | Checks | Coverage |",
    "|---|---|---|---|",
    ...SNIP_TYPES.map(
      ({ type, name, coverage }) => `| ${type} | ${name} | ${READINESS.filter(({ snip }) => snip === type).length} | ${coverage} |`,
    ),
    "",
    ...SNIP_TYPES.filter(({ type }) => READINESS.some(({ snip }) => snip === type)).flatMap(({ type, name }) => [
      `## Type ${type}: ${name}`,
      "",
      "| Check | What has to be | Severity | Rests on |",
      "|---|---|---|---|",
      ...READINESS.filter(({ snip }) => snip === type).map(row),
      "",
    ]),
    "## Previews",
    "",
    "- `GET /api/claims/{id}/preview`: the claim in the order of UB-04 or CMS-1500, as a page to print. Numbers of the boxes, words of ours; no scripts.",
    "- `GET /api/claims/{id}/837`: the same claim as an 837 institutional or professional, segments and codes only. It is marked as a test (ISA15 = T), named a preview,",
    "  and sent to nobody.",
    "",
    "## Profiles and sandbox",
    "",
    "- `GET /fhir/R4/StructureDefinition/{id}`: `coded-claim-professional`, `coded-claim-institutional`, `coded-claim-response`, and the extensions; `meta.profile` of a claim",
    "  names the version it was made under.",
    "- `GET /fhir/R4/$package`: all of it as a FHIR package (`.tgz`) with examples.",
    "- `GET /fhir/R4/Claim/{id}/$bundle`: a claim with everything it refers to, as it stood at release.",
    "- `GET /sandbox/fhir/R4/Claim`, `/sandbox/fhir/R4/Claim/{id}` and `/$bundle`: claims of people who are nowhere, each resource marked HTEST (`meta.security`);",
    "  `/sandbox/api/claims/{id}/preview` and `/837` of the same.",
    "",
  ].join("\n");
