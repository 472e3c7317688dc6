import { existsSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import type { Config } from "#src/config/types.ts";
import { isRunning, type RunFile } from "#src/config/run-file.ts";
import { gapsOn } from "#src/codesets/versions.ts";
import { listVersions } from "#src/codesets/versions.pg.ts";
import { durabilityFaults } from "#src/journal/upkeep.pg.ts";

/** One thing that is wrong with an installation, and how to mend it. */
export interface Complaint {
  readonly level: "error" | "warning";
  readonly what: string;
  readonly mend: string;
}

export interface DoctorNeeds {
  readonly dataDir: string;
  readonly run: RunFile | undefined;
  /** The configuration, or why it cannot be read. */
  readonly config: Config | readonly string[];
  readonly pool: pg.Pool | undefined;
  /** Faults of the Redis in use; undefined when it cannot be asked. */
  readonly redisFaults: (() => Promise<readonly string[]>) | undefined;
}

/** Below this many free bytes a journal that grows may stop the database. */
const FREE_BYTES_MIN = 2 * 1024 ** 3;

/** Looks at everything that can be looked at without changing anything. */
export async function examine({ dataDir, run, config, pool, redisFaults }: DoctorNeeds): Promise<readonly Complaint[]> {
  const found: Complaint[] = [];
  const error = (what: string, mend: string): number => found.push({ level: "error", what, mend });
  const warn = (what: string, mend: string): number => found.push({ level: "warning", what, mend });

  if (Array.isArray(config)) for (const fault of config as readonly string[]) error(fault, "correct this line of the configuration");
  if (run === undefined) warn(`no engine has been started with the data directory ${dataDir}`, "npm start (or give --data-dir)");
  else if (!isRunning(run)) warn("the engine is not running (it ended without stopping in order)", "npm start: it recovers by itself");

  const keys = join(dataDir, "keys");
  if (existsSync(keys)) {
    for (const name of ["id.key", "encryption.key"]) {
      const path = join(keys, name);
      if (!existsSync(path)) continue;
      if ((statSync(path).mode & 0o077) !== 0) error(`${path} can be read by others`, `chmod 600 ${path}`);
    }
    if (!existsSync(join(keys, "backed-up")))
      warn(
        "the keys are not known to be backed up: without them nothing stored can be read again",
        `copy ${keys}/*.key to a safe place, then: touch ${keys}/backed-up`,
      );
  }
  if (existsSync(dataDir)) {
    const { bavail, bsize } = statfsSync(dataDir);
    if (bavail * bsize < FREE_BYTES_MIN)
      error(
        `only ${Math.round((bavail * bsize) / 1024 ** 2)} MiB are free for ${dataDir}`,
        "free space: a database whose disk is full stops",
      );
  }
  if (pool !== undefined)
    try {
      for (const fault of await durabilityFaults(pool))
        error(fault, "set it in postgresql.conf and restart Postgres: an acknowledgement must survive a power cut");
      const day = new Date().toISOString().slice(0, 10);
      const gaps = gapsOn(await listVersions(pool), day);
      if (gaps.length > 0)
        warn(
          `no code-set data for ${day}: ${gaps.map(({ set, part, until }) => `${set}${part === "codes" ? "" : ` ${part}`}${until === undefined ? "" : ` (ends ${until})`}`).join(", ")}`,
          "chartbridge codesets import the publishers' files of this date; docs/code-sets.md says which. Until then edits on them say `no data`",
        );
    } catch {
      error("Postgres cannot be reached", run === undefined ? "npm start" : "see the log of the engine; is DATABASE_URL right?");
    }
  if (redisFaults !== undefined)
    try {
      for (const fault of await redisFaults()) error(fault, "set it in redis.conf and restart Redis: queues must never be evicted");
    } catch {
      warn(
        "Redis cannot be reached",
        "nothing is lost while it is away: work waits in Postgres, and the queues are rebuilt when it is back",
      );
    }
  return found;
}

export function showComplaints(found: readonly Complaint[]): string {
  if (found.length === 0) return "All is well.\n";
  return `${found.map(({ level, what, mend }) => `${level === "error" ? "WRONG  " : "NOTICE "} ${what}\n        -> ${mend}`).join("\n")}\n`;
}
