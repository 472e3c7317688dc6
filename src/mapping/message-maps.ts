import { keepLately } from "#src/base/lately.ts";
import type { CompiledMaps } from "./compile.ts";
import { type Condition, compileCondition } from "./conditions.ts";
import type { MessageMap } from "./map-message.ts";
import type { MessageEntry, MessageSpec, Row } from "./map-schema.ts";
import type { Read } from "./read-maps.ts";
import { homeName } from "./row-key.ts";
import { compileSegmentMap, type RunMap } from "./segment-map.ts";
import { compileSource } from "./sources.ts";

type Bind = (extra: Condition | undefined) => RunMap;

interface Step {
  readonly map: string;
  readonly run: RunMap;
}

/** Forms of messages kept for one type, and the longest: those of results differ from message to message. */
const FORMS = 200;
const LONGEST_FORM = 400;

/** The maps of a message that have any segment in it, in order: most of a type's maps are for segments that a sender never sends. */
function runsFor(steps: readonly Step[]): MessageMap["runsFor"] {
  const known = new Map<string, readonly RunMap[]>();
  return ({ segments }) => {
    let form = "";
    let last = "";
    for (const { name } of segments) if (name !== last) form += last = name;
    const runs = known.get(form);
    if (runs !== undefined) return runs;
    const names = new Set(segments.map(({ name }) => name));
    const found = steps.flatMap(({ map, run }) => (names.has(homeName(map)) ? [run] : []));
    return form.length > LONGEST_FORM ? found : keepLately(known, FORMS, form, found);
  };
}

const isDone = ({ guide, by }: Row): boolean => guide !== "skipped" && by === undefined;

/** Whether a map adds nothing to what others make, each of its rows being done by another map's, and nothing refers to it. */
function isIdle(name: string, maps: CompiledMaps): boolean {
  const map = maps.get(name);
  if (map === undefined || map.spec.into.length === 0 || map.spec.identity.length > 0) return false;
  if (map.merged.rows.some(({ row }) => isDone(row))) return false;
  return !Array.from(maps.values()).some(
    ({ spec, merged }) => spec.into.includes(name) || merged.rows.some(({ row }) => row.ref === name || row.refs === name),
  );
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
    addBehind(map);
  };
  const addBehind = (map: string): void => {
    for (const own of added.get(map) ?? []) {
      steps.push({ map: own, run: (bound.get(own) as Bind)(undefined) });
      addBehind(own);
    }
  };
  for (const [at, one] of spec.maps.entries()) entry(one, at);
  return steps;
}

/** All messages that have maps, by `ADT^A01`. */
export function compileMessages(read: readonly Read<MessageSpec>[], maps: CompiledMaps): ReadonlyMap<string, MessageMap> {
  const bound = new Map(Array.from(maps).flatMap(([name, one]) => (one.merged.dataType ? [] : [[name, compileSegmentMap(one)] as const])));
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
  const idle = new Set([...maps.keys()].filter((name) => isIdle(name, maps)));
  const messages = new Map<string, MessageMap>();
  for (const one of read) {
    const steps = stepsOf(one, new Set([one])).filter(({ map }) => !idle.has(map));
    for (const name of one.spec.messages) messages.set(name, { spec: one.spec, runsFor: runsFor(steps) });
  }
  return messages;
}
