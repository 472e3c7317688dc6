import { NOTHING, type Segment, type Value } from "#src/hl7v2/message.ts";
import { type Code, literal } from "./generated.ts";
import { hasEnded, isGrouped } from "./order-groups.ts";
import { type Frame, type PlacedValue, placeOf, type Scope } from "./scope.ts";

/** Reads one place of a message: compiled once, from `PID-5.1` or `XPN.1.1`. */
export interface Source {
  /** Field of the map's own segment whose repetitions it goes through; 0 for any other place. */
  readonly field: number;
  /** Component of the map's own data type; 0 for any other place. */
  readonly component: number;
  /** Component and subcomponent, where it reads no whole field. */
  readonly parts: readonly number[];
  /** Text of what `first` reads of a `frame`. */
  readonly firstText: (code: Code) => string;
  /** Text of what `label` says of a `frame`. */
  readonly labelText: (code: Code) => string;
  /** The current repetition, else the first. */
  readonly first: (frame: Frame) => Value;
  /** The current repetition alone while a row goes through them, else all. */
  readonly all: (frame: Frame) => readonly Value[];
  /** Whether the sender set the field to `""`. */
  readonly isNull: (frame: Frame) => boolean;
  /** `DG1(2)-3.1`, `PID-5(1).1`. */
  readonly label: (frame: Frame) => string;
}

const NO_VALUES: readonly Value[] = [];

/** Whose fields and components the sources of a map mean. */
export interface Home {
  /** Segment or data type of the map. */
  readonly name: string;
  readonly isSegment: boolean;
  /** Only the first segment counts, so that its number says nothing. */
  readonly once: boolean;
  /** Segments that follow and belong to it. */
  readonly companions: readonly string[];
}

/** The nearest segment of a name that follows, before the next one of the segment's own name: IN2 of its IN1. */
export function following(scope: Scope, segment: Segment, name: string): Segment | undefined {
  for (const one of scope.message.all(name)) {
    if (one.position <= segment.position) continue;
    const next = scope.message.all(segment.name).find(({ position }) => position > segment.position);
    return next === undefined || one.position < next.position ? one : undefined;
  }
  return undefined;
}

/** The nearest segment of a name before; without one the first there is. In groups of orders only what is of the same group. */
export function nearest(scope: Scope, segment: Segment, name: string): Segment | undefined {
  const all = scope.message.all(name);
  if (isGrouped(segment.name, name)) {
    const before = all.findLast(({ position }) => position < segment.position);
    return before === undefined || hasEnded(scope.message, before, segment) ? undefined : before;
  }
  if (all.length <= 1) return all[0];
  let found = all[0];
  for (const one of all) if (one.position < segment.position) found = one;
  return found;
}

/** Text of a part of the value that another text gives. */
export const partText = (value: string, parts: readonly number[]): string => value + parts.map((number) => `.part(${number})`).join("");

/** JavaScript that gives the text of what a source reads first. A first part's text is that of the whole, for which nothing has to be split. */
export const decodedText = (code: Code, source: Source): string => `${source.firstText(code).replace(/(?:\.part\(1\))+$/, "")}.text`;

const partOf = (numbers: readonly (number | undefined)[]): ((value: Value) => Value) | undefined => {
  const [component, subcomponent] = numbers;
  if (component === undefined) return undefined;
  return subcomponent === undefined ? (value): Value => value.part(component) : (value): Value => value.part(component).part(subcomponent);
};

function dataTypeSource(path: string): Source {
  const numbers = path.split(".").slice(1).map(Number);
  const part = partOf(numbers);
  const suffix = numbers.length === 0 ? "" : `.${numbers.join(".")}`;
  const first = part === undefined ? (frame: Frame): Value => frame.value : (frame: Frame): Value => part(frame.value);
  return {
    field: 0,
    component: numbers[0] ?? 0,
    parts: numbers,
    firstText: () => partText("frame.value", numbers),
    labelText: (code) => `${code.name(placeOf)}(frame)${suffix === "" ? "" : ` + ${literal(suffix)}`}`,
    first,
    all: (frame) => {
      const value = first(frame);
      return value.raw === "" ? NO_VALUES : [value];
    },
    isNull: () => false,
    label: (frame) => placeOf(frame) + suffix,
  };
}

function segmentSource(path: string, home: Home): Source {
  const [name = "", position = ""] = path.split("-");
  const [field = 0, ...numbers] = position.split(".").map(Number);
  const suffix = numbers.length === 0 ? "" : `.${numbers.join(".")}`;
  const part = partOf(numbers);
  const own = name === home.name;
  const search = home.companions.includes(name) ? following : nearest;
  const segmentOf = own
    ? (frame: Frame): Segment | undefined => frame.segment
    : (frame: Frame): Segment | undefined => search(frame.scope, frame.segment, name);
  const numbered = !home.once && (own || home.companions.includes(name));
  const current = (frame: Frame): boolean => own && frame.repetition > 0 && frame.field === field;
  const first = (frame: Frame): Value => {
    const segment = segmentOf(frame);
    const value =
      segment === undefined
        ? NOTHING
        : current(frame)
          ? (segment.repetitions(field)[frame.repetition - 1] ?? NOTHING)
          : segment.field(field);
    return part === undefined ? value : part(value);
  };
  const label = (frame: Frame): string =>
    `${numbered || (segmentOf(frame)?.index ?? 1) > 1 ? `${name}(${segmentOf(frame)?.index ?? 1})` : name}-${field}${current(frame) ? `(${frame.repetition})` : ""}${suffix}`;
  const isCurrent = `frame.repetition > 0 && frame.field === ${field}`;
  return {
    field: own ? field : 0,
    component: 0,
    parts: numbers,
    firstText: (code) =>
      own
        ? partText(
            `(${isCurrent} ? frame.segment.repetitions(${field})[frame.repetition - 1] ?? ${code.name(NOTHING)} : frame.segment.field(${field}))`,
            numbers,
          )
        : `${code.name(first)}(frame)`,
    labelText: (code) => {
      if (!own) return `${code.name(label)}(frame)`;
      const index = `${literal(`${name}(`)} + frame.segment.index + ${literal(`)-${field}`)}`;
      const segment = numbered ? index : `(frame.segment.index > 1 ? ${index} : ${literal(`${name}-${field}`)})`;
      return `${segment} + (${isCurrent} ? "(" + frame.repetition + ")" : "")${suffix === "" ? "" : ` + ${literal(suffix)}`}`;
    },
    first,
    all: (frame) => {
      const values = segmentOf(frame)?.repetitions(field) ?? NO_VALUES;
      if (values.length === 0) return values;
      if (current(frame)) {
        const value = values[frame.repetition - 1] ?? NOTHING;
        return [part === undefined ? value : part(value)];
      }
      return part === undefined ? values : values.map(part);
    },
    isNull: (frame) => part === undefined && segmentOf(frame)?.raw(field) === '""',
    label,
  };
}

/** The numbers that the feed's `identity` chose. */
export const CHOSEN: Readonly<Record<string, (scope: Scope) => PlacedValue>> = {
  "@account": ({ accountNumber }) => accountNumber,
  "@visit": ({ visitNumber }) => visitNumber,
};

/** The chosen number, or a part of it: `@visit.5` is what kind of number it is. */
function chosenSource(path: string): Source | undefined {
  const [name = "", ...parts] = path.split(".");
  const of = CHOSEN[name];
  if (of === undefined) return undefined;
  const numbers = parts.map(Number);
  const part = partOf(numbers);
  const suffix = numbers.length === 0 ? "" : `.${numbers.join(".")}`;
  const first = (frame: Frame): Value => {
    const { value } = of(frame.scope);
    return part === undefined ? value : part(value);
  };
  const label = (frame: Frame): string => of(frame.scope).place + suffix;
  return {
    field: 0,
    component: 0,
    parts: numbers,
    firstText: (code) => `${code.name(first)}(frame)`,
    labelText: (code) => `${code.name(label)}(frame)`,
    first,
    all: (frame) => (first(frame).raw === "" ? NO_VALUES : [first(frame)]),
    isNull: () => false,
    label,
  };
}

/** Compiles a source. @returns undefined when it does not belong to this map: a component outside its data type. */
export function compileSource(path: string, home: Home): Source | undefined {
  if (path.startsWith("@")) return home.isSegment ? chosenSource(path) : undefined;
  // A data type may look at another segment, never at another data type.
  if (path.includes("-")) return segmentSource(path, home.isSegment ? home : { ...home, name: "" });
  return !home.isSegment && (path === home.name || path.startsWith(`${home.name}.`)) ? dataTypeSource(path) : undefined;
}
