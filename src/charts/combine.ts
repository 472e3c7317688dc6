import { type ChartContent, type ChartWatch as Watch, refOf } from "./merge.ts";
import { type Charted, joinCharted, joinPresence, later } from "./registers.ts";

/** A copy with references exchanged; the same value when it has none of them. */
export function exchange<T>(value: T, references: ReadonlyMap<string, string>): T {
  if (Array.isArray(value)) {
    const copy = value.map((one: unknown) => exchange(one, references));
    return copy.some((one, n) => one !== value[n]) ? (copy as T) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(value as Record<string, unknown>)) {
    const other = name === "reference" && typeof inner === "string" ? (references.get(inner) ?? inner) : exchange(inner, references);
    if (other === inner) continue;
    copy ??= { ...(value as Record<string, unknown>) };
    copy[name] = other;
  }
  return (copy ?? value) as T;
}

/** An entry under the numbers in use: its id, its references and the visits it was said of. Its old number becomes a former one. */
function renamed(charted: Charted, references: ReadonlyMap<string, string>): Charted {
  const { resource, presence } = charted;
  const own = references.get(refOf(resource));
  const exchanged = exchange(resource, references);
  const moved = presence && exchangePresence(presence, references);
  if (own === undefined)
    return exchanged === resource && moved === presence
      ? charted
      : { ...charted, resource: exchanged, ...(moved === undefined ? {} : { presence: moved }) };
  const { identifier, ...rest } = exchanged as Charted["resource"] & { identifier?: Charted["formerly"] };
  const formerly = (identifier ?? []).map((one) => ({ ...one, use: "old" as const }));
  const { identifier: _, ...fieldAt } = charted.fieldAt ?? {};
  return joinCharted(
    {
      resource: { ...rest, id: idIn(own) } as Charted["resource"],
      at: charted.at,
      fieldAt,
      ...(moved === undefined ? {} : { presence: moved }),
    },
    {
      resource: { resourceType: resource.resourceType, id: idIn(own) } as Charted["resource"],
      at: "",
      formerly: [...(charted.formerly ?? []), ...formerly],
    },
  );
}

const idIn = (reference: string): string => reference.slice(reference.indexOf("/") + 1);

function exchangePresence(presence: NonNullable<Charted["presence"]>, references: ReadonlyMap<string, string>): Charted["presence"] {
  let moved: Charted["presence"] = {};
  let same = true;
  for (const [visit, one] of Object.entries(presence)) {
    const other = references.get(`Encounter/${visit}`);
    if (other !== undefined) same = false;
    moved = joinPresence(moved, { [other === undefined ? visit : idIn(other)]: one });
  }
  return same ? presence : moved;
}

const put = (chart: ChartContent, watch: Watch, key: string, charted: Charted): void => {
  const have = chart.resources.get(key);
  watch.put(key, have === undefined ? charted : joinCharted(have, charted));
};

function moveSets(from: ReadonlyMap<string, string>, to: Map<string, string>, references: ReadonlyMap<string, string>): void {
  for (const [set, time] of [...from]) {
    const [type = "", visit = ""] = set.split("|");
    const other = references.get(`Encounter/${visit}`);
    const key = `${type}|${other === undefined ? visit : idIn(other)}`;
    to.set(key, later(to.get(key) ?? "", time));
  }
}

/** Puts a chart's entries under other numbers: where the new number has an entry already the two become one. */
export function rename(chart: ChartContent, watch: Watch, references: ReadonlyMap<string, string>): void {
  for (const [key, charted] of [...chart.resources]) {
    const after = renamed(charted, references);
    if (after === charted) continue;
    const to = refOf(after.resource);
    if (to === key) watch.put(key, after);
    else {
      watch.put(key, undefined);
      put(chart, watch, to, after);
    }
  }
  moveSets(chart.setAt, chart.setAt, references);
}

/** Brings everything of one chart into another. */
export function absorb(
  from: { readonly chart: ChartContent; readonly watch: Watch },
  to: { readonly chart: ChartContent; readonly watch: Watch },
  references: ReadonlyMap<string, string>,
): void {
  for (const [key, charted] of [...from.chart.resources]) {
    from.watch.put(key, undefined);
    const after = renamed(charted, references);
    put(to.chart, to.watch, refOf(after.resource), after);
  }
  moveSets(from.chart.setAt, to.chart.setAt, references);
  from.chart.setAt.clear();
}

/** What of an account is not a visit's own: it stays when a visit leaves, and a copy goes along. */
const SHARED: ReadonlySet<string> = new Set([
  "Patient",
  "Practitioner",
  "PractitionerRole",
  "Organization",
  "Location",
  "RelatedPerson",
  "Coverage",
]);

function referencesIn(value: unknown, found: Set<string>): Set<string> {
  if (Array.isArray(value)) for (const one of value) referencesIn(one, found);
  else if (typeof value === "object" && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      if (name === "reference" && typeof inner === "string") found.add(inner);
      else referencesIn(inner, found);
    }
  return found;
}

const saidOf = ({ resource, presence }: Charted, visit: string): boolean =>
  refOf(resource) === `Encounter/${visit}` ||
  (presence !== undefined && Object.keys(presence).length === 1 && presence[visit] !== undefined) ||
  (presence === undefined &&
    !SHARED.has(resource.resourceType) &&
    resource.resourceType !== "Account" &&
    referencesIn(resource, new Set()).has(`Encounter/${visit}`));

/** Moves one visit with its documents, charges, observations and diagnoses into another chart; who and what they name comes along. */
export function moveVisit(
  from: { readonly chart: ChartContent; readonly watch: Watch },
  to: { readonly chart: ChartContent; readonly watch: Watch },
  visit: string,
  references: ReadonlyMap<string, string>,
): void {
  const shared = new Set<string>();
  for (const [key, charted] of [...from.chart.resources]) {
    if (!saidOf(charted, visit)) continue;
    referencesIn(charted.resource, shared);
    from.watch.put(key, undefined);
    const after = renamed(charted, references);
    put(to.chart, to.watch, refOf(after.resource), after);
  }
  for (const key of shared) {
    const charted = from.chart.resources.get(key);
    if (charted === undefined || !SHARED.has(charted.resource.resourceType)) continue;
    referencesIn(charted.resource, shared);
    const after = renamed(charted, references);
    put(to.chart, to.watch, refOf(after.resource), after);
  }
  const own = new Map([...from.chart.setAt].filter(([set]) => set.endsWith(`|${visit}`)));
  for (const set of own.keys()) from.chart.setAt.delete(set);
  moveSets(own, to.chart.setAt, references);
}

/** The numbers of an entry are former ones from now on; those in use come with the next message. */
export function retireNumber(chart: ChartContent, watch: Watch, key: string): void {
  const charted = chart.resources.get(key);
  if (charted === undefined) return;
  const { identifier = [] } = charted.resource as { identifier?: NonNullable<Charted["formerly"]> };
  const { resourceType, id } = charted.resource;
  watch.put(key, joinCharted(charted, { resource: { resourceType, id } as Charted["resource"], at: "", formerly: identifier }));
}
