import { elementOf, isType, rivalsOf } from "#src/fhir/elements.ts";
import { kindAt, pathOfKind } from "#src/fhir/entry-kinds.ts";
import { type Elements, type Frame, isElements } from "./scope.ts";

/** Writes one element: compiled once, from `name[1].use` or `class[group].value`. */
export interface Target {
  /** First name of the path; empty for the place itself (`$this`). */
  readonly top: string;
  /** What `""` deletes: the element, or a member of it (`period.end`); of a list all of it, or the entries of one kind (`extension[URL]`, `participant[ADM]`). */
  readonly deletes: readonly string[];
  /** R4 type of the element; empty when it is the place itself. */
  readonly type: string;
  /** Takes one value for each repetition. */
  readonly repeats: boolean;
  /** A row before has given it a value, or one of another type where only one may be. */
  readonly taken: (frame: Frame) => boolean;
  /** Another type of the same choice is there: nothing may be written. */
  readonly excluded: (frame: Frame) => boolean;
  /** Where the next value goes: `name[0].use`. */
  readonly path: (frame: Frame) => string;
  readonly put: (frame: Frame, value: unknown, beside: Elements | undefined) => void;
  /** The object there, made when there is none; `drop` takes it away again when nothing was written into it. */
  readonly open: (frame: Frame) => Opened;
}

export interface Opened {
  readonly object: Elements;
  /** Where constants beside the value go: an entry of a list takes them itself, else what the element is one of. */
  readonly holder: Elements;
  readonly drop: () => void;
}

interface Step {
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
  /** One entry for all repetitions: named so (`[one]`), or a list further down has one for each (`contact` in `contact.telecom[1]`). */
  readonly shared: boolean;
}

/** Gives the shared entries of one map their numbers. */
export type SlotNumbers = Map<string, number>;

/** More repetitions than this of one field would share their entries. */
const REPETITIONS = 4096;

const listIn = (at: Elements | undefined, name: string): unknown[] | undefined => {
  const list = at?.[name];
  return Array.isArray(list) ? list : undefined;
};

const isExcluded = (at: Elements, { rivals }: Step): boolean => rivals.some((name) => at[name] !== undefined);

/** Where the index of a shared entry is kept: one for each repetition. What goes through none belongs to the first. */
const slotKey = (entry: number, shared: boolean, frame: Frame): number =>
  entry * REPETITIONS + (shared || frame.repetition === 0 ? 1 : frame.repetition);

/** Index of a step's entry in its list: the shared one when it is there, else the next. */
const indexOf = (step: Step, list: unknown[] | undefined, frame: Frame): number =>
  (typeof step.entry === "number" ? frame.slots?.get(slotKey(step.entry, step.shared, frame)) : undefined) ?? list?.length ?? 0;

function childOf(at: Elements | undefined, step: Step, frame: Frame): unknown {
  if (at === undefined) return undefined;
  if (step.entry === "none") return at[step.name];
  const list = listIn(at, step.name);
  return list?.[indexOf(step, list, frame)];
}

/** The object below a step, made when there is none. */
function enter(at: Elements, step: Step, frame: Frame): Elements {
  if (step.entry === "none") {
    const next = at[step.name];
    return isElements(next) ? next : (at[step.name] = {} as Elements);
  }
  const list = listIn(at, step.name) ?? ((at[step.name] = []) as unknown[]);
  const index = indexOf(step, list, frame);
  if (typeof step.entry === "number") (frame.slots ??= new Map()).set(slotKey(step.entry, step.shared, frame), index);
  if (step.beside) while (list.length < index) list.push(null);
  const next = list[index];
  return isElements(next) ? next : ((list[index] = {}) as Elements);
}

/** Reads a target path against R4. @returns what is wrong with it as a text. */
function stepsOf(
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
      steps.push({ name, said: name, entry: number(), beside: false, shared: false, rivals: [] });
      at = "Extension";
      continue;
    }
    holder = at;
    const element = elementOf(at, name);
    if (element === undefined) return `${at} has no element ${name}`;
    const last = depth === parts.length - 1;
    if (slot === "one") ones.add(steps.length);
    const entry = !element.list ? "none" : slot === "" || (slot === undefined && last) ? "new" : number();
    steps.push({
      name,
      said: name,
      entry,
      beside: false,
      shared: slot === undefined && !last,
      rivals: element.list ? [] : rivalsOf(at, name),
    });
    at = element.type;
  }
  // A list without a slot is one entry for all repetitions where a slot, or the end of the path, further down takes them.
  const lastEach = steps.findLastIndex(({ entry, shared }) => entry !== "none" && !shared);
  const firstEach = steps.findIndex(({ entry, shared }) => entry !== "none" && !shared);
  const shared = ({ shared: may }: Step, depth: number): boolean =>
    ones.has(depth) || (may && depth < lastEach && (firstEach < 0 || depth < firstEach));
  return { steps: steps.map((step, depth) => ({ ...step, shared: shared(step, depth) })), type: at, holder };
}

const SELF: Target = {
  top: "",
  deletes: [],
  type: "",
  repeats: false,
  taken: () => false,
  excluded: () => false,
  path: () => "",
  put: ({ building }, value) => {
    if (isElements(value)) for (const [name, one] of Object.entries(value)) building.root[name] ??= one;
  },
  open: ({ building }) => ({ object: building.root, holder: building.root, drop: () => undefined }),
};

/** The one value of a map to a primitive type. */
const VALUE: Target = {
  ...SELF,
  top: "$value",
  taken: ({ building }) => building.root["$value"] !== undefined,
  put: ({ building }, value) => {
    building.root["$value"] = value;
  },
};

const plain = ({ name, rivals }: Step, type: string, nameOfExtension: boolean): Target => ({
  top: name,
  deletes: [name],
  type,
  repeats: false,
  excluded: ({ building }) => rivals.some((one) => building.root[one] !== undefined),
  taken: ({ building: { root } }) =>
    root[name] !== undefined || rivals.some((one) => root[one] !== undefined) || (nameOfExtension && Object.keys(root).length === 0),
  path: () => name,
  put: ({ building: { root } }, value, beside) => {
    root[name] = value;
    if (beside !== undefined) Object.assign(root, beside);
  },
  open: ({ building: { root } }) => {
    const there = root[name];
    if (isElements(there)) return { object: there, holder: root, drop: () => undefined };
    const object: Elements = {};
    root[name] = object;
    return { object, holder: root, drop: () => delete root[name] };
  },
});

/** Kinds of the entries that the rows of a map write into lists of several kinds, by slot: rows beside the one that writes the value name them. */
export type EntryKinds = ReadonlyMap<string, ReadonlySet<string>>;

/** What `""` deletes. */
function deletionsOf(type: string, steps: readonly Step[], path: string, kinds: EntryKinds): readonly string[] {
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

/**
 * Compiles a target path below its resource or data type.
 * @returns what is wrong with it as a text: R4 has no such element.
 */
export function compileTarget(type: string, written: string, numbers: SlotNumbers, kinds: EntryKinds): Target | string {
  if (written === "$this") return SELF;
  if (written === "$value") return VALUE;
  const path = written.endsWith(".$this") ? written.slice(0, -".$this".length) : written;
  const read = stepsOf(type, path, numbers);
  if (typeof read === "string") return read;
  const { steps } = read;
  const last = steps.at(-1);
  const [first] = steps;
  if (last === undefined || first === undefined) return "names no element";
  const nameOfExtension = read.holder === "Extension" && last.name === "url";
  if (steps.length === 1 && last.entry === "none") return plain(last, read.type, nameOfExtension);
  const above = steps.slice(0, -1);
  const parent = (frame: Frame): Elements | undefined => {
    let at: unknown = frame.building.root;
    for (const step of above) {
      at = childOf(at as Elements, step, frame);
      if (!isElements(at)) return undefined;
    }
    return at as Elements;
  };
  const entered = (frame: Frame): Elements => {
    let at = frame.building.root;
    for (const step of above) at = enter(at, step, frame);
    return at;
  };
  const choices = steps.some(({ rivals }) => rivals.length > 0);
  const excluded = (frame: Frame): boolean => {
    if (!choices) return false;
    let at: unknown = frame.building.root;
    for (const step of steps) {
      if (!isElements(at)) return false;
      if (isExcluded(at, step)) return true;
      at = childOf(at, step, frame);
    }
    return false;
  };
  return {
    top: first.said,
    excluded,
    deletes: deletionsOf(type, steps, path, kinds),
    type: read.type,
    repeats: steps.some(({ entry }) => entry !== "none"),
    taken: (frame) => {
      const at = parent(frame);
      // An extension that got no value gets no address either: alone it would not be valid (R4, ext-1).
      if (nameOfExtension && at === undefined) return true;
      return (last.entry !== "new" && childOf(at, last, frame) !== undefined) || excluded(frame);
    },
    path: (frame) => {
      let at: Elements | undefined = frame.building.root;
      let said = "";
      for (const step of steps) {
        said += said === "" ? step.said : `.${step.said}`;
        if (step.entry !== "none") said += `[${indexOf(step, listIn(at, step.name), frame)}]`;
        const next: unknown = childOf(at, step, frame);
        at = isElements(next) ? next : undefined;
      }
      return said;
    },
    put: (frame, value, beside) => {
      const at = entered(frame);
      if (last.entry === "none") at[last.name] = value;
      else {
        const list = listIn(at, last.name) ?? ((at[last.name] = []) as unknown[]);
        const index = indexOf(last, list, frame);
        if (typeof last.entry === "number") (frame.slots ??= new Map()).set(slotKey(last.entry, last.shared, frame), index);
        list[index] = beside !== undefined && isElements(value) ? { ...beside, ...value } : value;
        return;
      }
      if (beside !== undefined) for (const [name, constant] of Object.entries(beside)) at[name] ??= constant;
    },
    open: (frame) => {
      const at = entered(frame);
      const there = childOf(at, last, frame);
      const holder = (object: Elements): Elements => (last.entry === "none" ? at : object);
      if (isElements(there) && last.entry !== "new") return { object: there, holder: holder(there), drop: () => undefined };
      const object = enter(at, last, frame);
      return { object, holder: holder(object), drop: () => prune(frame, steps, object) };
    },
  };
}

/** Takes an empty object away, and what is empty above it. */
function prune(frame: Frame, steps: readonly Step[], object: Elements): void {
  const way: { readonly at: Elements; readonly step: Step }[] = [];
  let at: Elements = frame.building.root;
  for (const step of steps) {
    way.push({ at, step });
    const next: unknown = step.entry === "new" ? listIn(at, step.name)?.at(-1) : childOf(at, step, frame);
    if (!isElements(next)) return;
    at = next;
  }
  if (at !== object) return;
  for (const { at: above, step } of way.reverse()) {
    if (step.entry === "none") delete above[step.name];
    else {
      const list = listIn(above, step.name);
      list?.pop();
      if (typeof step.entry === "number") frame.slots?.delete(slotKey(step.entry, step.shared, frame));
      if (list !== undefined && list.length === 0) delete above[step.name];
    }
    if (Object.keys(above).length > 0) return;
  }
}
