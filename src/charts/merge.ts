import type { Mapped } from "#src/mapping/types.ts";
import { sameJson } from "./same-json.ts";
import { type Charted, type Incoming, instantOf, isStanding, later, mergeResource, type Presence, shownResource } from "./registers.ts";

export type { Charted } from "./registers.ts";

/** What one message changed in a chart. */
export interface ChartDelta {
  readonly messageType: string;
  readonly eventTime?: string;
  /** Whole new state of each resource that changed. */
  readonly changed: readonly Charted["resource"][];
  /** `Condition/<id>`: stated by an earlier whole set, no longer by this one; or moved to another account. */
  readonly removed: readonly string[];
}

/** A chart with all it has to remember so that messages may come in any order. */
export interface ChartContent {
  /** By `Type/id`, those that a whole set left out included. */
  readonly resources: Map<string, Charted>;
  /** By `Type|visit id` (empty: the whole account): event time of the newest whole set. */
  readonly setAt: Map<string, string>;
}

export const emptyChart = (): ChartContent => ({ resources: new Map(), setAt: new Map() });

/** What the chart shows. */
export function* standingResources({ resources }: ChartContent): Generator<Charted["resource"]> {
  for (const charted of resources.values()) if (isStanding(charted)) yield shownResource(charted);
}

export const refOf = (resource: { readonly resourceType: string; readonly id?: string | undefined }): string =>
  `${resource.resourceType}/${resource.id ?? ""}`;

/** Types that senders state as whole sets; those of a visit are a set of that visit, the others of the account. */
const OF_A_VISIT: ReadonlySet<string> = new Set(["Condition", "Procedure"]);
const IN_SETS: ReadonlySet<string> = new Set([...OF_A_VISIT, "Coverage"]);

/** Lists that name each of a set: what the whole set leaves out they name no more. By type of the set, then of the resource that has the list. */
const NAMED_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = { Condition: { Encounter: "diagnosis" } };

/** A resource with the lists that the message states as a whole. */
function withWholeLists(one: Incoming, wholeSets: Applicable["wholeSets"]): Incoming {
  const lists = wholeSets.flatMap((set) => NAMED_IN[set]?.[one.resource.resourceType] ?? []);
  return lists.length === 0 ? one : { ...one, deleted: [...one.deleted, ...lists] };
}

/** What applying something to a chart touched: enough to write it, and to tell readers. */
export interface Applied {
  /** Keys whose content differs, shown or not. */
  readonly touched: readonly string[];
  /** Keys that say what they said, and when they were said is another time. */
  readonly retimed: readonly string[];
  readonly changed: readonly Charted["resource"][];
  readonly removed: readonly string[];
}

export type ChartWatch = ReturnType<typeof watchChart>;

/** Records how entries were before they are replaced, and says at the end what readers would notice. */
export function watchChart(chart: ChartContent): {
  readonly put: (key: string, after: Charted | undefined) => void;
  readonly end: () => Applied;
} {
  const before = new Map<string, Charted | undefined>();
  return {
    put: (key, after) => {
      if (!before.has(key)) before.set(key, chart.resources.get(key));
      if (after === undefined) chart.resources.delete(key);
      else chart.resources.set(key, after);
    },
    end: () => {
      const changed: Charted["resource"][] = [];
      const removed: string[] = [];
      const touched: string[] = [];
      const retimed: string[] = [];
      for (const [key, was] of before) {
        const is = chart.resources.get(key);
        (was !== undefined && is?.resource === was.resource && is.formerly === was.formerly ? retimed : touched).push(key);
        const seen = was !== undefined && isStanding(was) ? shownResource(was) : undefined;
        const sees = is !== undefined && isStanding(is) ? shownResource(is) : undefined;
        if (sees === undefined) {
          if (seen !== undefined) removed.push(key);
        } else if (seen === undefined || !sameJson(seen, sees)) changed.push(sees);
      }
      return { touched, retimed, changed, removed };
    },
  };
}

/** A message as the chart takes it: numbers that are no longer in use replaced by those that are. */
export type Applicable = Omit<Mapped, "resources" | "lineage" | "warnings" | "merges" | "others"> & {
  readonly resources: readonly Incoming[];
};

/**
 * Applies one message to a chart, in place. The result does not depend on the order in which messages with different event times
 * come, and applying the same message again changes nothing. What a whole set (DG1, PR1, IN1 of an ADT) no longer repeats is not
 * shown, unless a newer message said it; a whole set that comes late does not bring back what a newer one left out.
 * @returns whether a newer whole set was seen, which is to be remembered even when nothing changed.
 */
export function applyMessage(chart: ChartContent, mapped: Applicable, watch: ChartWatch): boolean {
  const time = instantOf(mapped.eventTime);
  const visitOf = (type: string): string => (OF_A_VISIT.has(type) ? (mapped.encounterId ?? "") : "");
  for (const one of mapped.resources) {
    const key = refOf(one.resource);
    const type = one.resource.resourceType;
    const before = chart.resources.get(key);
    const merged = mergeResource(before, withWholeLists(one, mapped.wholeSets), time);
    const inSets = IN_SETS.has(type) || mapped.wholeSets.includes(type);
    const after = inSets ? saidAgain(merged, visitOf(type), time, chart.setAt) : merged;
    if (after !== before) watch.put(key, after);
  }
  let setsMoved = false;
  if (mapped.wholeSets.length > 0) {
    const stated = new Set(mapped.resources.map((one) => refOf(one.resource)));
    for (const [key, charted] of chart.resources) {
      const type = charted.resource.resourceType;
      if (!mapped.wholeSets.includes(type) || stated.has(key)) continue;
      const after = leftOut(charted, visitOf(type), time);
      if (after !== charted) watch.put(key, after);
    }
    for (const type of mapped.wholeSets) {
      const set = `${type}|${visitOf(type)}`;
      if ((chart.setAt.get(set) ?? "") >= time) continue;
      chart.setAt.set(set, time);
      setsMoved = true;
    }
  }
  return setsMoved;
}

/** Applies one message and tells what it changed. */
export function applyToChart(chart: ChartContent, mapped: Applicable): ChartDelta {
  const watch = watchChart(chart);
  applyMessage(chart, mapped, watch);
  return deltaOf(mapped, watch.end());
}

export const deltaOf = (
  { messageType, eventTime }: Pick<Mapped, "messageType" | "eventTime">,
  { changed, removed }: Pick<Applied, "changed" | "removed">,
): ChartDelta => ({ messageType, ...(eventTime === undefined ? {} : { eventTime }), changed, removed });

/**
 * A resource that is said for the first time has been left out by every whole set so far: one that had said it would have
 * brought it into the chart.
 */
function saidAgain(charted: Charted, visit: string, time: string, setAt: ReadonlyMap<string, string>): Charted {
  const have = charted.presence?.[visit];
  const type = charted.resource.resourceType;
  const omitted = have?.omitted ?? newestSet(type, visit, setAt);
  const said = later(have?.said ?? "", time);
  if (have !== undefined && have.said === said) return charted;
  return { ...charted, presence: { ...charted.presence, [visit]: { said, omitted } } };
}

/** A set of the whole account speaks for every visit, and any set for what was said of no visit. */
function newestSet(type: string, visit: string, setAt: ReadonlyMap<string, string>): string {
  if (visit !== "") return later(setAt.get(`${type}|${visit}`) ?? "", setAt.get(`${type}|`) ?? "");
  let newest = "";
  for (const [set, time] of setAt) if (set.startsWith(`${type}|`)) newest = later(newest, time);
  return newest;
}

function leftOut(charted: Charted, visit: string, time: string): Charted {
  const presence: Record<string, Presence> = { ...(charted.presence ?? { "": { said: charted.at, omitted: "" } }) };
  let moved = false;
  for (const [of, have] of Object.entries(presence)) {
    if ((of !== visit && of !== "" && visit !== "") || have.omitted >= time) continue;
    presence[of] = { ...have, omitted: time };
    moved = true;
  }
  return moved ? { ...charted, presence } : charted;
}
