import { Redis } from "ioredis";
import { afterEach, expect, inject, it } from "vitest";
import { playDemo } from "#src/cli/demo/play.ts";
import { demoStory } from "#src/cli/demo/story.ts";
import { connectMllp } from "#src/destinations/mllp/client.net.ts";
import { type Installation, newInstallation, signedIn, waitFor } from "./engine-process.ts";

let installation: Installation | undefined;
afterEach(() => installation?.remove());

const STORY = demoStory(11, new Date("2026-03-02T15:00:00Z"), "America/Chicago");

/** What would identify somebody: medical record, account and visit numbers, family names, streets, member ids. */
function identifying(message: string): readonly string[] {
  const segment = (name: string): readonly string[] => (message.split("\r").find((line) => line.startsWith(`${name}|`)) ?? "").split("|");
  const part = (field: string | undefined, n = 0): string => field?.split("^")[n] ?? "";
  const [pid, pv1, in1] = [segment("PID"), segment("PV1"), segment("IN1")];
  return [part(pid[3]), part(pid[18]), part(pid[5]), part(pid[11]), part(pv1[19]), part(in1[36])].filter((one) => one.length > 3);
}

async function everythingInRedis(prefix: string): Promise<string> {
  const client = new Redis(inject("redisUrl"));
  const texts: string[] = [];
  for (const key of await client.keys(`${prefix}*`)) {
    const type = await client.type(key);
    const value =
      type === "hash"
        ? await client.hgetall(key)
        : type === "string"
          ? await client.get(key)
          : type === "zset"
            ? await client.zrange(key, "0", "-1")
            : type === "list"
              ? await client.lrange(key, 0, -1)
              : type === "stream"
                ? await client.xrange(key, "-", "+")
                : await client.smembers(key);
    texts.push(key, JSON.stringify(value));
  }
  client.disconnect();
  return texts.join("\n");
}

it("no log line, Redis key or value, and no clear column holds what identifies a patient, whatever the messages do", async () => {
  installation = await newInstallation();
  const { pool } = installation.database;
  const engine = await installation.start();
  await playDemo({ host: "127.0.0.1", port: engine.mllpPort, story: STORY, pace: 0, signal: new AbortController().signal });
  // The ways to go wrong talk most: a broken date, a type nobody knows, a reused control id, no account, bytes that are no message.
  const [first] = STORY;
  const good = first?.message ?? "";
  const broken = [
    good
      .replace(/^(MSH(?:\|[^|]*){8}\|)[^|]*/, "$1BROKEN1")
      .replace(/\rPV1\|.*/, "\rPV1|1|Q|||||||||||||||||X||||||||||||||||||||||||||NOTADATE"),
    good.replace("ADT^A", "XYZ^A"),
    good.replace(/\rPID\|.*?\r/, "\r"),
    good.replace(/(\rPID(?:\|[^|]*){17})\|[^|\r]*/, "$1|").replace(/^(MSH(?:\|[^|]*){8}\|)[^|]*/, "$1BROKEN2"),
    "no HL7 at all",
  ];
  for (const message of broken) {
    const connection = await connectMllp({ host: "127.0.0.1", port: engine.mllpPort, timeoutMs: 500 });
    if (connection.ok) await connection.value.send(Buffer.from(message));
    if (connection.ok) connection.value.close();
  }
  const caller = await signedIn(engine);
  await waitFor(async () =>
    (
      await pool.query(
        "select from journal_record j left join journal_outcome o on o.seq = j.seq where j.verdict = 'accepted' and o.seq is null",
      )
    ).rowCount === 0
      ? true
      : undefined,
  );
  const leased = (await caller.post("/api/work-items/next", {})).body as { id: string; leaseId: string };
  await caller.post(`/api/work-items/${leased.id}/codes`, { leaseId: leased.leaseId, snapshotVersion: 1, codes: { diagnoses: [] } });

  const secrets = [...new Set(STORY.flatMap(({ message }) => identifying(message)))];
  expect(secrets.length).toBeGreaterThan(100);
  const tables = (await pool.query<{ name: string }>("select tablename as name from pg_tables where schemaname = 'public'")).rows;
  const columns = await Promise.all(
    tables.map(async ({ name }) => (await pool.query<{ row: string }>(`select t::text as row from ${name} t`)).rows.map(({ row }) => row)),
  );
  const places = { log: engine.said(), redis: await everythingInRedis(engine.redisPrefix), database: columns.flat().join("\n") };
  expect(places.log).toContain("READY");
  expect(places.redis).toContain("item-");
  expect(places.database.length).toBeGreaterThan(10_000);
  for (const [place, text] of Object.entries(places))
    expect([place, secrets.filter((secret) => new RegExp(`\\b${secret.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\b`).test(text))]).toEqual([
      place,
      [],
    ]);
});
