import { type Segment, Value } from "#src/hl7v2/message.ts";
import type { Frame, PlacedValue, Scope } from "./scope.ts";

/** Reads one place of a message: compiled once, from `PID-5.1` or `XPN.1.1`. */
export interface Source {
  /** First repetition. */
  readonly first: (frame: Frame) => Value;
  /** All repetitions; one in a data type. */
  readonly all: (frame: Frame) => readonly Value[];
  /** Whether the sender set the field to `""`. */
  readonly isNull: (frame: Frame) => boolean;
  /** `DG1(2)-3.1`, `PID-5(1).1`; the repetition is counted from 1, 0 leaves it out. */
  readonly label: (frame: Frame, repetition: number) => string;
}

export const NOTHING = new Value("", { field: "", component: "", repetition: "", escape: "", subcomponent: "", truncation: "" }, "");
const NO_VALUES: readonly Value[] = [];

/** The nearest segment of a name that follows, before the next one of the segment's own name: IN2 of its IN1. */
function following(scope: Scope, segment: Segment, name: string): Segment | undefined {
  const { segments } = scope.message;
  for (let at = segment.position + 1; at < segments.length; at++) {
    const next = segments[at];
    if (next === undefined || next.name === segment.name) return undefined;
    if (next.name === name) return next;
  }
  return undefined;
}

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

function dataTypeSource(path: string): Source {
  const numbers = path.split(".").slice(1).map(Number);
  const [component = 1, subcomponent] = numbers;
  const suffix = `.${numbers.join(".")}`;
  const first =
    subcomponent === undefined
      ? (frame: Frame): Value => frame.value.part(component)
      : (frame: Frame): Value => frame.value.part(component).part(subcomponent);
  return {
    first,
    all: (frame) => {
      const value = first(frame);
      return value.raw === "" ? NO_VALUES : [value];
    },
    isNull: () => false,
    label: (frame) => frame.source + suffix,
  };
}

function segmentSource(path: string, home: Home): Source {
  const [name = "", position = ""] = path.split("-");
  const [field = 0, component, subcomponent] = position.split(".").map(Number);
  const suffix = position.includes(".") ? position.slice(position.indexOf(".")) : "";
  const part =
    component === undefined
      ? undefined
      : subcomponent === undefined
        ? (value: Value): Value => value.part(component)
        : (value: Value): Value => value.part(component).part(subcomponent);
  const segmentOf: (frame: Frame) => Segment | undefined =
    name === home.name
      ? (frame) => frame.segment
      : home.companions.includes(name)
        ? (frame) => following(frame.scope, frame.segment, name)
        : (frame) => frame.scope.message.first(name);
  const numbered = !home.once && (name === home.name || home.companions.includes(name));
  return {
    first: (frame) => {
      const value = segmentOf(frame)?.field(field) ?? NOTHING;
      return part === undefined ? value : part(value);
    },
    all: (frame) => {
      const values = segmentOf(frame)?.repetitions(field) ?? NO_VALUES;
      return part === undefined || values.length === 0 ? values : values.map(part);
    },
    isNull: (frame) => part === undefined && segmentOf(frame)?.raw(field) === '""',
    label: (frame, repetition) =>
      `${numbered ? `${name}(${segmentOf(frame)?.index ?? 1})` : name}-${field}${repetition > 0 ? `(${repetition})` : ""}${suffix}`,
  };
}

/** The number the feed's `identity` chose: `@account`, `@visit`. */
function chosenSource(of: (scope: Scope) => PlacedValue): Source {
  const first = (frame: Frame): Value => of(frame.scope).value;
  return {
    first,
    all: (frame) => (first(frame).raw === "" ? NO_VALUES : [first(frame)]),
    isNull: () => false,
    label: (frame) => of(frame.scope).place,
  };
}

/** Compiles a source. @returns undefined when it does not belong to this map: a component outside its data type. */
export function compileSource(path: string, home: Home): Source | undefined {
  if (path === "@account") return home.isSegment ? chosenSource((scope) => scope.accountNumber) : undefined;
  if (path === "@visit") return home.isSegment ? chosenSource((scope) => scope.visitNumber) : undefined;
  if (path.includes("-")) return home.isSegment ? segmentSource(path, home) : undefined;
  return !home.isSegment && path.startsWith(`${home.name}.`) ? dataTypeSource(path) : undefined;
}
