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
import { type Elements, type Frame, type Made, OWN_TYPES, type Scope } from "./scope.ts";
import { compileSource } from "./sources.ts";
import type { Spot, ValueType } from "./values/value-type.ts";

/** Compiled rows of one map. */
export interface CompiledRows {
  readonly spec: MapSpec;
  readonly type: string;
  /** Runs its rows in order. */
  readonly run: (frame: Frame) => void;
  /** The map's own `when`. */
  readonly condition: Condition | undefined;
  readonly context: RowContext;
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
    const { run: runAll, condition } = (rows ??= compiled());
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
      const { spec, type, run: runAll, context } = compiled();
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
      if (isAlone) return resourceRemembered(as, value.raw, spot, type, make, refer) ?? named(display(value));
      const made = make();
      return made === undefined ? named(display(value)) : refer(made);
    },
  };
}

/** One map of a message, ready to run over its segments. */
export type RunMap = (scope: Scope) => void;

/**
 * Compiles a segment map; the function it gives binds it to the condition that a message puts on it.
 */
export function compileSegmentMap({ spec, type, run: runAll, condition, context }: CompiledRows): (extra: Condition | undefined) => RunMap {
  const { name } = context.home;
  const identify = compileIdentities(spec.identity, spec.map, context);
  const identified = spec.identity.length > 0;
  const ofMessage = spec.envelope && !identified;
  const isOwn = !identified && OWN_TYPES.has(type) && !ofMessage;

  const there = (frame: Frame): Made | undefined => {
    const { scope } = frame;
    for (const into of spec.into) {
      const made = OWN_TYPES.has(into) ? scope.resources.get(scope.own.get(into)?.id ?? "") : madeBy(frame, into)?.made;
      if (made === undefined) continue;
      // Where a map can make a resource of its own, the next segment does: two RXA of one ORC are two administrations.
      if (identified && scope.made.get(spec.map)?.some((one) => one.made === made) === true) continue;
      return writable(made);
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
    const id = idOf(scope, type, identifying);
    if (spec.alike === "same") return id;
    const { parts } = identifying;
    let free = id;
    for (let n = 2; scope.resources.has(free); n++) free = stableId(scope.settings.idKey, type, ...parts, `#${n}`);
    return free;
  };
  const remember = (scope: Scope, segment: Segment, made: Made): void => {
    const list = scope.made.get(spec.map);
    const one = { position: segment.position, reference: referenceTo(type, made.root.id), made };
    if (list === undefined) scope.made.set(spec.map, [one]);
    else list.push(one);
  };
  const open = (frame: Frame): Made | undefined => {
    const { scope } = frame;
    if (spec.into.length > 0) {
      const made = there(frame);
      if (made !== undefined) return made;
      if (!identified) return undefined;
    }
    const id = idFor(frame);
    if (id === undefined) return undefined;
    const known = scope.resources.get(id);
    if (known !== undefined) {
      // Of the message's own three each map says its part; anything else that is said twice was said by the first.
      if (OWN_TYPES.has(type) && !identified) return writable(known);
      remember(scope, frame.segment, known);
      return undefined;
    }
    const made = startResource(type, id, spec.envelope);
    scope.resources.set(id, made);
    return made;
  };
  const runOne = (scope: Scope, segment: Segment, extra: Condition | undefined): void => {
    const frame: Frame = {
      scope,
      segment,
      value: NOTHING,
      parent: undefined,
      via: undefined,
      target: type,
      resourceId: "",
      building: startResource(type, "", false),
      slots: undefined,
      field: 0,
      repetition: 0,
    };
    // A message may name a map more than once, for the groups that its segment stands in: each segment goes through it once.
    if (scope.made.get(spec.map)?.some(({ position }) => position === segment.position) === true) return;
    if ((condition !== undefined && !condition(frame)) || (extra !== undefined && !extra(frame))) return;
    const made = open(frame);
    if (made === undefined) return;
    remember(scope, segment, made);
    frame.resourceId = made.root.id;
    frame.building = made;
    runAll(frame);
  };
  return (extra) => (scope) => {
    if (spec.envelope && scope.settings.envelope !== true) return;
    if (spec.once) {
      const segment = scope.message.first(name);
      if (segment !== undefined) runOne(scope, segment, extra);
    } else for (const segment of scope.message.all(name)) runOne(scope, segment, extra);
  };
}
