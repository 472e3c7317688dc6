import { z } from "zod";
import { mapsFile, messagesFile, siteFile, tableFile } from "#src/mapping/map-schema.ts";
import { GATHERS } from "#src/mapping/values/gather.ts";
import { NATIVE_TYPES, VALUE_TYPES } from "#src/mapping/values/index.ts";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly $ref?: string;
}

const shape = (node: Node): string => {
  if (node.enum !== undefined) return node.enum.map((one) => `\`${one}\``).join(", ");
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(shape))].filter((one) => one !== "").join(" or ");
  if (node.type === "array") return `list${node.items === undefined ? "" : ` of ${shape(node.items) || "anything"}`}`;
  if (node.type === "object") return "mapping";
  return node.type ?? "";
};

const cell = (text: string): string => text.replaceAll("|", "\\|").replace(/\s+/g, " ");

function tableOf(node: Node): string {
  const rows = Object.entries(node.properties ?? {}).map(([name, one]) => {
    const needed = node.required?.includes(name) === true && one.default === undefined ? "yes" : "";
    return `| \`${name}\` | ${cell(shape(one))} | ${needed} | ${cell(one.description ?? "")} |`;
  });
  return `| Key | Holds | Needed | Meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

const schemaOf = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;

const names = (functions: Iterable<string>): string =>
  [...functions]
    .sort()
    .map((name) => `\`${name}\``)
    .join(", ");

/** The reference page of the map language, from the schema that checks the files. */
export function mapLanguagePage(): string {
  const map = schemaOf(mapsFile).properties?.["maps"]?.items ?? {};
  const row = map.properties?.["rows"]?.items ?? {};
  const messages = schemaOf(messagesFile);
  const site = schemaOf(siteFile);
  const when = Object.entries(schemaOf(mapsFile) as unknown as Record<string, unknown>).find(([name]) => name === "$defs")?.[1] as
    | Readonly<Record<string, Node>>
    | undefined;
  const condition = Object.values(when ?? {}).find((node) => node.properties?.["valued"] !== undefined) ?? row.properties?.["when"] ?? {};
  return `# The map language

This page is made from the schema that checks the files: \`npm run docs\`. \`docs/mapping.md\` shows the maps themselves.

A map says what a segment or a data type becomes. Its rows stand under the keys of the official HL7 v2-to-FHIR guide: \`PV1-2>status\` is
the row that maps PV1-2 to \`Encounter.status\`. Of several rows for one element the first that has a value counts.

\`\`\`yaml
maps:
  - map: PV1[Encounter]
    rows:
      - { key: "PV1-10>serviceType", as: "CWE[CodeableConcept]", table: HospitalService, guide: as-is }
\`\`\`

- The left side of the key is the source, the right side the target, unless \`from\` and \`to\` say otherwise.
- Targets are checked against FHIR R4. \`participant[1].type\` is an entry that all rows with the same slot share, one for each repetition
  of the field; \`identifier[]\` always adds an entry; \`birthDate.extension[1].url\` is an extension of a primitive.
- Without \`as\` a value is read as its element's R4 type wants it.
- \`""\` from the sender deletes the element, of extensions those of the row's URL, of a visit's participants those of the row's role (which a row of the
  same slot \`set\`s), of the diagnoses that it names none (each is replaced by what its own DG1 says); an empty field says nothing.

## A row

${tableOf(row)}
## A condition (\`when\`)

Tests beside each other all have to hold. A place may be in another segment: one that belongs to this one, else the nearest before it,
else the first. A place in the row's own field is its current repetition.

${tableOf(condition)}
## A map

${tableOf(map)}
## A message

${tableOf(messages)}
### An entry of \`maps\`

${tableOf(messages.properties?.["maps"]?.items ?? {})}
## A code table

${tableOf(schemaOf(tableFile))}
## A site

\`mappings/sites/NAME.yaml\` changes or adds rows and codes for one or more senders, and never the base.

${tableOf(site)}
### A map in a site's file

${tableOf(site.properties?.["maps"]?.items ?? {})}
## Functions

A new one comes with a release; there are no scripts in rows.

- \`as\`: ${names(Object.keys(VALUE_TYPES))}
- \`gather\`: ${names(GATHERS.keys())}
- \`native\` (data types): ${names(Object.keys(NATIVE_TYPES))}
`;
}
