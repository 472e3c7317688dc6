import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import { createLog } from "#src/telemetry/log.ts";
import { completeQuietVisits } from "#src/worklist/complete-after.pg.ts";
import { createRelay, rebuildQueues, type Relay } from "#src/worklist/relay.bullmq.ts";
import { createWorklist, type Worklist } from "#src/worklist/worklist.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";
import { redisFor, type TestRedis } from "#test/setup/redis.ts";
import { changer, feed, IN_HOUSE, LEFT, rules, sealer } from "./stays.ts";

const CODES: CodeSubmission = { diagnoses: [{ code: "I10", use: "principal" }], procedures: [], lines: [] };
const HARD: Finding = {
  rule: "T-1",
  severity: "hard",
  path: "diagnoses[0].code",
  message: "no",
  fix: "yes",
  citation: "test",
  version: "1",
};

let database: TestDatabase;
let redis: TestRedis;
let relay: Relay;
let worklist: Worklist;
let change: ReturnType<typeof changer>;
let now = new Date("2026-03-04T12:00:00Z");
let findings: readonly Finding[] = [];
let refused: readonly Finding[] = [];
const ann = crypto.randomUUID();
const ben = crypto.randomUUID();
const account = (): string => crypto.randomUUID();

beforeEach(async () => {
  now = new Date("2026-03-04T12:00:00Z");
  findings = [];
  refused = [];
  database = await freshDatabase();
  redis = await redisFor();
  const { pool } = database;
  change = changer(pool);
  relay = createRelay({ pool, redisUrl: redis.url, prefix: redis.prefix, queues: rules.names, log: createLog("silent") });
  worklist = createWorklist({
    pool,
    sealer,
    rules,
    check: () => findings,
    rulePack: "tests 1",
    now: () => now,
    voidClaim: (_client, { claimId }) => Promise.resolve({ ok: true, value: { takenBack: claimId } }),
    release: (_client, item) =>
      Promise.resolve(refused.length > 0 ? { ok: false, failure: refused } : { ok: true, value: { claimId: `claim of ${item.itemId}` } }),
  });
});
afterEach(async () => {
  await relay.close();
  await redis.drop();
  await database.drop();
});

const items = async (): Promise<readonly { state: string; queue: string; stream: string; n: number }[]> =>
  (
    await database.pool.query<{ state: string; queue: string; stream: string; n: number }>(
      "select state, queue, stream, dispatch_no as n from coding_item order by stream, state",
    )
  ).rows;

async function tickets(queue: string): Promise<readonly string[]> {
  relay.wake();
  await relay.idle();
  const open = new Queue<{ itemId: string }>(queue, { connection: { url: redis.url }, prefix: redis.prefix });
  const jobs = await open.getJobs(["waiting", "prioritized"]);
  await open.close();
  return jobs.map((job) => job.data.itemId).sort();
}

async function leased(user = ann) {
  const taken = await worklist.next({ userId: user, queues: [] });
  if (!taken.ok) throw new Error(taken.failure.code);
  return taken.value;
}

describe("a coding item", () => {
  it("is open while the patient is in house, and ready on its queue after discharge", async () => {
    const one = account();
    await change(one, IN_HOUSE);
    expect(await items()).toEqual([{ state: "OPEN", queue: "inpatient", stream: "FAC", n: 0 }]);
    expect(await tickets("inpatient")).toEqual([]);
    await change(one, LEFT);
    expect(await items()).toEqual([{ state: "READY", queue: "inpatient", stream: "FAC", n: 1 }]);
    expect(await tickets("inpatient")).toHaveLength(1);
  });

  it("is the same item, with the same history, when the same change is folded again", async () => {
    const one = account();
    const made = await change(one, LEFT);
    await change(one, LEFT, made);
    expect(await items()).toHaveLength(1);
    expect((await database.pool.query("select event from item_event")).rows).toHaveLength(1);
    expect((await items())[0]?.n).toBe(1);
  });

  it("goes to the queue of its class, and moves when the class changes", async () => {
    const one = account();
    await change(one, { ...LEFT, class: "EMER" });
    const before = await tickets("emergency");
    expect(before).toHaveLength(1);
    await change(one, LEFT);
    expect(await tickets("emergency")).toEqual([]);
    expect(await tickets("inpatient")).toEqual(before);
  });

  it("of a class no queue asks for goes to the default queue", async () => {
    await change(account(), { ...LEFT, class: "UNHEARD" });
    expect(await tickets("default")).toHaveLength(1);
  });

  it("is made for each billing group the feed names, beside the facility's", async () => {
    const both = changer(database.pool, [{ ...feed, professionalGroups: ["ED-DOCS"] }]);
    await both(account(), LEFT);
    expect((await items()).map(({ stream, queue }) => [stream, queue])).toEqual([
      ["FAC", "inpatient"],
      ["PRO:ED-DOCS", "professional"],
    ]);
  });

  it("waits since the discharge, and since the corrected one when its time is corrected while it waits or a coder has it", async () => {
    const one = account();
    const readyAt = async () =>
      (await database.pool.query<{ ready_at: Date | null }>("select ready_at from coding_item")).rows[0]?.ready_at;
    await change(one, { ...LEFT, dischargedAt: "2026-03-02T10:00:00Z" });
    expect(await readyAt()).toEqual(new Date("2026-03-02T10:00:00Z"));
    await change(one, { ...LEFT, dischargedAt: "2026-03-03T08:00:00Z" });
    expect(await readyAt()).toEqual(new Date("2026-03-03T08:00:00Z"));
    await leased();
    await change(one, { ...LEFT, dischargedAt: "2026-03-01T09:00:00Z" });
    expect(await readyAt()).toEqual(new Date("2026-03-01T09:00:00Z"));
  });

  it("keeps the time since when it waited once it is coded, whatever is said of the discharge then", async () => {
    const one = account();
    await change(one, { ...LEFT, dischargedAt: "2026-03-02T10:00:00Z" });
    const { id: itemId, leaseId } = await leased();
    expect(await worklist.submit({ itemId, leaseId, snapshotVersion: 1, codes: CODES, userId: ann })).toMatchObject({ ok: true });
    await change(one, { ...LEFT, dischargedAt: "2026-03-03T08:00:00Z" });
    const { rows } = await database.pool.query<{ ready_at: Date | null }>("select ready_at from coding_item");
    expect(rows).toEqual([{ ready_at: new Date("2026-03-02T10:00:00Z") }]);
  });

  it("leaves its queue when the discharge is taken back or the visit is cancelled", async () => {
    const one = account();
    await change(one, LEFT);
    expect(await tickets("inpatient")).toHaveLength(1);
    await change(one, IN_HOUSE, { eventType: "ADT^A13" });
    expect(await tickets("inpatient")).toEqual([]);
    await change(one, { ...IN_HOUSE, cancelled: true }, { eventType: "ADT^A11" });
    expect((await items())[0]?.state).toBe("CANCELLED");
  });

  it("of a feed that sends no discharge is complete after the feed's quiet hours", async () => {
    const clinic = { ...feed, completeAfterHours: 24 };
    await changer(database.pool, [clinic])(account(), { ...IN_HOUSE, class: "AMB" });
    const { rows } = await database.pool.query<{ at: Date }>("select updated_at as at from account");
    const at = rows[0]?.at ?? new Date(0);
    expect(await completeQuietVisits({ pool: database.pool, rules }, [clinic], new Date(at.getTime() + 23 * 3_600_000))).toBe(0);
    expect(await completeQuietVisits({ pool: database.pool, rules }, [clinic], new Date(at.getTime() + 25 * 3_600_000))).toBe(1);
    expect(await tickets("outpatient")).toHaveLength(1);
  });
});

describe("holds", () => {
  it("of the interface keep an item from being coded until the messages are applied", async () => {
    const one = account();
    await change(one, LEFT, { interfaceFailed: true });
    expect((await items())[0]?.state).toBe("HELD");
    expect(await worklist.next({ userId: ann, queues: [] })).toMatchObject({ ok: false, failure: { code: "NOTHING_READY" } });
    await change(one, LEFT);
    expect((await items())[0]?.state).toBe("READY");
  });

  it("of registration keep a self-pay claim back, never its coding", async () => {
    const one = account();
    await change(one, { ...LEFT, hasCoverage: false });
    const lease = await leased();
    expect(
      await worklist.submit({ itemId: lease.id, leaseId: lease.leaseId, snapshotVersion: 1, codes: CODES, userId: ann }),
    ).toMatchObject({ ok: true });
    expect(await worklist.release(lease.id)).toBeUndefined();
    expect((await worklist.read(lease.id, false))?.holds).toMatchObject([{ code: "REG" }]);
    await worklist.liftHold(lease.id, "REG", ben);
    expect(await worklist.release(lease.id)).toMatchObject({ claimId: expect.any(String) });
  });

  it("of a person take an item off its queue, and lifting them puts it back", async () => {
    await change(account(), LEFT);
    const [id = ""] = await tickets("inpatient");
    await worklist.putHold(id, { code: "LEGAL", owner: "cdi", blocks: "coding" }, ann);
    expect(await tickets("inpatient")).toEqual([]);
    await worklist.liftHold(id, "LEGAL", ann);
    expect(await tickets("inpatient")).toEqual([id]);
  });
});

describe("a lease", () => {
  it("gives two coders who ask at once two items, and a third none", async () => {
    await change(account(), LEFT);
    await change(account(), LEFT);
    const taken = await Promise.all([ann, ben, ann].map((userId) => worklist.next({ userId, queues: ["inpatient"] })));
    const ids = taken.flatMap((one) => (one.ok ? [one.value.id] : []));
    expect(new Set(ids).size).toBe(2);
    expect(taken.filter((one) => !one.ok)).toMatchObject([{ failure: { code: "NOTHING_READY" } }]);
    expect(await tickets("inpatient")).toEqual([]);
  });

  it("takes the item that comes first by its queue's priority, then the one that waits longest", async () => {
    await change(account(), { ...LEFT, dischargedAt: "2026-03-02T10:00:00Z" });
    const dear = await change(account(), { ...LEFT, totalCents: 6_000_000 });
    expect((await leased()).accountId).toBe(dear.accountId);
  });

  it("lasts as long as it is kept alive, and ends by itself when it is not", async () => {
    await change(account(), LEFT);
    const lease = await leased();
    now = new Date(now.getTime() + 29 * 60_000);
    expect(await worklist.expireLeases()).toBe(0);
    expect(await worklist.heartbeat(lease.id, lease.leaseId, ann)).toMatchObject({ ok: true });
    now = new Date(now.getTime() + 29 * 60_000);
    expect(await worklist.expireLeases()).toBe(0);
    now = new Date(now.getTime() + 2 * 60_000);
    expect(await worklist.heartbeat(lease.id, lease.leaseId, ann)).toMatchObject({ ok: false, failure: { code: "LEASE_LOST" } });
    expect(await worklist.expireLeases()).toBe(1);
    expect(await tickets("inpatient")).toEqual([lease.id]);
  });

  it("is given back by its holder only", async () => {
    await change(account(), LEFT);
    const lease = await leased();
    expect(await worklist.giveBack(lease.id, lease.leaseId, ben)).toMatchObject({ ok: false, failure: { code: "LEASE_LOST" } });
    expect(await worklist.giveBack(lease.id, lease.leaseId, ann)).toMatchObject({ ok: true });
    expect(await tickets("inpatient")).toEqual([lease.id]);
  });
});

describe("a submit", () => {
  it("is stopped by a hard finding, and by a soft one until there is a reason", async () => {
    await change(account(), LEFT);
    const { id, leaseId } = await leased();
    const ask = { itemId: id, leaseId, snapshotVersion: 1, codes: CODES, userId: ann };
    findings = [HARD];
    expect(await worklist.submit(ask)).toMatchObject({ ok: false, failure: { code: "FINDINGS_OPEN", findings: [{ rule: "T-1" }] } });
    findings = [{ ...HARD, severity: "soft" }];
    expect(await worklist.submit(ask)).toMatchObject({ ok: false, failure: { code: "FINDINGS_OPEN" } });
    const codes = { ...CODES, overrides: [{ rule: "T-1", reason: "the surgeon confirmed it" }] };
    expect(await worklist.submit({ ...ask, codes })).toMatchObject({ ok: true });
    expect((await items())[0]?.state).toBe("FINAL_CODED");
  });

  it("against a chart that has changed is told what changed, and may be sent again against the new one", async () => {
    const one = account();
    await change(one, LEFT);
    const { id, leaseId } = await leased();
    await change(one, { ...LEFT, totalCents: 200_000 });
    const delta = { messageType: "DFT^P03", changed: [{ resourceType: "ChargeItem", id: "late" }], removed: [] };
    await database.pool.query(
      "insert into chart_version (account_id, version, record_id, cause, sealed_delta) values ($1, 2, null, 'DFT^P03', $2)",
      [one, sealer.sealJson(delta, `chart ${one}`)],
    );
    const ask = { itemId: id, leaseId, codes: CODES, userId: ann };
    expect(await worklist.submit({ ...ask, snapshotVersion: 1 })).toMatchObject({
      ok: false,
      failure: { code: "SNAPSHOT_STALE", difference: { snapshotVersion: 2, changed: ["ChargeItem/late"], causes: ["DFT^P03"] } },
    });
    expect(await worklist.submit({ ...ask, snapshotVersion: 2 })).toMatchObject({ ok: true });
  });

  it("of somebody else, or after the lease ran out, is refused", async () => {
    await change(account(), LEFT);
    const { id, leaseId } = await leased();
    const ask = { itemId: id, leaseId, snapshotVersion: 1, codes: CODES };
    expect(await worklist.submit({ ...ask, userId: ben })).toMatchObject({ ok: false, failure: { code: "LEASE_LOST" } });
    now = new Date(now.getTime() + 31 * 60_000);
    expect(await worklist.submit({ ...ask, userId: ann })).toMatchObject({ ok: false, failure: { code: "LEASE_LOST" } });
  });

  it("is looked at again when the class changes later", async () => {
    const one = account();
    await change(one, LEFT);
    const { id, leaseId } = await leased();
    await worklist.submit({ itemId: id, leaseId, snapshotVersion: 1, codes: CODES, userId: ann });
    await change(one, { ...LEFT, class: "EMER", totalCents: 1 });
    expect(await items()).toMatchObject([{ state: "RECODE", queue: "emergency" }]);
    expect((await worklist.read(id, false))?.recodeReasons).toEqual(["class"]);
  });
});

describe("a release", () => {
  async function coded(): Promise<string> {
    await change(account(), LEFT);
    const { id, leaseId } = await leased();
    await worklist.submit({ itemId: id, leaseId, snapshotVersion: 1, codes: CODES, userId: ann });
    return id;
  }

  it("happens once, however many ask at once", async () => {
    const id = await coded();
    const asked = await Promise.all([worklist.releaseDue(), worklist.releaseDue(), worklist.release(id)]);
    const made = asked.filter((one) => (typeof one === "number" ? one > 0 : one !== undefined));
    expect(made).toHaveLength(1);
    expect((await items())[0]?.state).toBe("RELEASED");
  });

  it("never happens for a visit that was cancelled after it was coded, and the codes are kept if it stands again", async () => {
    const one = account();
    await change(one, LEFT);
    const { id, leaseId } = await leased();
    await worklist.submit({ itemId: id, leaseId, snapshotVersion: 1, codes: CODES, userId: ann });
    await change(one, { ...IN_HOUSE, cancelled: true }, { eventType: "ADT^A11" });
    expect(await worklist.releaseDue()).toBe(0);
    expect((await items())[0]?.state).toBe("CANCELLED");
    await change(one, LEFT);
    expect((await items())[0]?.state).toBe("READY");
    expect(await worklist.releaseDue()).toBe(0);
  });

  it("that would give an invalid claim becomes a hold with the rules that stop it", async () => {
    const id = await coded();
    refused = [HARD];
    expect(await worklist.release(id)).toMatchObject({ findings: [{ rule: "T-1" }] });
    expect(await worklist.releaseDue()).toBe(0);
    const item = await worklist.read(id, false);
    expect(item?.holds).toMatchObject([{ code: "CLAIM", owner: "billing" }]);
    expect(item?.events.at(-1)?.detail).toBe("T-1 at diagnoses[0].code");
  });
});

describe("the queues in Redis", () => {
  it("hold ids and nothing of a patient", async () => {
    await change(account(), LEFT);
    const [id = ""] = await tickets("inpatient");
    const client = new Redis(redis.url);
    const hashes = (await client.keys(`${redis.prefix}:inpatient:item-*`)).sort();
    expect(hashes).toHaveLength(1);
    expect(JSON.parse((await client.hget(hashes[0] ?? "", "data")) ?? "")).toEqual({ itemId: id });
    client.disconnect();
  });

  it("are filled again when Redis lost everything", async () => {
    await change(account(), LEFT);
    const before = await tickets("inpatient");
    const client = new Redis(redis.url);
    await client.del(await client.keys(`${redis.prefix}*`));
    client.disconnect();
    await relay.close();
    relay = createRelay({ pool: database.pool, redisUrl: redis.url, prefix: redis.prefix, queues: rules.names, log: createLog("silent") });
    expect(await tickets("inpatient")).toEqual(before);
  });

  it("are made anew on demand, without tickets that lead nowhere", async () => {
    await change(account(), LEFT);
    const before = await tickets("inpatient");
    const stray = new Queue("inpatient", { connection: { url: redis.url }, prefix: redis.prefix });
    await stray.add("code", { itemId: "of nobody" });
    await stray.close();
    expect(await rebuildQueues({ pool: database.pool, redisUrl: redis.url, prefix: redis.prefix, queues: rules.names })).toBe(1);
    expect(await tickets("inpatient")).toEqual(before);
  });

  it("wait in Postgres while Redis cannot be reached", async () => {
    await relay.close();
    relay = createRelay({
      pool: database.pool,
      redisUrl: "redis://127.0.0.1:1",
      prefix: redis.prefix,
      queues: rules.names,
      log: createLog("silent"),
    });
    await change(account(), LEFT);
    relay.wake();
    expect((await database.pool.query("select count(*) as n from dirty_item")).rows).toEqual([{ n: 1 }]);
    await relay.close();
    relay = createRelay({ pool: database.pool, redisUrl: redis.url, prefix: redis.prefix, queues: rules.names, log: createLog("silent") });
    expect(await tickets("inpatient")).toHaveLength(1);
  });
});
