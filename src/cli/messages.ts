import { userInfo } from "node:os";
import { randomUUID } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import { messagePage } from "#src/api/messages/page.ts";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { loadKeys } from "#src/config/keys.ts";
import type { RunFile } from "#src/config/run-file.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { FOUND_BY_OUTCOME, type FoundMessage, type SearchedOutcome, searchMessages } from "#src/journal/search.pg.ts";
import { readRecord } from "#src/journal/journal-reader.pg.ts";
import { readStoredMessage } from "#src/journal/stored-message.pg.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { warningsOf } from "#src/mapping/usage.ts";
import { writeAudit } from "#src/telemetry/audit.pg.ts";
import { configOfRunning } from "./installation-config.ts";
import { CommandFault, findInstallation } from "./installation.ts";
import { showMessage } from "./show-message.ts";

interface Asked {
  readonly control?: string;
  readonly mrn?: string;
  readonly visit?: string;
  readonly account?: string;
  readonly type?: string;
  readonly feed?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly outcome?: SearchedOutcome;
  readonly limit: number;
  readonly before?: number;
  readonly json?: boolean;
  readonly dataDir?: string;
}

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `2026-03-01`, `2026-03-01T08:00Z`, or how long ago: `30m`, `2h`, `3d`. */
export function readTime(text: string, now: Date): Date {
  const ago = /^(\d+)([mhd])$/.exec(text);
  const at = ago === null ? new Date(text) : new Date(now.getTime() - Number(ago[1]) * UNITS_MS[ago[2] as keyof typeof UNITS_MS]);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError("is a date (2026-03-01), a time (2026-03-01T08:00Z) or an age (30m, 2h, 3d)");
  return at;
}

function readOutcome(text: string): SearchedOutcome {
  const found = FOUND_BY_OUTCOME.find((one) => one === text);
  if (found === undefined) throw new InvalidArgumentError(`is one of ${FOUND_BY_OUTCOME.join(", ")}`);
  return found;
}

function readCount(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError("is a whole number above 0");
  return n;
}

/** One line a message; nothing of its content. */
export function showFound(found: FoundMessage): string {
  const place = found.place === undefined ? "" : ` at ${found.place}`;
  return [
    `${found.receivedAt.toISOString().slice(0, 23)}Z`,
    (found.outcome ?? (found.verdict === "accepted" ? "waiting" : found.verdict)).padEnd(10),
    (found.messageType ?? "-").padEnd(8),
    found.feed.padEnd(12),
    (found.answer ?? "-").padEnd(3),
    found.id,
    `${found.bytes} bytes`,
    found.peer ?? "",
    `${found.code ?? ""}${place}`,
    found.flags.join(" "),
  ]
    .join("  ")
    .trimEnd();
}

async function withJournal<T>(
  dataDir: string | undefined,
  work: (pool: ReturnType<typeof openPool>, sealer: Sealer, run: RunFile) => Promise<T>,
): Promise<T> {
  const { run, dataDir: folder } = findInstallation(dataDir);
  if (run === undefined) throw new CommandFault(`no engine was started with the data directory ${folder}; start one with: npm start`);
  const pool = openPool(run.databaseUrl, { max: 2, name: "messages" }, () => undefined);
  try {
    return await work(pool, createSealer(loadKeys(folder, process.env).encryptionKey), run);
  } finally {
    await pool.end();
  }
}

/** Who looked, as the audit has it: the account of this machine. */
const audit = (pool: ReturnType<typeof openPool>, action: "search" | "read", id?: string): Promise<void> =>
  writeAudit(pool, {
    actor: `command line: ${userInfo().username}`,
    action,
    route: action === "search" ? "chartbridge messages" : "chartbridge message",
    outcome: 200,
    objectType: "message",
    ...(id === undefined ? {} : { objectId: id }),
    requestId: randomUUID(),
  });

/** `messages` and `message`: find what was received, and see one of them whole. */
export function registerMessages(program: Command): void {
  const time = (text: string): Date => readTime(text, new Date());
  program
    .command("messages")
    .description("find messages, newest first: by identifier, type, feed, time, and what became of them")
    .option("--control <id>", "MSH-10")
    .option("--mrn <number>", "patient number (PID-3)")
    .option("--visit <number>", "visit number (PV1-19, PV1-50)")
    .option("--account <number>", "account number (PID-18)")
    .option("--type <type>", "ADT, or ADT^A01")
    .option("--feed <name>")
    .option("--since <time>", "a date, a time, or an age: 30m, 2h, 3d", time)
    .option("--until <time>", "the same", time)
    .option("--outcome <outcome>", FOUND_BY_OUTCOME.join(", "), readOutcome)
    .option("--limit <n>", "most lines", readCount, 50)
    .option("--before <n>", "go on behind an earlier page", readCount)
    .option("--json", "as JSON")
    .option("--data-dir <dir>")
    .action(async ({ since: from, until: to, json, dataDir, ...asked }: Asked) => {
      const found = await withJournal(dataDir, async (pool, sealer) => {
        await audit(pool, "search");
        return searchMessages(pool, sealer, { ...asked, from, to });
      });
      if (json === true) return void process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      for (const one of found.messages) process.stdout.write(`${showFound(one)}\n`);
      if (found.messages.length === 0) process.stdout.write("no message is as you say\n");
      if (found.next !== undefined) process.stdout.write(`there are more: --before ${found.next}\n`);
    });
  program
    .command("message <id>")
    .description("one message: what came, field by field, what was answered, what it changed")
    .option("--raw", "its bytes alone, as they came")
    .option("--json", "as JSON")
    .option("--data-dir <dir>")
    .action(async (id: string, { raw, json, dataDir }: { raw?: boolean; json?: boolean; dataDir?: string }) => {
      const stored = await withJournal(dataDir, async (pool, sealer, run) => {
        if (!UUID.test(id)) return undefined;
        await audit(pool, "read", id);
        const message = await readStoredMessage(pool, sealer, id);
        const config = configOfRunning(run, findInstallation(dataDir).dataDir);
        const feeds = new Map(config.feeds.map((feed) => [feed.name, feed]));
        const maps = compileMaps(readMapFiles(config.mappingsDir, config.siteMapsDir));
        const record = maps.ok && message?.verdict === "accepted" ? await readRecord(pool, sealer, id) : undefined;
        const mapped = maps.ok && record !== undefined ? createMapRecord(maps.value, feeds, OFFLINE_ID_KEY)(record).mapped : undefined;
        return (
          message && { message, charset: feeds.get(message.feed)?.charset, warnings: mapped?.ok === true ? warningsOf(mapped.value) : [] }
        );
      });
      if (stored === undefined) throw new CommandFault(`the journal has no message ${id}; npx chartbridge messages finds them`);
      if (raw === true) return void process.stdout.write(stored.message.raw);
      const page = messagePage(stored.message, stored.charset, stored.warnings, true);
      process.stdout.write(json === true ? `${JSON.stringify(page, null, 2)}\n` : showMessage(page));
    });
}
