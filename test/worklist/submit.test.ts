import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fail, ok } from "#src/base/result.ts";
import { ADA, BEN, FAMILY, hard, type Line, NO_CODES, startLine, untilBlocked } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(async () => {
  await line.clear();
  line.behaviour.release = (_client, { itemId }) => {
    line.claims.push(itemId);
    return Promise.resolve(ok({ claimId: randomUUID() }));
  };
});
afterAll(() => line.database.drop());

type Leased = { readonly id: string; readonly leaseId: string; readonly snapshotVersion: number };
const submit = ({ id, leaseId, snapshotVersion }: Leased, userId = ADA) =>
  line.worklist.submit({ itemId: id, leaseId, snapshotVersion, codes: NO_CODES, userId });
const coded = async (said: Parameters<Line["ready"]>[0] = {}) => {
  const made = await line.ready(said);
  expect(await submit(await line.lease(ADA))).toMatchObject({ ok: true });
  return made;
};

describe("codes", () => {
  it("are taken from the coder who holds the lease, sealed, and freeze the item", async () => {
    const { item } = await line.ready();
    const lease = await line.lease(ADA);
    expect(await submit(lease, BEN)).toMatchObject({ ok: false, failure: { code: "LEASE_LOST" } });
    expect(await submit(lease)).toEqual({ ok: true, value: { findings: [] } });
    expect(await line.row(item)).toMatchObject({ state: "FINAL_CODED", progress: "final-coded", dirty: true });
    const { rows } = await line.pool.query<{ version: number; sealed_codes: Buffer }>("select version, sealed_codes from coding_version");
    expect(rows).toMatchObject([{ version: 1 }]);
    expect(rows[0]?.sealed_codes.toString("latin1")).not.toContain("I10");
    expect(await submit(lease)).toMatchObject({ ok: false, failure: { code: "LEASE_LOST" } });
  });

  it("for an older chart are answered with what changed, and are taken against the new one", async () => {
    const { account } = await line.ready();
    const lease = await line.lease(ADA);
    await line.say(account, { cents: 700, insured: false });
    const stale = await submit(lease);
    if (stale.ok) throw new Error("it was taken");
    const { code, difference } = stale.failure;
    expect(code).toBe("SNAPSHOT_STALE");
    expect(difference).toMatchObject({ snapshotVersion: 2, causes: ["ADT^A08"] });
    expect(difference?.changed.map((key) => key.split("/")[0])).toEqual(["ChargeItem"]);
    expect(difference?.removed.map((key) => key.split("/")[0])).toEqual(["Coverage"]);
    expect((await line.worklist.read(lease.id, true))?.chart?.version).toBe(2);
    expect(await submit({ ...lease, snapshotVersion: difference?.snapshotVersion ?? 0 })).toMatchObject({ ok: true });
  });

  it.for(["cancelled", "in-progress"] as const)("of a visit that became %s meanwhile are not taken", async (status) => {
    const { account, item } = await line.ready();
    const lease = await line.lease(ADA);
    const { chartVersion } = await line.say(account, { status });
    expect(await submit({ ...lease, snapshotVersion: chartVersion })).toMatchObject({
      ok: false,
      failure: { code: "TRANSITION_NOT_ALLOWED" },
    });
    // The coder keeps it until a supervisor or the debounce has decided.
    expect(await line.row(item)).toMatchObject({ state: "IN_PROGRESS", holds: ["STATUS"] });
  });
});

describe("a release", () => {
  it("waits for REG, which did not stop the coding", async () => {
    const { account, item } = await coded({ insured: false });
    expect(await line.worklist.releaseDue()).toBe(0);
    await line.say(account, {});
    expect(await line.worklist.releaseDue()).toBe(1);
    expect(await line.row(item)).toMatchObject({ state: "RELEASED", holds: [] });
  });

  it("waits for the bill hold", async () => {
    const { item } = await coded();
    await line.pool.query("update coding_item set release_after = $2 where id = $1", [item, new Date(line.clock.now.getTime() + 60_000)]);
    expect(await line.worklist.release(item)).toBeUndefined();
    line.later(1);
    expect(await line.worklist.release(item)).toHaveProperty("claimId");
  });

  it("of a claim that would not be valid is held with its rules and nothing else, until a person lifts the hold", async () => {
    const { item } = await coded();
    line.behaviour.release = () => Promise.resolve(fail([{ ...hard, message: FAMILY }]));
    expect(await line.worklist.release(item)).toEqual({ findings: [{ ...hard, message: FAMILY }] });
    expect(await line.worklist.releaseDue()).toBe(0);
    expect(await line.row(item)).toMatchObject({ state: "FINAL_CODED", holds: ["CLAIM"] });
    const { rows } = await line.pool.query<{ detail: string }>("select detail from item_event where event = 'hold CLAIM'");
    expect(rows).toEqual([{ detail: "T-1 at diagnoses[0].code" }]);
    line.behaviour.release = () => Promise.resolve(ok({ claimId: randomUUID() }));
    await line.worklist.liftHold(item, "CLAIM", ADA);
    expect(await line.worklist.releaseDue()).toBe(1);
  });

  it("does not overlook a hold that is put in the same moment", async () => {
    const { item } = await coded();
    const person = await line.pool.connect();
    try {
      await person.query("begin");
      await person.query("select from coding_item where id = $1 for update", [item]);
      await person.query("insert into item_hold (item_id, code, owner, set_by, blocks) values ($1, 'AUDIT', 'audit', $2, 'release')", [
        item,
        ADA,
      ]);
      const asked = line.worklist.release(item);
      await untilBlocked(line.pool);
      await person.query("commit");
      expect(await asked).toBeUndefined();
    } finally {
      person.release();
    }
    expect(line.claims).toEqual([]);
  });

  it("and a fold of the same account never wait for each other in a ring", async () => {
    const { account, item } = await coded();
    const fold = await line.pool.connect();
    try {
      await fold.query("begin");
      await fold.query("select from account where id = $1 for update", [account]);
      // What a claim's row does by its foreign key.
      line.behaviour.release = async (client, { accountId }) => {
        await client.query("select from account where id = $1 for key share", [accountId]);
        return ok({ claimId: randomUUID() });
      };
      const asked = line.worklist.release(item);
      await untilBlocked(line.pool);
      await fold.query("select from coding_item where id = $1 for update", [item]);
      await fold.query("commit");
      expect(await asked).toHaveProperty("claimId");
    } finally {
      fold.release();
    }
  });

  it("that throws keeps no other item from leaving, and is not hidden", async () => {
    const [first, second] = [(await coded()).item, (await coded()).item];
    await line.pool.query("update coding_item set release_after = release_after - interval '1 day' where id = $1", [first]);
    line.behaviour.release = (_client, { itemId }) =>
      itemId === first ? Promise.reject(new Error("a bug")) : Promise.resolve(ok({ claimId: randomUUID() }));
    await expect(line.worklist.releaseDue()).rejects.toThrow("a bug");
    expect(await line.row(first)).toMatchObject({ state: "FINAL_CODED" });
    expect(await line.row(second)).toMatchObject({ state: "RELEASED" });
  });
});
