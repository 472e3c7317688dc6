import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { completeQuietVisits } from "#src/worklist/complete-after.pg.ts";
import { itemIdOf } from "#src/worklist/reconcile-items.pg.ts";
import { ADA, FEEDS, ID_KEY, type Line, NO_CODES, START, startLine, untilBlocked } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

describe("the item of an account", () => {
  it("is expected, then open, then ready at discharge, each once in its history", async () => {
    const account = randomUUID();
    const item = itemIdOf(ID_KEY, account, "FAC");
    await line.say(account, { status: "planned" });
    expect(await line.row(item)).toMatchObject({ state: "EXPECTED", dispatch_no: 0, dirty: false });
    await line.say(account, { status: "in-progress" });
    expect(await line.row(item)).toMatchObject({ state: "OPEN", dirty: false });
    await line.say(account, { status: "finished" });
    expect(await line.row(item)).toMatchObject({ state: "READY", queue: "inpatient", dispatch_no: 1, dirty: true, holds: [] });
    expect((await line.row(item)).events).toEqual([">EXPECTED ADT^A08", "EXPECTED>OPEN ADT^A08", "OPEN>READY ADT^A08"]);
  });

  it("is not touched when the same change is applied again, before coding and after", async () => {
    const { account, item } = await line.ready();
    const change = await line.say(account, { cents: 100 });
    const whole = async () => (await line.pool.query("select * from coding_item")).rows as unknown;
    const untouched = async (again: Parameters<Line["reconcile"]>[0]): Promise<void> => {
      await line.pool.query("delete from dirty_item");
      const [before, row] = [await whole(), await line.row(item)];
      await line.reconcile(again);
      expect(await whole()).toEqual(before);
      expect(await line.row(item)).toEqual(row);
    };
    await untouched([change]);
    const { id, leaseId, snapshotVersion } = await line.lease(ADA);
    await line.worklist.submit({ itemId: id, leaseId, snapshotVersion, codes: NO_CODES, userId: ADA });
    await untouched([await line.say(account, { class: "EMER", cents: 100 })]);
    expect(await line.row(item)).toMatchObject({ queue: "emergency", progress: "recode" });
  });

  it("gets a new ticket when its queue changes, and keeps it with another place when its score does", async () => {
    const { account, item } = await line.ready();
    const before = (await line.row(item)).priority;
    await line.say(account, { cents: 6_000_000 });
    const dear = await line.row(item);
    expect(dear.priority).toBeLessThan(before);
    expect(dear).toMatchObject({ dispatch_no: 1, dirty: true });
    await line.say(account, { class: "EMER", cents: 6_000_000 });
    expect(await line.row(item)).toMatchObject({ queue: "emergency", dispatch_no: 2, state: "READY" });
  });

  it("is cancelled with its visit, and opens again when the discharge is taken back", async () => {
    const first = await line.ready();
    await line.say(first.account, { status: "cancelled" });
    expect(await line.row(first.item)).toMatchObject({ state: "CANCELLED", dirty: true });
    const second = await line.ready();
    await line.say(second.account, { status: "in-progress" });
    expect(await line.row(second.item)).toMatchObject({ state: "OPEN" });
  });
});

describe("a hold of the engine", () => {
  it("REG lets an uninsured stay be coded and is lifted by its insurance", async () => {
    const { account, item } = await line.ready({ insured: false });
    expect(await line.row(item)).toMatchObject({ state: "READY", holds: ["REG"] });
    await line.say(account, {});
    expect(await line.row(item)).toMatchObject({ state: "READY", holds: [] });
  });

  it("and a message never free an item that a person holds at the same moment", async () => {
    const { account, item } = await line.ready();
    const person = await line.pool.connect();
    try {
      await person.query("begin");
      await person.query("select from coding_item where id = $1 for update", [item]);
      await person.query("insert into item_hold (item_id, code, owner, set_by, blocks) values ($1, 'QUERY', 'dr', $2, 'coding')", [
        item,
        ADA,
      ]);
      await person.query("update coding_item set state = 'HELD' where id = $1", [item]);
      const folded = line.say(account, { cents: 6_000_000 });
      await untilBlocked(line.pool);
      await person.query("commit");
      await folded;
    } finally {
      person.release();
    }
    expect(await line.row(item)).toMatchObject({ state: "HELD", holds: ["QUERY"] });
    expect((await line.worklist.read(item, false))?.totalCents).toBe(6_000_000);
  });
});

describe("a feed that sends no discharge", () => {
  const quiet = (account: string) =>
    line.pool.query("update account set updated_at = $2 where id = $1", [account, new Date(START.getTime() - 25 * 3_600_000)]);

  it("has its visits complete after the time it sets, once, with the same holds as a discharge", async () => {
    const [insured, selfPay, recent] = [randomUUID(), randomUUID(), randomUUID()];
    for (const account of [insured, recent]) await line.say(account, { status: "in-progress", class: "AMB" }, { feed: "clinic" });
    await line.say(selfPay, { status: "in-progress", class: "AMB", insured: false }, { feed: "clinic" });
    await line.pool.query("update account set updated_at = $1", [START]);
    await quiet(insured);
    await quiet(selfPay);
    expect(await completeQuietVisits(line, [...FEEDS.values()], START)).toBe(2);
    expect(await completeQuietVisits(line, [...FEEDS.values()], START)).toBe(0);
    expect(await line.row(itemIdOf(ID_KEY, insured, "FAC"))).toMatchObject({ state: "READY", holds: [], dispatch_no: 1, dirty: true });
    expect(await line.row(itemIdOf(ID_KEY, selfPay, "FAC"))).toMatchObject({ state: "READY", holds: ["REG"] });
    expect(await line.row(itemIdOf(ID_KEY, recent, "FAC"))).toMatchObject({ state: "OPEN" });
  });

  it("does not take an item out of a coder's hands when a late message is followed by silence", async () => {
    const account = randomUUID();
    await line.say(account, { status: "in-progress", class: "AMB" }, { feed: "clinic" });
    await quiet(account);
    await completeQuietVisits(line, [...FEEDS.values()], START);
    await line.lease(ADA);
    await line.say(account, { status: "in-progress", class: "AMB", cents: 100 }, { feed: "clinic" });
    await quiet(account);
    expect(await completeQuietVisits(line, [...FEEDS.values()], START)).toBe(0);
    expect(await line.row(itemIdOf(ID_KEY, account, "FAC"))).toMatchObject({ state: "IN_PROGRESS" });
  });
});
