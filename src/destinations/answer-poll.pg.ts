import type pg from "pg";
import type { FailureCode } from "#src/base/failures.ts";
import type { Sealer } from "#src/base/seal.ts";

/** After this long a poll in hand counts as left by a process that ended. */
const ABANDONED = "5 minutes";

/** One page to be asked for, in our hands. */
export interface TakenPoll {
  readonly destination: string;
  /** One more with each page. */
  readonly run: number;
  /** Of the destination's clock: everything it changed before is here. Undefined before the first round is done. */
  readonly since: Date | undefined;
  /** Of the round under way. */
  readonly newest: Date | undefined;
  readonly next: string | undefined;
  readonly afterClaim: string | undefined;
  readonly strikes: number;
}

const linkContext = (destination: string): string => `answer-poll:${destination}`;
const unreadableContext = (destination: string, location: string): string => `answer-unreadable:${destination}:${location}`;

/** The cursors of the polls, in Postgres: an engine that starts goes on where the one before ended. */
export interface AnswerPolls {
  /** Makes the cursor where there is none. */
  begin(destination: string): Promise<void>;
  /** Number of the next page when one is due. */
  due(destination: string, now: Date): Promise<number | undefined>;
  take(destination: string, now: Date): Promise<TakenPoll | undefined>;
  /** A page is taken in; the round goes on with the next one, or with other claims. */
  goOn(poll: TakenPoll, to: RoundPlace, counts: PageCounts, now: Date): Promise<void>;
  /** The round is done. */
  finish(poll: TakenPoll, newest: Date | undefined, counts: PageCounts, nextAt: Date, now: Date): Promise<void>;
  /** @param again from the round's beginning: the server knows the page no more. */
  fail(poll: TakenPoll, code: FailureCode, again: boolean, nextAt: Date, now: Date): Promise<void>;
}

export interface RoundPlace {
  readonly newest: Date | undefined;
  readonly next: string | undefined;
  readonly afterClaim: string | undefined;
}

export interface PageCounts {
  readonly taken: number;
  readonly parked: number;
}

const STILL_OURS = "destination = $1 and run = $2 and leased_until is not null";

export const createAnswerPolls = (pool: pg.Pool, sealer: Sealer): AnswerPolls => ({
  begin: async (destination) => {
    await pool.query("insert into answer_poll (destination) values ($1) on conflict do nothing", [destination]);
  },
  due: async (destination, now) =>
    (
      await pool.query<{ run: number }>(
        "select run from answer_poll where destination = $1 and next_at <= $2 and (leased_until is null or leased_until < $2)",
        [destination, now],
      )
    ).rows[0]?.run,
  take: async (destination, now) => {
    const { rows } = await pool.query<{
      run: number;
      since: Date | null;
      newest: Date | null;
      sealed_next: Buffer | null;
      after_claim: string | null;
      strikes: number;
    }>(
      `update answer_poll set leased_until = $2::timestamptz + interval '${ABANDONED}', run = run + 1
       where destination = $1 and next_at <= $2 and (leased_until is null or leased_until < $2)
       returning run, since, newest, sealed_next, after_claim, strikes`,
      [destination, now],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    const { run, since, newest, sealed_next: next, after_claim: afterClaim, strikes } = row;
    return {
      destination,
      run,
      since: since ?? undefined,
      newest: newest ?? undefined,
      next: next === null ? undefined : sealer.open(next, linkContext(destination)).toString("utf8"),
      afterClaim: afterClaim ?? undefined,
      strikes,
    };
  },
  goOn: async ({ destination, run }, { newest, next, afterClaim }, { taken, parked }, now) => {
    await pool.query(
      `update answer_poll set newest = $3, sealed_next = $4, after_claim = $5, taken = taken + $6, parked = parked + $7, next_at = $8,
         leased_until = null, failure_code = null, failing_since = null, strikes = 0 where ${STILL_OURS}`,
      [
        destination,
        run,
        newest ?? null,
        next === undefined ? null : sealer.seal(Buffer.from(next), linkContext(destination)),
        afterClaim ?? null,
        taken,
        parked,
        now,
      ],
    );
  },
  finish: async ({ destination, run }, newest, { taken, parked }, nextAt, now) => {
    await pool.query(
      `update answer_poll set since = greatest(since, $3), newest = null, sealed_next = null, after_claim = null, taken = taken + $4, parked = parked + $5,
         next_at = $6, round_at = $7, leased_until = null, failure_code = null, failing_since = null, strikes = 0 where ${STILL_OURS}`,
      [destination, run, newest ?? null, taken, parked, nextAt, now],
    );
  },
  fail: async ({ destination, run }, code, again, nextAt, now) => {
    await pool.query(
      `update answer_poll set failure_code = $3, failing_since = coalesce(failing_since, $4), strikes = strikes + 1, next_at = $5, leased_until = null,
         sealed_next = case when $6 then null else sealed_next end, newest = case when $6 then null else newest end where ${STILL_OURS}`,
      [destination, run, code, now, nextAt, again],
    );
  },
});

/** At the start of the only engine of an installation: what is in hand was left by the one before. */
export const recoverPolls = (pool: pg.Pool): Promise<unknown> =>
  pool.query("update answer_poll set leased_until = null where leased_until is not null");

/** When the first claim for a destination was released: no answer can be older. */
export const firstClaimAt = async (pool: pg.Pool, destination: string): Promise<Date | undefined> =>
  (
    await pool.query<{ at: Date | null }>(
      "select min(c.created_at) as at from delivery d join claim c on c.id = d.claim_id where d.destination = $1 and d.attempts > 0",
      [destination],
    )
  ).rows[0]?.at ?? undefined;

/** A claim that a destination has, and whose answer is open. */
export interface AskedClaim {
  readonly claimId: string;
  readonly location: string | null;
}

/** Claims there that the payer has not accepted, in the order of their ids. @param located those of which it told us where they are */
export const claimsToAsk = async (
  pool: pg.Pool,
  destination: string,
  { after, most, located }: { readonly after: string | undefined; readonly most: number; readonly located: boolean },
): Promise<readonly AskedClaim[]> =>
  (
    await pool.query<AskedClaim>(
      `select d.claim_id as "claimId", d.remote_location as location from delivery d join claim c on c.id = d.claim_id
       where d.destination = $1 and d.state in ('confirmed', 'unconfirmed') and c.payer_state <> 'accepted' and ($2::uuid is null or d.claim_id > $2)
         and (not $4 or d.remote_location like 'Claim/%') order by d.claim_id limit $3`,
      [destination, after ?? null, most, located],
    )
  ).rows;

/** Our claims by where they are at a destination. */
export async function claimsAt(pool: pg.Pool, destination: string, locations: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ location: string; id: string }>(
    "select remote_location as location, claim_id as id from delivery where destination = $1 and remote_location = any($2::text[])",
    [destination, locations],
  );
  return new Map(rows.map(({ location, id }) => [location, id]));
}

/** Keeps what was fetched and cannot be taken, once; the newest version of it. */
export const keepUnreadable = (
  pool: pg.Pool,
  sealer: Sealer,
  { destination, location, faults, original }: Omit<Unreadable, "at"> & { readonly original: string },
): Promise<unknown> => {
  const context = unreadableContext(destination, location);
  return pool.query(
    `insert into answer_unreadable (destination, location, sealed_faults, sealed_original) values ($1, $2, $3, $4)
     on conflict (destination, location) do update set sealed_faults = excluded.sealed_faults, sealed_original = excluded.sealed_original`,
    [destination, location, sealer.sealJson(faults, context), sealer.seal(Buffer.from(original), context)],
  );
};

/** A later version of it was taken. */
export const forgetUnreadable = (pool: pg.Pool, destination: string, locations: readonly string[]): Promise<unknown> =>
  pool.query("delete from answer_unreadable where destination = $1 and location = any($2::text[])", [destination, locations]);

/** A ClaimResponse that was fetched and is no answer that can be taken. */
export interface Unreadable {
  readonly destination: string;
  readonly location: string;
  readonly at: Date;
  /** Element and what is wrong with it. */
  readonly faults: readonly string[];
}

/** Oldest first. */
export async function listUnreadable(pool: pg.Pool, sealer: Sealer): Promise<readonly Unreadable[]> {
  const { rows } = await pool.query<Omit<Unreadable, "faults"> & { sealed: Buffer }>(
    "select destination, location, at, sealed_faults as sealed from answer_unreadable order by at, destination, location limit 500",
  );
  return rows.map(({ sealed, ...row }) => ({
    ...row,
    faults: sealer.openJson(sealed, unreadableContext(row.destination, row.location)) as readonly string[],
  }));
}
