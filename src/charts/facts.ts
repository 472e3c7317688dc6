import type { ChargeItem, Coverage, Encounter, Organization, Resource } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";

/** What routing, holds and priority need to know of a chart. Free of names and texts. */
export interface ChartFacts {
  /** Encounter.class code: IMP, EMER, AMB, OBSENC, PRENC … */
  readonly class?: string;
  readonly status?: Encounter["status"];
  readonly admittedAt?: string;
  readonly dischargedAt?: string;
  readonly cancelled: boolean;
  /** Pre-registered, not arrived. */
  readonly expected: boolean;
  readonly hasCoverage: boolean;
  /** Identifier of the first coverage's payor (IN1-3). */
  readonly payerId?: string;
  /** Billable charges, in whole cents. */
  readonly totalCents: number;
}

const newest = (a: Encounter, b: Encounter): number => (a.period?.start ?? "").localeCompare(b.period?.start ?? "");

/** Reads the facts off a chart's resources. An account is discharged when none of its encounters is still going on. */
export function factsOf(resources: Iterable<Resource>): ChartFacts {
  const encounters: Encounter[] = [];
  const coverages: Coverage[] = [];
  const organizations = new Map<string, Organization>();
  let totalCents = 0;
  for (const resource of resources) {
    if (resource.resourceType === "Encounter") encounters.push(resource);
    else if (resource.resourceType === "Coverage") coverages.push(resource);
    else if (resource.resourceType === "Organization") organizations.set(`Organization/${resource.id}`, resource);
    else if (resource.resourceType === "ChargeItem") totalCents += chargeCents(resource);
  }
  const standing = encounters
    .filter((encounter) => encounter.status !== "cancelled" && encounter.status !== "entered-in-error")
    .sort(newest);
  const last = standing.at(-1);
  const ended = last !== undefined && standing.every((encounter) => encounter.status === "finished");
  const dischargedAt = ended
    ? standing
        .map((encounter) => encounter.period?.end ?? "")
        .sort()
        .at(-1)
    : undefined;
  coverages.sort((a, b) => (a.order ?? 99) - (b.order ?? 99));
  const payor = coverages[0]?.payor[0]?.reference;
  const payerId = payor === undefined ? undefined : organizations.get(payor)?.identifier?.[0]?.value;
  return {
    ...(last?.class.code === undefined ? {} : { class: last.class.code }),
    ...(last === undefined ? {} : { status: last.status }),
    ...(standing[0]?.period?.start === undefined ? {} : { admittedAt: standing[0].period.start }),
    ...(dischargedAt === undefined || dischargedAt === "" ? {} : { dischargedAt }),
    cancelled: encounters.length > 0 && standing.length === 0,
    expected: last !== undefined && standing.every((encounter) => encounter.status === "planned"),
    hasCoverage: coverages.length > 0,
    ...(payerId === undefined ? {} : { payerId }),
    totalCents,
  };
}

function chargeCents(charge: ChargeItem): number {
  return charge.status === "entered-in-error" ? 0 : centsOf(charge.priceOverride?.value ?? 0);
}
