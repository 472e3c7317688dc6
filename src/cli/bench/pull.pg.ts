import type { Pool } from "pg";
import { freshId } from "#src/base/ids.ts";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { leaseNext } from "#src/worklist/leases.pg.ts";
import type { QueueRules } from "#src/worklist/queue-rules.ts";

export interface PullBenchAsked {
  readonly databaseUrl: string;
  readonly items: number;
  readonly pullers: number;
  readonly pulls: number;
  readonly rules: QueueRules;
}

export interface PullBenchReport {
  readonly items: number;
  readonly pullers: number;
  readonly pulls: number;
  readonly pullsPerSecond: number;
  /** Milliseconds from asking to having, closed loop. */
  readonly p50: number;
  readonly p99: number;
  /** Items that were given out twice: must be 0. */
  readonly twice: number;
}

const CHUNK = 5_000;

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

/** Measures pulls by many coders at once on a database of its own. Refuses one that has items. */
export async function benchPull({ databaseUrl, items, pullers, pulls, rules }: PullBenchAsked): Promise<PullBenchReport> {
  const pool = openPool(databaseUrl, { max: Math.min(pullers, 64), name: "bench-pull" }, () => undefined);
  try {
    await migrate(pool);
    const { rows } = await pool.query("select from coding_item limit 1");
    if (rows.length > 0) throw new Error("the database has work items: the bench needs an empty one");
    const sealer = createSealer(Buffer.alloc(32, 1));
    await fillQueues(pool, sealer, { items, queues: rules.names });
    const needs = { pool, sealer, rules, now: () => new Date() };
    const times: number[] = [];
    const given = new Set<string>();
    let twice = 0;
    let left = pulls;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: pullers }, async () => {
        const userId = freshId();
        while (left-- > 0) {
          const asked = performance.now();
          const leased = await leaseNext(needs, { userId, queues: [] });
          times.push(performance.now() - asked);
          if (!leased.ok) return;
          if (given.has(leased.value.id)) twice++;
          given.add(leased.value.id);
        }
      }),
    );
    const seconds = (performance.now() - began) / 1_000;
    times.sort((a, b) => a - b);
    const at = (share: number): number => Math.round((times[Math.floor(times.length * share)] ?? 0) * 100) / 100;
    return { items, pullers, pulls: times.length, pullsPerSecond: Math.round(times.length / seconds), p50: at(0.5), p99: at(0.99), twice };
  } finally {
    await pool.end();
  }
}
