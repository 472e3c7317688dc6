import { createSealer } from "#src/base/seal.ts";
import { makeDestination } from "#src/config/destination.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { createDelivery } from "#src/destinations/delivery.bullmq.ts";
import { createLog } from "#src/telemetry/log.ts";
import { claimOf, referenced } from "./line.ts";

/** The delivery of an engine as a process of its own, so that it can be killed at any point. Arguments: database, Redis, prefix, settings as JSON. */
const [databaseUrl = "", redisUrl = "", prefix = "", settings = "{}"] = process.argv.slice(2);
const pool = openPool(databaseUrl, { max: 4, name: "delivery" }, () => undefined);
const delivery = createDelivery({
  pool,
  sealer: createSealer(Buffer.alloc(32, 7)),
  redisUrl,
  prefix,
  destinations: [makeDestination("billing", JSON.parse(settings) as Parameters<typeof makeDestination>[1])],
  claimBundle: (claimId) => Promise.resolve({ claim: claimOf(claimId), referenced }),
  log: createLog("silent"),
  now: () => new Date(),
});
process.stdout.write("READY\n");
// Woken by the test, so that it need not wait for the next look.
process.stdin.on("data", () => delivery.wake());
