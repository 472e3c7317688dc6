import type { Bundle, BundleEntry, Claim, Identifier, Resource } from "@medplum/fhirtypes";

/** A system of our own for what has no business identifier: the id of the resource here. */
const OWN_SYSTEM = "urn:chartbridge:resource";

const identifiersOf = (resource: Resource): readonly Identifier[] => {
  const { identifier } = resource as { identifier?: Identifier | Identifier[] };
  return identifier === undefined ? [] : Array.isArray(identifier) ? identifier : [identifier];
};

/** The identifier by which a server finds the resource again. */
export const lookUpIdentifier = (resource: Resource): Identifier | undefined =>
  identifiersOf(resource).find(({ system, value }) => system !== undefined && value !== undefined);

const query = ({ system, value }: Identifier): string => `identifier=${encodeURIComponent(`${system ?? ""}|${value ?? ""}`)}`;

/** Every `Type/id` of this delivery as the `urn:uuid:` of its entry: only the server knows what id it will give. */
function pointInside(value: unknown, inside: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => pointInside(one, inside));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) =>
      name === "reference" && typeof inner === "string" && inside.has(inner)
        ? [name, `urn:uuid:${inner.split("/")[1] ?? ""}`]
        : [name, pointInside(inner, inside)],
    ),
  );
}

/**
 * The transaction that delivers a claim (R4 http, 3.1.0.11.2): everything by conditional create, so that sending it twice makes nothing twice.
 * What has no identifier gets one of ours.
 */
export function buildTransaction(claim: Claim, referenced: readonly Resource[]): Bundle {
  const all = [...referenced, claim];
  const inside = new Set(all.map((resource) => `${resource.resourceType}/${resource.id ?? ""}`));
  const entry = all.map((resource): BundleEntry => {
    const { id, meta: _meta, ...content } = pointInside(resource, inside) as Resource;
    const identifier = lookUpIdentifier(resource) ?? { system: OWN_SYSTEM, value: id ?? "" };
    const body = (
      lookUpIdentifier(resource) === undefined ? { ...content, identifier: [...identifiersOf(resource), identifier] } : content
    ) as Resource;
    return {
      fullUrl: `urn:uuid:${id ?? ""}`,
      resource: body,
      request: { method: "POST", url: resource.resourceType, ifNoneExist: query(identifier) },
    };
  });
  return { resourceType: "Bundle", type: "transaction", entry };
}
