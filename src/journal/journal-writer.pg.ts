import { hash } from "node:crypto";
import type pg from "pg";
import type { MessageId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { type Journal, type JournalEntry, type Journaled, LANES, type Verdict } from "./journal.ts";

/** Most entries in one commit. Beyond this a commit takes longer without storing more a second. */
const GROUP_MAX = 200;

interface Waiting {
  readonly entry: JournalEntry;
  readonly resolve: (proof: Journaled) => void;
  readonly reject: (error: unknown) => void;
}

export interface JournalWriter extends Journal {
  /** Entries taken and not yet committed. */
  readonly waiting: number;
  /** Resolves when every entry taken so far is committed or refused by the store. */
  drain(): Promise<void>;
}

/** The lane of an order key; entries without one go to a lane by their feed. */
export const laneOf = (orderKey: string): number => Number.parseInt(hash("sha1", orderKey, "hex").slice(0, 6), 16) % LANES;

const APPEND = `select * from journal_append($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::bytea[],
  $8::text[], $9::bytea[], $10::int[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bytea[])`;

/** What binds sealed bytes of a record to it. */
export const recordContext = (id: string): string => `journal ${id}`;

/**
 * Appends in groups: while one commit is under way the next group gathers, so many senders share one fsync.
 * @param onCommit told after each commit, so that the fold need not wait for its next look.
 */
export function createJournalWriter(pool: pg.Pool, sealer: Sealer, onCommit: () => void): JournalWriter {
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  let inFlight = 0;

  const commit = async (group: readonly Waiting[]): Promise<void> => {
    const columns: unknown[][] = Array.from({ length: 15 }, () => []);
    const facts = group.map(({ entry }) => ({
      sha256: hash("sha256", entry.bytes, "buffer"),
      controlKey: entry.controlId === undefined || entry.controlId === "" ? null : sealer.blindIndex("control-id", entry.controlId),
    }));
    group.forEach(({ entry }, n) => {
      const row = [
        entry.id,
        entry.receivedAt,
        entry.feed,
        entry.protocol,
        entry.peer ?? null,
        laneOf(entry.orderKey ?? entry.feed),
        facts[n]?.controlKey ?? null,
        entry.messageType ?? null,
        facts[n]?.sha256,
        entry.bytes.length,
        entry.verdict,
        entry.answer ?? null,
        entry.failure?.code ?? null,
        entry.failure?.place ?? null,
        sealer.seal(entry.bytes, recordContext(entry.id)),
      ];
      row.forEach((value, c) => columns[c]?.push(value));
    });
    const { rows } = await pool.query<{ id: string; verdict: Verdict }>({ name: "journal-append", text: APPEND, values: columns });
    onCommit();
    const verdicts = new Map(rows.map((row) => [row.id, row.verdict]));
    for (const [n, { entry, resolve }] of group.entries()) {
      const verdict = verdicts.get(entry.id) ?? entry.verdict;
      if (verdict !== "duplicate") resolve({ id: entry.id, verdict } as Journaled);
      else resolve(await repetition(entry, facts[n]?.controlKey ?? null, facts[n]?.sha256 ?? Buffer.alloc(0)));
    }
  };

  const repetition = async (entry: JournalEntry, controlKey: Buffer | null, sha256: Buffer): Promise<Journaled> => {
    const { rows } = await pool.query<{ record_id: string; same: boolean }>("select * from journal_original($1, $2, $3)", [
      entry.feed,
      controlKey,
      sha256,
    ]);
    const original = rows[0];
    if (original === undefined) return { id: entry.id, verdict: "duplicate" } as Journaled;
    if (!original.same)
      await pool.query("update journal_record set verdict = 'refused', answer = 'AR', failure_code = 'CONTROL_ID_REUSED' where id = $1", [
        entry.id,
      ]);
    return { id: entry.id, verdict: original.same ? "duplicate" : "refused", original: original.record_id as MessageId } as Journaled;
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const group = queue.slice(0, GROUP_MAX);
      queue = queue.slice(GROUP_MAX);
      inFlight = group.length;
      try {
        await commit(group);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      inFlight = 0;
    }
    running = undefined;
  };

  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject });
        // Frames of one turn of the event loop share a commit.
        running ??= new Promise<void>((done) => setImmediate(done)).then(run);
      }),
    get waiting() {
      return queue.length + inFlight;
    },
    drain: async () => {
      await running;
    },
  };
}
