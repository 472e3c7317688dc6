import { userInfo } from "node:os";
import { freshId } from "#src/base/ids.ts";
import type { Result } from "#src/base/result.ts";
import { createSealer } from "#src/base/seal.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { isConfidentialAt } from "#src/charts/confidential.ts";
import { keepMapVersion } from "#src/charts/lineage.pg.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import type { CorrectNeeds } from "#src/charts/repair.pg.ts";
import { createTrace } from "#src/charts/trace.pg.ts";
import { loadKeys } from "#src/config/keys.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import { writeAudit } from "#src/telemetry/audit.pg.ts";
import { withFeedLives } from "#src/worklist/feed-lives.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { configOfRunning } from "./installation-config.ts";
import { CommandFault, findInstallation, runningEngine } from "./installation.ts";

/** What an operator's command folds with, and how it takes other maps. */
export interface OperatorNeeds extends CorrectNeeds {
  readonly siteMapsDir: string;
  readonly compile: () => Result<MapPack, readonly string[]>;
  /** The same under other maps. */
  readonly under: (maps: MapPack) => Promise<CorrectNeeds>;
}

/** Runs `work` with what a fold needs, under the maps and queues as they are now; leaves an audit event. */
export async function asOperator<T>(
  dataDir: string | undefined,
  command: string,
  object: string | undefined,
  work: (needs: OperatorNeeds, who: string) => Promise<T>,
): Promise<T> {
  const run = runningEngine(dataDir);
  const config = configOfRunning(run, findInstallation(dataDir).dataDir);
  const compile = (): Result<MapPack, readonly string[]> => compileMaps(readMapFiles(config.mappingsDir, config.siteMapsDir));
  const maps = compile();
  const rules = compileQueues(readQueueFiles(config.queuesDir));
  if (!maps.ok || !rules.ok) throw new CommandFault([maps, rules].flatMap((one) => (one.ok ? [] : one.failure)).join("\n"));
  const { idKey, encryptionKey } = loadKeys(config.dataDir, process.env);
  const feeds = new Map(config.feeds.map((feed) => [feed.name, feed]));
  const pool = openPool(run.databaseUrl, { max: 2, name: command }, () => undefined);
  const sealer = createSealer(encryptionKey);
  const who = `operator ${userInfo().username}`;
  const audit = (outcome: number): Promise<void> =>
    writeAudit(pool, {
      actor: who,
      action: "execute",
      route: `chartbridge ${command}`,
      outcome,
      objectType: "message",
      ...(object === undefined ? {} : { objectId: object }),
      requestId: freshId(),
    });
  const under = async (pack: MapPack): Promise<CorrectNeeds> => {
    await keepMapVersion(pool, pack);
    return {
      pool,
      sealer,
      cache: createChartCache(100),
      map: createMapRecord(pack, feeds, idKey),
      trace: createTrace(sealer, pack),
      restricted: isConfidentialAt(feeds),
      onChanges: withFeedLives(createReconcileItems({ rules: rules.value, feeds, idKey, sealer, now: () => new Date() }), feeds),
      journal: createJournalWriter(pool, sealer, () => undefined),
      now: () => new Date(),
    };
  };
  try {
    const done = await work({ ...(await under(maps.value)), siteMapsDir: config.siteMapsDir, compile, under }, who);
    await audit(200);
    return done;
  } catch (error) {
    await audit(error instanceof CommandFault ? 422 : 500).catch(() => undefined);
    throw error;
  } finally {
    await pool.end();
  }
}
