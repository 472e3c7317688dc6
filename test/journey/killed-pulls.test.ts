import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import type pg from "pg";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { createTokens } from "#src/api/auth/tokens.pg.ts";
import { playDemo } from "#src/cli/demo/play.ts";
import { demoStory } from "#src/cli/demo/story.ts";
import { type Installation, newInstallation, type RunningEngine, waitFor } from "./engine-process.ts";

let installation: Installation;
let pool: pg.Pool;
beforeEach(async () => {
  installation = await newInstallation();
  ({ pool } = installation.database);
});
afterEach(() => installation.remove());

const STORY = demoStory(7, new Date("2026-03-02T15:00:00Z"), "America/Chicago");
const CODERS = 8;
/** Two starts of a whole engine are most of it: 3 s each on an idle machine with two cores, four times that when others use them. */
const TWO_STARTS_MS = 90_000;

/** A pull that was answered: an item, and the lease of it. */
interface Had {
  readonly coder: string;
  readonly id: string;
  readonly leaseId: string;
}
type Coder = (engine: RunningEngine, asked?: string) => Promise<Had | "unanswered">;

const coderNamed = async (name: string): Promise<Coder> => {
  const token = await createTokens(pool).machineToken(name, ["coder"], 1);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return async ({ http }, asked) => {
    try {
      const answer = await fetch(`${http}/api/work-items/next`, { method: "POST", headers, body: JSON.stringify({ leaseId: asked }) });
      const { id, leaseId } = (await answer.json()) as { id: string; leaseId: string };
      if (answer.status !== 200) throw new RangeError(`a pull was answered ${answer.status}`);
      return { coder: name, id, leaseId };
    } catch (error) {
      if (error instanceof RangeError) throw error;
      return "unanswered";
    }
  };
};
const answered = (all: readonly (Had | "unanswered")[]): readonly Had[] => all.flatMap((one) => (one === "unanswered" ? [] : [one]));

/** Holds up whoever writes to a table. */
async function hold(table: string) {
  const client = await pool.connect();
  await client.query("begin");
  const held = client.query(`lock table ${table} in share mode`);
  return {
    held,
    letGo: async () => {
      await held;
      await client.query("rollback");
      client.release();
    },
  };
}
const blocked = async (): Promise<number> =>
  (await pool.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).rowCount ?? 0;
const untilBlocked = (n: number) => waitFor(async () => ((await blocked()) >= n ? true : undefined), TWO_STARTS_MS);

/** An engine with the story's items ready. @returns them. */
async function readyItems(engine: RunningEngine): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const played = await playDemo({ host: "127.0.0.1", port: engine.mllpPort, story: STORY, pace: 0, signal });
  await waitFor(async () => {
    const { rows } = await pool.query<{ n: number }>("select count(*)::int as n from journal_outcome");
    return rows[0]?.n === played.accepted ? true : undefined;
  }, TWO_STARTS_MS);
  const { rows } = await pool.query<{ id: string }>("select id from coding_item where state = 'READY'");
  expect(rows.length).toBeGreaterThan(2 * CODERS);
  return rows.map(({ id }) => id);
}

interface Standing {
  readonly id: string;
  readonly state: string;
  readonly lease_id: string | null;
  readonly name: string | null;
}
/** Every item that was ready before, as it stands now. */
const standing = async (items: readonly string[]): Promise<ReadonlyMap<string, Standing>> => {
  const { rows } = await pool.query<Standing>(
    "select i.id, i.state, i.lease_id, u.name from coding_item i left join app_user u on u.id = i.lease_user where i.id = any($1)",
    [items],
  );
  return new Map(rows.map((row) => [row.id, row]));
};

/** What each coder was told is so, no item was given twice, and those that nobody has are on their queues. */
async function expectWhole(engine: RunningEngine, items: readonly string[], told: readonly Had[]): Promise<void> {
  const now = await standing(items);
  expect(now.size).toBe(items.length);
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
  for (const { id, coder, leaseId } of told) expect(now.get(id)).toMatchObject({ state: "IN_PROGRESS", lease_id: leaseId, name: coder });
  const free = [...now.values()].filter(({ state }) => state === "READY");
  expect(free.length + [...now.values()].filter(({ state, name }) => state === "IN_PROGRESS" && name !== null).length).toBe(items.length);
  await waitFor(async () => ((await pool.query("select from dirty_item")).rowCount === 0 ? true : undefined), TWO_STARTS_MS);
  const tickets: string[] = [];
  for (const { queue: name } of (await pool.query<{ queue: string }>("select distinct queue from coding_item")).rows) {
    const queue = new Queue(name, { connection: { url: inject("redisUrl") }, prefix: engine.redisPrefix });
    tickets.push(...(await queue.getJobs(["waiting", "prioritized", "delayed"])).map((job) => (job.data as { itemId: string }).itemId));
    await queue.close();
  }
  expect(tickets.sort()).toEqual(free.map(({ id }) => id).sort());
}

it(
  "an engine killed while it gives a group of coders their items has given none of them, and the coders get one each when they ask again",
  async () => {
    const coders = await Promise.all(Array.from({ length: CODERS }, (_, n) => coderNamed(`coder ${n}`)));
    let engine = await installation.start();
    const items = await readyItems(engine);

    // The first pull is held up, so that the others gather behind it; then it goes on, and the group of the others is held up in its transaction.
    const first = await hold("item_event");
    const asked = coders.slice(0, 1).map((pull) => pull(engine));
    await untilBlocked(1);
    asked.push(...coders.slice(1).map((pull) => pull(engine)));
    const second = await hold("item_event");
    await untilBlocked(2);
    await first.letGo();
    const had = answered(await Promise.all(asked.slice(0, 1)));
    await second.held;
    await untilBlocked(1);
    await engine.kill();
    await second.letGo();
    expect(had).toHaveLength(1);
    expect(await Promise.all(asked)).toEqual([...had, ...coders.slice(1).map(() => "unanswered")]);
    await waitFor(async () => ((await blocked()) === 0 ? true : undefined));

    engine = await installation.start();
    await expectWhole(engine, items, had);
    expect([...(await standing(items)).values()].filter(({ state }) => state === "IN_PROGRESS")).toHaveLength(1);
    const again = answered(await Promise.all(coders.map((pull) => pull(engine))));
    expect(again).toHaveLength(CODERS);
    await expectWhole(engine, items, [...had, ...again]);
    await engine.stop();
  },
  TWO_STARTS_MS,
);

it(
  "an engine killed after it gave a group its items and before it told anybody keeps them for those coders, who get them when they ask again under their leases",
  async () => {
    const coders = await Promise.all(Array.from({ length: CODERS }, (_, n) => coderNamed(`coder ${n}`)));
    let engine = await installation.start();
    const items = await readyItems(engine);

    // Nobody is answered before the audit event is written.
    const audit = await hold("audit_event");
    const own = coders.map(() => randomUUID());
    const asked = coders.map((pull, n) => pull(engine, own[n]));
    const given = await waitFor(async () => {
      const leased = [...(await standing(items)).values()].filter(({ lease_id: lease }) => lease !== null);
      return leased.length === CODERS ? leased : undefined;
    }, TWO_STARTS_MS);
    await engine.kill();
    await audit.letGo();
    expect(answered(await Promise.all(asked))).toEqual([]);
    expect(new Set(given.map(({ name }) => name)).size).toBe(CODERS);

    engine = await installation.start();
    const kept = given.map(({ id, name, lease_id: leaseId }): Had => ({ id, coder: name ?? "", leaseId: leaseId ?? "" }));
    await expectWhole(engine, items, kept);
    const told = answered(await Promise.all(coders.map((pull, n) => pull(engine, own[n]))));
    expect(new Set(told)).toEqual(new Set(kept));
    const others = answered(await Promise.all(coders.map((pull) => pull(engine))));
    expect(others).toHaveLength(CODERS);
    await expectWhole(engine, items, [...kept, ...others]);
    await engine.stop();
  },
  TWO_STARTS_MS,
);
