import { elementOf, isType, rivalsOf } from "#src/fhir/elements.ts";
import { kindAt, pathOfKind } from "#src/fhir/entry-kinds.ts";

/** One name of a target path. */
export interface Step {
  /** As written in JSON: `_birthDate` where its extensions go. */
  readonly name: string;
  /** As FHIRPath says it: `birthDate`. */
  readonly said: string;
  /** No list; a list whose next entry is always new; a list whose entry rows share by this number. */
  readonly entry: "none" | "new" | number;
  /** A list of primitives: its extensions stand in a list beside it, at the same index. */
  readonly beside: boolean;
  /** Elements that exclude this one: the other types of a choice. */
  readonly rivals: readonly string[];
  /** One entry for all repetitions: named so (`[one]`, `[oneRace]`), or a list further down has one for each (`contact` in `contact.telecom[1]`). */
  readonly forAll: boolean;
}

/** `one`, `oneRace`: slots of one entry, whatever repeats. */
const FOR_ALL = /^one(?:$|[A-Z])/;

/** Gives the shared entries of one map their numbers. */
export type SlotNumbers = Map<string, number>;

/** Reads a target path against R4. @returns what is wrong with it as a text. */
export function stepsOf(
  type: string,
  path: string,
  numbers: SlotNumbers,
): { readonly steps: readonly Step[]; readonly type: string; readonly holder: string } | string {
  const steps: Step[] = [];
  const ones = new Set<number>();
  let at = type;
  let holder = type;
  let key = "";
  const parts = path.split(".");
  for (const [depth, part] of parts.entries()) {
    const open = part.indexOf("[");
    const name = open < 0 ? part : part.slice(0, open);
    const slot = open < 0 ? undefined : part.slice(open + 1, -1);
    key += `.${part}`;
    const number = (): number => {
      const known = numbers.get(key) ?? numbers.size + 1;
      numbers.set(key, known);
      return known;
    };
    if (!isType(at)) {
      // Below a primitive there are only its extensions, which stand beside it.
      const before = steps.at(-1);
      if (name !== "extension" || before === undefined) return `${at} has no element ${name}`;
      steps[steps.length - 1] = { ...before, name: `_${before.said}`, beside: before.entry !== "none" };
      steps.push({ name, said: name, entry: number(), beside: false, forAll: false, rivals: [] });
      at = "Extension";
      continue;
    }
    holder = at;
    const element = elementOf(at, name);
    if (element === undefined) return `${at} has no element ${name}`;
    const last = depth === parts.length - 1;
    if (slot !== undefined && FOR_ALL.test(slot)) ones.add(steps.length);
    const entry = !element.list ? "none" : slot === "" || (slot === undefined && last) ? "new" : number();
    steps.push({
      name,
      said: name,
      entry,
      beside: false,
      forAll: slot === undefined && !last,
      rivals: element.list ? [] : rivalsOf(at, name),
    });
    at = element.type;
  }
  // A list without a slot is one entry for all repetitions where a slot, or the end of the path, further down takes them.
  const lastEach = steps.findLastIndex(({ entry, forAll }) => entry !== "none" && !forAll);
  const firstEach = steps.findIndex(({ entry, forAll }) => entry !== "none" && !forAll);
  const forAll = ({ forAll: may }: Step, depth: number): boolean =>
    ones.has(depth) || (may && depth < lastEach && (firstEach < 0 || depth < firstEach));
  return { steps: steps.map((step, depth) => ({ ...step, forAll: forAll(step, depth) })), type: at, holder };
}

/** Kinds of the entries that the rows of a map write into lists of several kinds, by slot: rows beside the one that writes the value name them. */
export type EntryKinds = ReadonlyMap<string, ReadonlySet<string>>;

/** What `""` deletes. */
export function deletionsOf(type: string, steps: readonly Step[], path: string, kinds: EntryKinds): readonly string[] {
  const [first, last] = [steps[0]?.said ?? "", steps.at(-1)?.said ?? ""];
  const named = kinds.get(slotOf(path));
  if (named !== undefined) return Array.from(named, (kind) => pathOfKind(first, kind));
  // A role that a table gives (ROL-3) is not known before: the others of the list are not what is deleted.
  if (steps.length > 1 && kindAt(type, first) !== undefined) return [];
  // A member that is a list goes alone: a diet that is deleted leaves the disposition beside it.
  return [steps.length === 2 && steps[0]?.entry === "none" ? `${first}.${last}` : first];
}

/** The first name of a path with its slot: `extension[1]`. */
export const slotOf = (path: string): string => path.split(".", 1)[0] ?? path;
