import type pg from "pg";
import { holds, readCoders, relationsOf } from "./coders.pg.ts";
import type { Eligibility, Pull } from "./may-have.ts";
import type { QueueRules } from "./queue-rules.ts";

const dayStart = (now: Date): Date => new Date(`${now.toISOString().slice(0, 10)}T00:00:00Z`);

/** What the pulls of coders with a cap are locked by, besides the user: anything that no other lock of two numbers has. */
const CAP_LOCK = 7_145_003;

/**
 * Which queues each person may pull from now, by role, credentials of the day, the queue's cap for one coder and one day, and whether it
 * is paused; and the facilities, payers and patients within them. A queue of external workers is theirs alone.
 * @param pulls of one kind, each of another person.
 */
export async function eligibilityOf(
  client: pg.PoolClient,
  { rules, now }: { readonly rules: QueueRules; readonly now: () => Date },
  pulls: readonly Pull[],
): Promise<readonly Eligibility[]> {
  const at = now();
  const kind = pulls[0]?.kind ?? "coding";
  const day = at.toISOString().slice(0, 10);
  const userIds = pulls.map(({ userId }) => userId);
  const capped = kind === "review" ? [] : rules.names.filter((name) => rules.rule(name).pull.perCoderPerDay !== undefined);
  const used = await pulledToday(client, userIds, capped, at);
  const coders = await readCoders(client, userIds);
  const relations = await relationsOf(client, userIds);
  const { rows: paused } = await client.query<{ queue: string }>({
    name: "paused-queues",
    text: "select queue from queue_state where paused",
  });
  const closed = new Set(paused.map(({ queue }) => queue));

  return pulls.map(({ userId, queues: asked }) => {
    const coder = coders.get(userId);
    const able = (name: string): boolean => {
      const { pull, consumers } = rules.rule(name);
      if (kind === "review") return true;
      if (consumers === "external") return false;
      if ((used.get(`${userId} ${name}`) ?? 0) >= (pull.perCoderPerDay ?? Number.MAX_SAFE_INTEGER)) return false;
      // A user the engine does not know (a test of the store alone) has no roles to look at.
      return (
        (coder === undefined || pull.roles.some((role) => coder.roles.includes(role))) &&
        holds(coder ?? { credentials: [] }, pull.credentials, day)
      );
    };
    return {
      userId,
      kind,
      queues: rules.names.filter((name) => (asked.length === 0 || asked.includes(name)) && !closed.has(name) && able(name)),
      facilities: coder?.facilities ?? [],
      payerExclusions: coder?.payerExclusions ?? [],
      relations: relations.get(userId) ?? new Set(),
    };
  });
}

/**
 * How many different items of each queue these people took today. Until the transaction ends nobody counts for the same people elsewhere:
 * what they take meanwhile would be over the cap.
 * @returns by user and queue.
 */
async function pulledToday(
  client: pg.PoolClient,
  userIds: readonly string[],
  queues: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  if (queues.length === 0) return new Map();
  // In one order for everyone, and a statement of its own: one that waited would still count what was there before.
  await client.query({
    name: "lock-capped",
    text: "select pg_advisory_xact_lock($1, k) from (select distinct hashtext(u) as k from unnest($2::text[]) u order by 1) users",
    values: [CAP_LOCK, userIds],
  });
  const { rows } = await client.query<{ actor: string; queue: string; n: number }>({
    name: "pulled-today",
    text: `select actor, queue, count(distinct item_id)::int as n from item_event
     where event = 'leased' and actor = any($1) and at >= $2 and queue = any($3) group by actor, queue`,
    values: [userIds, dayStart(now), queues],
  });
  return new Map(rows.map(({ actor, queue, n }) => [`${actor} ${queue}`, n]));
}
