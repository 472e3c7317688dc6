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

  /** A pool whose first commit waits until it is let go. */
  const gated = () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let first = true;
    const query = async (...args: unknown[]): Promise<unknown> => {
      if (first) {
        first = false;
        await gate;
      }
      return (database.pool.query as (...of: unknown[]) => Promise<unknown>).apply(database.pool, args);
    };
    return { pool: { query } as never, open };
  };

  it("commits what comes meanwhile beside a commit under way, but nothing of the same connection or patient", async () => {
    const { pool, open } = gated();
    const journal = createJournalWriter(pool, sealer, () => undefined);
    const done: string[] = [];
    const append = (name: string, more: Partial<JournalEntry>): Promise<unknown> =>
      journal.append(entry(`beside ${name}`, undefined, more)).then(() => done.push(name));
    const slow = append("slow", { peer: "a:1", orderKey: "patient 1" });
    await new Promise((resolve) => setImmediate(resolve));
    const sameConnection = append("same connection", { peer: "a:1", orderKey: "patient 2" });
    const behindIt = append("behind that", { peer: "b:1", orderKey: "patient 2" });
    const samePatient = append("same patient", { peer: "b:2", orderKey: "patient 1" });
    await append("another", { peer: "c:1", orderKey: "patient 3" });
    expect(done).toEqual(["another"]);
    open();
    await Promise.all([slow, sameConnection, behindIt, samePatient]);
    expect(done).toEqual(["another", "slow", "same connection", "behind that", "same patient"]);
    await journal.drain();
    expect(journal.waiting).toBe(0);
  });

  it("notices a control id used again while its first use is still being committed", async () => {
    const { pool, open } = gated();
    const journal = createJournalWriter(pool, sealer, () => undefined);
    const first = journal.append(entry("used at once", Buffer.from("one"), { peer: "a:1" }));
    await new Promise((resolve) => setImmediate(resolve));
    const other = journal.append(entry("used at once", Buffer.from("other"), { peer: "b:1" }));
    const repeated = journal.append(entry("used at once", Buffer.from("one"), { peer: "c:1" }));
    open();
    expect(await Promise.all([first, other, repeated])).toMatchObject([
      { verdict: "accepted", reused: false },
      { verdict: "accepted", reused: true },
      { verdict: "duplicate" },
    ]);
  });
});
