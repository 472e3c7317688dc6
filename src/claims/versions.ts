import type { Resource } from "@medplum/fhirtypes";
import { mapReferences, referencesIn } from "./references.ts";

export interface Pinned {
  /** `Type/id` to the version that stands for what it says. */
  readonly versions: ReadonlyMap<string, string>;
  /** In the order given, their references version-specific, their own version in `meta.versionId`. */
  readonly resources: readonly Resource[];
}

/** A value with each reference of which a version is known as `Type/id/_history/version` (R4 references, 2.3.0.1). */
export const withVersions = <T>(value: T, versions: ReadonlyMap<string, string>): T =>
  mapReferences(value, (reference) => {
    const version = versions.get(reference.reference ?? "");
    return version === undefined ? reference : { ...reference, reference: `${reference.reference ?? ""}/_history/${version}` };
  }) as T;

/**
 * Gives each resource that a claim refers to its version: a digest of what it says and of the versions of what it refers to itself. So a version always
 * is the same bytes, whichever claim, account or site file they came from, and nothing has to be counted. Of two that refer to each other
 * (Patient.link) the later one names the other without its version.
 * @param digest of a text; keyed, for a plain one would let a name be found by trial.
 */
export function pinned(referenced: readonly Resource[], digest: (text: string) => string): Pinned {
  const of = (resource: Resource): string => `${resource.resourceType}/${resource.id ?? ""}`;
  const known = new Map(referenced.map((resource) => [of(resource), resource]));
  const versions = new Map<string, string>();
  const done = new Map<string, Resource>();
  const under = new Set<string>();
  const pin = (key: string, resource: Resource): void => {
    if (under.has(key)) return;
    under.add(key);
    for (const next of referencesIn(resource)) {
      const other = known.get(next);
      if (other !== undefined) pin(next, other);
    }
    const content = withVersions(resource, versions);
    const versionId = digest(JSON.stringify(content));
    versions.set(key, versionId);
    done.set(key, { ...content, meta: { ...content.meta, versionId } });
  };
  for (const [key, resource] of [...known].sort(([a], [b]) => (a < b ? -1 : 1))) pin(key, resource);
  return { versions, resources: referenced.map((resource) => done.get(of(resource)) ?? resource) };
}
