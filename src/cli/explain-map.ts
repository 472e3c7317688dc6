import type { Hl7Message } from "#src/hl7v2/message.ts";
import type { MapPack } from "#src/mapping/compile.ts";
import type { LineageEntry, Mapped } from "#src/mapping/types.ts";
import { allLineage, allResources, fieldUses } from "#src/mapping/usage.ts";

/** The value at a path of lineage: `name[0].family`, `birthDate.extension[0].url`. */
function valueAt(resource: unknown, path: string): unknown {
  let at: unknown = resource;
  let above: unknown;
  let last = "";
  for (const part of path.split(".")) {
    const [, name = part, index] = /^(\w+)(?:\[(\d+)\])?$/.exec(part) ?? [];
    const holder: unknown = typeof at === "object" && at !== null ? at : (above as Record<string, unknown> | undefined)?.[`_${last}`];
    above = holder;
    last = name;
    at = (holder as Record<string, unknown> | undefined)?.[name];
    if (index !== undefined && Array.isArray(at)) at = (at as unknown[])[Number(index)];
  }
  return at;
}

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const because = ({ source, row, table }: LineageEntry): string =>
  `${source ?? "(constant)"}  by ${row}${table === undefined ? "" : `, table ${table}`}`;

/**
 * What a mapped message became, in both directions: each element with the field, row and table it came from, then each field with
 * everything it fed, or that it was not used. For the person at the terminal: it shows values.
 */
export function* explainMapped(message: Hl7Message, mapped: Mapped, pack: MapPack): Generator<string> {
  const resources = new Map(allResources(mapped).map((resource) => [resource.id, resource]));
  const lineage = allLineage(mapped);
  yield `${mapped.messageType}, maps ${pack.version}`;
  let current = "";
  for (const entry of lineage) {
    const resource = resources.get(entry.resourceId);
    const type = resource?.resourceType ?? "";
    const heading = `${type}/${entry.resourceId}`;
    if (heading !== current) {
      yield "";
      yield heading;
      current = heading;
    }
    const path = entry.target.slice(type.length + 1);
    yield entry.deletes === true ? `  ${path} is deleted` : `  ${path} = ${shown(valueAt(resource, path))}`;
    yield `      <- ${because(entry)}`;
  }
  yield "";
  yield "Fields of the message";
  for (const { place, field, raw, fed } of fieldUses(message, lineage)) {
    const why = pack.leftAlone.get(field);
    yield `  ${place} ${shown(raw)}`;
    if (fed.length === 0) yield `      -> not used${why === undefined ? "" : `: ${why}`}`;
    for (const { target, deletes } of fed) yield `      -> ${deletes === true ? "deletes " : ""}${target}`;
  }
  for (const { table, code, place } of mapped.unmapped ?? []) yield `  ${place}: code ${code} is not in table ${table}`;
}
