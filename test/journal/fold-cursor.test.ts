import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshId, type MessageId } from "#src/base/ids.ts";
import { createSealer } from "#src/base/seal.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { appendHorizon, lockLanes, moveCursors, nextRecords } from "#src/journal/journal-reader.pg.ts";
import type { JournalEntry } from "#src/journal/journal.ts";
import { freshDatabase } from "#test/setup/database.ts";

const sealer = createSealer(Buffer.alloc(32, 7));
let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const entry = (text: string): JournalEntry => ({
  id: freshId() as MessageId,
  feed: "north",
  protocol: "mllp",
  receivedAt: new Date(),
  orderKey: "one patient",
  controlId: text,
  messageType: "ADT^A08",
  bytes: Buffer.from(text),
  verdict: "accepted",
  answer: "AA",
});

/** What a fold would read now; moves the cursors as a fold does. */
async function foldNow(): Promise<string[]> {
  const client = await database.pool.connect();
  try {
    await client.query("begin");
    const lanes = await lockLanes(client);
    const horizon = await appendHorizon(client);
    const records = await nextRecords(client, sealer, { lanes, horizon, perLane: 100, most: 100 });
    if (records.length > 0) await moveCursors(client, records);
    await client.query("commit");
    return records.map((record) => record.bytes.toString());
  } finally {
    client.release();
  }
}

describe("the fold's cursor", () => {
  it("never passes a commit that is held open, and reads everything in order when it ends", async () => {
    const held = new pg.Client(database.url);
    await held.connect();
    await held.query("begin");
    const slow = createJournalWriter(
      { query: (config: pg.QueryConfig) => held.query(config) } as unknown as pg.Pool,
      sealer,
      () => undefined,
    );
    const quick = createJournalWriter(database.pool, sealer, () => undefined);

    await slow.append(entry("first, still open"));
    await quick.append(entry("second, committed"));
    expect(await foldNow()).toEqual([]);

    await held.query("commit");
    await held.end();
    expect(await foldNow()).toEqual(["first, still open", "second, committed"]);
    expect(await foldNow()).toEqual([]);
  });

  it("reads large messages a few at a time, and one that is larger than all of them alone", async () => {
    const journal = createJournalWriter(database.pool, sealer, () => undefined);
    const large = (name: string, megabytes: number): JournalEntry => entry(name.padEnd(megabytes * 1024 * 1024, "."));
    await Promise.all([large("a", 9), large("b", 9), large("c", 20), large("d", 1)].map((one) => journal.append(one)));
    const read = async (): Promise<string> => (await foldNow()).map((text) => text.slice(0, 1)).join("");
    expect([await read(), await read(), await read()]).toEqual(["ab", "c", "d"]);
  });

  it("is not held up by a long transaction that appends nothing", async () => {
    const other = new pg.Client(database.url);
    await other.connect();
    await other.query("begin");
    await other.query("create table long_import (n int)");
    const writer = createJournalWriter(database.pool, sealer, () => undefined);
    await writer.append(entry("third"));
    expect(await foldNow()).toEqual(["third"]);
    await other.query("rollback");
    await other.end();
  });
});

describe("the journal", () => {
  it("keeps a repetition and says whom it repeats", async () => {
    const writer = createJournalWriter(database.pool, sealer, () => undefined);
    const first = await writer.append(entry("said twice"));
    const again = await writer.append(entry("said twice"));
    expect(first.verdict).toBe("accepted");
    expect(again).toMatchObject({ verdict: "duplicate", original: { id: first.id } });
    expect(await foldNow()).toEqual(["said twice"]);
  });

  it("recognises a repetition that arrives on two connections at once", async () => {
    const one = createJournalWriter(database.pool, sealer, () => undefined);
    const two = createJournalWriter(database.pool, sealer, () => undefined);
    const proofs = await Promise.all([one.append(entry("at once")), two.append(entry("at once")), one.append(entry("at once"))]);
    expect(proofs.map((proof) => proof.verdict).sort()).toEqual(["accepted", "duplicate", "duplicate"]);
    expect(await foldNow()).toEqual(["at once"]);
  });

  it("refuses other content under a used control id", async () => {
    const writer = createJournalWriter(database.pool, sealer, () => undefined);
    await writer.append({ ...entry("used"), bytes: Buffer.from("content a") });
    const conflict = await writer.append({ ...entry("used"), onReuse: "reject", bytes: Buffer.from("content b") });
    expect(conflict.verdict).toBe("refused");
    expect(await foldNow()).toEqual(["content a"]);
  });

  it("stores no byte of a message in clear", async () => {
    const writer = createJournalWriter(database.pool, sealer, () => undefined);
    await writer.append({ ...entry("canary-control-id"), bytes: Buffer.from("PID|1||CANARYMRN") });
    const { rows } = await database.pool.query<{ text: string }>(
      "select j::text || encode(sealed, 'escape') as text from journal_record j",
    );
    expect(rows.map((row) => row.text).join()).not.toMatch(/CANARYMRN|canary-control-id/);
  });
});
