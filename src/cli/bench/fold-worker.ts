import { parentPort, workerData } from "node:worker_threads";
import { foldOnce } from "#src/charts/fold.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import type { LaneShare } from "#src/journal/journal-reader.pg.ts";
import { foldNeedsOn } from "./fold.pg.ts";

const { databaseUrl, home, share } = workerData as { databaseUrl: string; home: string; share: LaneShare };
const needs = foldNeedsOn(
  openPool(databaseUrl, { max: 2, name: "fold bench" }, () => undefined),
  home,
  share,
);

parentPort?.on("message", () => {
  void (async () => {
    let total = 0;
    for (let folded = await foldOnce(needs); folded > 0; folded = await foldOnce(needs)) total += folded;
    parentPort?.postMessage(total);
  })();
});
parentPort?.postMessage(0);
