import { type ItemDetail, type ItemFilter, type ItemSummary, countQueues, listItems, type QueueCount, readItem } from "./items.pg.ts";
import { expireLeases, heartbeat, type Lease, leaseNext, type LeaseNeeds, liftHold, putHold, releaseLease } from "./leases.pg.ts";
import type { Blocks, ItemState } from "./states.ts";
import {
  type Refusal,
  releaseDue,
  releaseItem,
  type Released,
  type ReleaseNeeds,
  submitCodes,
  type Submission,
  type SubmitNeeds,
} from "./submit.pg.ts";
import type { Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { Finding } from "#src/coding/submission.ts";

type Taken<T> = Promise<Result<T, Failure>>;

/** Everything people and machines do with coding items. */
export interface Worklist {
  next(asked: { readonly userId: string; readonly queues: readonly string[] }): Taken<Lease>;
  heartbeat(itemId: string, leaseId: string, userId: string): Taken<{ readonly leaseUntil: Date }>;
  giveBack(itemId: string, leaseId: string, userId: string): Taken<undefined>;
  submit(asked: Submission): Promise<Result<{ readonly findings: readonly Finding[] }, Refusal>>;
  /** Releases an item if nothing keeps it. */
  release(itemId: string): Promise<Released>;
  putHold(
    itemId: string,
    hold: { readonly code: string; readonly owner: string; readonly blocks: Blocks },
    userId: string,
  ): Taken<{ readonly state: ItemState }>;
  liftHold(itemId: string, code: string, userId: string): Taken<{ readonly state: ItemState }>;
  list(filter: ItemFilter): Promise<readonly ItemSummary[]>;
  read(itemId: string, withChart: boolean): Promise<ItemDetail | undefined>;
  queues(): Promise<readonly QueueCount[]>;
  expireLeases(): Promise<number>;
  releaseDue(): Promise<number>;
}

export function createWorklist(needs: LeaseNeeds & SubmitNeeds & ReleaseNeeds): Worklist {
  const { pool, sealer, rules } = needs;
  return {
    next: (asked) => leaseNext(needs, asked),
    heartbeat: (itemId, leaseId, userId) => heartbeat(needs, itemId, leaseId, userId),
    giveBack: (itemId, leaseId, userId) => releaseLease(needs, itemId, leaseId, userId),
    submit: (asked) => submitCodes(needs, asked),
    release: (itemId) => releaseItem(needs, itemId),
    putHold: (itemId, hold, userId) => putHold(needs, itemId, hold, userId),
    liftHold: (itemId, code, userId) => liftHold(needs, itemId, code, userId),
    list: (filter) => listItems(pool, filter),
    read: (itemId, withChart) => readItem(pool, sealer, itemId, withChart),
    queues: () => countQueues(pool, rules.names),
    expireLeases: () => expireLeases(needs),
    releaseDue: () => releaseDue(needs),
  };
}
