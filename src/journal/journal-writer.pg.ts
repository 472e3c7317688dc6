import { hash } from "node:crypto";
import type pg from "pg";
import type { MessageId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { searchKey } from "./search-keys.ts";
import { type Journal, type JournalEntry, type Journaled, LANES, type Verdict } from "./journal.ts";

/** Most entries in one commit. Beyond this a commit takes longer without storing more a second. */
const GROUP_MAX = 200;
/** Most bytes in one commit, unless one entry alone has more: the statement is one text of twice that. */
const GROUP_BYTES = 8 * 1024 * 1024;
/** SQLSTATE classes that are one entry's fault: data exception, integrity violation, program limit exceeded. */
const ENTRY_FAULT = /^(22|23|54)/;

interface Waiting {
  readonly entry: JournalEntry;
  readonly resolve: (proof: Journaled) => void;
  readonly reject: (error: unknown) => void;
}

interface Committed {
  readonly facts: readonly { readonly sha256: Buffer; readonly controlKey: Buffer | null }[];
  readonly judged: ReadonlyMap<string, { readonly verdict: Verdict; readonly reused: boolean }>;
}

/**
 * Commits under way at a time. With one, those who were answered send while the others' commit runs, and each message waits for two commits:
 * with two there is always one to join.
 */
const COMMITS_AT_ONCE = 2;

/**
 * What may not be in two commits at once: what comes by the same way or is of the same patient keeps its order, and of one control id each commit
 * has to see what the others had.
 */
const orderOf = ({ feed, peer, orderKey, controlId }: JournalEntry): readonly string[] => [
  `${feed} ${peer ?? ""}`,
  ...(orderKey === undefined ? [] : [`patient ${orderKey}`]),
  ...(controlId === undefined || controlId === "" ? [] : [`control ${feed} ${controlId}`]),
];

/** Splits the waiting entries into those of the next commit and those that stay, each in its order. */
function nextGroup(queue: readonly Waiting[], underWay: ReadonlySet<string>): { readonly group: Waiting[]; readonly rest: Waiting[] } {
  const [group, rest]: [Waiting[], Waiting[]] = [[], []];
  const behind = new Set(underWay);
  let bytes = 0;
  for (const one of queue) {
    const order = orderOf(one.entry);
    const fits = group.length < GROUP_MAX && (group.length === 0 || bytes + one.entry.bytes.length <= GROUP_BYTES);
    if (fits && !order.some((key) => behind.has(key))) {
      group.push(one);
      bytes += one.entry.bytes.length;
    } else {
      rest.push(one);
      for (const key of order) behind.add(key);
    }
  }
  return { group, rest };
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
  $8::text[], $9::bytea[], $10::int[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bytea[], $16::text[], $17::text[],
  $18::text[], $19::text[], $20::bytea[], $21::bigint[], $22::text[], $23::text[], $24::text[], $25::text[], $26::bigint[], $27::int[])`;
/** Columns of the statement that have one value an entry. */
const ENTRY_COLUMNS = 25;

/** What binds sealed bytes of a record to it. */
export const recordContext = (id: string): string => `journal ${id}`;
/** What binds the answer to a record to it. */
export const answerContext = (id: string): string => `${recordContext(id)}:answer`;

/**
 * Appends in groups: while commits are under way the next group gathers, so many senders share one fsync. What must keep its order is never in two
 * commits at once.
 * @param onCommit told after each commit, so that the fold need not wait for its next look.
 * @param onWaiting told how many entries wait, whenever a group is taken or done.
 */
export function createJournalWriter(
  pool: pg.Pool,
  sealer: Sealer,
  onCommit: () => void,
  onWaiting: (count: number) => void = () => undefined,
): JournalWriter {
  let queue: Waiting[] = [];
  let gathering = false;
  let inFlight = 0;
  const commits = new Set<Promise<void>>();
  const underWay = new Set<string>();

  /** Writes a group in one commit. Rejects when nothing of it was written. */
  const write = async (group: readonly Waiting[]): Promise<Committed> => {
    const columns: unknown[][] = Array.from({ length: ENTRY_COLUMNS }, () => []);
    const search: string[] = [];
    const searchOf: number[] = [];
    const facts = group.map(({ entry }) => ({
      sha256: hash("sha256", entry.bytes, "buffer"),
      controlKey: entry.controlId === undefined || entry.controlId === "" ? null : sealer.blindIndex("control-id", entry.controlId),
    }));
    group.forEach(({ entry }, n) => {
      const keys = (entry.findable ?? []).map(({ kind, value }) => ({ kind, key: searchKey(sealer, kind, value).toString() }));
      // An accepted entry may still be refused as a reused control id, so every one brings it.
      const controlSearch = entry.verdict === "incomplete" ? undefined : keys.find(({ kind }) => kind === "control")?.key;
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
        entry.flags === undefined || entry.flags.length === 0 ? null : entry.flags.join(" "),
        entry.foldAs?.outcome ?? null,
        entry.foldAs?.failure.code ?? null,
        entry.foldAs?.failure.place ?? null,
        entry.answerBytes === undefined ? null : sealer.seal(entry.answerBytes, answerContext(entry.id)),
        controlSearch ?? null,
        entry.onReuse ?? "accept",
        entry.owes?.condition ?? null,
        entry.owes?.mode ?? null,
        entry.charset ?? null,
      ];
      row.forEach((value, c) => columns[c]?.push(value));
      for (const { key } of keys) {
        search.push(key);
        searchOf.push(n + 1);
      }
    });
    const { rows } = await pool.query<{ id: string; verdict: Verdict; reused: boolean }>({
      name: "journal-append",
      text: APPEND,
      values: [...columns, search, searchOf],
    });
    return { facts, judged: new Map(rows.map((row) => [row.id, row])) };
  };

  const tell = async (group: readonly Waiting[], { facts, judged }: Committed): Promise<void> => {
    for (const [n, { entry, resolve }] of group.entries()) {
      const { verdict = entry.verdict, reused = false } = judged.get(entry.id) ?? {};
      if (verdict !== "duplicate") resolve({ id: entry.id, verdict, reused } as Journaled);
      else resolve(await repetition(entry, facts[n]?.controlKey ?? null, facts[n]?.sha256 ?? Buffer.alloc(0)));
    }
  };

  const refuse = (group: readonly Waiting[], error: unknown): void => {
    for (const { reject } of group) reject(error);
  };

  /** An entry that cannot be written is found by halves, in order, and refused alone: the others are other people's messages. */
  const commit = async (group: readonly Waiting[]): Promise<void> => {
    let committed: Committed;
    try {
      committed = await write(group);
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (group.length === 1 || typeof code !== "string" || !ENTRY_FAULT.test(code)) return refuse(group, error);
      const middle = group.length >> 1;
      await commit(group.slice(0, middle));
      return commit(group.slice(middle));
    }
    onCommit();
    await tell(group, committed).catch((error: unknown) => refuse(group, error));
  };

  const repetition = async (entry: JournalEntry, controlKey: Buffer | null, sha256: Buffer): Promise<Journaled> => {
    const { rows } = await pool.query<{ record_id: string; seen_at: Date }>("select * from journal_original($1, $2, $3)", [
      entry.feed,
      controlKey,
      sha256,
    ]);
    const original = rows[0];
    return {
      id: entry.id,
      verdict: "duplicate",
      reused: false,
      ...(original === undefined ? {} : { original: { id: original.record_id as MessageId, receivedAt: original.seen_at } }),
    } as Journaled;
  };

  const run = (): void => {
    gathering = false;
    while (commits.size < COMMITS_AT_ONCE && queue.length > 0) {
      const { group, rest } = nextGroup(queue, underWay);
      if (group.length === 0) break;
      queue = rest;
      inFlight += group.length;
      const order = new Set(group.flatMap(({ entry }) => orderOf(entry)));
      for (const key of order) underWay.add(key);
      const done: Promise<void> = commit(group).finally(() => {
        inFlight -= group.length;
        for (const key of order) underWay.delete(key);
        commits.delete(done);
        run();
      });
      commits.add(done);
    }
    onWaiting(inFlight + queue.length);
  };

  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject });
        // Frames of one turn of the event loop share a commit.
        if (gathering) return;
        gathering = true;
        setImmediate(run);
      }),
    get waiting() {
      return queue.length + inFlight;
    },
    drain: async () => {
      while (gathering || commits.size > 0)
        await (commits.size > 0 ? Promise.all(commits) : new Promise((resolve) => setImmediate(resolve)));
    },
  };
}
