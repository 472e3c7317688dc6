import type { Stream } from "#src/coding/submission.ts";
import type { ItemFacts } from "./conditions.ts";
import type { HeldBy } from "./holds.ts";
import { type QueueRules, subjectOf } from "./queue-rules.ts";
import { priorityOf, scoreOf, type ScoreParts } from "./score.ts";
import { isCoded, isPullable, type ItemState, type Progress, stateOf } from "./states.ts";

export interface ItemLease {
  readonly id: string;
  readonly user: string;
  readonly until: Date;
}

/** A coding item as it stands or shall stand. State, score and dispatch number are never set by hand: `derived` does. */
export interface Item {
  readonly id: string;
  readonly accountId: string;
  readonly stream: Stream;
  readonly progress: Progress;
  readonly state: ItemState;
  readonly queue: string;
  readonly priority: number;
  readonly dispatchNo: number;
  readonly facility: string;
  readonly class: string | null;
  readonly readyAt: Date | null;
  readonly chartVersion: number;
  readonly pinnedVersion: number | null;
  /** Chart version up to which late changes were judged. */
  readonly judgedVersion: number | null;
  /** Chart version the claim is made of, when it is a later one than was coded. */
  readonly releaseVersion: number | null;
  readonly releaseAfter: Date | null;
  readonly lease: ItemLease | null;
  readonly coderOfRecord: string | null;
  readonly facts: ItemFacts;
  /** Blind indexes, hexadecimal. */
  readonly patientKeys: readonly string[];
  readonly score: number;
  readonly scoreParts: ScoreParts;
  readonly stat: boolean;
  readonly views: readonly string[];
  /** `rules`, or the user who moved it. */
  readonly routedBy: string;
  readonly recodeFrom: Progress | null;
  readonly recodeReasons: readonly string[];
  readonly reservedFor: string | null;
  readonly reservedUntil: Date | null;
  readonly unblockedAt: Date | null;
  readonly settleAt: Date | null;
  /** Last day for a corrected claim or an appeal, YYYY-MM-DD, while the item is back from the payer. */
  readonly answerBy: string | null;
  readonly mergedInto: string | null;
  readonly shadow: boolean;
  readonly holds: readonly HeldBy[];
  /** The newest claim of the item, while it counts: null again once it is voided or taken back. */
  readonly claimId: string | null;
  readonly hasDraft: boolean;
  /** Counted by the database at each change. */
  readonly revision: number;
}

export const EMPTY_FACTS: ItemFacts = {
  stream: "FAC",
  class: "",
  facility: "",
  feed: "",
  payerId: "",
  disposition: "",
  service: "",
  totalCents: 0,
  chargeCount: 0,
  lengthOfStayDays: 0,
  surgical: false,
  documents: [],
  signedDocuments: [],
  cancelled: false,
  expected: false,
  patients: 0,
};

/** How long a lifted hold counts as news, in ms. */
const UNBLOCKED_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Who gets an item first that came back to its queue, and why it counts as unblocked. */
function returned(after: Item, before: Item | undefined, rules: QueueRules, now: Date): Item {
  if (before === undefined || isPullable(before.state)) return after;
  const unblocked = before.state === "HELD" || before.state === "AWAITING";
  const own = after.coderOfRecord;
  const first = own !== null && (unblocked || isCoded(after.progress) || after.hasDraft);
  return {
    ...after,
    unblockedAt: unblocked ? now : after.unblockedAt,
    reservedFor: first ? own : null,
    reservedUntil: first ? new Date(now.getTime() + rules.rule(after.queue).returnHours * HOUR_MS) : null,
  };
}

/** Scored as of now; priority follows. */
export function scored(item: Item, rules: QueueRules, now: Date): Item {
  const rule = rules.rule(item.queue);
  const unblocked = item.unblockedAt !== null && now.getTime() - item.unblockedAt.getTime() < UNBLOCKED_MS;
  const { total, parts } = scoreOf(
    {
      facts: item.facts,
      stat: item.stat,
      unblocked,
      boosts: rule.boosts(subjectOf(item.facts)),
      ...(item.readyAt === null ? {} : { readyAt: item.readyAt }),
      ...(item.answerBy === null ? {} : { answerBy: item.answerBy }),
    },
    rule.score,
    now,
  );
  return { ...item, score: total, scoreParts: parts, priority: priorityOf(total) };
}

const ANSWERED: ReadonlySet<Progress> = new Set(["released", "accepted", "cancelled", "no-code", "merged", "closed"]);

/** Completes a change: state from progress, lease and holds; a place in the queue when it enters one; the score. Pure. */
export function derived(before: Item | undefined, changed: Item, rules: QueueRules, now: Date): Item {
  const state = stateOf(changed.progress, { leased: changed.lease !== null, holds: changed.holds });
  const pullable = isPullable(state);
  const enters = pullable && (before === undefined || !isPullable(before.state) || before.queue !== changed.queue);
  const placed = enters ? { ...returned(changed, before, rules, now), dispatchNo: changed.dispatchNo + 1 } : changed;
  // With the payer again, or at its end: nothing is owed to it any more.
  const answerBy = ANSWERED.has(changed.progress) ? null : placed.answerBy;
  return scored({ ...placed, state, answerBy }, rules, now);
}

/** What Redis has of an item may no longer be so. */
export const ticketChanged = (before: Item | undefined, after: Item): boolean =>
  isPullable(after.state) !== (before !== undefined && isPullable(before.state)) ||
  (isPullable(after.state) && (before?.dispatchNo !== after.dispatchNo || before.priority !== after.priority));
