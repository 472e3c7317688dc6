import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "#src/telemetry/log.ts";
import { createRelay, type Relay, redisFaults, type Ticket, ticketId } from "#src/worklist/relay.bullmq.ts";
import { redisFor, type TestRedis } from "#test/setup/redis.ts";
import { ADA, type Line, startLine } from "./line.ts";

let line: Line;
let redis: TestRedis;
let relay: Relay | undefined;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(async () => {
  await line.clear();
  redis = await redisFor();
});
afterEach(async () => {
  await relay?.close();
  relay = undefined;
  await redis.drop();
});
afterAll(() => line.database.drop());

/** Lets a relay bring Redis to agreement, and ends it: Redis is not told anything after. */
async function settle(): Promise<void> {
  relay = createRelay({ pool: line.pool, redisUrl: redis.url, prefix: redis.prefix, queues: line.rules.names, log: createLog("silent") });
  await relay.idle();
  await relay.close();
  relay = undefined;
}

async function jobs(name: string) {
  const queue = new Queue<Ticket>(name, { connection: { url: redis.url }, prefix: redis.prefix });
  const found = await queue.getJobs(["waiting", "prioritized"]);
  await queue.close();
  return found.map(({ id, data, priority }) => ({ id, data, priority }));
}

describe("the tickets of an item", () => {
  it("carry its id, its dispatch number and its priority, and nothing else", async () => {
    const { item } = await line.ready({ cents: 6_000_000 });
    await settle();
    expect(await jobs("inpatient")).toEqual([{ id: ticketId(item, 1), data: { itemId: item }, priority: (await line.row(item)).priority }]);
    expect(await line.row(item)).toMatchObject({ dirty: false });
  });

  it("go to their new place when the score changes", async () => {
    const { account, item } = await line.ready();
    await settle();
    await line.say(account, { cents: 6_000_000 });
    await settle();
    const { priority } = await line.row(item);
    expect(await jobs("inpatient")).toEqual([{ id: ticketId(item, 1), data: { itemId: item }, priority }]);
  });

  it("are one, however often it was dispatched while nobody told Redis", async () => {
    const { account, item } = await line.ready();
    await settle();
    for (let n = 0; n < 2; n++) {
      const { leaseId } = await line.lease(ADA);
      await line.worklist.giveBack(item, leaseId, ADA);
    }
    await line.say(account, { class: "EMER" });
    await settle();
    expect(await jobs("inpatient")).toEqual([]);
    expect((await jobs("emergency")).map(({ id }) => id)).toEqual([ticketId(item, 4)]);
  });

  it("are all gone when it is leased, however often it was dispatched while nobody told Redis", async () => {
    const { item } = await line.ready();
    await settle();
    for (let n = 0; n < 2; n++) {
      const { leaseId } = await line.lease(ADA);
      await line.worklist.giveBack(item, leaseId, ADA);
    }
    await line.lease(ADA);
    await settle();
    expect(await jobs("inpatient")).toEqual([]);
  });
});

describe("a Redis", () => {
  it("that evicts nothing has no faults, and one that cannot be asked is an error", async () => {
    expect(await redisFaults(redis.url)).toEqual([]);
    await expect(redisFaults("redis://127.0.0.1:1")).rejects.toThrow();
  });
});
