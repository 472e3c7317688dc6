import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { claimBundle, claimContext } from "#src/claims/claim-store.pg.ts";
import { makeDestination } from "#src/config/destination.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { createDelivery } from "#src/destinations/delivery.bullmq.ts";
import { createLog } from "#src/telemetry/log.ts";
import type { Print } from "../send.ts";
import { benchClaim } from "./delivery-claims.ts";
import { startEngine } from "./engine-process.ts";

export interface DeliveryBenchOptions {
  readonly claims: number;
  /** Minutes of the engine's time with the destination down; a minute takes a second. */
  readonly downMinutes: number;
  readonly dir?: string;
}

const KEY = Buffer.alloc(32, 1);
const CHUNK = 200;
const AT_ONCE = 16;
/** The engine's clock goes so much faster while the destination is down. */
const FASTER = 60;
/** Until memory has settled after the start, in ms. */
const SETTLE_MS = 10_000;

async function seed(pool: pg.Pool, sealer: Sealer, claims: number): Promise<void> {
  for (let from = 0; from < claims; from += CHUNK) {
    const all = Array.from({ length: Math.min(CHUNK, claims - from) }, (_, n) => benchClaim(from + n));
    const ids = all.map(({ claim }) => claim.id);
    await pool.query(
      `insert into account (id, feed, facility, account_key, sealed_number)
       select id, 'bench', 'BENCH', decode(replace(id::text, '-', ''), 'hex'), '\\x00' from unnest($1::uuid[]) id`,
      [ids],
    );
    await pool.query(
      `insert into coding_item (id, account_id, stream, progress, state, facility, chart_version)
       select id, id, 'FAC', 'released', 'RELEASED', 'BENCH', 1 from unnest($1::uuid[]) id`,
      [ids],
    );
    await pool.query(
      `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
       select id, id, id, 1, 1, '1', 'institutional', 'active', '\\x00', id, id, 0, sealed from unnest($1::uuid[], $2::bytea[]) as t (id, sealed)`,
      [ids, all.map(({ claim }) => sealer.sealJson(claim, claimContext(claim.id)))],
    );
    const parts = all.flatMap(({ claim, referenced }) => referenced.map((one) => ({ claim: claim.id, one })));
    await pool.query(
      "insert into claim_resource (claim_id, type, id, sealed) select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[])",
      [
        parts.map(({ claim }) => claim),
        parts.map(({ one }) => one.resourceType),
        parts.map(({ one }) => one.id),
        parts.map(({ claim, one }) => sealer.sealJson(one, claimContext(claim))),
      ],
    );
    await pool.query("insert into delivery (claim_id, destination, state) select id, 'billing', 'pending' from unnest($1::uuid[]) id", [
      ids,
    ]);
  }
}

const confirmed = async (pool: pg.Pool): Promise<number> =>
  (await pool.query<{ n: number }>("select count(*)::int as n from delivery where state = 'confirmed'")).rows[0]?.n ?? 0;
const mb = (): number => Math.round(process.memoryUsage().rss / 1024 ** 2);

async function startServer(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./delivery-server.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { url: line.toString().trim(), stop: () => void child.kill("SIGTERM") };
}

/** Port 1 (tcpmux): nobody listens there. */
const DOWN = "http://127.0.0.1:1/fhir";

interface Stores {
  readonly pool: pg.Pool;
  readonly redisUrl: string;
  readonly sealer: Sealer;
}

const deliveryOn = ({ pool, redisUrl, sealer }: Stores, url: string, prefix: string, now: () => Date) =>
  createDelivery({
    pool,
    sealer,
    redisUrl,
    prefix,
    destinations: [makeDestination("billing", { url, concurrency: AT_ONCE })],
    claimBundle: (id) => claimBundle(pool, sealer, id),
    log: createLog("silent"),
    now,
  });

/** How many claims a second are there, over all of them, and the processor time of the delivery alone. */
async function measureRate(
  stores: Stores,
  claims: number,
  err: Print,
): Promise<{ readonly perSecond: number; readonly cpuSeconds: number }> {
  const server = await startServer();
  const began = performance.now();
  const cpu = process.cpuUsage();
  const delivery = deliveryOn(stores, server.url, "bench-rate", () => new Date());
  try {
    for (let done = 0, said = 0; done < claims; done = await confirmed(stores.pool)) {
      if (done - said >= 1_000) err(`${(said = done)} delivered, ${Math.round((1_000 * done) / (performance.now() - began))}/s`);
      await wait(100);
    }
    const { user, system } = process.cpuUsage(cpu);
    return { perSecond: (1_000 * claims) / (performance.now() - began), cpuSeconds: (user + system) / 1_000_000 };
  } finally {
    await delivery.close();
    server.stop();
  }
}

interface Down {
  readonly settledMb: number;
  readonly endMb: number;
  readonly attempts: number;
}

/** Memory while every claim waits for a destination that is down. */
async function measureDown(stores: Stores, minutes: number): Promise<Down> {
  await stores.pool.query("update delivery set state = 'pending', attempts = 0, strikes = 0, unsure_since = null, next_try_at = now()");
  const began = Date.now();
  const now = (): Date => new Date(began + (Date.now() - began) * FASTER);
  const delivery = deliveryOn(stores, DOWN, "bench-down", now);
  try {
    await wait(Math.min(SETTLE_MS, minutes * 500));
    const settledMb = mb();
    await wait(Math.max(0, minutes * 1_000 - (Date.now() - began)));
    const { rows } = await stores.pool.query<{ n: number }>("select sum(attempts)::int as n from delivery");
    return { settledMb, endMb: mb(), attempts: rows[0]?.n ?? 0 };
  } finally {
    await delivery.close();
  }
}

/**
 * Measures the delivery alone, on a database of its own, to one FHIR server on this machine in a process of its own: claims a second as
 * transactions with conditional create, then memory with that server down. Prints one JSON line.
 */
export async function runDeliveryBench(
  { claims, downMinutes, dir }: DeliveryBenchOptions,
  { env, out, err }: { readonly env: Readonly<Record<string, string | undefined>>; readonly out: Print; readonly err: Print },
): Promise<0 | 1> {
  err("starting an engine for its Postgres and Redis …");
  const engine = await startEngine({ env, err, ...(dir === undefined ? {} : { parent: dir }) });
  const admin = openPool(engine.databaseUrl, { max: 1, name: "delivery bench" }, () => undefined);
  try {
    await admin.query("create database delivery_bench");
    const url = new URL(engine.databaseUrl);
    url.pathname = "/delivery_bench";
    const pool = openPool(url.href, { max: 12, name: "delivery bench" }, () => undefined);
    try {
      await migrate(pool);
      const stores = { pool, redisUrl: engine.redisUrl, sealer: createSealer(KEY) };
      await seed(pool, stores.sealer, claims);
      err(`${claims} claims are released`);
      const rate = await measureRate(stores, claims, err);
      err(`the server is down for ${downMinutes} minutes of the engine's time`);
      const down = await measureDown(stores, downMinutes);
      out(
        JSON.stringify({
          claims,
          delivered_per_s: Math.round(rate.perSecond),
          engine_cpu_s_per_1000: Number(((1_000 * rate.cpuSeconds) / claims).toFixed(2)),
          down_minutes: downMinutes,
          down_rss_mb: { settled: down.settledMb, end: down.endMb },
          down_attempts: down.attempts,
        }),
      );
      return 0;
    } finally {
      await pool.end();
    }
  } finally {
    await admin.end();
    await engine.stop();
  }
}
