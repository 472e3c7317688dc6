import { isShared } from "#src/fhir/shared-json.ts";
import { copyOf } from "./copies.ts";
import { type Code, constantText, literal, member } from "./generated.ts";
import { type Elements, type Frame, isElements } from "./scope.ts";
import { deletionsOf, type EntryKinds, type SlotNumbers, type Step, stepsOf } from "./target-paths.ts";

/** Writes one element: `name[1].use` or `class[group].value`. */
export interface Target {
  /** First name of the path; empty for the place itself (`$this`). */
  readonly top: string;
  /** What `""` deletes: the element, or a member of it (`period.end`); of a list all of it, or the entries of one kind (`extension[URL]`, `participant[ADM]`). */
  readonly deletes: readonly string[];
  /** R4 type of the element; empty when it is the place itself. */
  readonly type: string;
  /** Takes one value for each repetition. */
  readonly repeats: boolean;
  /** As lineage names it, where that is always the same: `period.end`. Undefined where it goes through a list. */
  readonly path: string | undefined;
  /**
   * Text of its functions.
   * @param beside constant elements written beside a value.
   */
  readonly code: (code: Code, beside: Elements | undefined) => string;
}

/** What the text of a target declares; each works on the resource or data type that the frame is building. */
export interface TargetFunctions {
  /** A row before has given it a value, or one of another type where only one may be. */
  readonly taken: (frame: Frame) => boolean;
  /** Another type of the same choice is there: nothing may be written. */
  readonly excluded: (frame: Frame) => boolean;
  /** Where the next value goes: `name[0].use`. */
  readonly path: (frame: Frame) => string;
  /** Writes a value, with the constants beside it. */
  readonly put: (frame: Frame, value: unknown) => void;
  /** The object that rows before have put there. */
  readonly there: (frame: Frame) => Elements | undefined;
  /** Puts an empty object there. */
  readonly make: (frame: Frame) => Elements;
  /** Takes an object that nothing was written into away again, and what is empty above it. */
  readonly drop: (frame: Frame, object: Elements) => void;
  /** Writes the constants beside an object: an entry of a list takes them itself, else what the element is one of. */
  readonly addBeside: (frame: Frame, object: Elements) => void;
}

/** What `TargetFunctions` are called in the text. */
export const TARGET_FUNCTIONS = "{ taken, excluded, path, put, there, make, drop, addBeside }";

/** Where the index of a shared entry is kept: one for each repetition. What goes through none belongs to the first. */
const slotNo = (entry: number, forAll: boolean, repetition: number): readonly [number, number] => [
  entry,
  forAll || repetition === 0 ? 1 : repetition,
];

/** Index of a shared entry; undefined before it is there. */
const keptAt = (frame: Frame, entry: number, repetition: number): number | undefined => frame.slots?.[entry]?.[repetition];

const keep = (frame: Frame, entry: number, repetition: number, index: number): void => {
  const all = (frame.slots ??= []);
  (all[entry] ??= [])[repetition] = index;
};

const repetitionOf = ({ forAll }: Step): string => (forAll ? "1" : "(frame.repetition || 1)");

/** Text of the index of a step's entry in its list: the shared one when it is there, else the next. */
function indexText(code: Code, step: Step, list: string): string {
  const next = `(${list} === undefined ? 0 : ${list}.length)`;
  return typeof step.entry === "number" ? `(${code.name(keptAt)}(frame, ${step.entry}, ${repetitionOf(step)}) ?? ${next})` : next;
}

const listText = (at: string, step: Step): string => `Array.isArray(${member(at, step.name)}) ? ${member(at, step.name)} : undefined`;

/** Text that sets `a{n+1}` to what is below a step of `a{n}`. */
function childText(code: Code, step: Step, n: number): string {
  if (step.entry === "none") return `const a${n + 1} = ${member(`a${n}`, step.name)};`;
  return `const l${n} = ${listText(`a${n}`, step)}; const a${n + 1} = l${n}?.[${indexText(code, step, `l${n}`)}];`;
}

/** Text that goes down to what holds the last element, or gives `missing` where that is not there. */
function downText(code: Code, above: readonly Step[], missing: string): string {
  const isOne = code.name(isElements);
  return above.map((step, n) => `${childText(code, step, n)} if (!${isOne}(a${n + 1})) return ${missing};`).join(" ");
}

/** Text that sets a variable to the object at a place, to be written into: made when there is none, a copy where it is shared. */
function objectText(code: Code, next: string, place: string): string {
  return `${next} = ${place}; if (!${code.name(isElements)}(${next})) ${next} = ${place} = {};
    else if (${code.name(isShared)}(${next})) ${next} = ${place} = ${code.name(copyOf)}(${next});`;
}

/** Text that sets `a{n+1}` to the object below a step of `a{n}`, to be written into. */
function enterText(code: Code, step: Step, n: number): string {
  const [at, next] = [`a${n}`, `a${n + 1}`];
  if (step.entry === "none") return `let ${objectText(code, next, member(at, step.name))}`;
  return `let ${next}; ${entryText(code, step, n, {
    first: `${next} = {}; ${member(at, step.name)} = [${next}];`,
    other: objectText(code, next, `l${n}[i${n}]`),
  })}`;
}

/**
 * Text that does something with the entry of a step of `a{n}`: with the `first` of a list that is not there yet, or with `l{n}[i{n}]` of a list
 * that is. A list made with its entry takes a fifth of the room of one that an entry is added to.
 */
function entryText(code: Code, step: Step, n: number, entry: { readonly first: string; readonly other: string }): string {
  const [list, at] = [`l${n}`, `i${n}`];
  const kept = typeof step.entry === "number" ? ` ${code.name(keep)}(frame, ${step.entry}, ${repetitionOf(step)}, ${at});` : "";
  const filled = step.beside ? ` while (${list}.length < ${at}) ${list}.push(null);` : "";
  return `let ${list} = ${listText(`a${n}`, step)}; const ${at} = ${indexText(code, step, list)};${kept}
    if (${list} === undefined && ${at} === 0) { ${entry.first} }
    else { if (${list} === undefined) ${list} = ${member(`a${n}`, step.name)} = [];${filled} ${entry.other} }`;
}

function excludedText(code: Code, steps: readonly Step[]): string {
  const last = steps.findLastIndex(({ rivals }) => rivals.length > 0);
  if (last < 0) return "() => false";
  const isOne = code.name(isElements);
  const tests = steps.slice(0, last + 1).map((step, n) => {
    const rivals = step.rivals.map((name) => `${member(`a${n}`, name)} !== undefined`).join(" || ");
    return `if (!${isOne}(a${n})) return false;${rivals === "" ? "" : ` if (${rivals}) return true;`}${n < last ? ` ${childText(code, step, n)}` : ""}`;
  });
  return `(frame) => { const a0 = frame.building.root; ${tests.join(" ")} return false; }`;
}

/** Whether it goes through a list. */
const isListed = (steps: readonly Step[]): boolean => steps.some(({ entry }) => entry !== "none");

const saidOf = (steps: readonly Step[]): string => steps.map((step) => step.said).join(".");

function pathText(code: Code, steps: readonly Step[]): string {
  const isOne = code.name(isElements);
  let said = '""';
  let text = "";
  for (const [n, step] of steps.entries()) {
    said += ` + ${literal(n === 0 ? step.said : `.${step.said}`)}`;
    const last = n === steps.length - 1;
    if (step.entry === "none") {
      if (!last) text += ` const a${n + 1} = ${isOne}(a${n}) ? ${member(`a${n}`, step.name)} : undefined;`;
      continue;
    }
    text += ` const l${n} = ${isOne}(a${n}) && Array.isArray(${member(`a${n}`, step.name)}) ? ${member(`a${n}`, step.name)} : undefined;
      const i${n} = ${indexText(code, step, `l${n}`)};`;
    if (!last) text += ` const a${n + 1} = l${n}?.[i${n}];`;
    said += ` + "[" + i${n} + "]"`;
  }
  return text === "" ? `() => ${literal(saidOf(steps))}` : `(frame) => { const a0 = frame.building.root;${text} return ${said}; }`;
}

/** Takes an empty object away, and what is empty above it. */
function prune(frame: Frame, steps: readonly Step[], object: Elements): void {
  const way: { readonly at: Elements; readonly step: Step }[] = [];
  const listIn = (at: Elements, { name }: Step): unknown[] | undefined => (Array.isArray(at[name]) ? (at[name] as unknown[]) : undefined);
  const below = (at: Elements, step: Step): unknown => {
    if (step.entry === "none") return at[step.name];
    const list = listIn(at, step);
    if (step.entry === "new") return list?.at(-1);
    return list?.[keptAt(frame, ...slotNo(step.entry, step.forAll, frame.repetition)) ?? list.length];
  };
  let at: Elements = frame.building.root;
  for (const step of steps) {
    way.push({ at, step });
    const next = below(at, step);
    if (!isElements(next)) return;
    at = next;
  }
  if (at !== object) return;
  for (const { at: above, step } of way.reverse()) {
    if (step.entry === "none") delete above[step.name];
    else {
      const list = listIn(above, step);
      list?.pop();
      if (typeof step.entry === "number") {
        const [entry, repetition] = slotNo(step.entry, step.forAll, frame.repetition);
        const kept = frame.slots?.[entry];
        if (kept !== undefined) kept[repetition] = undefined;
      }
      if (list !== undefined && list.length === 0) delete above[step.name];
    }
    if (Object.keys(above).length > 0) return;
  }
}

/** Text of the functions of a path. */
function codeOf(code: Code, steps: readonly Step[], nameOfExtension: boolean, beside: Elements | undefined): string {
  const above = steps.slice(0, -1);
  const last = steps.at(-1);
  if (last === undefined) throw new Error("a target without a name");
  const n = above.length;
  const root = "const a0 = frame.building.root;";
  const entered = `${root} ${above.map((step, depth) => enterText(code, step, depth)).join(" ")}`;
  const isOne = code.name(isElements);
  const listed = last.entry !== "none";
  // An address that is written without the value beside it may stay alone.
  const marked = nameOfExtension && beside === undefined ? " frame.scope.unsure.add(frame.resourceId);" : "";
  const constants = Object.entries(beside ?? {}).map(([name, value]) => ({ name, value: constantText(code, value) }));
  const written = (at: string, operator: "=" | "??="): string =>
    constants.map(({ name, value }) => ` ${member(at, name)} ${operator} ${value};`).join("");
  const taken = [
    root,
    // An extension that got no value gets no address either: alone it would not be valid (R4, ext-1).
    nameOfExtension && n === 0 ? "if (Object.keys(a0).length === 0) return true;" : "",
    downText(code, above, nameOfExtension ? "true" : "excluded(frame)"),
    last.entry === "new" ? "" : `${childText(code, last, n)} if (a${n + 1} !== undefined) return true;`,
    "return excluded(frame);",
  ].join(" ");
  const besideEntry =
    constants.length === 0
      ? "value"
      : `${isOne}(value) ? { ${constants.map(({ name, value }) => `[${literal(name)}]: ${value}, `).join("")}...${code.name(toWriteInto)}(value) } : value`;
  const put = listed
    ? `${entered} ${entryText(code, { ...last, beside: false }, n, { first: `${member(`a${n}`, last.name)} = [${besideEntry}];`, other: `l${n}[i${n}] = ${besideEntry};` })}`
    : `${entered} ${member(`a${n}`, last.name)} = value;${written(`a${n}`, n === 0 ? "=" : "??=")}`;
  const there =
    last.entry === "new"
      ? "() => undefined"
      : `(frame) => { ${root} ${downText(code, above, "undefined")} ${childText(code, last, n)} return ${isOne}(a${n + 1}) ? a${n + 1} : undefined; }`;
  const addBeside =
    constants.length === 0
      ? "() => undefined"
      : listed
        ? `(frame, object) => {${written("object", "??=")} }`
        : `(frame, object) => { ${entered}${written(`a${n}`, "??=")} }`;
  return `
    const excluded = ${excludedText(code, steps)};
    const taken = (frame) => { ${taken} };
    const path = ${pathText(code, steps)};
    const put = (frame, value) => { ${put}${marked} };
    const there = ${there};
    const make = (frame) => { ${entered} ${enterText(code, last, n)} return a${n + 1}; };
    const drop = (frame, object) => ${code.name(prune)}(frame, ${code.name(steps)}, object);
    const addBeside = ${addBeside};`;
}

/** A value whose members may be written into. */
const toWriteInto = (value: Elements): Elements => (isShared(value) ? copyOf(value) : value);

/** Writes the members of a value into the place itself, where they are not yet. */
const addMembers = ({ building }: Frame, value: unknown): void => {
  if (isElements(value)) for (const [name, one] of Object.entries(toWriteInto(value))) building.root[name] ??= one;
};

const ITSELF = (taken: string, put: string, beside: string): string => `
  const excluded = () => false;
  const taken = ${taken};
  const path = () => "";
  const put = ${put};
  const there = (frame) => frame.building.root;
  const make = there;
  const drop = () => undefined;
  const addBeside = ${beside};`;

const SELF: Target = {
  top: "",
  deletes: [],
  type: "",
  repeats: false,
  path: undefined,
  code: (code, beside) => {
    const constants = Object.entries(beside ?? {}).map(([name, value]) => `${member("object", name)} ??= ${constantText(code, value)};`);
    return ITSELF("() => false", code.name(addMembers), `(frame, object) => { ${constants.join(" ")} }`);
  },
};

/** The one value of a map to a primitive type. */
const VALUE: Target = {
  ...SELF,
  top: "$value",
  code: () =>
    ITSELF(
      '(frame) => frame.building.root["$value"] !== undefined',
      '(frame, value) => { frame.building.root["$value"] = value; }',
      "() => undefined",
    ),
};

/**
 * Reads a target path below its resource or data type.
 * @returns what is wrong with it as a text: R4 has no such element.
 */
export function compileTarget(type: string, written: string, numbers: SlotNumbers, kinds: EntryKinds): Target | string {
  if (written === "$this") return SELF;
  if (written === "$value") return VALUE;
  const path = written.endsWith(".$this") ? written.slice(0, -".$this".length) : written;
  const read = stepsOf(type, path, numbers);
  if (typeof read === "string") return read;
  const { steps } = read;
  const [first, last] = [steps[0], steps.at(-1)];
  if (last === undefined || first === undefined) return "names no element";
  const nameOfExtension = read.holder === "Extension" && last.name === "url";
  return {
    top: first.said,
    deletes: deletionsOf(type, steps, path, kinds),
    type: read.type,
    repeats: isListed(steps),
    path: isListed(steps) ? undefined : saidOf(steps),
    code: (code, beside) => codeOf(code, steps, nameOfExtension, beside),
  };
}
