import { Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "#src/telemetry/log.ts";
import { dropExternalUser, makeExternalUser } from "#src/worklist/external-users.bullmq.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { createRelay, type Relay, type Ticket } from "#src/worklist/relay.bullmq.ts";
import { redisFor, type TestRedis } from "#test/setup/redis.ts";
import { ADA, BEN, type Line, NO_CODES, startLine } from "./line.ts";

const files = readQueueFiles("queues").map((file) =>
  file.path.endsWith("emergency.yaml") ? { path: file.path, text: `${file.text}consumers: external\n` } : file,
);
let line: Line;
let redis: TestRedis;
let relay: Relay;
beforeAll(async () => {
  line = await startLine(files);
});
beforeEach(async () => {
  await line.clear();
  redis = await redisFor();
  relay = createRelay({ pool: line.pool, redisUrl: redis.url, prefix: redis.prefix, queues: line.rules.names, log: createLog("silent") });
});
afterEach(async () => {
  await relay.close();
  await dropExternalUser(redis.url, redis.prefix, "emergency");
  await redis.drop();
});
afterAll(() => line.database.drop());

async function asWorker(): Promise<string> {
  const made = await makeExternalUser(redis.url, redis.prefix, "emergency");
  const url = new URL(redis.url);
  url.username = made.user;
  url.password = made.password;
  return url.href;
}

describe("an outside worker", () => {
  it("gets its queue's tickets as a plain BullMQ worker, and an item only by leasing it", async () => {
    const { item } = await line.ready({ class: "EMER" });
    await relay.idle();
    expect(await line.worklist.next({ userId: ADA, queues: [] })).toMatchObject({ ok: false });
    const connection = new Redis(await asWorker(), { maxRetriesPerRequest: null });
    const done = await new Promise<unknown>((resolve, reject) => {
      const worker = new Worker<Ticket>(
        "emergency",
        async (job: Job<Ticket>) => {
          const leased = await line.worklist.open(job.data.itemId, { userId: BEN, supervisor: false, external: true });
          if (!leased.ok) return leased.failure.code;
          // A second worker that holds the same ticket is told no.
          const again = await line.worklist.open(job.data.itemId, { userId: ADA, supervisor: false, external: true });
          const { leaseId, snapshotVersion } = leased.value;
          const coded = await line.worklist.submit({ itemId: job.data.itemId, leaseId, snapshotVersion, codes: NO_CODES, userId: BEN });
          return [again.ok, coded.ok];
        },
        { connection, prefix: redis.prefix },
      );
      worker.on("completed", (_job, result) => void worker.close().then(() => resolve(result)));
      worker.on("failed", (_job, error) => reject(error));
    });
    connection.disconnect();
    expect(done).toEqual([false, true]);
    expect(await line.row(item)).toMatchObject({ state: "FINAL_CODED" });
  });

  it("reaches its own queue in Redis and nothing else, and may not change the server", async () => {
    await line.ready();
    await relay.idle();
    const client = new Redis(await asWorker());
    await expect(client.keys("*")).rejects.toThrow(/NOPERM/);
    await expect(client.flushall()).rejects.toThrow(/NOPERM/);
    await expect(client.get(`${redis.prefix}:inpatient:meta`)).rejects.toThrow(/NOPERM/);
    await expect(client.config("GET", "*")).rejects.toThrow(/NOPERM/);
    client.disconnect();
  });

  it("that takes a ticket and dies loses nothing: the lease runs out and another ticket is made", async () => {
    const { item } = await line.ready({ class: "EMER" });
    await relay.idle();
    expect(await line.worklist.open(item, { userId: BEN, supervisor: false, external: true })).toMatchObject({ ok: true });
    line.later(21);
    expect(await line.worklist.expireLeases()).toBe(1);
    relay.wake();
    await relay.idle();
    const queue = new Queue<Ticket>("emergency", { connection: { url: redis.url }, prefix: redis.prefix });
    expect((await queue.getJobs(["prioritized"])).map(({ data }) => data)).toEqual([{ itemId: item }]);
    await queue.close();
  });

  it("has no claim to an item of people's queues", async () => {
    const { item } = await line.ready();
    expect(await line.worklist.open(item, { userId: BEN, supervisor: false, external: true })).toMatchObject({
      failure: { code: "NOT_ALLOWED" },
    });
  });
});

describe("a Redis that lost everything while the engine runs", () => {
  it("is filled again by the relay, and leases go on", async () => {
    const { item } = await line.ready();
    const { item: other } = await line.ready();
    const lease = await line.lease(ADA);
    const waiting = lease.id === item ? other : item;
    await relay.idle();
    const client = new Redis(redis.url);
    await client.del(await client.keys(`${redis.prefix}*`));
    client.disconnect();
    await relay.close();
    relay = createRelay({ pool: line.pool, redisUrl: redis.url, prefix: redis.prefix, queues: line.rules.names, log: createLog("silent") });
    await relay.idle();
    const queue = new Queue<Ticket>("inpatient", { connection: { url: redis.url }, prefix: redis.prefix });
    expect((await queue.getJobs(["prioritized"])).map(({ data }) => data.itemId)).toEqual([waiting]);
    await queue.close();
    expect(await line.worklist.heartbeat(lease.id, lease.leaseId, ADA)).toMatchObject({ ok: true });
  });
});
