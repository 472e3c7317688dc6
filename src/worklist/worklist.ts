import type { Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { Finding } from "#src/coding/submission.ts";
import { liftElapsed, rescore, settleDischarges, closeAccepted } from "./clock.pg.ts";
import { type HoldAsked, liftHold, putHold } from "./hold-actions.pg.ts";
import { countQueues, type ItemDetail, type ItemFilter, type ItemSummary, listItems, type QueueCount, readItem } from "./items.pg.ts";
import { expireLeases, heartbeat, type Lease, leaseItem, releaseLease } from "./leases.pg.ts";
import type { PullKind } from "./may-have.ts";
import { decideByRules } from "./proposals.pg.ts";
import { createPulls } from "./pulls.pg.ts";
import { chaseQueries } from "./queries.pg.ts";
import { releaseDue, type Released, releaseItem, type ReleaseNeeds } from "./release-due.pg.ts";
import type { ItemState } from "./states.ts";
import { type Refusal, submitCodes, type Submission, type SubmitNeeds } from "./submit.pg.ts";

type Taken<T> = Promise<Result<T, Failure>>;

/** What everything that people and machines do with coding items works with. */
export type WorklistNeeds = SubmitNeeds & ReleaseNeeds;

/** The flow of a coding item: given out, kept, given back, coded, released; and what the clock alone does. */
export interface Worklist {
  /** For the actions that are not part of the flow: questions, reviews, proposals, supervision, books. */
  readonly needs: WorklistNeeds;
  next(asked: {
    readonly userId: string;
    readonly queues: readonly string[];
    readonly kind?: PullKind;
    readonly leaseId?: string;
  }): Taken<Lease>;
  open(itemId: string, who: { readonly userId: string; readonly supervisor: boolean; readonly external?: boolean }): Taken<Lease>;
  heartbeat(itemId: string, leaseId: string, userId: string): Taken<{ readonly leaseUntil: Date }>;
  giveBack(itemId: string, leaseId: string, userId: string): Taken<undefined>;
  submit(asked: Submission): Promise<Result<{ readonly findings: readonly Finding[] }, Refusal>>;
  /** Releases an item if nothing keeps it. */
  release(itemId: string): Promise<Released>;
  putHold(itemId: string, hold: HoldAsked, userId: string): Taken<{ readonly state: ItemState }>;
  liftHold(itemId: string, code: string, userId: string, supervisor?: boolean): Taken<{ readonly state: ItemState }>;
  list(filter: ItemFilter): Promise<readonly ItemSummary[]>;
  read(itemId: string, withChart: boolean): Promise<ItemDetail | undefined>;
  queues(): Promise<readonly QueueCount[]>;
  expireLeases(): Promise<number>;
  releaseDue(): Promise<number>;
  /** What time alone changes: discharges taken back, holds that are over, questions that wait, accepted items, proposals that need no person. @returns how many things. */
  passTime(): Promise<number>;
  /** Scores everything that waits anew. @returns how many changed their place. */
  rescore(): Promise<number>;
}

export function createWorklist(needs: WorklistNeeds): Worklist {
  const { pool, sealer, rules } = needs;
  const pull = createPulls(needs);
  return {
    needs,
    next: ({ kind = "coding", ...asked }) => pull({ ...asked, kind }),
    open: (itemId, who) => leaseItem(needs, itemId, who),
    heartbeat: (itemId, leaseId, userId) => heartbeat(needs, itemId, leaseId, userId),
    giveBack: (itemId, leaseId, userId) => releaseLease(needs, itemId, leaseId, userId),
    submit: (asked) => submitCodes(needs, asked),
    release: (itemId) => releaseItem(needs, itemId),
    putHold: (itemId, hold, userId) => putHold(needs, itemId, hold, userId),
    liftHold: (itemId, code, userId, supervisor = false) => liftHold(needs, itemId, code, { userId, supervisor }),
    list: (filter) => listItems(pool, filter),
    read: (itemId, withChart) => readItem(pool, sealer, itemId, withChart),
    queues: () => countQueues(pool, rules.names),
    expireLeases: () => expireLeases(needs),
    releaseDue: () => releaseDue(needs),
    passTime: async () =>
      (await settleDischarges(needs)) +
      (await liftElapsed(needs)) +
      (await chaseQueries(needs)) +
      (await closeAccepted(needs)) +
      (await decideByRules(needs)),
    rescore: () => rescore(needs),
  };
}
