import type { Pool } from "pg";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { loadKeys } from "#src/config/keys.ts";
import type { RunFile } from "#src/config/run-file.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues, type QueueRules } from "#src/worklist/queue-rules.ts";
import { CommandFault, findInstallation, runningEngine } from "./installation.ts";

export interface Stores {
  readonly pool: Pool;
  readonly sealer: Sealer;
  readonly run: RunFile;
}

/** Works with the stores of the running engine, and closes them after. */
export async function withStores<T>(dataDir: string | undefined, name: string, work: (stores: Stores) => Promise<T>): Promise<T> {
  const run = runningEngine(dataDir);
  const { encryptionKey } = loadKeys(findInstallation(dataDir).dataDir, process.env);
  const pool = openPool(run.databaseUrl, { max: 4, name }, () => undefined);
  try {
    return await work({ pool, sealer: createSealer(encryptionKey), run });
  } finally {
    await pool.end();
  }
}

/** The queues of a folder, or all their faults. */
export function rulesOf(folder: string): QueueRules {
  const compiled = compileQueues(readQueueFiles(folder));
  if (!compiled.ok) throw new CommandFault(compiled.failure.join("\n"));
  return compiled.value;
}
