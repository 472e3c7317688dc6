import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshId, type MessageId } from "#src/base/ids.ts";
import { createSealer } from "#src/base/seal.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import type { JournalEntry } from "#src/journal/journal.ts";
import { freshDatabase } from "#test/setup/database.ts";

const sealer = createSealer(Buffer.alloc(32, 7));
let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const entry = (controlId: string, bytes = Buffer.from(controlId), more: Partial<JournalEntry> = {}): JournalEntry => ({
  id: freshId() as MessageId,
  feed: "north",
  protocol: "mllp",
  receivedAt: new Date(),
  controlId,
  bytes,
  verdict: "accepted",
  ...more,
});
/** PostgreSQL keeps no text with a NUL (SQLSTATE 22021). */
const poisoned = (controlId: string): JournalEntry => entry(controlId, undefined, { messageType: "ADT\0A01" });

const stored = async (): Promise<number> =>
  (await database.pool.query<{ n: number }>("select count(*)::int as n from journal_record")).rows[0]?.n ?? -1;

describe("the journal writer", () => {
  it("refuses an entry that cannot be stored alone, and commits those that came with it in their order", async () => {
    const journal = createJournalWriter(database.pool, sealer, () => undefined);
    const group = [entry("a"), entry("b"), poisoned("c"), entry("d"), entry("e"), poisoned("f"), entry("g")];
    const settled = await Promise.allSettled(group.map((one) => journal.append(one)));
    expect(settled.map(({ status }) => status === "fulfilled")).toEqual([true, true, false, true, true, false, true]);
    const { rows } = await database.pool.query<{ id: string }>("select id from journal_record order by seq");
    expect(rows.map(({ id }) => id)).toEqual(group.filter((_, n) => n !== 2 && n !== 5).map(({ id }) => id));
  });

  it("tries no entry singly when the store is away", async () => {
    let tries = 0;
    const away = {
      query: () => {
        tries++;
        return Promise.reject(Object.assign(new Error("shutting down"), { code: "57P01" }));
      },
    };
    const journal = createJournalWriter(away as never, sealer, () => undefined);
    const settled = await Promise.allSettled([entry("h"), entry("i"), entry("j")].map((one) => journal.append(one)));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(tries).toBe(1);
  });

  it("commits large messages that come at once, whatever their sum", async () => {
    const before = await stored();
    const journal = createJournalWriter(database.pool, sealer, () => undefined);
    const large = Buffer.alloc(10 * 1024 * 1024, "x");
    const proofs = await Promise.all(Array.from({ length: 30 }, (_, n) => journal.append(entry(`large-${n}`, large))));
    expect(proofs.every(({ verdict }) => verdict === "accepted")).toBe(true);
    expect(await stored()).toBe(before + 30);
  });
});
