import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { Pool } from "pg";
import { describe } from "#src/base/failures.ts";
import { createSealer } from "#src/base/seal.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import type { Feed } from "#src/config/feed.ts";
import { loadKeys } from "#src/config/keys.ts";
import { loadConfig } from "#src/config/load.ts";
import { isRunning } from "#src/config/run-file.ts";
import type { Config } from "#src/config/types.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { acceptFrame } from "#src/intake/accept.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { createTakenFiles, type TakenFiles } from "#src/journal/taken-files.pg.ts";
import { asFileFeed, type FileSummary, sha256Of, takeFile, type TakeFileNeeds } from "#src/sources/files/take-file.ts";
import { CommandFault, findInstallation, type Installation } from "./installation.ts";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export interface IngestNeeds extends TakeFileNeeds {
  readonly files: TakenFiles;
}

export interface IngestOptions {
  /** Take a file again that was taken before: its messages come out as repetitions, unless the feed has forgotten their control ids. */
  readonly again?: boolean;
  /** Where to write the batch of acknowledgements. */
  readonly ack?: string;
}

type Print = (line: string) => void;

/** What came of one file, line by line; places and codes only. */
function showSummary(path: string, { messages, accepted, duplicates, refused, faults, outside }: FileSummary): readonly string[] {
  return [
    `${path}: ${messages} messages, ${accepted} accepted, ${refused.length} refused, ${duplicates} duplicates`,
    ...refused.map(({ number, line, failure }) => `  message ${number}, line ${line}: ${describe(failure)}`),
    ...faults.map((fault) => `  line ${fault.line}: ${describe(fault)}`),
    ...(outside === undefined ? [] : [`  lines that belong to no message: ${outside.stretches} times, first at line ${outside.line}`]),
    ...(messages === 0 ? ["  no line of this file begins a message (MSH)"] : []),
  ];
}

const isWhole = ({ readable, refused, faults, outside }: FileSummary): boolean =>
  readable && refused.length === 0 && faults.length === 0 && outside === undefined;

/**
 * Takes files one after another, and says of each what came of it.
 * @returns the exit code: 1 when a message was refused, the envelope is wrong, or a file was not taken.
 */
export async function ingestFiles(
  paths: readonly string[],
  feed: Feed,
  options: IngestOptions,
  needs: IngestNeeds,
  print: Print,
): Promise<0 | 1> {
  if (options.ack !== undefined && paths.length > 1) throw new CommandFault("--ack takes the answer to one file; name one");
  let code: 0 | 1 = 0;
  for (const path of paths) {
    const bytes = await readFile(path).catch(() => undefined);
    const sha256 = bytes === undefined ? undefined : sha256Of(bytes);
    if (bytes === undefined || sha256 === undefined) {
      print(`${path}: cannot be read`);
      code = 1;
      continue;
    }
    const before = await needs.files.seen(feed.name, sha256);
    if (before !== undefined) {
      print(`${path}: FILE_TAKEN_BEFORE: taken on ${before.takenAt.toISOString()} with ${before.messages} messages`);
      if (options.again !== true) {
        print("  not taken again; --again takes it");
        code = 1;
        continue;
      }
    }
    const taken = await takeFile(needs, { feed, bytes, acknowledge: options.ack === undefined ? "none" : "all" });
    // Later files may hold later messages of the same patients.
    if (!taken.ok)
      throw new CommandFault(
        `${path}: the journal cannot be written; ${taken.failure.done} messages are kept. Take the file again when it can`,
      );
    const { messages, accepted, duplicates, refused, answer, readable } = taken.value;
    for (const line of showSummary(path, taken.value)) print(line);
    if (options.ack !== undefined && answer !== undefined) await writeFile(options.ack, answer);
    if (readable)
      await needs.files.remember(feed.name, sha256, { takenAt: needs.now(), messages, accepted, refused: refused.length, duplicates });
    if (!isWhole(taken.value)) code = 1;
  }
  return code;
}

/** The configuration of the engine that runs, or the one it would start with. */
function configOf({ run, dataDir }: Installation, named: string | undefined): Config {
  const path = named ?? (run === undefined ? "chartbridge.yaml" : run.config);
  if (path === undefined || (named === undefined && !existsSync(path)))
    return builtinConfig(HOME, dataDir, { demo: run?.demo ?? false, port: 0, mllpPort: 0 });
  if (!existsSync(path)) throw new CommandFault(`there is no configuration ${path}`);
  const loaded = loadConfig({ path, dataDir, env: process.env, home: HOME });
  if (!loaded.ok) throw new CommandFault(loaded.failure.join("\n"));
  return loaded.value;
}

function feedOf({ feeds }: Config, name: string | undefined): Feed {
  const found = feeds.filter((one) => name === undefined || one.name === name);
  const [feed] = found;
  const names = feeds.map((one) => one.name).join(", ");
  if (feed === undefined) throw new CommandFault(`there is no feed ${name ?? ""}; the feeds are: ${names}`);
  if (found.length > 1) throw new CommandFault(`--feed names one of: ${names}`);
  return asFileFeed(feed);
}

/** Keys are made at an engine's first start only: messages sealed with any other could never be read. */
function keysOf(dataDir: string): ReturnType<typeof loadKeys> {
  const given = process.env["CHARTBRIDGE_ENCRYPTION_KEY"] !== undefined || existsSync(join(dataDir, "keys", "encryption.key"));
  if (!given) throw new CommandFault(`the data directory ${dataDir} has no keys; start the engine once, or name another with --data-dir`);
  return loadKeys(dataDir, process.env);
}

/** Brings the database of an engine that is stopped to this version. Real messages never go where the demo's are. */
async function prepareStopped(pool: Pool): Promise<void> {
  await migrate(pool);
  const { rows } = await pool.query<{ feed: string }>("select feed from journal_record order by day, seq limit 1");
  if (rows[0]?.feed === "demo") throw new CommandFault("this database was used by the demo: a real feed needs one of its own");
}

interface Typed extends IngestOptions {
  readonly feed?: string;
  readonly dataDir?: string;
  readonly config?: string;
}

/** `ingest`: files of messages or batches, straight into the journal. */
export function registerIngest(program: Command): void {
  program
    .command("ingest <files...>")
    .description("take files of HL7 v2 messages or batches into a feed; exit 1 when one was refused or a count is wrong")
    .option("--feed <name>", "the feed they belong to; the only one when not named")
    .option("--data-dir <dir>")
    .option("--config <file>", "the configuration; the running engine's own unless given")
    .option("--again", "take a file that was taken before")
    .option("--ack <file>", "write the batch of acknowledgements there")
    .action(async (paths: string[], { feed: name, dataDir, config, ...options }: Typed) => {
      const installation = findInstallation(dataDir);
      const { run } = installation;
      const running = run !== undefined && isRunning(run);
      const databaseUrl = run?.databaseUrl ?? process.env["DATABASE_URL"];
      if (databaseUrl === undefined)
        throw new CommandFault(
          `no engine is running with the data directory ${installation.dataDir}, and DATABASE_URL is not set; start one with: npm start`,
        );
      const feed = feedOf(configOf(installation, config), name);
      const { encryptionKey } = keysOf(installation.dataDir);
      const pool = openPool(databaseUrl, { max: 2, name: "ingest" }, () => undefined);
      try {
        await pool.query("select 1").catch(() => {
          throw new CommandFault(running ? "the engine runs, but its Postgres cannot be reached" : "the database cannot be reached");
        });
        if (!running) await prepareStopped(pool);
        const journal = createJournalWriter(pool, createSealer(encryptionKey), () => undefined);
        const now = (): Date => new Date();
        const needs: IngestNeeds = {
          accept: (frame, peer) => acceptFrame({ journal, now }, { feed, protocol: "files", peer }, frame),
          files: createTakenFiles(pool),
          now,
        };
        process.exitCode = await ingestFiles(paths, feed, options, needs, (line) => void process.stdout.write(`${line}\n`));
      } finally {
        await pool.end();
      }
    });
}
