/** A JSON schema, as far as the pages of settings read one. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: string | number | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
}

function formOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(", ");
  if (schema.type === "array") return `list of ${schema.items?.enum === undefined ? "texts" : formOf(schema.items)}`;
  if (schema.type === "integer") return "whole number";
  if (schema.type === "string") return "text";
  return typeof schema.type === "string" ? schema.type : "";
}

const isPlain = (value: unknown): boolean =>
  value === undefined || typeof value !== "object" || (Array.isArray(value) && value.length === 0);

/** A table row for each setting, those within another by their path: setting, form, when absent, meaning. */
export function rowsOf(schema: Schema, path: string): string[] {
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
