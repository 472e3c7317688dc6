import { Queue } from "bullmq";
import { afterEach, expect, inject, it } from "vitest";
import { playDemo } from "#src/cli/demo/play.ts";
import { demoStory } from "#src/cli/demo/story.ts";
import { type Installation, newInstallation, waitFor } from "./engine-process.ts";

let installation: Installation | undefined;
afterEach(() => installation?.remove());

const STORY = demoStory(7, new Date("2026-03-02T15:00:00Z"), "America/Chicago");

/**
 * Four starts of a whole engine are most of it: 3 s each on an idle machine with two cores, 12 s and more when others use them.
 * No step waits for time to pass.
 */
const FOUR_STARTS_MS = 120_000;

it(
  "an engine killed three times under load has every message once, every item once, and every ready item on its queue",
  async () => {
    installation = await newInstallation();
    const { pool } = installation.database;
    let engine = await installation.start();
    const answers: string[] = [];
    const controller = new AbortController();
    const playing = playDemo({
      host: "127.0.0.1",
      port: engine.mllpPort,
      story: STORY,
      pace: 0,
      signal: controller.signal,
      onAnswer: ({ controlId }) => answers.push(controlId),
    });
    for (const share of [0.2, 0.5, 0.8]) {
      await waitFor(() => (answers.length >= STORY.length * share ? true : undefined), FOUR_STARTS_MS);
      await engine.kill();
      engine = await installation.start();
    }
    const played = await playing;
    expect(played.unanswered).toBe(0);

    const count = async (sql: string): Promise<number> => (await pool.query<{ n: number }>(sql)).rows[0]?.n ?? -1;
    const taken = await count("select count(*) as n from journal_record where verdict = 'accepted'");
    // The sender sent on after every kill: what was committed and not answered came a second time, as a repetition.
    expect(taken).toBe(played.accepted);
    await waitFor(async () => ((await count("select count(*) as n from journal_outcome")) === taken ? true : undefined), FOUR_STARTS_MS);
    expect(await count("select count(distinct control_key) as n from journal_record where verdict = 'accepted'")).toBe(taken);
    const accounts = new Set(STORY.map(({ message }) => /^PID(?:\|[^|]*){17}\|(\w+)/m.exec(message.replaceAll("\r", "\n"))?.[1]));
    expect(await count("select count(*) as n from coding_item")).toBe(accounts.size);
    const charges = STORY.filter(({ message }) => message.includes("DFT^P03")).reduce(
      (sum, { message }) => sum + message.split("\rFT1|").length - 1,
      0,
    );
    expect(await count("select count(*) as n from chart_resource where type = 'ChargeItem'")).toBe(charges);

    await waitFor(async () => ((await count("select count(*) as n from dirty_item")) === 0 ? true : undefined), FOUR_STARTS_MS);
    const ready = (await pool.query<{ id: string; queue: string }>("select id, queue from coding_item where state = 'READY'")).rows;
    expect(ready.length).toBeGreaterThan(10);
    const tickets: string[] = [];
    for (const name of new Set(ready.map((row) => row.queue))) {
      const queue = new Queue(name, { connection: { url: inject("redisUrl") }, prefix: engine.redisPrefix });
      const jobs = await queue.getJobs(["waiting", "prioritized", "delayed"]);
      tickets.push(...jobs.map((job) => (job.data as { itemId: string }).itemId));
      await queue.close();
    }
    expect(tickets.sort()).toEqual(ready.map((row) => row.id).sort());
    await engine.stop();
  },
  FOUR_STARTS_MS,
);

it("an engine refuses a database that the demo has used", async () => {
  installation = await newInstallation();
  await installation.database.pool.query(
    "insert into journal_record (day, id, received_at, feed, protocol, lane, byte_length, sha256, verdict, sealed) values (now()::date, gen_random_uuid(), now(), 'demo', 'mllp', 0, 1, '\\x00', 'refused', '\\x00')",
  );
  await expect(installation.start()).rejects.toThrow(/used by the demo/);
});
