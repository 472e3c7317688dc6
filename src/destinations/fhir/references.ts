import type { Claim, Identifier, Reference, Resource } from "@medplum/fhirtypes";

/** All business identifiers of a resource, whether its type has one or many. */
export const identifiersOf = (resource: Resource): readonly Identifier[] => {
  const { identifier } = resource as { identifier?: Identifier | Identifier[] };
  return identifier === undefined ? [] : Array.isArray(identifier) ? identifier : [identifier];
};

/** The identifier by which a server finds the resource again. */
export const lookUpIdentifier = (resource: Resource): Identifier | undefined =>
  identifiersOf(resource).find(({ system, value }) => system !== undefined && value !== undefined);

/** `identifier=system|value`, encoded for a URL. */
export const identifierQuery = ({ system, value }: Identifier): string =>
  `identifier=${encodeURIComponent(`${system ?? ""}|${value ?? ""}`)}`;

/** `Patient/id`, without the version it may name. */
export const keyOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id ?? ""}`;
const withoutVersion = (reference: string): string => reference.replace(/\/_history\/.*$/, "");

/** A reference in JSON text; within a string its quotation marks would be escaped. */
const REFERENCE = /"reference":"([^"\\]+)"/g;

/** Every reference to a key of `targets`, with what stands there in its place. On the text: a walk over every element takes three times as long. */
export const pointTo = <T>(value: T, targets: ReadonlyMap<string, string>): T =>
  JSON.parse(
    JSON.stringify(value).replace(REFERENCE, (whole, reference: string) => {
      const target = targets.get(withoutVersion(reference));
      return target === undefined ? whole : `"reference":${JSON.stringify(target)}`;
    }),
  ) as T;

/** Without what only we know: our id, our versions. */
export function bare<T extends Resource>(resource: T): T {
  const { id: _id, meta, ...content } = resource;
  const kept = meta === undefined ? undefined : { profile: meta.profile, security: meta.security, tag: meta.tag };
  const said = kept !== undefined && Object.values(kept).some((one) => one !== undefined);
  return { ...content, ...(said ? { meta: JSON.parse(JSON.stringify(kept)) as Resource["meta"] } : {}) } as unknown as T;
}

/**
 * The claim with some of what it refers to inside (R4 references, 2.3.0.5): `#id`. A contained resource may point to another one.
 * @param elsewhere where the others are: `Patient/our-id` to `Patient/123`
 */
export function withContained(claim: Claim, inside: readonly Resource[], elsewhere: ReadonlyMap<string, string>): Claim {
  const targets = new Map([...elsewhere, ...inside.map((resource) => [keyOf(resource), `#${resource.id ?? ""}`] as const)]);
  const contained = inside.map((resource) => pointTo({ ...bare(resource), id: resource.id ?? "" } as Resource, targets));
  const body = pointTo(bare(claim), targets);
  return contained.length === 0 ? body : { ...body, contained: [...(claim.contained ?? []), ...contained] };
}

/** A claim this one is about, as the destination knows it. */
export interface Prior {
  readonly identifier: Identifier | undefined;
  /** Where it is at the destination. */
  readonly location: string | undefined;
}

/** The claim with the claims it replaces or voids named as the destination knows them: by its own id for them where we know it, and by number. */
export function withPriors(claim: Claim, priors: ReadonlyMap<string, Prior>): Claim {
  if (claim.related === undefined) return claim;
  const related = claim.related.map((one) => {
    const key = one.claim?.reference === undefined ? undefined : withoutVersion(one.claim.reference);
    const prior = key === undefined ? undefined : priors.get(key);
    if (prior === undefined) return one;
    const reference: Reference<Claim> = {
      type: "Claim",
      ...(prior.location === undefined ? {} : { reference: prior.location }),
      ...(prior.identifier === undefined ? {} : { identifier: prior.identifier }),
    };
    return { ...one, claim: reference };
  });
  return { ...claim, related };
}

/** Identifier and code systems as the destination calls them. */
export function renameSystems<T>(value: T, systems: Readonly<Record<string, string>>): T {
  if (Object.keys(systems).length === 0) return value;
  const walk = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).map(([name, inner]) => [
        name,
        name === "system" && typeof inner === "string" && Object.hasOwn(systems, inner) ? systems[inner] : walk(inner),
      ]),
    );
  };
  return walk(value) as T;
}
