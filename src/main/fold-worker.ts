import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { createSealer } from "#src/base/seal.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { isConfidentialAt } from "#src/charts/confidential.ts";
import { foldOnce } from "#src/charts/fold.pg.ts";
import { startFoldLoop } from "#src/charts/fold-loop.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { createTrace } from "#src/charts/trace.pg.ts";
import { isOutage, openPool } from "#src/database/pool.pg.ts";
import { createLog, errorKind } from "#src/telemetry/log.ts";
import type { MapPack } from "#src/mapping/compile.ts";
import { withFeedLives } from "#src/worklist/feed-lives.pg.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import { collectAtRest } from "./collect-at-rest.ts";
import { type Pace, paceFor, restOf } from "./fold-pace.ts";
import { type FoldWorkerData, type FromWorker, type ToWorker } from "./fold-thread.ts";
import { readRules } from "./rules.ts";

/** Charts kept in memory: the accounts that are being treated now. */
const CHARTS_KEPT = 2_000;

const port = parentPort;
if (port === null) throw new Error("this file is a worker of the engine");
const { databaseUrl, config, keys, logLevel, share, unanswered } = workerData as FoldWorkerData;
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
const { maps: firstMaps, queues } = readRules(config);
const under = (maps: MapPack) => ({
  pool,
  sealer,
  share,
  cache: createChartCache(CHARTS_KEPT),
  map: createMapRecord(maps, feeds, keys.idKey),
  trace: createTrace(sealer, maps),
  onChanges: withFeedLives(createReconcileItems({ rules: queues, feeds, idKey: keys.idKey, sealer, now: () => new Date() }), feeds),
  restricted: isConfidentialAt(feeds),
});
let needs = under(firstMaps);

/** The engine has looked at the files before it says that they are others. */
function takeMaps(): void {
  try {
    needs = under(readRules(config).maps);
  } catch (error) {
    log.error("the maps of before still count", { error: errorKind(error) });
  }
}

const worked = collectAtRest();
let pace: Pace | undefined;
const loop = startFoldLoop({
  restAfter: (batchMs, behindMs) => {
    pace = paceFor(Atomics.load(unanswered, 0), behindMs);
    return restOf(pace, batchMs);
  },
  fold: (most, giveUp) => foldOnce(needs, most ?? pace?.records, giveUp ? () => true : undefined),
  isOutage,
  onProgress: (folded) => {
    say({ kind: "folded", count: folded });
    worked(folded);
  },
  log,
});

port.on("message", (message: ToWorker) => {
  if (message.kind === "wake") loop.wake();
  else if (message.kind === "maps") takeMaps();
  else
    void loop
      .close()
      .then(() => pool.end())
      .then(() => port.close());
});
say({ kind: "ready" });
