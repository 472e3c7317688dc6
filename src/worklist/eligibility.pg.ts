import { holds, readCoder } from "./coders.pg.ts";
import type { LeaseNeeds } from "./leases.pg.ts";

/** What one person may pull now. */
export interface Eligibility {
  readonly queues: readonly string[];
  /** Empty = every one. */
  readonly facilities: readonly string[];
  readonly payerExclusions: readonly string[];
}

const dayStart = (now: Date): Date => new Date(`${now.toISOString().slice(0, 10)}T00:00:00Z`);

/**
 * Which queues a person may pull from now, by role, credentials of the day, the queue's cap for one coder and one day, and whether it
 * is paused; and the facilities and payers within them. A queue of external workers is theirs alone.
 * @param asked queues the person named; empty = any.
 */
export async function eligibilityOf(
  { pool, rules, now }: LeaseNeeds,
  userId: string,
  asked: readonly string[],
  kind: "coding" | "review",
): Promise<Eligibility> {
  const at = now();
  const day = at.toISOString().slice(0, 10);
  const coder = await readCoder(pool, userId);
  const { rows: paused } = await pool.query<{ queue: string }>({
    name: "paused-queues",
    text: "select queue from queue_state where paused",
  });
  const closed = new Set(paused.map(({ queue }) => queue));
  const wanted = rules.names.filter((name) => (asked.length === 0 || asked.includes(name)) && !closed.has(name));
  const able = wanted.filter((name) => {
    const { pull, consumers } = rules.rule(name);
    if (kind === "review") return true;
    if (consumers === "external") return false;
    // A user the engine does not know (a test of the store alone) has no roles to look at.
    return (
      (coder === undefined || pull.roles.some((role) => coder.roles.includes(role))) &&
      holds(coder ?? { credentials: [] }, pull.credentials, day)
    );
  });
  const capped = able.filter((name) => rules.rule(name).pull.perCoderPerDay !== undefined);
  const used = capped.length === 0 || kind === "review" ? new Map<string, number>() : await pulledToday(pool, userId, capped, at);
  return {
    queues: able.filter((name) => (used.get(name) ?? 0) < (rules.rule(name).pull.perCoderPerDay ?? Number.MAX_SAFE_INTEGER)),
    facilities: coder?.facilities ?? [],
    payerExclusions: coder?.payerExclusions ?? [],
  };
}

/** How many different items of each queue this person took today. */
async function pulledToday(
  pool: LeaseNeeds["pool"],
  userId: string,
  queues: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ queue: string; n: number }>({
    name: "pulled-today",
    text: `select queue, count(distinct item_id)::int as n from item_event
     where event = 'leased' and actor = $1 and at >= $2 and queue = any($3) group by queue`,
    values: [userId, dayStart(now), queues],
  });
  return new Map(rows.map(({ queue, n }) => [queue, n]));
}
