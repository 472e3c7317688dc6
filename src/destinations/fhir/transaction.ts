import type { Bundle, BundleEntry, Claim, Resource } from "@medplum/fhirtypes";
import { bare, identifierQuery, keyOf, lookUpIdentifier, pointTo } from "./references.ts";

/** A system of our own for what has no business identifier: the id of the resource here. */
const OWN_SYSTEM = "urn:chartbridge:resource";

const uuidOf = (resource: Resource): string => `urn:uuid:${resource.id ?? ""}`;

/** With an identifier of ours where it has none, so that it can be found again. */
function identified<T extends Resource>(resource: T): T {
  if (lookUpIdentifier(resource) !== undefined) return resource;
  const { identifier } = resource as { identifier?: unknown };
  const own = { system: OWN_SYSTEM, value: resource.id ?? "" };
  return { ...resource, identifier: [...(Array.isArray(identifier) ? (identifier as unknown[]) : []), own] };
}

/** Every resource as an entry; they point to each other by `urn:uuid:`, for only the server knows what ids it will give. */
function entriesOf(resources: readonly Resource[]): readonly { readonly fullUrl: string; readonly resource: Resource }[] {
  const targets = new Map(resources.map((resource) => [keyOf(resource), uuidOf(resource)]));
  return resources.map((resource) => ({ fullUrl: uuidOf(resource), resource: pointTo(bare(identified(resource)), targets) }));
}

const post = (fullUrl: string, resource: Resource, conditional: boolean): BundleEntry => {
  const identifier = conditional ? lookUpIdentifier(resource) : undefined;
  return {
    fullUrl,
    resource,
    request: {
      method: "POST",
      url: resource.resourceType,
      ...(identifier === undefined ? {} : { ifNoneExist: identifierQuery(identifier) }),
    },
  };
};

/**
 * The transaction that delivers a claim with everything it refers to (R4 http, 3.1.0.11.2): what it refers to by conditional create,
 * so that nothing is there twice. The claim is its last entry.
 * @param conditional whether the claim, too, is created only if it is not there
 */
export function transactionOf(claim: Claim, referenced: readonly Resource[], conditional: boolean): Bundle {
  const entry = entriesOf([...referenced, claim]).map(({ fullUrl, resource }) =>
    post(fullUrl, resource, resource.resourceType !== "Claim" || conditional),
  );
  return { resourceType: "Bundle", type: "transaction", entry };
}

/** A transaction of the claim alone, whose references are made already. */
export const loneTransaction = (claim: Claim, id: string, conditional: boolean): Bundle => ({
  resourceType: "Bundle",
  type: "transaction",
  entry: [post(`urn:uuid:${id}`, claim, conditional)],
});

/** Conditional references (3.1.0.11.2.2): `Patient?identifier=…`, resolved by the server; what has no identifier cannot be. */
export const conditionalTargets = (referenced: readonly Resource[]): ReadonlyMap<string, string> =>
  new Map(
    referenced.flatMap((resource) => {
      const identifier = lookUpIdentifier(resource);
      return identifier === undefined ? [] : [[keyOf(resource), `${resource.resourceType}?${identifierQuery(identifier)}`] as const];
    }),
  );

/** A claim and what it refers to as a collection: for files. */
export const collectionOf = (claim: Claim, referenced: readonly Resource[]): Bundle => ({
  resourceType: "Bundle",
  type: "collection",
  entry: entriesOf([claim, ...referenced]).map((one) => ({ ...one })),
});

/**
 * The message that carries a claim (R4 messaging, $process-message). Its ids are those of the claim and the sending, so that a receiver
 * that remembers them recognises a repeat.
 */
export function messageOf(
  claim: Claim,
  referenced: readonly Resource[],
  { id, at, source, destination }: { readonly id: string; readonly at: string; readonly source: string; readonly destination: string },
): Bundle {
  const header: BundleEntry = {
    fullUrl: `urn:uuid:${id}`,
    resource: {
      resourceType: "MessageHeader",
      id,
      eventCoding: { system: "urn:chartbridge:event", code: "claim-released" },
      source: { name: "Chartbridge", endpoint: source },
      destination: [{ endpoint: destination }],
      focus: [{ reference: uuidOf(claim) }],
    },
  };
  return {
    resourceType: "Bundle",
    id,
    type: "message",
    timestamp: at,
    entry: [header, ...entriesOf([claim, ...referenced]).map((one) => ({ ...one }))],
  };
}
