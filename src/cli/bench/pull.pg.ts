import { setTimeout as wait } from "node:timers/promises";
import type { Pool } from "pg";
import { freshId } from "#src/base/ids.ts";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { createPulls } from "#src/worklist/pulls.pg.ts";
import type { QueueRules } from "#src/worklist/queue-rules.ts";
import { type EngineNeeds, startEngine } from "./engine-process.ts";

export interface PullBenchAsked {
  /** An empty Postgres database. */
  readonly databaseUrl: string;
  readonly items: number;
  readonly pullers: number;
  readonly pulls: number;
  /** Pulls a second that come whether or not those before are answered. */
  readonly offered: number;
  readonly rules: QueueRules;
}

/** Milliseconds from asking to having. */
interface PullTimes {
  readonly pulls: number;
  readonly pullsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export interface PullBenchReport {
  readonly items: number;
  readonly pullers: number;
  /** Pulls come at a fixed rate: the wait of one that comes while all connections are at work counts. */
  readonly offered: PullTimes & { readonly perSecond: number };
  /** Each coder asks again when served. */
  readonly closedLoop: PullTimes;
  /** Items that were given out twice: must be 0. */
  readonly twice: number;
  /** Coders who got nothing though there were items: must be 0. */
  readonly starved: number;
}

const CHUNK = 5_000;
/** As the engine's API has: more coders than that wait for one that is free. */
const CONNECTIONS = 16;

/** Ready items of empty charts with scores of every size, spread over the queues. */
export async function fillQueues(
  pool: Pool,
  sealer: Sealer,
  { items, queues }: { readonly items: number; readonly queues: readonly string[] },
): Promise<void> {
  for (let from = 0; from < items; from += CHUNK) {
    const ids = Array.from({ length: Math.min(CHUNK, items - from) }, () => freshId());
    await pool.query(
      `with made as (
         insert into account (id, feed, facility, account_key, sealed_number, chart_version, discharged_at)
         select id, 'bench', 'NORTH', '\\x00', number, 1, now() - interval '1 day' from unnest($1::uuid[], $2::bytea[]) as a (id, number) returning id
       )
       insert into coding_item (id, account_id, stream, progress, state, queue, priority, score, dispatch_no, facility, chart_version, ready_at)
       select gen_random_uuid(), id, 'FAC', 'awaiting', 'READY', ($3::text[])[1 + n % cardinality($3::text[])], 1 + (n * 7919) % 20000,
         20000 - (n * 7919) % 20000, 1, 'NORTH', 1, now() - n * interval '1 second'
       from (select id, $4 + row_number() over () as n from made) m`,
      [ids, ids.map((id) => sealer.seal(Buffer.from("1"), `chart ${id}`)), queues, from],
    );
  }
  await pool.query("analyze coding_item");
}

const timesOf = (times: number[], seconds: number): PullTimes => {
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((times[Math.floor(times.length * share)] ?? 0) * 100) / 100;
  return { pulls: times.length, pullsPerSecond: Math.round(times.length / seconds), p50: at(0.5), p99: at(0.99) };
};

/** Calls that come every so often, whether or not those before have ended. */
async function atRate(count: number, perSecond: number, call: (n: number) => Promise<void>): Promise<void> {
  const began = performance.now();
  const calls: Promise<void>[] = [];
  while (calls.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - began) / 1_000) * perSecond));
    while (calls.length < due) calls.push(call(calls.length));
    await wait(1);
  }
  await Promise.all(calls);
}

/** Pulls before the clock starts: until then connections are made and statements are planned. */
const WARM_UP = 500;

/** Measures pulls by many coders at once on a database of its own: at a fixed rate, then each as fast as served. Refuses one that has items. */
export async function benchPull({ databaseUrl, items, pullers, pulls, offered, rules }: PullBenchAsked): Promise<PullBenchReport> {
  const pool = openPool(databaseUrl, { max: CONNECTIONS, name: "bench-pull" }, () => undefined);
  try {
    await migrate(pool);
    const { rows } = await pool.query("select from coding_item limit 1");
    if (rows.length > 0) throw new Error("the database has work items: the bench needs an empty one");
    const sealer = createSealer(Buffer.alloc(32, 1));
    await fillQueues(pool, sealer, { items, queues: rules.names });
    const next = createPulls({ pool, sealer, rules, now: () => new Date() });
    const coders = Array.from({ length: pullers }, () => freshId());
    const given = new Set<string>();
    const served = new Set<string>();
    let twice = 0;
    let times: number[] = [];
    const pull = async (userId: string): Promise<boolean> => {
      const asked = performance.now();
      const leased = await next({ userId, queues: [], kind: "coding" });
      times.push(performance.now() - asked);
      if (!leased.ok) return false;
      if (given.has(leased.value.id)) twice++;
      given.add(leased.value.id);
      served.add(userId);
      return true;
    };
    const measured = async (run: () => Promise<void>): Promise<PullTimes> => {
      times = [];
      const began = performance.now();
      await run();
      return timesOf(times, (performance.now() - began) / 1_000);
    };
    const closed = (count: number) => async (): Promise<void> => {
      let left = count;
      await Promise.all(
        coders.map(async (userId) => {
          while (left-- > 0) if (!(await pull(userId))) return;
        }),
      );
    };
    await measured(closed(Math.min(WARM_UP, pulls)));
    const open = await measured(() => atRate(pulls, offered, async (n) => void (await pull(coders[n % coders.length] ?? ""))));
    const closedLoop = await measured(closed(pulls));
    return { items, pullers, offered: { perSecond: offered, ...open }, closedLoop, twice, starved: pullers - served.size };
  } finally {
    await pool.end();
  }
}

/** The same on a database of an engine started for it. */
export async function benchPullOnEngine(asked: Omit<PullBenchAsked, "databaseUrl">, needs: EngineNeeds): Promise<PullBenchReport> {
  const engine = await startEngine(needs);
  try {
    const admin = openPool(engine.databaseUrl, { max: 1, name: "bench-pull" }, () => undefined);
    await admin.query("create database pull_bench");
    await admin.end();
    const url = new URL(engine.databaseUrl);
    url.pathname = "/pull_bench";
    return await benchPull({ ...asked, databaseUrl: url.href });
  } finally {
    await engine.stop();
  }
}
