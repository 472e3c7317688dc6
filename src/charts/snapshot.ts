import type { Resource, ResourceType } from "@medplum/fhirtypes";
import type { AccountId } from "#src/base/ids.ts";

/** The chart of one account as of one version: FHIR R4 resources as mapped, never the coder's own codes. */
export interface ChartSnapshot {
  readonly accountId: AccountId;
  readonly version: number;
  readonly feed: string;
  readonly facility: string;
  /** PID-18 (or what the feed's `identity` says) as sent. */
  readonly accountNumber: string;
  readonly resources: readonly Resource[];
}

export type OfType<T extends ResourceType> = Extract<Resource, { resourceType: T }>;

/** All resources of a type, in the order of their last change, then by id. */
export const ofType = <T extends ResourceType>(chart: ChartSnapshot, type: T): readonly OfType<T>[] =>
  chart.resources.filter((resource): resource is OfType<T> => resource.resourceType === type);
