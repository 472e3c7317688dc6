import type { CompiledMaps } from "./compile.ts";
import { type Condition, compileCondition } from "./conditions.ts";
import type { MessageMap } from "./map-message.ts";
import type { MessageEntry, MessageSpec } from "./map-schema.ts";
import type { Read } from "./read-maps.ts";
import { targetOf } from "./row-key.ts";
import { OWN_TYPES } from "./scope.ts";
import { type CompiledRows, compileSegmentMap, type RunMap } from "./segment-map.ts";
import { compileSource } from "./sources.ts";

type Bind = (extra: Condition | undefined) => RunMap;

interface Step {
  readonly map: string;
  readonly run: RunMap;
}

/** The maps of a message in order; a map that a site adds comes after the one it names. */
function compileEntries(
  { spec, fault }: Read<MessageSpec>,
  maps: CompiledMaps,
  bound: ReadonlyMap<string, Bind>,
  added: ReadonlyMap<string, readonly string[]>,
): readonly Step[] {
  const steps: Step[] = [];
  const rows = new Set<string>();
  const entry = ({ row, map, by, guide, why, when }: MessageEntry, at: number): void => {
    if (by !== undefined && !rows.has(by)) fault(["maps", at, "by"], `no row ${by} before this one`);
    if (rows.has(row)) fault(["maps", at, "row"], `${row} is there already`);
    rows.add(row);
    if (guide !== "as-is" && guide !== "added" && why === undefined) fault(["maps", at], `${guide} and says not why`);
    if (guide === "skipped" || by !== undefined) return;
    const bind = map === undefined ? undefined : bound.get(map);
    const home = map === undefined ? undefined : maps.get(map)?.context.home;
    if (map === undefined || bind === undefined || home === undefined) {
      fault(["maps", at], `no map ${map ?? ""} of a segment`);
      return;
    }
    const condition =
      when === undefined ? undefined : compileCondition(when, `${spec.messages[0] ?? ""} ${row}`, (path) => compileSource(path, home));
    steps.push({ map, run: bind(condition) });
    for (const own of added.get(map) ?? []) steps.push({ map: own, run: (bound.get(own) as Bind)(undefined) });
  };
  for (const [at, one] of spec.maps.entries()) entry(one, at);
  return steps;
}

/**
 * Members of what a map makes that other maps write to: those of the same one of a message's own three, those that go into it, and those that go
 * into what these write.
 */
function writtenByOthers({ spec, type }: CompiledRows, maps: CompiledMaps): ReadonlySet<string> | undefined {
  const own = OWN_TYPES.has(type);
  const all = Array.from(maps.values()).filter((one) => one.spec.map !== spec.map && !one.merged.dataType);
  const into = new Set([spec.map, ...(own ? [type] : [])]);
  const goesInto = (one: CompiledRows): boolean =>
    !into.has(one.spec.map) && (one.spec.into.some((name) => into.has(name)) || (own && one.type === type));
  for (let more = all.filter(goesInto); more.length > 0; more = all.filter(goesInto)) for (const one of more) into.add(one.spec.map);
  const others = all.filter((one) => into.has(one.spec.map));
  if (others.length === 0 && !own) return undefined;
  const names = others.flatMap((one) => one.merged.rows.map(({ row }) => /^\w+/.exec(targetOf(row))?.[0] ?? ""));
  return new Set(names.flatMap((name) => [name, `_${name}`]));
}

/** All messages that have maps, by `ADT^A01`. */
export function compileMessages(read: readonly Read<MessageSpec>[], maps: CompiledMaps): ReadonlyMap<string, MessageMap> {
  const bound = new Map(
    Array.from(maps).flatMap(([name, one]) =>
      one.merged.dataType ? [] : [[name, compileSegmentMap(one, writtenByOthers(one, maps))] as const],
    ),
  );
  const added = new Map<string, string[]>();
  for (const [name, { merged }] of maps)
    if (merged.after !== undefined) added.set(merged.after, [...(added.get(merged.after) ?? []), name]);
  const owner = new Map<string, Read<MessageSpec>>();
  for (const one of read)
    for (const name of one.spec.messages) {
      if (owner.has(name)) one.fault(["messages"], `${name} has maps already`);
      owner.set(name, one);
    }
  const done = new Map<Read<MessageSpec>, readonly Step[]>();
  const stepsOf = (one: Read<MessageSpec>, seen: ReadonlySet<Read<MessageSpec>>): readonly Step[] => {
    const known = done.get(one);
    if (known !== undefined) return known;
    const own = compileEntries(one, maps, bound, added);
    const { like, without } = one.spec;
    const model = like === undefined ? undefined : owner.get(like);
    if (like !== undefined && (model === undefined || seen.has(model))) one.fault(["like"], `no maps of ${like} to take`);
    const inherited = model === undefined || seen.has(model) ? [] : stepsOf(model, new Set([...seen, one]));
    for (const name of without)
      if (!inherited.some(({ map }) => map === name)) one.fault(["without"], `${like ?? ""} has no map ${name} to do without`);
    const steps = [...inherited.filter(({ map }) => !without.includes(map)), ...own];
    if (steps.length === 0 && one.spec.maps.length === 0) one.fault([], "has no maps");
    done.set(one, steps);
    return steps;
  };
  const messages = new Map<string, MessageMap>();
  for (const one of read) {
    const maps = stepsOf(one, new Set([one])).map(({ run }) => run);
    for (const name of one.spec.messages) messages.set(name, { spec: one.spec, maps });
  }
  return messages;
}
