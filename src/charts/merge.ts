import { hash } from "node:crypto";
import type { Resource } from "@medplum/fhirtypes";
import type { Mapped, MappedResource } from "#src/mapping/types.ts";

/** One resource of a chart, with when each of its elements was last said. */
export interface Charted {
  readonly resource: Resource & { readonly id: string };
  /** Event time of the newest message that touched it, ISO 8601 UTC; empty when no message of it had a time. */
  readonly at: string;
  /** Elements last said at another time than `at`. */
  readonly fieldAt?: Readonly<Record<string, string>>;
}

/** What one message changed in a chart. */
export interface ChartDelta {
  readonly messageType: string;
  readonly eventTime?: string;
  /** Whole new state of each resource that changed. */
  readonly changed: readonly Charted["resource"][];
  /** `Condition/<id>`: stated by an earlier whole set, no longer by this one. */
  readonly removed: readonly string[];
}

export type ChartContent = Map<string, Charted>;

/** Types that a message may state as a whole set; removal is limited to what the sender itself registers. */
const keyOf = (resource: { readonly resourceType: string; readonly id: string }): string => `${resource.resourceType}/${resource.id}`;

/** Times of different offsets compare as instants; an unreadable or absent one is older than any. */
const instantOf = (time: string | undefined): string => {
  if (time === undefined) return "";
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
};

type Elements = Record<string, unknown>;
const isElements = (value: unknown): value is Elements => typeof value === "object" && value !== null && !Array.isArray(value);

/** Elements whose members come in different messages: the begin of a stay with its admission, its end with the discharge. */
const MEMBERWISE: ReadonlySet<string> = new Set(["period", "hospitalization"]);

const membersDeleted = (deleted: readonly string[], name: string): readonly string[] | "all" =>
  deleted.includes(name) ? "all" : deleted.flatMap((path) => (path.startsWith(`${name}.`) ? [path.slice(name.length + 1)] : []));

/** Members of a newer message over those there are; of an older one only where there are none. */
function mergeMembers(have: Elements, said: unknown, deleted: readonly string[] | "all", older: boolean): Elements | undefined {
  const news = isElements(said) ? said : {};
  if (older) return { ...news, ...have };
  if (deleted === "all") return isElements(said) ? said : undefined;
  const merged: Elements = { ...have, ...news };
  for (const name of deleted) if (news[name] === undefined) delete merged[name];
  return merged;
}

/**
 * Puts one mapped resource over what the chart has. Per element the newest event wins; an older message may add an element
 * that nobody has said yet, but never overwrites or deletes.
 * @returns the same object when nothing changed.
 */
export function mergeResource(before: Charted | undefined, incoming: MappedResource, time: string): Charted {
  const said = incoming.resource as unknown as Elements;
  if (before === undefined) return { resource: incoming.resource, at: time };
  const have = before.resource as unknown as Elements;
  const merged: Elements = { ...have };
  const fieldAt: Record<string, string> = { ...before.fieldAt };
  let changed = false;
  const timeOf = (name: string): string => before.fieldAt?.[name] ?? before.at;
  const names = new Set([...Object.keys(said), ...incoming.deleted.map((path) => path.split(".")[0] ?? path)]);
  for (const name of names) {
    if (name === "resourceType" || name === "id") continue;
    if (have[name] !== undefined && incoming.initial?.includes(name) === true) continue;
    const older = time < timeOf(name);
    const members = MEMBERWISE.has(name) && isElements(have[name]) ? have[name] : undefined;
    if (older && have[name] !== undefined && members === undefined) continue;
    if (older && have[name] === undefined && before.fieldAt?.[name] !== undefined) continue;
    const value = members === undefined ? said[name] : mergeMembers(members, said[name], membersDeleted(incoming.deleted, name), older);
    if (!older || have[name] === undefined) fieldAt[name] = time;
    if (JSON.stringify(value) === JSON.stringify(have[name])) continue;
    changed = true;
    if (value === undefined) delete merged[name];
    else merged[name] = value;
  }
  if (!changed) return before;
  const at = time > before.at ? time : before.at;
  for (const name of Object.keys(have)) if (fieldAt[name] === undefined && before.at !== at) fieldAt[name] = before.at;
  for (const name of Object.keys(fieldAt)) if (fieldAt[name] === at) delete fieldAt[name];
  return { resource: merged as unknown as Charted["resource"], at, ...(Object.keys(fieldAt).length === 0 ? {} : { fieldAt }) };
}

/**
 * Applies one message to a chart, in place. Applying the same message again changes nothing and gives an empty delta.
 * What a whole set (DG1, PR1, IN1 of an ADT) no longer repeats is removed, unless a newer message said it.
 */
export function applyToChart(chart: ChartContent, mapped: Mapped): ChartDelta {
  const time = instantOf(mapped.eventTime);
  const changed: Charted["resource"][] = [];
  for (const one of mapped.resources) {
    const key = keyOf(one.resource);
    const before = chart.get(key);
    const after = mergeResource(before, one, time);
    if (after === before) continue;
    chart.set(key, after);
    changed.push(after.resource);
  }
  const removed: string[] = [];
  if (mapped.wholeSets.length > 0) {
    const stated = new Set(mapped.resources.map((one) => keyOf(one.resource)));
    for (const [key, charted] of chart) {
      if (!mapped.wholeSets.includes(charted.resource.resourceType) || stated.has(key) || charted.at > time) continue;
      chart.delete(key);
      removed.push(key);
    }
  }
  return { messageType: mapped.messageType, ...(mapped.eventTime === undefined ? {} : { eventTime: mapped.eventTime }), changed, removed };
}

export const contentHash = (charted: Charted): Buffer => hash("sha1", JSON.stringify(charted.resource), "buffer");
