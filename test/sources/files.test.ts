import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSealer } from "#src/base/seal.ts";
import { ingestFiles } from "#src/cli/ingest.ts";
import { makeFeed } from "#src/config/feed.ts";
import { acceptFrame, type Reply } from "#src/intake/accept.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { createTakenFiles } from "#src/journal/taken-files.pg.ts";
import { asFileFeed } from "#src/sources/files/take-file.ts";
import { createFolderScan, type FolderNeeds, type FolderSettings, watchFolder } from "#src/sources/files/watch-folder.ts";
import type { LogFields } from "#src/telemetry/log.ts";
import { freshDatabase } from "#test/setup/database.ts";

/** Stands for a patient's data in a file name. */
const CANARY = "CANARY_NAME";
const adt = (id: string): string => `MSH|^~\\&|EHR|NORTH|CB|US|20260101||ADT^A08|${id}|P|2.5.1\rPID|1||77^^^NORTH||${CANARY}\rPV1|1|I\r`;
const BHS = "BHS|^~\\&|EHR|NORTH|CB|US|20260101||DAY||B-1\r";
const batchOf = (...messages: string[]): string => `${BHS}${messages.join("")}BTS|${messages.length}\r`;
const NO_CHARGE = "MSH|^~\\&|EHR|NORTH|||1||DFT^P03|no-charge|P|2.5.1\rPID|1||77\r";

let database: Awaited<ReturnType<typeof freshDatabase>>;
let root: string;
let folder: string;
let feedName = "files-0";
let feeds = 0;
let clock: number;
let said: string[];
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "chartbridge-files-"));
  folder = join(root, "in");
  for (const name of ["done", "duplicate", "failed", "acknowledgements"]) mkdirSync(join(folder, name), { recursive: true });
  feedName = `files-${++feeds}`;
  clock = Date.parse("2026-01-01T00:00:00Z");
  said = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const feedNow = () => asFileFeed(makeFeed(feedName, { facility: "NORTH", zone: "UTC", defaultAuthority: "NORTH" }));
const say = (text: string, fields?: LogFields): void => void said.push(`${text} ${JSON.stringify(fields ?? {})}`);

function needs(): FolderNeeds {
  const feed = feedNow();
  const now = (): Date => new Date(clock);
  const journal = createJournalWriter(database.pool, createSealer(Buffer.alloc(32, 1)), () => undefined);
  return {
    accept: (frame, peer) => acceptFrame({ journal, now }, { feed, protocol: "files", peer }, frame),
    files: createTakenFiles(database.pool),
    log: { info: say, warn: say, error: say },
    now,
  };
}
const settings = (changes: Partial<FolderSettings> = {}): FolderSettings => ({
  folder,
  settleMs: 2_000,
  pattern: "*",
  acknowledge: "all",
  ...changes,
});
const scanner = (changes: Partial<FolderSettings> = {}, other: Partial<FolderNeeds> = {}) =>
  createFolderScan(feedNow(), settings(changes), { ...needs(), ...other });
/** Looks twice, with the time a file takes to settle in between. */
async function settle(scan: () => Promise<void>): Promise<void> {
  await scan();
  clock += 2_000;
  await scan();
}
const put = (name: string, text: string): void => writeFileSync(join(folder, name), text, "latin1");
/** Everything in the folder, by path. */
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const answerTo = (name: string): string => readFileSync(join(folder, "acknowledgements", `${name}.ack`), "latin1");
const codes = (text: string): string[] => [...text.matchAll(/MSA\|(\w\w)\|([^|\r]*)/g)].map(([, code, id]) => `${code} ${id}`);
async function journaled(): Promise<string[]> {
  const { rows } = await database.pool.query<{ text: string }>(
    "select concat_ws(' ', verdict, failure_code) as text from journal_record where feed = $1 order by seq",
    [feedName],
  );
  return rows.map(({ text }) => text);
}

describe("a file in a feed's folder", () => {
  it("is taken, answered and moved when it has stood still", async () => {
    put("day.hl7", batchOf(adt("1"), adt("2")));
    await settle(scanner());
    expect(await journaled()).toEqual(["accepted", "accepted"]);
    expect(files()).toEqual(["acknowledgements/day.hl7.ack", "done/day.hl7"]);
    const answer = answerTo("day.hl7");
    expect(codes(answer)).toEqual(["AA 1", "AA 2"]);
    expect(answer.split("\r")[0]?.split("|")[11]).toBe("B-1");
    expect(answer).toContain("\rBTS|2\r");
  });

  it("is not taken while it is still being written", async () => {
    const scan = scanner();
    put("slow.hl7", `${BHS}${adt("1")}`);
    await scan();
    clock += 1_999;
    await scan();
    put("slow.hl7", batchOf(adt("1"), adt("2")));
    clock += 1;
    await scan();
    clock += 1_999;
    await scan();
    expect(await journaled()).toEqual([]);
    clock += 1;
    await scan();
    expect(await journaled()).toEqual(["accepted", "accepted"]);
  });

  it("is not taken under a name that says it is not finished, outside the pattern, or as a link", async () => {
    const others = [".hidden.hl7", "a.hl7.tmp", "a.hl7.part", "a.hl7.filepart", "a.txt", "axhl7"];
    for (const name of others) put(name, adt(name));
    writeFileSync(join(root, "elsewhere"), adt("link"));
    symlinkSync(join(root, "elsewhere"), join(folder, "link.hl7"));
    await settle(scanner({ pattern: "*.hl7" }));
    expect(await journaled()).toEqual([]);
    expect(files()).toEqual([...others, "link.hl7"].sort());
  });

  it("is not sunk by one bad message: the others are accepted, and each answer says what became of its message", async () => {
    put("mixed.hl7", batchOf(adt("1"), NO_CHARGE, adt("3")));
    await settle(scanner());
    expect(await journaled()).toEqual(["accepted", "refused SEGMENT_MISSING", "accepted"]);
    expect(codes(answerTo("mixed.hl7"))).toEqual(["AA 1", "AE no-charge", "AA 3"]);
    expect(said.join("\n")).toContain('message 2 was not accepted {"feed":');
  });

  it("is answered with its refusals only, or not at all, when the feed says so", async () => {
    put("errors.hl7", batchOf(adt("1"), NO_CHARGE));
    await settle(scanner({ acknowledge: "errors" }));
    expect(codes(answerTo("errors.hl7"))).toEqual(["AE no-charge"]);
    put("none.hl7", batchOf(adt("2")));
    await settle(scanner({ acknowledge: "none" }));
    expect(files()).toEqual(["acknowledgements/errors.hl7.ack", "done/errors.hl7", "done/none.hl7"]);
  });

  it("whose trailer counts wrongly is taken, and the count is told", async () => {
    put("count.hl7", `${BHS}${adt("1")}BTS|2\r`);
    await settle(scanner());
    expect(await journaled()).toEqual(["accepted"]);
    expect(said.join("\n")).toContain("BATCH_COUNT_WRONG at BTS-1: the trailer states 2, and there is 1");
  });

  it("stays where it is until everything in it is committed, and is then taken from the start", async () => {
    put("day.hl7", batchOf(adt("1"), adt("2"), adt("3")));
    const real = needs();
    let up = false;
    let calls = 0;
    const accept: FolderNeeds["accept"] = (frame, peer): Promise<Reply> =>
      up || ++calls < 3 ? real.accept(frame, peer) : Promise.resolve({ kind: "close" });
    const scan = scanner({}, { accept });
    await settle(scan);
    expect(files()).toEqual(["day.hl7"]);
    expect(said.join("\n")).toContain('"code":"STORE_DOWN","count":2');
    up = true;
    await scan();
    expect(await journaled()).toEqual(["accepted", "accepted", "duplicate", "duplicate", "accepted"]);
    expect(codes(answerTo("day.hl7"))).toEqual(["AA 1", "AA 2", "AA 3"]);
    expect(files()).toContain("done/day.hl7");
  });

  it("holds later files back while the journal cannot be written", async () => {
    put("1.hl7", adt("1"));
    put("2.hl7", adt("2"));
    let asked = 0;
    const accept = (): Promise<Reply> => {
      asked++;
      return Promise.resolve({ kind: "close" });
    };
    await settle(scanner({}, { accept }));
    expect(asked).toBe(1);
    expect(files()).toEqual(["1.hl7", "2.hl7"]);
  });

  it("that was committed and not moved, by a crash, comes out as repetitions and is moved", async () => {
    put("day.hl7", batchOf(adt("1")));
    const forgetful = { seen: () => Promise.resolve(undefined), remember: () => Promise.resolve() };
    await settle(scanner({}, { files: forgetful }));
    put("day.hl7", batchOf(adt("1")));
    await settle(scanner());
    expect(await journaled()).toEqual(["accepted", "duplicate"]);
    expect(files()).toContain("done/day.hl7.2");
  });

  it("of the same content is taken once, and set aside the second time without its name in the log", async () => {
    const scan = scanner();
    put("day.hl7", batchOf(adt("1")));
    await settle(scan);
    put(`${CANARY}.hl7`, batchOf(adt("1")));
    await settle(scan);
    expect(await journaled()).toEqual(["accepted"]);
    expect(files()).toEqual(["acknowledgements/day.hl7.ack", "done/day.hl7", `duplicate/${CANARY}.hl7`]);
    expect(said.join("\n")).toContain("FILE_TAKEN_BEFORE");
    expect(said.join("\n")).not.toContain(CANARY);
  });

  it("of the same name as an earlier one replaces neither the file nor its answer", async () => {
    const scan = scanner();
    for (const id of ["1", "2", "3"]) {
      put("day.hl7", adt(id));
      await settle(scan);
    }
    expect(files().filter((name) => name.startsWith("done"))).toEqual(["done/day.hl7", "done/day.hl7.2", "done/day.hl7.3"]);
    expect(codes(answerTo("day.hl7.3"))).toEqual(["AA 3"]);
  });

  it("without any message is set aside with a reason that says nothing of its content", async () => {
    put("letter.hl7", `Dear ${CANARY}\r`);
    await settle(scanner());
    expect(files()).toEqual(["failed/letter.hl7", "failed/letter.hl7.txt"]);
    expect(readFileSync(join(folder, "failed/letter.hl7.txt"), "utf8")).toMatch(/^MESSAGE_UNREADABLE: /);
    expect(said.join() + readFileSync(join(folder, "failed/letter.hl7.txt"), "utf8")).not.toContain(CANARY);
  });

  it("that says it is empty is no failure: there was nothing to send that day", async () => {
    put("quiet-day.hl7", `${BHS}BTS|0\r`);
    await settle(scanner());
    expect(files()).toEqual(["acknowledgements/quiet-day.hl7.ack", "done/quiet-day.hl7"]);
  });

  it("with a message over the feed's limit has that one refused", async () => {
    put("large.hl7", batchOf(`${adt("1")}OBX|1|TX|||${"x".repeat(11 * 1024 * 1024)}\r`, adt("2")));
    await settle(scanner());
    expect(await journaled()).toEqual(["refused FRAME_TOO_LARGE", "accepted"]);
  });

  it("with an MLLP block that was cut off has that one kept as incomplete", async () => {
    put("cut.hl7", `\x0b${adt("1")}\x1c\r\x0b${adt("2")}`);
    await settle(scanner());
    expect(await journaled()).toEqual(["accepted", "incomplete FRAME_INCOMPLETE"]);
  });
});

describe("the watch of a folder", () => {
  it("makes its folders, takes what lies there, and ends after the message in hand", async () => {
    rmSync(folder, { recursive: true });
    const real = needs();
    let closing: Promise<void> | undefined;
    let taken = 0;
    const accept: FolderNeeds["accept"] = async (frame, peer) => {
      taken++;
      closing ??= watch.close();
      return real.accept(frame, peer);
    };
    const watch = await watchFolder(feedNow(), settings({ settleMs: 0 }), { ...real, accept });
    put("day.hl7", batchOf(adt("1"), adt("2"), adt("3")));
    await watch.scanNow();
    await closing;
    expect(taken).toBe(1);
    expect(files()).toEqual(["day.hl7"]);
  });

  it("says once that its folder is gone, and goes on when it is back", async () => {
    const watch = await watchFolder(feedNow(), settings({ settleMs: 0 }), needs());
    rmSync(folder, { recursive: true });
    await watch.scanNow();
    await watch.scanNow();
    expect(said.filter((line) => line.includes("cannot be looked at"))).toHaveLength(1);
    mkdirSync(join(folder, "done"), { recursive: true });
    mkdirSync(join(folder, "acknowledgements"));
    put("day.hl7", adt("1"));
    await watch.scanNow();
    await watch.close();
    expect(files()).toContain("done/day.hl7");
  });
});

describe("chartbridge ingest", () => {
  const ingest = async (paths: string[], options = {}): Promise<{ code: number; lines: string[] }> => {
    const lines: string[] = [];
    const code = await ingestFiles(
      paths.map((name) => join(folder, name)),
      feedNow(),
      options,
      needs(),
      (line) => lines.push(line.replace(`${folder}/`, "")),
    );
    return { code, lines };
  };

  it("says what came of each file, where each refused message is, and what the trailer miscounts", async () => {
    put("good.hl7", batchOf(adt("1"), adt("2")));
    put("bad.hl7", `${BHS}${adt("1")}${NO_CHARGE}BTS|3\r`);
    expect(await ingest(["good.hl7"])).toEqual({ code: 0, lines: ["good.hl7: 2 messages, 2 accepted, 0 refused, 0 duplicates"] });
    expect(await ingest(["bad.hl7", "missing.hl7"])).toEqual({
      code: 1,
      lines: [
        "bad.hl7: 2 messages, 0 accepted, 1 refused, 1 duplicates",
        "  message 2, line 5: SEGMENT_MISSING at FT1: a segment is missing without which the message means nothing",
        "  line 7: BATCH_COUNT_WRONG at BTS-1: the trailer states 3, and there are 2",
        "missing.hl7: cannot be read",
      ],
    });
  });

  it("refuses a file that was taken before, unless it is told to take it again", async () => {
    put("day.hl7", batchOf(adt("1")));
    await ingest(["day.hl7"]);
    expect((await ingest(["day.hl7"])).code).toBe(1);
    expect(await journaled()).toEqual(["accepted"]);
    const { code, lines } = await ingest(["day.hl7"], { again: true });
    expect(code).toBe(0);
    expect(lines[0]).toBe("day.hl7: FILE_TAKEN_BEFORE: taken on 2026-01-01T00:00:00.000Z with 1 messages");
    expect(lines[1]).toBe("day.hl7: 1 messages, 0 accepted, 0 refused, 1 duplicates");
  });

  it("writes the batch of acknowledgements where it is told to", async () => {
    put("day.hl7", batchOf(adt("1"), NO_CHARGE));
    await ingest(["day.hl7"], { ack: join(root, "day.ack") });
    expect(codes(readFileSync(join(root, "day.ack"), "latin1"))).toEqual(["AA 1", "AE no-charge"]);
  });

  it("keeps neither names of files nor content in clear", async () => {
    put(`${CANARY}.hl7`, batchOf(adt("1")));
    await ingest([`${CANARY}.hl7`]);
    const { rows } = await database.pool.query<{ text: string }>(
      "select t::text as text from taken_file t union all select j::text || encode(sealed, 'escape') from journal_record j",
    );
    expect(rows.map(({ text }) => text).join()).not.toContain(CANARY);
    expect(existsSync(join(folder, `${CANARY}.hl7`))).toBe(true);
  });
});
