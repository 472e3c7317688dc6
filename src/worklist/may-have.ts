import type { Item } from "./item.ts";
import { isPullable } from "./states.ts";

/** What coders pull, and what reviewers do. */
export type PullKind = "coding" | "review";

/** What one person asks for. */
export interface Pull {
  readonly userId: string;
  /** Empty = any. */
  readonly queues: readonly string[];
  readonly kind: PullKind;
  /** Chosen by who asks: asked with it again, after an answer that got lost, it gives the same item. */
  readonly leaseId?: string;
}

/** What one person may pull now. */
export interface Eligibility {
  readonly userId: string;
  readonly kind: PullKind;
  readonly queues: readonly string[];
  /** Empty = every one. */
  readonly facilities: readonly string[];
  readonly payerExclusions: readonly string[];
  /** Blind indexes of the patients whose charts the person must not open. */
  readonly relations: ReadonlySet<string>;
}

/** What is asked of an item for each person: the rest is the same for all with the same queues, facilities and payers. */
export type Candidate = Pick<Item, "id" | "reservedFor" | "reservedUntil" | "coderOfRecord" | "patientKeys">;

/** An item of their queues, facilities and payers is given to a person unless it is kept for another, a conflict of interest, or their own work to review. */
export const isForThem = (item: Candidate, { userId, kind, relations }: Eligibility, now: Date): boolean =>
  (item.reservedFor === null || item.reservedFor === userId || (item.reservedUntil !== null && item.reservedUntil <= now)) &&
  !item.patientKeys.some((key) => relations.has(key)) &&
  (kind === "coding" || item.coderOfRecord !== userId);

/** Whether a person may have an item as it stands, locked. */
export const mayHave = (item: Item, may: Eligibility, now: Date): boolean =>
  (may.kind === "review" ? item.state === "IN_REVIEW" && item.lease === null : isPullable(item.state)) &&
  may.queues.includes(item.queue) &&
  (may.facilities.length === 0 || may.facilities.includes(item.facility)) &&
  !may.payerExclusions.includes(item.facts.payerId) &&
  isForThem(item, may, now);

/** One who asks, and the items that are looked at for them: the best first. */
export interface Asking {
  readonly may: Eligibility;
  readonly candidates: readonly Candidate[];
}

/**
 * Gives each of those who ask, in the order in which they asked, the first of their candidates that they may have and nobody before them got.
 * @param gone items that nobody is given.
 */
export function shareOut(asking: readonly Asking[], gone: ReadonlySet<string>, now: Date): ReadonlyMap<string, Eligibility> {
  const given = new Map<string, Eligibility>();
  for (const { may, candidates } of asking) {
    const best = candidates.find((one) => !gone.has(one.id) && !given.has(one.id) && isForThem(one, may, now));
    if (best !== undefined) given.set(best.id, may);
  }
  return given;
}
