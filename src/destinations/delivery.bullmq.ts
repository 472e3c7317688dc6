import { type ConnectionOptions, Queue, Worker } from "bullmq";
import type pg from "pg";
import type { Destination } from "#src/config/types.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";
import { type ClaimToSend, deliverClaim } from "./deliver.ts";
import { createFhirClient, type FhirClient } from "./fhir-client.ts";
import { confirmDelivery, dueDeliveries, postponeDelivery, recoverDeliveries, takeDelivery } from "./ledger.pg.ts";

export interface DeliveryNeeds {
  readonly pool: pg.Pool;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly destinations: readonly Destination[];
  /** A claim and what it refers to, as released. */
  readonly claimBundle: (claimId: string) => Promise<ClaimToSend | undefined>;
  readonly log: Log;
  readonly now: () => Date;
  /** 0 to 1, scatters retries. */
  readonly spread?: () => number;
}

export interface Delivery {
  /** Claims were released: look now. */
  wake(): void;
  close(): Promise<void>;
}

/** A ticket in Redis: ids only. */
interface DeliveryTicket {
  readonly claimId: string;
}

const LOOK_MS = 1_000;
const BATCH = 200;
/** Deliveries under way to one server. */
const AT_ONCE = 4;

export const queueOf = (destination: string): string => `deliver-${destination}`;

const waiting = (url: string): ConnectionOptions => ({ url, maxRetriesPerRequest: null, retryStrategy: () => 500 });
const impatient = (url: string): ConnectionOptions => ({
  url,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  retryStrategy: () => 500,
});

/**
 * Delivers claims. The ledger in Postgres says what each destination has; the queues in Redis spread the work and can be lost: what is due is
 * put on them again. One destination that is down delays no other.
 */
export function createDelivery({
  pool,
  redisUrl,
  prefix,
  destinations,
  claimBundle,
  log,
  now,
  spread = Math.random,
}: DeliveryNeeds): Delivery {
  let stopping = false;
  let rouse: () => void = () => undefined;

  const deliver = async (client: FhirClient, destination: string, claimId: string): Promise<void> => {
    const taken = await takeDelivery(pool, claimId, destination, now());
    if (taken === undefined) return;
    const content = await claimBundle(claimId);
    if (content === undefined) {
      await postponeDelivery(pool, taken, { state: "rejected", code: "NOT_FOUND", nextTryAt: now() });
      return;
    }
    const came = await deliverClaim(client, content, taken, spread());
    if (came.kind === "confirmed") {
      await confirmDelivery(pool, taken, came.location);
      return;
    }
    await postponeDelivery(pool, taken, { ...came, nextTryAt: new Date(now().getTime() + came.waitMs) });
    log.warn("a claim was not delivered", { claim: claimId, destination, code: came.code });
  };

  const lanes = destinations.map((destination) => {
    const { name } = destination;
    const client = createFhirClient(destination, () => now().getTime());
    const queue = new Queue<DeliveryTicket>(queueOf(name), { connection: impatient(redisUrl), prefix });
    const worker = new Worker<DeliveryTicket>(queueOf(name), ({ data }) => deliver(client, name, data.claimId), {
      connection: waiting(redisUrl),
      prefix,
      concurrency: AT_ONCE,
    });
    queue.on("error", () => undefined);
    worker.on("error", () => undefined);
    // A job that fails has met a bug or an outage of ours; its row is still due, or is taken up again when it counts as abandoned.
    worker.on("failed", (_job, error) => log.warn("a delivery was interrupted", { destination: name, error: errorKind(error) }));
    return { name, queue, worker };
  });

  const look = async (): Promise<void> => {
    const due = await dueDeliveries(pool, now(), BATCH);
    for (const { name, queue } of lanes) {
      const own = due.filter(({ destination }) => destination === name);
      if (own.length === 0) continue;
      await queue.addBulk(
        own.map(({ claimId, attempts }) => ({
          name: "deliver",
          data: { claimId },
          opts: { jobId: `${claimId}-${attempts}`, removeOnComplete: true, removeOnFail: true },
        })),
      );
    }
  };
  const run = (async () => {
    await recoverDeliveries(pool).catch(() => 0);
    while (!stopping) {
      await look().catch(() => undefined);
      if (stopping) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();

  return {
    wake: () => rouse(),
    close: async () => {
      stopping = true;
      rouse();
      await run;
      // What is under way is finished; a Redis that is away must not keep us.
      await Promise.all(lanes.map(({ worker, queue }) => within(Promise.all([worker.close(), queue.close()]), 10_000)));
    },
  };
}

const within = (work: Promise<unknown>, ms: number): Promise<unknown> =>
  Promise.race([work.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, ms).unref())]);
