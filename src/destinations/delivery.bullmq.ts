import { type ConnectionOptions, Queue, Worker } from "bullmq";
import type pg from "pg";
import type { FailureCode } from "#src/base/failures.ts";
import type { Sealer } from "#src/base/seal.ts";
import { addressOf, type Destination } from "#src/config/destination.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";
import { createAnswerPolls, recoverPolls } from "./answer-poll.pg.ts";
import { type BreakerState, createBreaker } from "./breaker.ts";
import { createSender } from "./create-sender.ts";
import { createDeliverOne } from "./deliver-one.ts";
import { createLedger, dueDeliveries, keepDestinationState, recoverDeliveries } from "./ledger.pg.ts";
import { createPollAnswers, type Fetched, type TakeAnswer } from "./poll-answers.ts";
import type { ClaimToSend } from "./sender.ts";

export interface DeliveryNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly destinations: readonly Destination[];
  /** A claim and what it refers to, as released. */
  readonly claimBundle: (claimId: string) => Promise<ClaimToSend | undefined>;
  readonly log: Log;
  readonly now: () => Date;
  /** 0 to 1, scatters retries. */
  readonly spread?: () => number;
  readonly count?: (destination: string, outcome: "confirmed" | FailureCode) => void;
  /** Where the answers go of destinations that are asked for them. */
  readonly answers?: {
    readonly take: TakeAnswer;
    readonly onTaken: () => void;
    readonly count?: (destination: string, outcome: Fetched | FailureCode) => void;
  };
}

/** One destination as it stands now. */
export interface DestinationStatus {
  readonly name: string;
  readonly kind: Destination["kind"];
  readonly address: string;
  /** Of its breaker: open = nothing is sent, half-open = one delivery probes. */
  readonly state: BreakerState;
  readonly since: string | undefined;
  readonly code: FailureCode | undefined;
  /** Nothing is sent before. */
  readonly until: string | undefined;
}

export interface Delivery {
  /** Claims were released, or a person decided: look now. */
  wake(): void;
  status(): readonly DestinationStatus[];
  close(): Promise<void>;
}

/** A ticket in Redis: ids only. Without a claim: ask for answers. */
interface DeliveryTicket {
  readonly claimId?: string;
}

const LOOK_MS = 1_000;
/** Tickets put on a queue at once. What is due beyond them waits in Postgres, so that a destination that is away takes no memory. */
const BATCH = 200;

export const queueOf = (destination: string): string => `deliver-${destination}`;

const waiting = (url: string): ConnectionOptions => ({ url, maxRetriesPerRequest: null, retryStrategy: () => 500 });
const impatient = (url: string): ConnectionOptions => ({
  url,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  retryStrategy: () => 500,
});
const instant = (ms: number | undefined): string | undefined =>
  ms === undefined || !Number.isFinite(ms) ? undefined : new Date(ms).toISOString();

/** Work that is looked for when woken, and every second. */
function restlessly(look: () => Promise<void>): { readonly wake: () => void; readonly stop: () => Promise<void> } {
  let stopping = false;
  let woken = false;
  let rouse: () => void = () => undefined;
  const run = (async () => {
    while (!stopping) {
      woken = false;
      await look().catch(() => undefined);
      if (stopping) return;
      if (woken) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  const wake = (): void => {
    woken = true;
    rouse();
  };
  return {
    wake,
    stop: () => {
      stopping = true;
      wake();
      return run;
    },
  };
}

/**
 * Delivers claims. The ledger in Postgres says what each destination has; the queues in Redis spread the work and can be lost: what is due is
 * put on them again. Each destination has a queue, a pace and a breaker of its own: one that is down delays no other.
 */
export function createDelivery(needs: DeliveryNeeds): Delivery {
  const { pool, sealer, redisUrl, prefix, destinations, claimBundle, log, now, spread = Math.random, count = () => undefined } = needs;
  const ledger = createLedger(pool, sealer);
  const polls = createAnswerPolls(pool, sealer);
  const recovered = Promise.all([recoverDeliveries(pool, now()), recoverPolls(pool)]).catch(() => undefined);

  const lane = (destination: Destination) => {
    const { name, concurrency, perSecond } = destination;
    const breaker = createBreaker(destination.breaker);
    const sender = createSender(destination, () => now().getTime());
    const deliver = createDeliverOne({ ...needs, ledger, spread, count }, destination, sender, breaker);
    const poll = ((): (() => Promise<void>) | undefined => {
      const { answers: search } = sender;
      if (destination.kind !== "fhir" || destination.answers === undefined || search === undefined || needs.answers === undefined)
        return undefined;
      const { take: takeAnswer, onTaken, count: countAnswer = () => undefined } = needs.answers;
      const pollNeeds = { pool, sealer, polls, takeAnswer, onTaken, claimBundle, log, now, spread, count: countAnswer };
      return createPollAnswers(pollNeeds, { name, settings: destination.answers.poll, search, breaker });
    })();
    let kept = "";
    /** Writes a change of the breaker down, once. */
    const keep = async (): Promise<void> => {
      const status = breaker.status();
      const text = JSON.stringify(status);
      if (text === kept) return;
      kept = text;
      await keepDestinationState(pool, name, status).catch(() => {
        kept = "";
      });
    };
    const queue = new Queue<DeliveryTicket>(queueOf(name), { connection: impatient(redisUrl), prefix });
    const work = async ({ claimId }: DeliveryTicket): Promise<void> => {
      await (claimId === undefined ? poll?.() : deliver(claimId));
      await keep();
    };
    const worker = new Worker<DeliveryTicket>(queueOf(name), ({ data }) => work(data), {
      connection: waiting(redisUrl),
      prefix,
      concurrency,
      // Whoever takes a ticket a second time finds the delivery taken: a short lock does no harm.
      lockDuration: 10_000,
      stalledInterval: 5_000,
      ...(perSecond === undefined ? {} : { limiter: { max: perSecond, duration: 1_000 } }),
    });
    queue.on("error", () => undefined);
    worker.on("error", () => undefined);
    // A job that fails has met a bug or an outage of ours; its row is still due, or is taken up again when it counts as abandoned.
    worker.on("failed", (_job, error) => log.warn("a delivery was interrupted", { destination: name, error: errorKind(error) }));
    // Tickets of an engine that was killed while it worked on them would keep their claims from being put on the queue again.
    let emptied = false;
    const look = async (): Promise<void> => {
      await recovered;
      await keep();
      if (!emptied) await queue.obliterate({ force: true });
      if (!emptied && poll !== undefined) await polls.begin(name);
      emptied = true;
      const room = Math.min(BATCH, breaker.room(now().getTime()));
      if (room === 0) return;
      const due = (await queue.getWaitingCount()) > BATCH / 2 ? [] : await dueDeliveries(pool, name, now(), room);
      // Where one may probe, a claim does: whether writing works is what matters.
      const spared = due.length > 0 && breaker.status().state !== "closed";
      const page = poll === undefined || spared ? undefined : await polls.due(name, now());
      const tickets = [
        ...due.map(({ claimId, attempts }) => ({ name: "deliver", data: { claimId }, id: `${claimId}-${attempts}` })),
        ...(page === undefined ? [] : [{ name: "answers", data: {}, id: `answers-${page}` }]),
      ];
      if (tickets.length === 0) return;
      await queue.addBulk(
        tickets.map(({ id, ...ticket }) => ({ ...ticket, opts: { jobId: id, removeOnComplete: true, removeOnFail: true } })),
      );
    };
    const looking = restlessly(look);
    worker.on("drained", looking.wake);
    return {
      wake: looking.wake,
      status: (): DestinationStatus => {
        const { state, since, code, until } = breaker.status();
        const { kind } = destination;
        return { name, kind, address: addressOf(destination), state, since: instant(since), code, until: instant(until) };
      },
      close: async () => {
        await looking.stop();
        // What is under way is finished; a Redis that is away must not keep us.
        await within(Promise.all([worker.close(), queue.close()]), 10_000);
        await sender.close();
      },
    };
  };
  const lanes = destinations.map(lane);

  return {
    wake: () => {
      for (const { wake } of lanes) wake();
    },
    status: () => lanes.map(({ status }) => status()),
    close: async () => {
      await Promise.all(lanes.map(({ close }) => close()));
    },
  };
}

const within = (work: Promise<unknown>, ms: number): Promise<unknown> =>
  Promise.race([work.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, ms).unref())]);
