import type { Reference } from "@medplum/fhirtypes";
import { stableId } from "#src/base/ids.ts";
import type { Segment, Value } from "#src/hl7v2/message.ts";
import { type Condition, compileCondition } from "./conditions.ts";
import type { Identity, MapSpec } from "./map-schema.ts";
import type { RowContext, RunRow } from "./row.ts";
import type { Frame, Made, Scope } from "./scope.ts";
import { compileSource, NOTHING } from "./sources.ts";
import { authorityOf } from "./values/identifiers.ts";
import type { ValueType } from "./values/value-type.ts";

/** What identifies a resource; undefined when the message does not say. */
type Identify = (frame: Frame) => readonly string[] | undefined;

/** Compiles one way to identify: by an identifier and who assigned it, or by several fields within the account. */
function compileIdentity(identity: Identity, context: RowContext): Identify {
  const source = (path: string) => {
    const at = compileSource(path, context.home);
    if (at === undefined) context.fault(["identity"], `${path} cannot be read in a map of ${context.home.name}`);
    return (frame: Frame): Value => at?.first(frame) ?? NOTHING;
  };
  if ("identifier" in identity) {
    const identifier = source(identity.identifier);
    const named = identity.authority === undefined ? undefined : source(identity.authority);
    return (frame) => {
      const value = identifier(frame);
      if (value.text === "") return undefined;
      return [authorityOf(named === undefined ? value.part(4) : named(frame), frame.scope.defaultAuthority).authority, value.text];
    };
  }
  const parts = identity.by.map(source);
  const inAccount = identity.within === "account";
  return (frame) => {
    const texts = parts.map((part) => part(frame).text);
    if (texts[0] === "") return undefined;
    return [inAccount ? (frame.scope.account?.resourceId ?? frame.scope.own.get("Patient") ?? "") : frame.scope.defaultAuthority, ...texts];
  };
}

/** Compiled rows of one map. */
export interface CompiledRows {
  readonly spec: MapSpec;
  readonly type: string;
  readonly rows: readonly RunRow[];
  readonly context: RowContext;
}

const runAll = (rows: readonly RunRow[], frame: Frame): void => {
  for (const row of rows) row(frame);
};

const startResource = (type: string, id: string): Made => ({ root: { resourceType: type, id }, slots: undefined, deleted: undefined });

/** A data type: its rows write a value of their own. */
export const dataTypeOf = (rows: () => readonly RunRow[]): ValueType => ({
  ownLineage: true,
  read: (value, { frame, source, target }) => {
    const building = { root: {}, slots: undefined, deleted: undefined };
    runAll(rows(), { scope: frame.scope, segment: frame.segment, value, source, target, resourceId: frame.resourceId, building });
    return Object.keys(building.root).length === 0 ? undefined : building.root;
  },
});

const nameOf = (value: Value): string => [value.part(3).text, value.part(2).part(1).text].filter((part) => part !== "").join(" ");

/**
 * A reference to a resource made of a data type (XCN: practitioner). Said twice in a message it is made once.
 * Without a number it stays a name.
 */
export function referenceTypeOf(compiled: () => CompiledRows): ValueType {
  let identities: readonly Identify[] | undefined;
  return {
    read: (value, { frame, source }) => {
      const { spec, type, rows, context } = compiled();
      identities ??= spec.identity.map((one) => compileIdentity(one, context));
      const { scope } = frame;
      const key = `${spec.map}|${value.raw}`;
      const known = scope.made.get(key);
      if (known !== undefined) return known;
      const inner: Frame = { ...frame, value, source, target: type };
      const parts = firstOf(identities, inner);
      const display = nameOf(value);
      if (parts === undefined) return display === "" ? undefined : { display };
      const id = stableId(scope.settings.idKey, type, ...parts);
      const reference: Reference = { reference: `${type}/${id}`, ...(display === "" ? {} : { display }) };
      scope.made.set(key, reference);
      if (!scope.resources.has(`${type}/${id}`)) {
        const building = startResource(type, id);
        scope.resources.set(`${type}/${id}`, building);
        runAll(rows, { ...inner, resourceId: id, building });
      }
      return reference;
    },
  };
}

function firstOf(identities: readonly Identify[], frame: Frame): readonly string[] | undefined {
  for (const identify of identities) {
    const parts = identify(frame);
    if (parts !== undefined) return parts;
  }
  return undefined;
}

/** Runs a map on its segments. */
export type RunMap = (scope: Scope) => void;

const OWN = new Set(["Patient", "Encounter", "Account"]);

/** Compiles a segment map: an id and the rows for each segment of the name. */
export function compileSegmentMap({ spec, type, rows, context }: CompiledRows): (extra?: Condition) => RunMap {
  const { name } = context.home;
  const identities = spec.identity.map((one) => compileIdentity(one, context));
  if (identities.length === 0 && !OWN.has(type)) context.fault(["identity"], `${type} needs an identity`);
  const condition = spec.when === undefined ? undefined : compileCondition(spec.when, (path) => compileSource(path, context.home));

  /** The id of the segment's resource; undefined when there is nothing to make, or it is there already. */
  const idFor = (frame: Frame): string | undefined => {
    const { scope } = frame;
    if (identities.length === 0) return scope.own.get(type)?.slice(type.length + 1);
    const parts = firstOf(identities, frame);
    if (parts === undefined) return undefined;
    const id = stableId(scope.settings.idKey, type, ...parts);
    if (spec.alike === "same") return id;
    let free = id;
    for (let n = 2; scope.resources.has(`${type}/${free}`); n++) free = stableId(scope.settings.idKey, type, ...parts, `#${n}`);
    return free;
  };
  const runOne = (scope: Scope, segment: Segment, extra: Condition | undefined): void => {
    const building = startResource(type, "");
    const frame: Frame = { scope, segment, value: NOTHING, source: "", target: type, resourceId: "", building };
    if ((condition !== undefined && !condition(frame)) || (extra !== undefined && !extra(frame))) return;
    const id = idFor(frame);
    if (id === undefined) return;
    const key = `${type}/${id}`;
    scope.made.set(`${spec.map}#${segment.position}`, { reference: key });
    if (scope.resources.has(key)) return;
    const made = startResource(type, id);
    scope.resources.set(key, made);
    runAll(rows, { ...frame, resourceId: id, building: made });
  };
  return (extra) => (scope) => {
    if (spec.once) {
      const segment = scope.message.first(name);
      if (segment !== undefined) runOne(scope, segment, extra);
    } else for (const segment of scope.message.all(name)) runOne(scope, segment, extra);
  };
}
