import type { MapFile } from "#src/config/map-files.ts";
import type { MapSpec, MessageSpec, Row } from "#src/mapping/map-schema.ts";
import { readMaps } from "#src/mapping/read-maps.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replace(/\s+/g, " ").trim();
const plain = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** What a row does, in a few words. */
function deed(row: Row): string {
  const parts = [
    row.by === undefined ? "" : `done by ${row.by}`,
    row.from === undefined ? "" : `from ${[row.from].flat().join(", else ")}`,
    row.to === undefined ? "" : `to ${row.to}`,
    row.set === undefined ? "" : `= ${plain(row.set)}`,
    row.join === undefined ? "" : `= ${row.join.join(" + ")}`,
    row.as === undefined ? "" : `as ${row.as}`,
    row.gather === undefined ? "" : `by ${row.gather}`,
    row.ref === undefined ? "" : `refers to ${row.ref}`,
    row.refs === undefined ? "" : `refers to each ${row.refs}`,
    row.table === undefined ? "" : `table ${row.table}`,
    row.delete === undefined ? "" : "deleted",
    row.initial === undefined ? "" : "only while nothing is known",
    row.when === undefined ? "" : `when ${plain(row.when)}`,
  ];
  return parts.filter((part) => part !== "").join("; ");
}

const mapTable = ({ map, rows, native, into }: MapSpec): string =>
  `### ${map}

${[native === undefined ? "" : `Read in one go by \`${native}\`.`, into.length === 0 ? "" : `Writes into ${into.join(", else ")}.`].filter((part) => part !== "").join(" ")}

| Row | Does | Guide | Why |
|---|---|---|---|
${rows.map((row) => `| \`${cell(row.key)}\` | ${cell(deed(row))} | ${row.guide} | ${cell(row.why ?? "")} |`).join("\n")}
`.replace(/\n{3,}/g, "\n\n");

function messageSection(spec: MessageSpec): string {
  const like = spec.like === undefined ? "" : `As ${spec.like}${spec.without.length === 0 ? "" : `, without ${spec.without.join(", ")}`}. `;
  const rows = spec.maps.map(
    ({ row, map = "", guide, why = "", when }) =>
      `| \`${cell(row)}\` | ${cell(map)}${when === undefined ? "" : ` when ${cell(plain(when))}`} | ${guide} | ${cell(why)} |`,
  );
  const table = rows.length === 0 ? "" : `\n| Row | Map | Guide | Why |\n|---|---|---|---|\n${rows.join("\n")}\n`;
  const title = spec.messages.join(", ");
  return `### ${title}

${like}${spec.guide === undefined ? "" : `The guide's ${spec.guide}. `}${spec.why ?? ""}
${table}`;
}

/** The page of all maps, from the maps. */
export function mappingPage(files: readonly MapFile[]): string {
  const { maps, messages, tables } = readMaps(files);
  const segments = maps.filter(({ dataType }) => !dataType);
  const types = maps.filter(({ dataType }) => dataType);
  return `# What becomes what

This page is made from \`mappings/\`: \`npm run docs\`. \`docs/map-language.md\` says how to read and write rows. The keys are those of the HL7
v2-to-FHIR guide; \`as-is\`, \`repaired\`, \`decided\`, \`skipped\` and \`added\` say how a row stands to it.

${messages.length} messages files for ${messages.reduce((sum, { spec }) => sum + spec.messages.length, 0)} events, ${segments.length} segment maps, ${types.length} data type maps, ${tables.length} code tables.

## Messages

${messages.map(({ spec }) => messageSection(spec)).join("\n")}
## Segments

${segments.map(({ spec }) => mapTable(spec)).join("\n")}
## Data types

${types.map(({ spec }) => mapTable(spec)).join("\n")}
## Code tables

| Table | Of | Codes | A code outside it |
|---|---|---|---|
${tables.map(({ spec }) => `| ${cell(spec.table)} | ${cell(spec.source)} | ${Object.keys(spec.codes).length} | ${{ task: "is work for a person", keep: "stays as sent", drop: "is left out" }[spec.unknown]} |`).join("\n")}
`;
}
