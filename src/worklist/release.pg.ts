import type pg from "pg";
import type { AccountId, ItemId } from "#src/base/ids.ts";
import type { Result } from "#src/base/result.ts";
import type { CodeSubmission, Finding, Stream } from "#src/coding/submission.ts";

/** A final-coded item that nothing holds any more. */
export interface Releasable {
  readonly itemId: ItemId;
  readonly accountId: AccountId;
  readonly stream: Stream;
  /** The chart that was coded: pinned. */
  readonly chartVersion: number;
  readonly codingVersion: number;
  readonly codes: CodeSubmission;
  /** The claim of this item that is out: the new one takes its place (frequency 7). */
  readonly replaces?: string;
}

/**
 * Makes and stores the claim of an item, and one delivery for each destination, in the caller's transaction.
 * Fails with what keeps the claim from being valid; nothing is written then.
 */
export type ReleaseClaim = (client: pg.PoolClient, item: Releasable) => Promise<Result<{ readonly claimId: string }, readonly Finding[]>>;
