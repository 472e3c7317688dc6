import { type ConnectionOptions, Queue } from "bullmq";
import { Redis } from "ioredis";
import type pg from "pg";
import { errorKind, type Log } from "#src/telemetry/log.ts";
import { markTickets } from "./item-store.pg.ts";
import { isPullable, type ItemState } from "./states.ts";

export interface RelayNeeds {
  readonly pool: pg.Pool;
  readonly redisUrl: string;
  /** Before every key of this installation. */
  readonly prefix: string;
  readonly queues: readonly string[];
  readonly log: Log;
}

export interface Relay {
  /** Tickets were marked: look now. */
  wake(): void;
  /** Resolves when no ticket waits. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** A ticket in Redis: an id and nothing else. */
export interface Ticket {
  readonly itemId: string;
}

const BATCH = 500;
const IDLE_MS = 1_000;
const OUTAGE_MS = 500;
/** Tries before an outage is worth a line: the first connection takes a moment. */
const QUIET_TRIES = 4;
/** How often the relay looks whether Redis still has what it was given, in ms. */
const AUDIT_MS = 30_000;

export const ticketId = (itemId: string, dispatchNo: number): string => `item-${itemId}-${dispatchNo}`;

const connectionOf = (url: string): ConnectionOptions => ({
  url,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  retryStrategy: () => 500,
});

interface Dirty {
  item_id: string;
  since: string;
  state: string | null;
  queue: string | null;
  priority: number | null;
  dispatch_no: number | null;
  /** What Redis was last given for it. */
  given_no: number | null;
  given_priority: number | null;
}

const PULLABLE_SQL = "('READY', 'RECODE', 'REWORK')";

/** Rows whose tickets are to be made, and what they were when read: one marked again meanwhile is looked at again. */
const readDirty = async (pool: pg.Pool): Promise<readonly Dirty[]> =>
  (
    await pool.query<Dirty>({
      name: "read-dirty-items",
      text: `select d.item_id, d.since::text as since, i.state, i.queue, i.priority, i.dispatch_no,
          t.dispatch_no as given_no, t.priority as given_priority
        from dirty_item d left join coding_item i on i.id = d.item_id left join item_ticket t on t.item_id = d.item_id order by d.since limit $1`,
      values: [BATCH],
    })
  ).rows;

const forget = (pool: pg.Pool, done: readonly Dirty[]): Promise<unknown> =>
  pool.query({
    name: "forget-dirty-items",
    text: `delete from dirty_item d using unnest($1::uuid[], $2::text[]) as t (id, since) where d.item_id = t.id and d.since = t.since::timestamptz`,
    values: [done.map((d) => d.item_id), done.map((d) => d.since)],
  });

/** A ticket that is there already goes to its new place; one that a worker took meanwhile stays where it is. */
async function moveTicket(queue: Queue<Ticket>, item: Dirty): Promise<void> {
  const job = await queue.getJob(ticketId(item.item_id, item.dispatch_no ?? 1));
  await job?.changePriority({ priority: Math.max(1, item.priority ?? 1_000) }).catch(async (error: unknown) => {
    if ((await job.getState()) !== "active") throw error;
  });
}

const remember = (pool: pg.Pool, given: readonly Dirty[]): Promise<unknown> =>
  pool.query({
    name: "remember-tickets",
    text: `insert into item_ticket (item_id, dispatch_no, priority) select t.* from unnest($1::uuid[], $2::int[], $3::int[]) as t (id, no, priority)
      where exists (select from coding_item i where i.id = t.id)
      on conflict (item_id) do update set dispatch_no = excluded.dispatch_no, priority = excluded.priority`,
    values: [given.map((d) => d.item_id), given.map((d) => d.dispatch_no), given.map((d) => d.priority)],
  });

/** Marks every ready item, so that the relay gives each its ticket again; one that is already there is not doubled. */
export async function markAllReady(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(`select id from coding_item where state in ${PULLABLE_SQL}`);
  for (let at = 0; at < rows.length; at += 5_000)
    await markTickets(
      pool,
      rows.slice(at, at + 5_000).map((row) => row.id),
    );
  return rows.length;
}

/**
 * Makes the queues in Redis agree with the rows as they stand now. What it is told is only which items to look at, so
 * a lost, repeated or reordered hint does no harm, and a Redis that comes back empty is filled again.
 */
export function createRelay({ pool, redisUrl, prefix, queues: names, log }: RelayNeeds): Relay {
  const queues = new Map(names.map((name) => [name, new Queue<Ticket>(name, { connection: connectionOf(redisUrl), prefix })]));
  // Without a listener an unreachable Redis would end the process; what matters is said by the step that fails.
  for (const queue of queues.values()) queue.on("error", () => undefined);
  const marker = new Redis(redisUrl, { lazyConnect: false, maxRetriesPerRequest: 1, enableOfflineQueue: false, retryStrategy: () => 500 });
  marker.on("error", () => undefined);
  let stopping = false;
  let woken = false;
  let rouse: () => void = () => undefined;
  let waiters: (() => void)[] = [];
  let failures = 0;
  let auditedAt = 0;

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const agree = async (rows: readonly Dirty[]): Promise<void> => {
    const adds = new Map<string, Dirty[]>();
    const removals: Promise<unknown>[] = [];
    for (const row of rows) {
      const ready = row.state !== null && isPullable(row.state as ItemState) && row.queue !== null && row.dispatch_no !== null;
      const current = row.dispatch_no ?? 0;
      // A ticket of a former dispatch, or of an item that is no longer ready, may lie on any queue.
      // While Redis was away an item may have been dispatched several times, so every number it ever had is looked for.
      for (let number = ready ? current - 1 : current; number > 0; number--)
        for (const queue of queues.values()) removals.push(queue.remove(ticketId(row.item_id, number)));
      if (ready && row.queue !== null) adds.set(row.queue, [...(adds.get(row.queue) ?? []), row]);
    }
    await Promise.all(removals);
    for (const [name, items] of adds) {
      const queue = queues.get(name);
      if (queue === undefined) continue;
      await queue.addBulk(
        items.map((item) => ({
          name: "code",
          data: { itemId: item.item_id },
          opts: {
            jobId: ticketId(item.item_id, item.dispatch_no ?? 1),
            priority: Math.max(1, item.priority ?? 1_000),
            removeOnComplete: { count: 1_000 },
            removeOnFail: { count: 1_000 },
          },
        })),
      );
      for (const item of items)
        if (item.given_no === item.dispatch_no && item.given_priority !== item.priority) await moveTicket(queue, item);
    }
    await remember(pool, [...adds.values()].flat());
  };

  /** A Redis without our marker has lost what it had; one with fewer tickets than ready items has lost some. */
  const audit = async (): Promise<void> => {
    auditedAt = Date.now();
    const fresh = (await marker.set(`${prefix}:filled`, "1", "NX")) === "OK";
    if (fresh) {
      await markAllReady(pool);
      return;
    }
    const { rows } = await pool.query<{ queue: string; n: number }>(
      `select queue, count(*) as n from coding_item where state in ${PULLABLE_SQL} group by queue`,
    );
    for (const { queue: name, n } of rows) {
      const held = await queues.get(name)?.getJobCountByTypes("waiting", "prioritized", "delayed", "active");
      if (held === undefined || held >= n) continue;
      await markAllReady(pool);
      return;
    }
  };

  const step = async (): Promise<void> => {
    try {
      if (Date.now() - auditedAt > AUDIT_MS) await audit();
      woken = false;
      const rows = await readDirty(pool);
      if (rows.length > 0) {
        await agree(rows);
        await forget(pool, rows);
      }
      if (failures >= QUIET_TRIES) log.warn("Redis is back: tickets are given again");
      failures = 0;
      if (rows.length === 0) {
        for (const done of waiters) done();
        waiters = [];
        if (!woken && !stopping) await sleep(IDLE_MS);
      }
    } catch (error) {
      // The rows stay marked: nothing is lost while Redis or the database is away.
      failures++;
      if (failures === QUIET_TRIES) log.warn("tickets wait: Redis or the database cannot be reached", { error: errorKind(error) });
      auditedAt = 0;
      if (!stopping) await sleep(OUTAGE_MS);
    }
  };
  const run = (async () => {
    while (!stopping) await step();
  })();

  return {
    wake: () => {
      woken = true;
      rouse();
    },
    idle: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        woken = true;
        rouse();
      }),
    close: async () => {
      stopping = true;
      rouse();
      await run;
      for (const done of waiters) done();
      marker.disconnect();
      await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => undefined)));
    },
  };
}

/** Empties our queues and marks every ready item; the relay of the running engine then fills them. @returns how many were marked. */
export async function rebuildQueues({ pool, redisUrl, prefix, queues }: Omit<RelayNeeds, "log">): Promise<number> {
  for (const name of queues) {
    const queue = new Queue<Ticket>(name, { connection: { url: redisUrl, maxRetriesPerRequest: 1 }, prefix });
    queue.on("error", () => undefined);
    try {
      await queue.obliterate({ force: true });
    } finally {
      await queue.close();
    }
  }
  return markAllReady(pool);
}

/** What is wrong with a Redis that queues are kept in. Rejects when it cannot be asked. */
export async function redisFaults(redisUrl: string): Promise<readonly string[]> {
  const client = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000, maxRetriesPerRequest: 0 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const info = await client.info("memory");
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    return policy === undefined || policy === "noeviction" ? [] : [`Redis maxmemory-policy is ${policy}, and must be noeviction`];
  } finally {
    client.disconnect();
  }
}
