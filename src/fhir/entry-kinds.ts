/**
 * Lists of a resource whose entries are said apart by their kind: what is said of one kind says nothing of the others. By `Type.list`, or by `list` for
 * every type; with where an entry says its kind.
 */
const KIND_AT: Readonly<Record<string, string>> = {
  extension: "url",
  // A later PV1 that fills PV1-7 alone says nothing of PV1-8, 9 and 17.
  "Encounter.participant": "type.coding.code",
  // A DG1 that says what is to be done with it (DG1-21) says nothing of the others.
  "Encounter.diagnosis": "condition.reference",
};

const NAMES = new Map(Object.entries(KIND_AT).map(([list, path]) => [list, path.split(".")]));
const LISTS = new Set([...NAMES.keys()].map((list) => list.slice(list.indexOf(".") + 1)));

const namesOf = (type: string, list: string): readonly string[] | undefined =>
  LISTS.has(list) ? (NAMES.get(list) ?? NAMES.get(`${type}.${list}`)) : undefined;

/** Where entries of a list say their kind, below the entry: (`Encounter`, `participant`) to `type.coding.code`. Undefined: the list is one thing. */
export const kindAt = (type: string, list: string): string | undefined => namesOf(type, list)?.join(".");

function firstText(value: unknown, names: readonly string[], from: number): string {
  if (Array.isArray(value)) {
    for (const one of value) {
      const text = firstText(one, names, from);
      if (text !== "") return text;
    }
    return "";
  }
  if (from === names.length) return typeof value === "string" ? value : "";
  const name = names[from] ?? "";
  return typeof value === "object" && value !== null ? firstText((value as Readonly<Record<string, unknown>>)[name], names, from + 1) : "";
}

/** How entries of a list tell their kind, the first they name; `""` for one that names none. Undefined: the list is one thing. */
export function kindsIn(type: string, list: string): ((entry: unknown) => string) | undefined {
  const names = namesOf(type, list);
  return names === undefined ? undefined : (entry) => firstText(entry, names, 0);
}

/** The path of the entries of one kind: `extension[URL]`, `participant[ATND]`. */
export const pathOfKind = (list: string, kind: string): string => `${list}[${kind}]`;

/** The list that such a path is of; undefined for any other, `value[x]` among them. A URL, or a code, has points and brackets too. */
export function listOfKind(path: string): string | undefined {
  if (!path.endsWith("]")) return undefined;
  const list = path.slice(0, path.indexOf("["));
  return LISTS.has(list) ? list : undefined;
}
