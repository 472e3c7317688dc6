import type { Bundle, Claim, Resource } from "@medplum/fhirtypes";

/** A claim with everything it refers to, as it stood at release: nothing is left to fetch. */
export const closedBundle = (claim: Claim & { readonly id: string }, referenced: readonly Resource[]): Bundle => ({
  resourceType: "Bundle",
  id: claim.id,
  type: "collection",
  timestamp: claim.created,
  entry: [claim, ...referenced].map((resource) => ({
    fullUrl: `https://chartbridge.dev/fhir/${resource.resourceType}/${resource.id ?? ""}`,
    resource,
  })),
});
