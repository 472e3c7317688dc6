import type pg from "pg";
import type { FailureCode } from "#src/base/failures.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { Attempt } from "./attempt.ts";
import type { Parts, Taken } from "./sender.ts";

/** After this long a delivery in hand counts as left by a process that ended. */
const ABANDONED = "5 minutes";

/**
 * No claim of the account released before it is still on its way there, and none of the same item waits for a person: a replacement
 * never overtakes its original. `offset 0` keeps the planner at it: first the few claims of the account, then their deliveries by key.
 */
const IN_TURN = `not exists (
  select from (select e.id, e.item_id from claim e
      where e.account_id = c.account_id and (e.created_at, e.version, e.id) < (c.created_at, c.version, c.id) offset 0) e,
    lateral (select o.state, o.needs_person from delivery o where o.claim_id = e.id and o.destination = d.destination offset 0) o
  where (o.state in ('pending', 'sending', 'unconfirmed') and not o.needs_person)
    or (e.item_id = c.item_id and (o.state = 'rejected' or (o.needs_person and o.state in ('pending', 'unconfirmed')))))`;

/** Charts of a feed that is in test or runs beside another system bill nobody. */
const LIVE = `(select a.feed from account a where a.id = c.account_id) not in (
  select l.feed from (select distinct on (f.feed) f.feed, f.life from feed_life f order by f.feed, f.since desc) l where l.life <> 'live')`;

/**
 * Takes a delivery that is due, for one sender at a time. One that was left in hand by a process that ended may have arrived.
 * @returns undefined when it is not due, not in turn, done, or in other hands.
 */
export async function takeDelivery(pool: pg.Pool, claimId: string, destination: string, now: Date): Promise<Taken | undefined> {
  const { rows } = await pool.query<{
    attempts: number;
    strikes: number;
    sending: number;
    unsure_since: Date | null;
    before: string;
    left_at: Date;
    frequency: string;
  }>(
    `with due as (
       select d.claim_id, d.destination, d.state, d.updated_at, c.frequency from delivery d join claim c on c.id = d.claim_id
       where d.claim_id = $1 and d.destination = $2
         and ((d.state in ('pending', 'unconfirmed') and not d.needs_person and d.next_try_at <= $3)
           or (d.state = 'sending' and d.updated_at < $3::timestamptz - interval '${ABANDONED}'))
         and ${LIVE} and ${IN_TURN}
       for update of d skip locked)
     update delivery d set state = 'sending', attempts = d.attempts + 1, updated_at = $3 from due
     where d.claim_id = due.claim_id and d.destination = due.destination
     returning d.attempts, d.strikes, d.sending, d.unsure_since, due.state as before, due.updated_at as left_at, due.frequency`,
    [claimId, destination, now],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { attempts: attempt, strikes, sending, frequency } = row;
  const unsureSince = row.unsure_since ?? (row.before === "sending" ? row.left_at : undefined);
  return { claimId, destination, attempt, strikes, sending, frequency, unsureSince };
}

export const wordsContext = (claimId: string, destination: string): string => `delivery-words:${claimId}:${destination}`;

/** The ledger of one installation. */
export interface Ledger {
  confirm(taken: Taken, location: string | undefined, attempts: readonly Attempt[], now: Date): Promise<void>;
  postpone(taken: Taken, to: Postponement, attempts: readonly Attempt[], now: Date): Promise<void>;
  parts(taken: Taken): Parts;
}

export interface Postponement {
  /** pending: try again. unconfirmed: look, then try again. rejected: a person decides. */
  readonly state: "pending" | "unconfirmed" | "rejected";
  readonly code: FailureCode;
  readonly nextTryAt: Date;
  readonly needsPerson: boolean;
  readonly strike: boolean;
  readonly mayHaveArrived: boolean;
}

/** Columns of the attempts as arrays, for one statement. */
const columnsOf = (sealer: Sealer, { claimId, destination, attempt }: Taken, attempts: readonly Attempt[]): unknown[] => [
  claimId,
  destination,
  attempt,
  attempts.map(({ request }) => request),
  attempts.map(({ startedAt }) => startedAt),
  attempts.map(({ endedAt }) => endedAt),
  attempts.map(({ status }) => status ?? null),
  attempts.map(({ code }) => code ?? null),
  attempts.map(({ said }) => (said === undefined || said.issues.length === 0 ? null : JSON.stringify(said.issues))),
  attempts.map(({ said }) =>
    said?.words === undefined ? null : sealer.seal(Buffer.from(said.words.reveal()), wordsContext(claimId, destination)),
  ),
];

/** The attempts in the same statement as what they came to: one commit, all or nothing. */
const WITH_ATTEMPTS = `with tried as (
  insert into delivery_attempt (claim_id, destination, attempt, request, started_at, ended_at, status, failure_code, issues, sealed_words)
  select $1, $2, $3, * from unnest($4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[], $9::jsonb[], $10::bytea[]))`;

/**
 * A hand that was held for longer than a process may hang has been taken over: what it reports afterwards is kept as attempts, and
 * changes no state.
 */
const STILL_OURS = "claim_id = $1 and destination = $2 and state = 'sending' and attempts = $3";

export function createLedger(pool: pg.Pool, sealer: Sealer): Ledger {
  return {
    confirm: async (taken, location, attempts, now) => {
      await pool.query(
        `${WITH_ATTEMPTS} update delivery set state = 'confirmed', remote_location = $11, failure_code = null, unsure_since = null,
           needs_person = false, updated_at = $12 where ${STILL_OURS}`,
        [...columnsOf(sealer, taken, attempts), location ?? null, now],
      );
    },
    postpone: async (taken, { state, code, nextTryAt, needsPerson, strike, mayHaveArrived }, attempts, now) => {
      await pool.query(
        `${WITH_ATTEMPTS} update delivery set state = $11, failure_code = $12, next_try_at = $13, needs_person = $14,
           strikes = strikes + $15::int, unsure_since = $16, updated_at = $17 where ${STILL_OURS}`,
        [
          ...columnsOf(sealer, taken, attempts),
          state,
          code,
          nextTryAt,
          needsPerson,
          strike ? 1 : 0,
          mayHaveArrived ? now : state === "unconfirmed" ? (taken.unsureSince ?? now) : null,
          now,
        ],
      );
    },
    parts: ({ claimId, destination, sending }) => ({
      read: async () => {
        const { rows } = await pool.query<{ part: string; state: "begun" | "done" }>(
          // What an earlier sending finished is done, whoever had it sent again.
          `select distinct on (part) part, state from delivery_part where claim_id = $1 and destination = $2
             and (state = 'done' or sending = $3) order by part, state desc`,
          [claimId, destination, sending],
        );
        return new Map(rows.map(({ part, state }) => [part, state]));
      },
      begin: async (part) => {
        await pool.query(
          "insert into delivery_part (claim_id, destination, sending, part, state) values ($1, $2, $3, $4, 'begun') on conflict do nothing",
          [claimId, destination, sending, part],
        );
      },
      finish: async (part) => {
        await pool.query(
          "update delivery_part set state = 'done', at = now() where claim_id = $1 and destination = $2 and sending = $3 and part = $4",
          [claimId, destination, sending, part],
        );
      },
      undo: async (part) => {
        await pool.query("delete from delivery_part where claim_id = $1 and destination = $2 and sending = $3 and part = $4", [
          claimId,
          destination,
          sending,
          part,
        ]);
      },
    }),
  };
}

/** At the start of the only engine of an installation: what is in hand was left by the one before, and may have arrived. */
export const recoverDeliveries = async (pool: pg.Pool, now: Date): Promise<number> =>
  (
    await pool.query(
      `with left_over as (
         update delivery set state = 'unconfirmed', failure_code = 'PEER_NO_ANSWER', next_try_at = $1,
           unsure_since = coalesce(unsure_since, updated_at), updated_at = $1
         where state = 'sending' returning claim_id, destination, attempts, unsure_since)
       insert into delivery_attempt (claim_id, destination, attempt, request, started_at, ended_at, failure_code)
       select claim_id, destination, attempts, 'interrupted', unsure_since, $1, 'PEER_NO_ANSWER' from left_over`,
      [now],
    )
  ).rowCount ?? 0;

interface Candidate {
  readonly claimId: string;
  readonly attempts: number;
  readonly at: string;
  readonly ready: boolean;
}

/** Pages looked through for those that are in turn: so many that wait behind others hold nobody up. */
const MOST_PAGES = 25;

/** Deliveries to one destination that are due and in turn, oldest first; those that a process left in hand when it ended before them. */
export async function dueDeliveries(
  pool: pg.Pool,
  destination: string,
  now: Date,
  most: number,
): Promise<readonly { readonly claimId: string; readonly attempts: number }[]> {
  const left = await pool.query<{ claimId: string; attempts: number }>(
    `select claim_id as "claimId", attempts from delivery
     where state = 'sending' and updated_at < $1::timestamptz - interval '${ABANDONED}' and destination = $2 limit $3`,
    [now, destination, most],
  );
  const found = [...left.rows];
  // A page is cut off before its rows are judged: judging every row that waits, to take the first of them, would take longer the more there are.
  let after: Pick<Candidate, "at" | "claimId"> = { at: "-infinity", claimId: "00000000-0000-0000-0000-000000000000" };
  for (let page = 0; page < MOST_PAGES && found.length < most; page++) {
    const { rows } = await pool.query<Candidate>(
      `with d as materialized (
         select claim_id, destination, attempts, next_try_at from delivery
         where destination = $2 and state in ('pending', 'unconfirmed') and not needs_person and next_try_at <= $1
           and (next_try_at, claim_id) > ($4::timestamptz, $5::uuid)
         order by next_try_at, claim_id limit $3)
       select d.claim_id as "claimId", d.attempts, d.next_try_at::text as at, ${LIVE} and ${IN_TURN} as ready
       from d join claim c on c.id = d.claim_id order by d.next_try_at, d.claim_id`,
      [now, destination, most, after.at, after.claimId],
    );
    found.push(...rows.filter(({ ready }) => ready));
    const last = rows.at(-1);
    if (last === undefined || rows.length < most) break;
    after = last;
  }
  return found.slice(0, most).map(({ claimId, attempts }) => ({ claimId, attempts }));
}

/** Where the claims are that this one replaces or voids, by id, at one destination. */
export async function locationsOf(pool: pg.Pool, destination: string, claimIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (claimIds.length === 0) return new Map();
  const { rows } = await pool.query<{ id: string; location: string }>(
    `select claim_id as id, remote_location as location from delivery
     where destination = $1 and claim_id = any($2::uuid[]) and remote_location is not null`,
    [destination, claimIds],
  );
  return new Map(rows.map(({ id, location }) => [id, location]));
}

export const isConfirmedAt = async (pool: pg.Pool, destination: string, claimId: string): Promise<boolean> =>
  ((await pool.query("select from delivery where claim_id = $1 and destination = $2 and state = 'confirmed'", [claimId, destination]))
    .rowCount ?? 0) > 0;

/** Keeps what the breaker of a destination says, for those who look at the line without asking the engine. */
export const keepDestinationState = (
  pool: pg.Pool,
  destination: string,
  { state, since, code, until }: { state: string; since: number | undefined; code: FailureCode | undefined; until: number | undefined },
): Promise<unknown> =>
  pool.query(
    `insert into destination_state (destination, state, since, failure_code, until) values ($1, $2, $3, $4, $5)
     on conflict (destination) do update set state = $2, since = $3, failure_code = $4, until = $5, updated_at = now()`,
    [
      destination,
      state,
      since === undefined ? null : new Date(since),
      code ?? null,
      until === undefined || !Number.isFinite(until) ? null : new Date(until),
    ],
  );
