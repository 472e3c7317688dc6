import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { connectMllp } from "#src/destinations/mllp/client.net.ts";
import { type Feed, makeFeed } from "#src/config/feed.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { acceptFrame } from "#src/intake/accept.ts";
import { sparingDisk, watchDisk } from "#src/journal/disk-space.ts";
import { createJournalWriter, type JournalWriter } from "#src/journal/journal-writer.pg.ts";
import type { Journal } from "#src/journal/journal.ts";
import { type RunningStore, startPostgres } from "#src/main/services/postgres.ts";
import { type Listener, listenMllp } from "#src/sources/mllp/listener.net.ts";
import { createLog } from "#src/telemetry/log.ts";
import { adt, codes, framed, sealer, talk } from "#test/sources/mllp-peer.ts";

const dataDir = mkdtempSync(join(tmpdir(), "chartbridge-outage-"));
let store: RunningStore;
let pool: ReturnType<typeof openPool>;
let journal: JournalWriter;
const listeners: Listener[] = [];
beforeAll(async () => {
  store = await startPostgres(dataDir, () => undefined);
  pool = openPool(store.url, { max: 4, name: "outage" }, () => undefined);
  await migrate(pool);
  journal = createJournalWriter(pool, sealer, () => undefined);
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});
afterAll(async () => {
  await pool.end();
  await store.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function listen(onStoreDown: Feed["onStoreDown"], to: Journal = journal): Promise<number> {
  const feed = makeFeed(`feed-${onStoreDown.toLowerCase()}`, { facility: "NORTH", zone: "UTC", onStoreDown });
  const listener = await listenMllp(
    feed,
    { host: "127.0.0.1", port: 0 },
    {
      log: createLog("silent"),
      accept: (frame, peer) => acceptFrame({ journal: to, now: () => new Date() }, { feed, protocol: "mllp", peer }, frame),
    },
  );
  listeners.push(listener);
  return listener.port;
}
const enhanced = (id: string): string => adt(id).replace("|2.5.1", "|2.5.1|||AL|NE");
const idsIn = async (prefix: string): Promise<number> => {
  const { rows } = await pool.query<{ n: number }>(
    "select count(distinct control_key)::int as n from journal_record where verdict = 'accepted' and feed = $1",
    [prefix],
  );
  return rows[0]?.n ?? 0;
};

/** A sender as Mirth is: keeps a message until it is accepted, sends it again after a closed connection, and never skips one. */
async function sendAll(port: number, ids: readonly string[], onTry: () => void): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const id of ids)
    for (let done = false; !done; ) {
      onTry();
      const connection = await connectMllp({ host: "127.0.0.1", port, timeoutMs: 10_000 });
      const answer = connection.ok ? await connection.value.send(Buffer.from(adt(id))) : undefined;
      if (connection.ok) connection.value.close();
      done = answer?.ok === true && answer.value.code === "AA";
      if (done) answers.push(id);
      else await wait(50);
      if (answer?.ok === true && answer.value.code !== "AA") throw new Error(`the sender would stop at ${answer.value.code}`);
    }
  return answers;
}

it("PostgreSQL stopped while a sender sends: no accept and no AE, and all of it arrives once when it is back, with nobody touching the sender", async () => {
  const [closing, ce, ar] = [await listen("close"), await listen("CE"), await listen("AR207")];
  const ids = Array.from({ length: 40 }, (_, n) => `kept-${n}`);
  let tries = 0;
  const sending = sendAll(closing, ids, () => void tries++);
  await expect.poll(() => tries, { timeout: 20_000 }).toBeGreaterThan(10);
  await store.stop();
  const triesAtStop = tries;
  // Several rounds of the sender fall into the outage; each ends with a closed connection.
  await expect.poll(() => tries, { timeout: 20_000 }).toBeGreaterThan(triesAtStop + 5);
  expect(await talk(closing, framed(enhanced("down-1")))).toEqual({ text: "", closed: true });
  expect(codes((await talk(ce, framed(enhanced("down-2")))).text)).toEqual(["CE down-2"]);
  expect(await talk(ce, framed(adt("down-3")))).toEqual({ text: "", closed: true });
  const { text } = await talk(ar, framed(adt("down-4")));
  expect(codes(text)).toEqual(["AR down-4"]);
  expect(text).toContain("207^Application internal error");
  store = await startPostgres(dataDir, () => undefined, store.port);
  expect(await sending).toEqual(ids);
  expect(await idsIn("feed-close")).toBe(ids.length);
}, 120_000);

it("a disk that is nearly full stops intake before PostgreSQL stops, and intake goes on when there is room", async () => {
  const log = createLog("silent");
  const full = watchDisk({ folders: [dataDir], minimumFreeBytes: Number.MAX_SAFE_INTEGER, log });
  await full.look();
  expect(full.full).toBe(true);
  expect(full.freeBytes).toBeGreaterThan(0);
  const ar = await listen("AR207", sparingDisk(journal, full));
  expect(codes((await talk(ar, framed(adt("full-1")))).text)).toEqual(["AR full-1"]);

  const roomy = watchDisk({ folders: [dataDir, "/no/such/folder"], minimumFreeBytes: 1, log });
  await roomy.look();
  expect(roomy.full).toBe(false);
  const close = await listen("close", sparingDisk(journal, roomy));
  expect(codes((await talk(close, framed(adt("full-2")))).text)).toEqual(["AA full-2"]);
});
