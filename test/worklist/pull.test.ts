import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokens } from "#src/api/auth/tokens.pg.ts";
import { fillQueues } from "#src/cli/bench/pull.pg.ts";
import { type CoderProfile, saveProfile } from "#src/worklist/coders.pg.ts";
import { setStat, reassign } from "#src/worklist/actions.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues, isSampled } from "#src/worklist/queue-rules.ts";
import { setQueueState } from "#src/worklist/queue-state.pg.ts";
import { applyQueues, moveQueue, previewQueues } from "#src/worklist/requeue.pg.ts";
import { ADA, BEN, type Line, resourcesOf, startLine } from "./line.ts";

const files = readQueueFiles("queues").map((file) =>
  file.path.endsWith("inpatient.yaml")
    ? { path: file.path, text: `${file.text}pull: { credentials: [CCS, CIC] }\n` }
    : file.path.endsWith("emergency.yaml")
      ? { path: file.path, text: `${file.text}pull: { perCoderPerDay: 2 }\n` }
      : file,
);
let line: Line;
beforeAll(async () => {
  line = await startLine(files);
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

const NOBODY_IN_PARTICULAR: CoderProfile = { facilities: [], payerExclusions: [], credentials: [], relations: [] };
const CCS = { credential: "CCS", from: "2026-01-01", to: "2026-12-31" };
const next = async (userId: string, queues: readonly string[] = []): Promise<string | undefined> => {
  const leased = await line.worklist.next({ userId, queues });
  return leased.ok ? leased.value.id : undefined;
};

describe("pulling", () => {
  it("by 64 coders at once gives no item twice and leaves none, best scores first", async () => {
    await fillQueues(line.pool, line.sealer, { items: 2_000, queues: ["outpatient", "observation", "professional"] });
    const scores = new Map(
      (await line.pool.query<{ id: string; priority: number }>("select id, priority from coding_item")).rows.map(({ id, priority }) => [
        id,
        priority,
      ]),
    );
    const ann = await line.coder("ann", {});
    const first: number[] = [];
    for (let n = 0; n < 20; n++) first.push(scores.get((await next(ann)) ?? "") ?? 0);
    expect(first).toEqual([...scores.values()].sort((a, b) => a - b).slice(0, 20));
    const given: string[] = [];
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        const one = crypto.randomUUID();
        for (let id = await next(one); id !== undefined; id = await next(one)) given.push(id);
      }),
    );
    expect(given).toHaveLength(1_980);
    expect(new Set(given).size).toBe(1_980);
  }, 240_000);

  it("asks for a credential that is good on the day", async () => {
    const { item } = await line.ready();
    expect(await next(await line.coder("none", {}))).toBeUndefined();
    expect(await next(await line.coder("former", { credentials: [{ ...CCS, to: "2026-03-09" }] }))).toBeUndefined();
    expect(await next(await line.coder("current", { credentials: [CCS] }))).toBe(item);
  });

  it("keeps to the coder's facilities, payers and role", async () => {
    const { item } = await line.ready();
    const payer = "update coding_item set payer_id = 'MCARE' where id = $1";
    await line.pool.query(payer, [item]);
    expect(await next(await line.coder("south", { credentials: [CCS], facilities: ["SOUTH"] }))).toBeUndefined();
    expect(await next(await line.coder("no medicare", { credentials: [CCS], payerExclusions: ["MCARE"] }))).toBeUndefined();
    const biller = await createTokens(line.pool).makeUser("biller", ["billing"]);
    await saveProfile(line.pool, line.sealer, biller, { ...NOBODY_IN_PARTICULAR, credentials: [CCS] });
    expect(await next(biller)).toBeUndefined();
    expect(await next(await line.coder("north", { credentials: [CCS], facilities: ["NORTH"] }))).toBe(item);
  });

  it("never gives coders their own charts or those of their family, even when they ask by name", async () => {
    const account = crypto.randomUUID();
    const resources = resourcesOf(account, {}).map((one) =>
      one.resourceType === "Patient" ? { ...one, identifier: [{ value: "MRN-77" }] } : one,
    );
    await line.tell(account, resources);
    const { rows } = await line.pool.query<{ id: string }>("select id from coding_item");
    const id = rows[0]?.id ?? "";
    const self = await line.coder("self", { credentials: [CCS], relations: [{ kind: "family", person: "MRN-77" }] });
    expect(await next(self)).toBeUndefined();
    expect(await line.worklist.open(id, { userId: self, supervisor: true })).toMatchObject({ failure: { code: "NOT_ALLOWED" } });
    const { rows: kept } = await line.pool.query("select * from coder_relation where user_id = $1", [self]);
    expect(JSON.stringify(kept)).not.toContain("MRN-77");
    expect(await next(await line.coder("other", { credentials: [CCS] }))).toBe(id);
  });

  it("stops at the day's cap of a queue", async () => {
    line.clock.now = new Date();
    for (let n = 0; n < 3; n++) await line.ready({ class: "EMER" });
    const ann = await line.coder("capped", {});
    expect([await next(ann), await next(ann)].filter((id) => id !== undefined)).toHaveLength(2);
    expect(await next(ann)).toBeUndefined();
    expect(await next(await line.coder("fresh", {}))).toBeDefined();
  });

  it("of one named item is for supervisors and its coder of record", async () => {
    const { item } = await line.ready({ class: "EMER" });
    expect(await line.worklist.open(item, { userId: BEN, supervisor: false })).toMatchObject({ failure: { code: "NOT_ALLOWED" } });
    expect(await line.worklist.open(item, { userId: BEN, supervisor: true })).toMatchObject({ ok: true });
  });

  it("gives a stat item first, and one kept for somebody to nobody else", async () => {
    await line.ready({ class: "EMER", cents: 9_000_000 });
    const { item } = await line.ready({ class: "EMER" });
    const revision = async (): Promise<number> => (await line.worklist.read(item, false))?.revision ?? 0;
    expect(await setStat(line.needs, item, { revision: await revision(), stat: true, userId: ADA })).toMatchObject({ ok: true });
    expect((await line.worklist.read(item, false))?.scoreParts).toMatchObject({ stat: 100 });
    const ben = await line.coder("ben");
    expect(await reassign(line.needs, item, { revision: await revision(), to: ben, userId: ADA })).toMatchObject({ ok: true });
    expect(await next(ADA)).not.toBe(item);
    expect(await next(ben)).toBe(item);
  });

  it("waits while a queue is paused, and a draining one takes nothing new", async () => {
    const { item } = await line.ready({ class: "EMER" });
    const set = (paused: boolean, draining: boolean) =>
      setQueueState(line.pool, { queue: "emergency", paused, draining }, { userId: ADA, why: "a test" });
    await set(true, false);
    expect(await next(ADA)).toBeUndefined();
    await set(false, true);
    const later = await line.ready({ class: "EMER" });
    expect(await line.row(later.item)).toMatchObject({ queue: "default" });
    expect(await next(ADA, ["emergency"])).toBe(item);
  });
});

describe("a change of the rules", () => {
  it("says beforehand how many items move where, and then moves them and nothing else", async () => {
    for (let n = 0; n < 3; n++) await line.ready({ class: "EMER" });
    await line.ready();
    const leased = await line.lease(ADA);
    const changed = compileQueues([
      ...files.filter(({ path }) => !path.endsWith("emergency.yaml")),
      {
        path: "queues/urgent.yaml",
        text: "queue: urgent\norder: 5\nenter: { all: [{ field: class, is: EMER }] }\nlease: { minutes: 5 }\nbillHold: { days: 0 }\n",
      },
      {
        path: "queues/v.yaml",
        text: "view: dear\ntitle: Dear\nshow: { any: [{ field: class, is: EMER }, { fhirpath: \"entry.resource.where(resourceType='Coverage').exists()\" }] }\n",
      },
    ]);
    if (!changed.ok) throw new Error(changed.failure.join("\n"));
    const needs = { ...line.needs, rules: changed.value };
    const moves = [{ from: "emergency", to: "urgent", items: 2 }];
    expect(await previewQueues(needs)).toMatchObject({ open: 3, moves });
    expect(await line.pool.query("select from coding_item where queue = 'urgent'")).toHaveProperty("rowCount", 0);
    expect(await applyQueues(needs, "a test")).toMatchObject({ moves });
    expect(await previewQueues(needs)).toMatchObject({ moves: [] });
    expect(await line.row(leased.id)).toMatchObject({ queue: "emergency" });
    expect(await line.worklist.list({ view: "dear", limit: 10 })).toHaveLength(3);
    expect(await moveQueue(needs, "urgent", "outpatient", ADA)).toBe(2);
    // Where a person put them they stay.
    expect(await previewQueues(needs)).toMatchObject({ moves: [] });
  });
});

describe("the audit sample", () => {
  it("takes the share it says, and the same items every time", () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => `item ${n}`);
    const taken = ids.filter((id) => isSampled(id, { percent: 5, salt: "a" }));
    expect(taken.length).toBeGreaterThan(200);
    expect(taken.length).toBeLessThan(300);
    expect(ids.filter((id) => isSampled(id, { percent: 5, salt: "a" }))).toEqual(taken);
    expect(ids.filter((id) => isSampled(id, { percent: 5, salt: "b" }))).not.toEqual(taken);
    expect(ids.some((id) => isSampled(id, { percent: 0, salt: "a" }))).toBe(false);
  });
});
