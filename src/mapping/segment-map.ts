import type { Reference } from "@medplum/fhirtypes";
import { stableId } from "#src/base/ids.ts";
import { NOTHING, type Segment, type Value } from "#src/hl7v2/message.ts";
import { type Condition, compileCondition } from "./conditions.ts";
import { writable } from "./copies.ts";
import { compileIdentities, type Identify, idOf, messageParts } from "./identities.ts";
import type { MapSpec } from "./map-schema.ts";
import { ReadAs, recalled, resourceRemembered, writeRemembered } from "./memory.ts";
import { referenceTo } from "./references.ts";
import { madeBy, type RowContext } from "./row.ts";
import { type Building, type Elements, type Frame, type Made, type MadeOf, OWN_TYPES, type Scope } from "./scope.ts";
import type { OrderedRows } from "./rows-in-order.ts";
import { SegmentMemory } from "./segment-memory.ts";
import { compileSource } from "./sources.ts";
import type { LooksAround } from "./stand-alone.ts";
import type { Spot, ValueType } from "./values/value-type.ts";

/** Compiled rows of one map. */
export interface CompiledRows {
  readonly spec: MapSpec;
  readonly type: string;
  readonly rows: OrderedRows;
  /** The map's own `when`. */
  readonly condition: Condition | undefined;
  readonly context: RowContext;
  /** Undefined: what it makes of a segment is not remembered. */
  readonly around: LooksAround | undefined;
}

/** Compiles the `when` of a map. */
export function compileMapCondition(when: MapSpec["when"], { home, type, fault }: RowContext): Condition | undefined {
  if (when === undefined) return undefined;
  return compileCondition(when, `${home.name}[${type}] when`, (path) => {
    const source = compileSource(path, home);
    if (source === undefined) fault(["when"], `${path} cannot be read in a map of ${home.name}`);
    return source;
  });
}

const startResource = (type: string, id: string, envelope: boolean): Made => ({
  root: { resourceType: type, id },
  deleted: undefined,
  initial: undefined,
  envelope,
});

const innerFrame = (spot: Spot, value: Value, building: Frame["building"], target: string, resourceId: string): Frame => ({
  scope: spot.frame.scope,
  segment: spot.frame.segment,
  value,
  parent: spot.frame,
  via: spot.via,
  target,
  resourceId,
  building,
  slots: undefined,
  field: 0,
  repetition: 0,
});

const inside = (target: string, path: string): string => (path === "" ? target : target === "" ? path : `${target}.${path}`);

/** A data type: its rows write a value of their own. */
export function dataTypeOf(primitive: boolean, compiled: () => CompiledRows, alone: () => boolean): ValueType {
  const as = new ReadAs();
  let isAlone: boolean | undefined;
  let rows: CompiledRows | undefined;
  const runRows = (value: Value, spot: Spot, root: Elements, target: string): void => {
    const {
      rows: { run: runAll },
      condition,
    } = (rows ??= compiled());
    const inner = innerFrame(spot, value, { root, deleted: undefined, initial: undefined }, target, spot.frame.resourceId);
    if (condition === undefined || condition(inner)) runAll(inner);
  };
  const targetOf = ({ frame, target }: Spot): string => (frame.scope.lineage === undefined ? "" : inside(frame.target, target));
  const recall = (value: Value, spot: Spot): Elements | undefined => {
    isAlone ??= alone();
    return isAlone ? recalled(as, value, spot, targetOf(spot)) : undefined;
  };
  const run = (value: Value, spot: Spot, root: Elements): void => {
    isAlone ??= alone();
    if (isAlone) writeRemembered(as, value, spot, root, targetOf(spot), runRows);
    else runRows(value, spot, root, targetOf(spot));
  };
  if (primitive)
    return {
      read: (value, spot) => {
        const known = recall(value, spot);
        if (known !== undefined) return known["$value"];
        const root: Record<string, unknown> = {};
        run(value, spot, root);
        return root["$value"];
      },
    };
  return {
    recall,
    write: (value, spot, into) => {
      run(value, spot, into);
      for (const _ in into) return true;
      return false;
    },
  };
}

const named = (display: string): Reference | undefined => (display === "" ? undefined : { display });

/**
 * A reference to a resource made of a data type (XCN: practitioner). Said twice in a message it is made once.
 * Without a number it stays a name.
 */
export function referenceTypeOf(compiled: () => CompiledRows, display: (value: Value) => string, alone: () => boolean): ValueType {
  let identify: Identify | undefined;
  let isAlone: boolean | undefined;
  const as = new ReadAs();
  return {
    read: (value, spot) => {
      const {
        spec,
        type,
        rows: { run: runAll },
        context,
      } = compiled();
      isAlone ??= alone();
      identify ??= compileIdentities(spec.identity, spec.map, context);
      const { scope } = spot.frame;
      const identified = identify;
      const make = (): Made | undefined => {
        const identifying = identified(innerFrame(spot, value, startResource(type, "", false), type, ""));
        if (identifying === undefined) return undefined;
        const id = idOf(scope, type, identifying);
        const there = scope.resources.get(id);
        if (there !== undefined) return there;
        const made = startResource(type, id, spec.envelope);
        scope.resources.set(id, made);
        runAll(innerFrame(spot, value, made, type, id));
        return made;
      };
      const refer = ({ root: { id } }: Made): Reference => {
        const name = display(value);
        return name === "" ? referenceTo(type, id) : { ...referenceTo(type, id), display: name };
      };
      if (isAlone) return resourceRemembered(as, value, spot, type, make, refer) ?? named(display(value));
      const made = make();
      return made === undefined ? named(display(value)) : refer(made);
    },
  };
}

/** One map of a message, ready to run over its segments. */
export type RunMap = (scope: Scope) => void;

/** What a frame builds before it is known what: conditions and identities look at nothing of it. */
const NOT_YET: Building = Object.freeze({ root: Object.freeze({}), deleted: undefined, initial: undefined });

const isThrough = (made: readonly MadeOf[] | undefined, { position }: Segment): boolean => {
  if (made !== undefined) for (const one of made) if (one.position === position) return true;
  return false;
};

/**
 * Compiles a segment map; the function it gives binds it to the condition that a message puts on it.
 */
export function compileSegmentMap({
  spec,
  type,
  rows,
  condition,
  context,
  around,
}: CompiledRows): (extra: Condition | undefined) => RunMap {
  const { name } = context.home;
  const identify = compileIdentities(spec.identity, spec.map, context);
  const identified = spec.identity.length > 0;
  const ofMessage = spec.envelope && !identified;
  const isOwn = !identified && OWN_TYPES.has(type) && !ofMessage && spec.into.length === 0;
  const memory = around === undefined ? undefined : new SegmentMemory(context.home, around);
  /** Of the id made last: it depends on what the segment says alone. */
  let recurs = false;

  /** What it writes into, where that is there: the message's own, else what another map made. */
  const there = (scope: Scope, segment: Segment): Made | undefined => {
    if (isOwn) return scope.resources.get(scope.own.get(type)?.id ?? "");
    for (const into of spec.into) {
      const made = OWN_TYPES.has(into) ? scope.resources.get(scope.own.get(into)?.id ?? "") : madeBy(scope, segment, into)?.made;
      if (made === undefined) continue;
      // Where a map can make a resource of its own, the next segment does: two RXA of one ORC are two administrations.
      if (identified && scope.made.get(spec.map)?.some((one) => one.made === made) === true) continue;
      return made;
    }
    return undefined;
  };
  const idFor = (frame: Frame): string | undefined => {
    const { scope } = frame;
    if (isOwn) return scope.own.get(type)?.id;
    const identifying = ofMessage
      ? { parts: [...messageParts(frame), spec.map, String(frame.segment.position)], once: true }
      : identify(frame);
    if (identifying === undefined) return undefined;
    recurs = !identifying.once;
    // What is remembered by its segment needs no id that is remembered too.
    const id = memory !== undefined ? stableId(scope.settings.idKey, type, ...identifying.parts) : idOf(scope, type, identifying);
    if (spec.alike === "same") return id;
    const { parts } = identifying;
    let free = id;
    for (let n = 2; scope.resources.has(free); n++) free = stableId(scope.settings.idKey, type, ...parts, `#${n}`);
    recurs &&= free === id;
    return free;
  };
  const remember = (scope: Scope, segment: Segment, made: Made): void => {
    const list = scope.made.get(spec.map);
    const one = { position: segment.position, reference: referenceTo(type, made.root.id), made };
    if (list === undefined) scope.made.set(spec.map, [one]);
    else list.push(one);
  };
  const open = (frame: Frame, target: Made | undefined): Made | undefined => {
    if (target !== undefined) return writable(target);
    if (spec.into.length > 0 && !identified) return undefined;
    const { scope } = frame;
    const id = idFor(frame);
    if (id === undefined) return undefined;
    const known = scope.resources.get(id);
    if (known !== undefined) {
      // What is said twice was said by the first.
      remember(scope, frame.segment, known);
      return undefined;
    }
    const made = startResource(type, id, spec.envelope);
    scope.resources.set(id, made);
    return made;
  };
  const frameOf = (scope: Scope, segment: Segment): Frame => ({
    scope,
    segment,
    value: NOTHING,
    parent: undefined,
    via: undefined,
    target: type,
    resourceId: "",
    building: NOT_YET,
    slots: undefined,
    field: 0,
    repetition: 0,
  });
  const runOne = (scope: Scope, segment: Segment, extra: Condition | undefined): void => {
    // A message may name a map more than once, for the groups that its segment stands in: each segment goes through it once.
    if (isThrough(scope.made.get(spec.map), segment)) return;
    if (extra !== undefined && !extra(frameOf(scope, segment))) return;
    const target = there(scope, segment);
    const known = memory?.recall(scope, segment, target);
    if (known !== undefined) return remember(scope, segment, known);
    const frame = frameOf(scope, segment);
    if (condition !== undefined && !condition(frame)) return;
    // It is copied to be written into: not for nothing.
    if (target !== undefined && !rows.concern(segment)) return remember(scope, segment, target);
    const before = target?.root;
    recurs = true;
    const made = open(frame, target);
    if (made === undefined) return;
    remember(scope, segment, made);
    const begun = recurs ? memory?.begin(scope, segment, before) : undefined;
    frame.resourceId = made.root.id;
    frame.building = made;
    rows.run(frame);
    if (begun !== undefined) memory?.end(scope, segment, begun, made);
  };
  return (extra) => (scope) => {
    if (spec.envelope && scope.settings.envelope !== true) return;
    if (spec.once) {
      const segment = scope.message.first(name);
      if (segment !== undefined) runOne(scope, segment, extra);
    } else for (const segment of scope.message.all(name)) runOne(scope, segment, extra);
  };
}
