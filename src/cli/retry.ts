import { createSealer } from "#src/base/seal.ts";
import { createChartCache } from "#src/charts/chart-store.pg.ts";
import { retryTroubled } from "#src/charts/fold.pg.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { loadKeys } from "#src/config/keys.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import type { RunFile } from "#src/config/run-file.ts";
import type { Config } from "#src/config/types.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { giveUpRecord } from "#src/journal/journal-reader.pg.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import { withFeedLives } from "#src/worklist/feed-lives.pg.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { CommandFault } from "./installation.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Gives a failed message up for good and folds what waited behind it. @returns how many were folded. */
export async function skip(config: Config, run: RunFile, recordId: string): Promise<number> {
  const pool = openPool(run.databaseUrl, { max: 1, name: "skip" }, () => undefined);
  try {
    const given = UUID.test(recordId) ? await giveUpRecord(pool, recordId) : undefined;
    if (given === undefined) throw new CommandFault(`there is no failed message ${recordId}; npx chartbridge status names them`);
    return given.accountId === undefined ? 0 : await retry(config, run, given.accountId);
  } finally {
    await pool.end();
  }
}

/**
 * Folds the failed and parked messages of one account, or of all, again under the maps of now.
 * @returns how many were tried.
 */
export async function retry(config: Config, run: RunFile, account: string | undefined): Promise<number> {
  const maps = compileMaps(readMapFiles(config.mappingsDir));
  const rules = compileQueues(readQueueFiles(config.queuesDir));
  if (!maps.ok || !rules.ok) throw new CommandFault([maps, rules].flatMap((one) => (one.ok ? [] : one.failure)).join("\n"));
  const { idKey, encryptionKey } = loadKeys(config.dataDir, process.env);
  const feeds = new Map(config.feeds.map((feed) => [feed.name, feed]));
  const pool = openPool(run.databaseUrl, { max: 2, name: "retry" }, () => undefined);
  try {
    const needs = {
      pool,
      sealer: createSealer(encryptionKey),
      cache: createChartCache(100),
      map: createMapRecord(maps.value, feeds, idKey),
      onChanges: withFeedLives(createReconcileItems({ rules: rules.value, feeds, idKey }), feeds),
    };
    return await retryTroubled(needs, account);
  } finally {
    await pool.end();
  }
}
