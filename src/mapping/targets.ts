import type { Building, Elements } from "./scope.ts";

/** Writes one element: compiled once, from `name[].use` or `class[group].value`. */
export interface Target {
  /** First name of the path. */
  readonly top: string;
  /** What `""` deletes: the element, or a member of it (`period.end`). */
  readonly deletes: string;
  /** Takes one value for each repetition. */
  readonly repeats: boolean;
  /** Where the next value goes (`name[0].use`); undefined when a row before has said it. */
  readonly locate: (building: Building) => string | undefined;
  readonly put: (building: Building, value: unknown, beside: Elements | undefined) => void;
}

interface Step {
  readonly name: string;
  /** `[]` appends; a name in brackets is an entry that rows share; undefined is no array. */
  readonly entry: string | undefined;
  /** Path of names up to here: key of a shared entry. */
  readonly key: string;
}

const stepsOf = (path: string): readonly Step[] => {
  let key = "";
  return path.split(".").map((part) => {
    const open = part.indexOf("[");
    key += `.${part}`;
    return open < 0 ? { name: part, entry: undefined, key } : { name: part.slice(0, open), entry: part.slice(open + 1, -1), key };
  });
};

const isElements = (value: unknown): value is Elements => typeof value === "object" && value !== null && !Array.isArray(value);
const listIn = (at: Elements | undefined, name: string): unknown[] | undefined => {
  const list = at?.[name];
  return Array.isArray(list) ? list : undefined;
};

const plain = (name: string): Target => ({
  top: name,
  deletes: name,
  repeats: false,
  locate: ({ root }) => (root[name] === undefined ? name : undefined),
  put: ({ root }, value, beside) => {
    root[name] = value;
    if (beside !== undefined) Object.assign(root, beside);
  },
});

const append = (name: string): Target => ({
  top: name,
  deletes: name,
  repeats: true,
  locate: ({ root }) => `${name}[${listIn(root, name)?.length ?? 0}]`,
  put: ({ root }, value, beside) => {
    const one = beside !== undefined && isElements(value) ? { ...beside, ...value } : value;
    const list = listIn(root, name);
    if (list === undefined) root[name] = [one];
    else list.push(one);
  },
});

/** Index of a step's entry in its list: the shared one when it is there, else the next. */
const indexOf = (step: Step, list: unknown[] | undefined, building: Building): number =>
  (step.entry === "" ? undefined : building.slots?.get(step.key)) ?? list?.length ?? 0;

function locateSteps(steps: readonly Step[], building: Building): string | undefined {
  let at: Elements | undefined = building.root;
  let path = "";
  let found: unknown;
  for (const step of steps) {
    path = path === "" ? step.name : `${path}.${step.name}`;
    if (step.entry === undefined) found = at?.[step.name];
    else {
      const list = listIn(at, step.name);
      const index = indexOf(step, list, building);
      path = `${path}[${index}]`;
      found = list?.[index];
    }
    at = isElements(found) ? found : undefined;
  }
  return found === undefined ? path : undefined;
}

function putSteps(steps: readonly Step[], building: Building, value: unknown, beside: Elements | undefined): void {
  let at = building.root;
  for (const [depth, step] of steps.entries()) {
    const last = depth === steps.length - 1;
    if (step.entry === undefined) {
      if (last) at[step.name] = value;
      else {
        const next = at[step.name];
        at = isElements(next) ? next : (at[step.name] = {} as Elements);
      }
    } else {
      const list = listIn(at, step.name) ?? ((at[step.name] = []) as unknown[]);
      const index = indexOf(step, list, building);
      if (step.entry !== "") (building.slots ??= new Map()).set(step.key, index);
      if (last) list[index] = value;
      else {
        const next = list[index];
        at = isElements(next) ? next : ((list[index] = {}) as Elements);
      }
    }
  }
  if (beside === undefined) return;
  if (steps.at(-1)?.entry !== undefined && isElements(value)) Object.assign(value, { ...beside, ...value });
  else for (const [name, constant] of Object.entries(beside)) at[name] ??= constant;
}

/** Compiles a target path below its resource or data type. */
export function compileTarget(path: string): Target {
  const steps = stepsOf(path);
  const [first] = steps;
  const top = first?.name ?? "";
  if (steps.length === 1 && first?.entry === undefined) return plain(top);
  if (steps.length === 1 && first?.entry === "") return append(top);
  return {
    top,
    deletes: steps.length === 2 && steps.every((step) => step.entry === undefined) ? path : top,
    repeats: steps.some((step) => step.entry === ""),
    locate: (building) => locateSteps(steps, building),
    put: (building, value, beside) => putSteps(steps, building, value, beside),
  };
}
