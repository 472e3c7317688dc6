import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fillQueues } from "#src/cli/bench/pull.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { personKey } from "#src/worklist/item-facts.ts";
import { createPulls } from "#src/worklist/pulls.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { ADA, BEN, type Line, NO_CODES, resourcesOf, startLine, untilBlocked } from "./line.ts";

const CAP = 2;
const files = readQueueFiles("queues").map(({ path, text }) => ({
  path,
  text: path.endsWith("emergency.yaml") ? `${text}pull: { perCoderPerDay: ${CAP} }\n` : text,
}));
let line: Line;
beforeAll(async () => {
  line = await startLine(files);
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

type Next = (userId: string, kind?: "coding" | "review") => Promise<string>;
/** The item that comes next, or why there is none, as a process gives them that shares the database with others. */
const process = (): Next => {
  const pull = createPulls(line.needs);
  return async (userId, kind = "coding") => {
    const leased = await pull({ userId, queues: [], kind });
    return leased.ok ? leased.value.id : leased.failure.code;
  };
};

/** Makes items of one queue, each ready after the one before. @returns all there are, the best first. */
async function ready(count: number, said: { readonly class?: string; readonly person?: string } = {}): Promise<readonly string[]> {
  for (let n = 0; n < count; n++) {
    const account = crypto.randomUUID();
    const person = { identifier: [{ value: said.person ?? account }] };
    await line.tell(
      account,
      resourcesOf(account, { class: said.class ?? "IMP" }).map((one) => (one.resourceType === "Patient" ? { ...one, ...person } : one)),
    );
    await line.pool.query("update coding_item set ready_at = clock_timestamp() where account_id = $1", [account]);
  }
  const { rows } = await line.pool.query<{ id: string }>("select id from coding_item order by priority, ready_at nulls last, id");
  return rows.map(({ id }) => id);
}

/** More items than are ever looked at together, better than those that are made `ready`. */
async function many(change: string): Promise<void> {
  await fillQueues(line.pool, line.sealer, { items: 500, queues: ["inpatient"] });
  await line.pool.query(`update coding_item set priority = 1, ${change}`);
}

const related = (...people: readonly string[]) => ({ relations: people.map((person) => ({ kind: "family" as const, person })) });
const keptFor = (item: string | undefined, userId: string) =>
  line.pool.query("update coding_item set reserved_for = $2, reserved_until = $3 where id = $1", [item, userId, new Date("2027-01-01")]);
const leasedTogether = async (): Promise<number> =>
  (await line.pool.query("select distinct at from item_event where event = 'leased'")).rowCount ?? 0;

describe("coders who ask in the same moment", () => {
  it("get the best items in the order in which they asked, in one transaction", async () => {
    const [first, second, third] = await ready(4);
    const next = process();
    const [ann, bob, cleo] = [await line.coder("ann"), await line.coder("bob", { facilities: ["NORTH"] }), await line.coder("cleo")];
    expect(await Promise.all([next(ann), next(bob), next(cleo)])).toEqual([first, second, third]);
    expect(await leasedTogether()).toBe(1);
    const { rows } = await line.pool.query("select lease_user from coding_item where id = any($1) order by priority, ready_at, id", [
      [first, second, third],
    ]);
    expect(rows).toEqual([ann, bob, cleo].map((user) => ({ lease_user: user })));
  });

  it("get each what they may have: one with a conflict of interest the next, and the other the item with the conflict", async () => {
    await ready(1, { person: "MRN-1" });
    const [conflicted = "", other = ""] = await ready(1);
    const next = process();
    const ann = await line.coder("ann", related("MRN-1"));
    expect(await Promise.all([next(ann), next(BEN)])).toEqual([other, conflicted]);
  });

  it("leave an item to the one it is kept for, though another asked first", async () => {
    const [kept, free] = await ready(2);
    const bob = await line.coder("bob");
    await keptFor(kept, bob);
    const next = process();
    expect(await Promise.all([next(BEN), next(bob)])).toEqual([free, kept]);
  });

  it("get what lies behind everything that is kept for people who did not ask", async () => {
    await many("reserved_for = gen_random_uuid(), reserved_until = '2027-01-01'");
    const items = await ready(2);
    const next = process();
    expect(await Promise.all([next(ADA), next(BEN)])).toEqual(items.slice(-2));
  });

  it("get what lies behind all their conflicts of interest, as deep as it may be", async () => {
    await many(`patient_keys = array['\\x${personKey(line.sealer, "MRN-1")}'::bytea]`);
    const items = await ready(1);
    const next = process();
    const ann = await line.coder("ann", related("MRN-1"));
    expect(await Promise.all([next(ann), next(BEN), next(ADA)])).toEqual([items.at(-1), items[0], items[1]]);
  });

  it("get what lies behind everything they coded themselves, when they review", async () => {
    const reviewed = (user: string) => `progress = 'in-review', state = 'IN_REVIEW', coder_of_record = '${user}'`;
    await many(reviewed(ADA));
    const items = await ready(1);
    await line.pool.query(`update coding_item set ${reviewed(BEN)} where id = $1`, [items.at(-1)]);
    const next = process();
    expect(await Promise.all([next(ADA, "review"), next(BEN, "review")])).toEqual([items.at(-1), items[0]]);
  });

  it("get every item once when there are fewer than coders, and the others hear that there is nothing", async () => {
    const items = await ready(10);
    const [one, other] = [process(), process()];
    const had = await Promise.all(Array.from({ length: 64 }, (_, n) => (n % 2 === 0 ? one : other)(crypto.randomUUID())));
    expect(had.filter((id) => id !== "NOTHING_READY").toSorted()).toEqual(items.toSorted());
    expect(had.filter((id) => id === "NOTHING_READY")).toHaveLength(54);
  });

  it("code and review side by side, and nobody reviews their own work", async () => {
    const [coded = ""] = await ready(2);
    const { id, leaseId } = await line.lease(ADA);
    expect(id).toBe(coded);
    await line.worklist.submit({ itemId: id, leaseId, userId: ADA, codes: NO_CODES, snapshotVersion: 1 });
    await line.pool.query("update coding_item set progress = 'in-review', state = 'IN_REVIEW' where id = $1", [id]);
    const next = process();
    const [own, free = "", others] = await Promise.all([next(ADA, "review"), next(crypto.randomUUID()), next(BEN, "review")]);
    expect([own, others]).toEqual(["NOTHING_READY", coded]);
    expect(free).not.toBe(coded);
    expect(await line.row(free)).toMatchObject({ state: "IN_PROGRESS" });
  });
});

describe("one coder who asks many times at once", () => {
  it("gets an item for each, and never more than the day's cap, in however many processes", async () => {
    line.clock.now = new Date();
    await ready(12, { class: "EMER" });
    const ann = await line.coder("ann");
    const processes = [process(), process(), process()];
    const had = await Promise.all(processes.flatMap((next) => Array.from({ length: 4 }, () => next(ann))));
    expect(new Set(had.filter((id) => id !== "NOTHING_READY")).size).toBe(CAP);
    expect(had.filter((id) => id === "NOTHING_READY")).toHaveLength(12 - CAP);
  });
});

describe("an item whose chart cannot be read", () => {
  it("fails the pull that came upon it and no other, is passed over for a while, and is not lost", async () => {
    const [broken = "", second, third, fourth] = await ready(4);
    await line.pool.query(
      "update chart_resource set sealed = '\\x01' where account_id = (select account_id from coding_item where id = $1)",
      [broken],
    );
    const next = process();
    const [ann, bob, cleo] = await Promise.allSettled([next(ADA), next(BEN), next(crypto.randomUUID())]);
    expect([ann?.status, bob, cleo]).toEqual(["rejected", { status: "fulfilled", value: second }, { status: "fulfilled", value: third }]);
    expect(await line.row(broken)).toMatchObject({ state: "READY" });
    expect(await next(ADA)).toBe(fourth);
    expect(await next(ADA)).toBe("NOTHING_READY");
    line.later(11);
    await expect(next(ADA)).rejects.toThrow();
  });
});

describe("a store that is down", () => {
  it("is told to everyone who asked, and the next who asks after it is up again is served", async () => {
    const [item] = await ready(1);
    const closed = openPool("postgres://127.0.0.1:1/none", { max: 2, name: "test" }, () => undefined);
    const needs = { ...line.needs, pool: closed };
    const pull = createPulls({
      ...needs,
      get pool() {
        return needs.pool;
      },
    });
    const asked = (userId: string) => pull({ userId, queues: [], kind: "coding" });
    const had = await Promise.allSettled([asked(ADA), asked(BEN), asked(ADA)]);
    expect(had.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    needs.pool = line.pool;
    expect(await asked(ADA)).toMatchObject({ value: { id: item } });
    await closed.end();
  });
});

describe("an item that somebody else has locked", () => {
  it("is passed over while there are others, and waited for when it is all there is", async () => {
    const [locked = "", free] = await ready(2);
    const person = await line.pool.connect();
    const next = process();
    try {
      await person.query("begin");
      await person.query("select from coding_item where id = $1 for update", [locked]);
      expect(await next(ADA)).toBe(free);
      const waiting = next(BEN);
      await untilBlocked(line.pool);
      await person.query("commit");
      expect(await waiting).toBe(locked);
    } finally {
      person.release();
    }
  });

  it("is not given when it is no longer free once the lock is gone", async () => {
    const [locked = ""] = await ready(1);
    const person = await line.pool.connect();
    const next = process();
    try {
      await person.query("begin");
      await person.query("update coding_item set reserved_for = $2 where id = $1", [locked, ADA]);
      const waiting = next(BEN);
      await untilBlocked(line.pool);
      await person.query("commit");
      expect(await waiting).toBe("NOTHING_READY");
    } finally {
      person.release();
    }
    expect(await next(ADA)).toBe(locked);
  });
});
