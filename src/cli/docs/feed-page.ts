import { z } from "zod";
import { feedSettings } from "#src/config/feed.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
}

function formOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(", ");
  if (schema.type === "array") return `list of ${schema.items?.enum === undefined ? "texts" : formOf(schema.items)}`;
  if (schema.type === "integer") return "whole number";
  if (schema.type === "string") return "text";
  return typeof schema.type === "string" ? schema.type : "";
}

const isPlain = (value: unknown): boolean =>
  value === undefined || typeof value !== "object" || (Array.isArray(value) && value.length === 0);

function rowsOf(schema: Schema, path: string): string[] {
  const rows: string[] = [];
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const at = path === "" ? name : `${path}.${name}`;
    const nested = one.properties === undefined ? one.anyOf?.find((each) => each.properties !== undefined) : one;
    const needed = schema.required?.includes(name) === true && one.default === undefined;
    const preset =
      one.default === undefined ? (needed ? "required" : "") : isPlain(one.default) ? `\`${JSON.stringify(one.default)}\`` : "";
    rows.push(`| \`${at}\` | ${formOf(one)} | ${preset} | ${(one.description ?? "").replaceAll("|", "\\|")} |`);
    if (nested !== undefined) rows.push(...rowsOf(nested, at));
  }
  return rows;
}

/** docs/feeds.md: every setting of a feed, from the schema that reads it. */
export function feedPage(): string {
  const schema = z.toJSONSchema(feedSettings, { io: "input", unrepresentable: "any" }) as Schema;
  return `# Feeds

A feed is one connection to a sender, in \`chartbridge.yaml\` under \`feeds\`. \`chartbridge check\` says what is wrong in it, with file and line.
Made by \`chartbridge docs\` from the schema that reads the file.

\`\`\`yaml
feeds:
  north-adt:
    facility: NORTH
    zone: America/Chicago
    mllp: { host: 0.0.0.0, port: 2575, allow: [10.1.0.0/16] }
    expect: { sendingFacility: [NORTH] }
\`\`\`

| setting | form | when absent | meaning |
| --- | --- | --- | --- |
${rowsOf(schema, "").join("\n")}
`;
}
