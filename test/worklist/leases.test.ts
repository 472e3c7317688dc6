import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ADA, BEN, done, FAMILY, type Line, startLine, untilBlocked } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

const next = (userId: string, queues: readonly string[] = []) => line.worklist.next({ userId, queues });

describe("a lease", () => {
  it("gives the most urgent first, and only from the queues that were named", async () => {
    await line.ready();
    const urgent = await line.ready({ cents: 6_000_000 });
    const emergency = await line.ready({ class: "EMER" });
    expect(await next(ADA, ["emergency"])).toMatchObject({ value: { id: emergency.item } });
    expect(await next(ADA)).toMatchObject({ value: { id: urgent.item, queue: "inpatient" } });
    expect(await next(ADA, ["emergency"])).toMatchObject({ ok: false });
  });

  it("pins the chart, so that the coder goes on seeing what was leased", async () => {
    const { account, item } = await line.ready({ cents: 100 });
    const { snapshotVersion } = await line.lease(ADA);
    await line.say(account, { cents: 900 });
    const detail = await line.worklist.read(item, true);
    expect(detail?.chart?.version).toBe(snapshotVersion);
    expect(JSON.stringify(detail?.chart)).toContain(FAMILY);
    expect(detail?.state).toBe("IN_PROGRESS");
    expect((await line.worklist.read(item, false))?.chart).toBeUndefined();
  });
});

describe("a pull whose answer got lost", () => {
  it("gives the same encounter when it is asked again, and another to anybody else and once that is given back", async () => {
    await line.ready({ cents: 9_000_000 });
    await line.ready({ cents: 100 });
    const leaseId = randomUUID();
    const first = done(await line.worklist.next({ userId: ADA, queues: [], leaseId }));
    const again = done(await line.worklist.next({ userId: ADA, queues: [], leaseId }));
    expect(again).toEqual(first);
    expect(first).toMatchObject({ leaseId });
    const other = done(await line.worklist.next({ userId: BEN, queues: [], leaseId }));
    expect(other.id).not.toBe(first.id);
    done(await line.worklist.giveBack(first.id, leaseId, ADA));
    expect(await line.worklist.next({ userId: ADA, queues: [], leaseId })).toMatchObject({ value: { leaseId } });
    expect(await next(ADA)).toMatchObject({ failure: { code: "NOTHING_READY" } });
  });

  it("that is asked twice at once gives it once", async () => {
    await line.ready();
    await line.ready();
    const leaseId = randomUUID();
    const both = await Promise.all([1, 2].map(() => line.worklist.next({ userId: ADA, queues: [], leaseId })));
    expect(new Set(both.map((one) => done(one).id)).size).toBe(1);
    expect(await next(BEN)).toMatchObject({ ok: true });
  });
});

describe("a person's hold", () => {
  const query = { code: "LEGAL", owner: "Dr. House", blocks: "coding" } as const;

  it("that is not there cannot be lifted, and leaves no event", async () => {
    const { item } = await line.ready();
    const before = await line.row(item);
    expect(await line.worklist.liftHold(item, "LEGAL", ADA)).toMatchObject({ ok: false, failure: { code: "NOT_FOUND" } });
    expect(await line.row(item)).toEqual(before);
  });

  it("put by the coder who has the item ends the lease, and the coder stays its coder of record", async () => {
    const { item } = await line.ready();
    const { leaseId } = await line.lease(ADA);
    expect(await line.worklist.putHold(item, query, ADA)).toEqual({ ok: true, value: { state: "HELD" } });
    expect(await line.worklist.giveBack(item, leaseId, ADA)).toMatchObject({ ok: false });
    expect((await line.worklist.read(item, false))?.coderOfRecord).toBe(ADA);
  });

  it("put by another while a lease runs makes the item held when the lease ends", async () => {
    const { item } = await line.ready();
    const { leaseId } = await line.lease(ADA);
    expect(await line.worklist.putHold(item, query, BEN)).toEqual({ ok: true, value: { state: "IN_PROGRESS" } });
    await line.worklist.giveBack(item, leaseId, ADA);
    expect(await line.row(item)).toMatchObject({ state: "HELD" });
  });

  it("put in the moment in which a lease ends is not overlooked", async () => {
    const { item } = await line.ready();
    const { leaseId } = await line.lease(ADA);
    const person = await line.pool.connect();
    try {
      await person.query("begin");
      await person.query("select from coding_item where id = $1 for update", [item]);
      await person.query("insert into item_hold (item_id, code, owner, set_by, blocks) values ($1, 'QUERY', 'dr', $2, 'coding')", [
        item,
        ADA,
      ]);
      const given = line.worklist.giveBack(item, leaseId, ADA);
      await untilBlocked(line.pool);
      await person.query("commit");
      await given;
    } finally {
      person.release();
    }
    expect(await line.row(item)).toMatchObject({ state: "HELD" });
  });
});

describe("the list", () => {
  it("shows items by state and queue in pages, and counts what lies on each queue", async () => {
    const items = [await line.ready(), await line.ready(), await line.ready()].map(({ item }) => item).sort();
    await line.ready({ class: "EMER" });
    const first = await line.worklist.list({ state: "READY", queue: "inpatient", limit: 2 });
    const second = await line.worklist.list({ state: "READY", queue: "inpatient", limit: 2, after: first.at(-1)?.id ?? "" });
    expect([...first, ...second].map(({ id }) => id)).toEqual(items);
    await line.lease(ADA);
    const queues = await line.worklist.queues();
    expect(queues.map(({ queue }) => queue)).toEqual(line.rules.names);
    expect(queues.reduce((sum, { ready, inProgress }) => sum + ready + inProgress, 0)).toBe(4);
  });
});
