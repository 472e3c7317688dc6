import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { createSealer } from "#src/base/seal.ts";
import { createChartCache } from "#src/charts/chart-store.pg.ts";
import { foldOnce } from "#src/charts/fold.pg.ts";
import { startFoldLoop } from "#src/charts/fold-loop.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { isOutage, openPool } from "#src/database/pool.pg.ts";
import { createLog } from "#src/telemetry/log.ts";
import { withFeedLives } from "#src/worklist/feed-lives.pg.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { type FoldWorkerData, type FromWorker, type ToWorker } from "./fold-thread.ts";
import { readRules } from "./rules.ts";

/** Charts kept in memory: the accounts that are being treated now. */
const CHARTS_KEPT = 2_000;

const port = parentPort;
if (port === null) throw new Error("this file is a worker of the engine");
const { databaseUrl, config, keys, logLevel } = workerData as FoldWorkerData;
const log = createLog(logLevel);
const say = (message: FromWorker): void => port.postMessage(message);

// On Linux this is the priority of this thread alone. What is accepted is safe and can wait; who sends cannot: while there is not enough
// processor for both, acknowledgements go first, and the fold catches up behind them.
try {
  if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  log.info("the fold runs at the priority of the engine: the system allows no other");
}

const sealer = createSealer(keys.encryptionKey);
const pool = openPool(databaseUrl, { max: 2, name: "fold" }, (code) => log.warn("a database connection was lost", { code }));
const feeds = new Map(config.feeds.map((feed) => [feed.name, feed]));
const { maps, queues } = readRules(config);
const needs = {
  pool,
  sealer,
  cache: createChartCache(CHARTS_KEPT),
  map: createMapRecord(maps, feeds, keys.idKey),
  onChanges: withFeedLives(createReconcileItems({ rules: queues, feeds, idKey: keys.idKey }), feeds),
};

const loop = startFoldLoop({
  fold: (most, giveUp) => foldOnce(needs, most, giveUp ? () => true : undefined),
  isOutage,
  onProgress: (folded) => say({ kind: "folded", count: folded }),
  log,
});

port.on("message", (message: ToWorker) => {
  if (message.kind === "wake") loop.wake();
  else
    void loop
      .close()
      .then(() => pool.end())
      .then(() => port.close());
});
say({ kind: "ready" });
