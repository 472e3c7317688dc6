import type { Reference, Resource, ResourceType } from "@medplum/fhirtypes";

/** Types a claim may bring along. No others leave with it: a payer needs no notes (45 CFR 164.502(b), minimum necessary). */
const MAY_LEAVE: ReadonlySet<string> = new Set([
  "Patient",
  "Encounter",
  "Coverage",
  "Organization",
  "Practitioner",
  "PractitionerRole",
  "Location",
  "RelatedPerson",
]);

/** Puts `change` in the place of every Reference within a value. */
export function mapReferences(value: unknown, change: (reference: Reference) => Reference): unknown {
  if (Array.isArray(value)) return value.map((one) => mapReferences(one, change));
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapReferences(one, change)]));
  return typeof copy["reference"] === "string" ? change(copy as Reference) : copy;
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, found);
    return;
  }
  for (const [name, one] of Object.entries(value)) {
    if (name === "reference" && typeof one === "string") found.add(one);
    else collect(one, found);
  }
}

/** `Type/id` of everything a value refers to. */
export function referencesIn(value: unknown): readonly string[] {
  const found = new Set<string>();
  collect(value, found);
  return [...found];
}

export interface Closure {
  readonly referenced: readonly Resource[];
  /** Direct references of the root that nothing answers. */
  readonly missing: readonly string[];
}

/**
 * An encounter's diagnoses are the chart's, not the coder's: the claim has its own. Rooms and beds leave by their names only: a payer
 * has no use for the places they are parts of.
 */
function withoutClinical(resource: Resource): Resource {
  if (resource.resourceType !== "Encounter") return resource;
  const { diagnosis: _diagnosis, reasonReference: _reasons, account: _account, location, ...rest } = resource;
  if (location === undefined) return rest;
  const named = location.flatMap((one) =>
    one.location.display === undefined ? [] : [{ ...one, location: { display: one.location.display } }],
  );
  return named.length === 0 ? rest : { ...rest, location: named };
}

/** Everything a resource refers to, however far; what is not to be had or may not leave is left as a reference by type only. */
export function closureOf(root: Resource, available: ReadonlyMap<string, Resource>): Closure {
  const kept = new Map<string, Resource>();
  const waiting = [...referencesIn(root)];
  const missing = waiting.filter((reference) => !available.has(reference));
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const resource = available.get(key);
    if (resource === undefined || kept.has(key) || !MAY_LEAVE.has(resource.resourceType)) continue;
    const trimmed = withoutClinical(resource);
    kept.set(key, trimmed);
    waiting.push(...referencesIn(trimmed));
  }
  const cut = (reference: Reference): Reference => {
    if (kept.has(reference.reference ?? "")) return reference;
    const { reference: gone, ...rest } = reference;
    return { type: (gone?.split("/")[0] ?? "Resource") as ResourceType, ...rest };
  };
  const referenced = [...kept.values()]
    .map((resource) => mapReferences(resource, cut) as Resource)
    .sort((a, b) => `${a.resourceType}/${a.id}`.localeCompare(`${b.resourceType}/${b.id}`));
  return { referenced, missing };
}
