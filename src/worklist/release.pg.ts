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
  /** Corrections of that claim that a person, or the queue's rules, already said yes to. */
  readonly confirmed?: readonly CorrectionKind[];
}

/** A correction of a claim that is out: a new one in its place (7), or its end (8) and a new one. */
export type CorrectionKind = "replacement" | "void-and-new";

/** What a release came to. */
export type ReleasedAs =
  | { readonly claimId: string }
  /** The claim that is out stands: it would claim the same, or its payer is told by another way. */
  | { readonly stands: string; readonly accepted: boolean }
  /** A person decides first. */
  | { readonly asks: CorrectionAsked };

export interface CorrectionAsked {
  readonly kind: CorrectionKind;
  /** Claim change reason (condition code). */
  readonly reason: string;
  /** By how much the new claim's total differs, in cents. */
  readonly cents: number;
  /** Elements with both values. */
  readonly difference: unknown;
}

/**
 * Makes and stores the claim of an item, and one delivery for each destination, in the caller's transaction.
 * Fails with what keeps the claim from being valid; nothing is written then.
 */
export type ReleaseClaim = (client: pg.PoolClient, item: Releasable) => Promise<Result<ReleasedAs, readonly Finding[]>>;

/** The same, of what is claimed for the first time: nothing is compared. */
export type MakeClaim = (client: pg.PoolClient, item: Releasable) => Promise<Result<{ readonly claimId: string }, readonly Finding[]>>;

/** A claim that is out and shall not count any more. */
export interface Voidable {
  readonly itemId: string;
  readonly claimId: string;
  /** Claim change reason: D5 or D6 unless a person says another. */
  readonly reason: string;
}

/**
 * Makes and stores the void (frequency 8) of a claim, and one delivery for each destination that has the claim, in the caller's transaction; a claim
 * that reached nobody is taken back instead. Fails with what keeps the void from being valid.
 * @returns the void's claim, or that there was nothing to void.
 */
export type VoidClaim = (
  client: pg.PoolClient,
  asked: Voidable,
) => Promise<Result<{ readonly claimId: string } | { readonly takenBack: string }, readonly Finding[]>>;
