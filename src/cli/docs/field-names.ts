import type { HL7Dictionary } from "hl7v2-dictionary";

/** A segment or data type: its title, and type and name of each field or component; `null` where a number is not used. */
export type Named = readonly [title: string, fields: readonly (readonly [type: string, name: string] | null)[]];

/** Names of v2.5.1 where it has them, else of the newest version that does. */
const ORDER = ["2.5.1", "2.8", "2.7.1", "2.7", "2.6", "2.5", "2.4", "2.3.1", "2.3", "2.2", "2.1"] as const;

interface Definition {
  readonly desc?: string;
  readonly fields?: Readonly<Record<string, { readonly type: string; readonly desc?: string }>>;
}

function merge(all: readonly Readonly<Record<string, Definition>>[]): Readonly<Record<string, Named>> {
  const names = [...new Set(all.flatMap((one) => Object.keys(one)))].sort();
  return Object.fromEntries(
    names.map((name): [string, Named] => {
      const known = all.flatMap((one) => one[name] ?? []);
      const last = Math.max(
        0,
        ...known.flatMap(({ fields }) =>
          Object.keys(fields ?? {})
            .map(Number)
            .filter(Number.isInteger),
        ),
      );
      const fields = Array.from({ length: last }, (_, n) => {
        const field = known.map((one) => one.fields?.[n + 1]).find((one) => one !== undefined);
        return field === undefined ? null : ([field.type, field.desc ?? ""] as const);
      });
      return [name, [known.find(({ desc }) => desc !== undefined)?.desc ?? "", fields]];
    }),
  );
}

/**
 * The dictionaries of hl7v2-dictionary as the message page needs them: the package itself takes seconds and 300 MB to load, which
 * no engine that acknowledges messages can spend.
 */
export function fieldNames(dictionaries: Readonly<Record<string, HL7Dictionary>>): string {
  const all = ORDER.flatMap((version) => dictionaries[version] ?? []);
  const table = (what: Readonly<Record<string, Named>>): string =>
    Object.entries(what)
      .map(([name, named]) => `    ${JSON.stringify(name)}: ${JSON.stringify(named)}`)
      .join(",\n");
  const segments = merge(all.map((one) => one.segments as Readonly<Record<string, Definition>>));
  const types = merge(all.map((one) => one.types as Readonly<Record<string, Definition>>));
  return `{\n  "segments": {\n${table(segments)}\n  },\n  "types": {\n${table(types)}\n  }\n}\n`;
}
