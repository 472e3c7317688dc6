import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type pg from "pg";
import { freshId, type IdKey, type MessageId } from "#src/base/ids.ts";
import { createSealer } from "#src/base/seal.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import type { FoldNeeds } from "#src/charts/fold.pg.ts";
import { createMapRecord } from "#src/charts/map-record.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import type { LaneShare } from "#src/journal/journal-reader.pg.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";
import type { Print } from "../send.ts";
import { startEngine } from "./engine-process.ts";
import { foldMessages, type FoldMessage } from "./fold-messages.ts";

export interface FoldBenchOptions {
  readonly accounts: number;
  readonly charges: number;
  /** Messages for accounts picked at random once all are charted: what one costs when its chart is in no memory. */
  readonly late: number;
  readonly dir?: string;
}

/** Accounts side by side, as on a real feed: their messages are mixed. */
const SIDE_BY_SIDE = 50;
const CHARTS_KEPT = 2_000;
const KEY = Buffer.alloc(32, 1);

interface Rate {
  readonly messages: number;
  readonly per_s: number;
  readonly ms_per_message: number;
  /** Processor time of the folding threads and their garbage collection, without Postgres: says more than the clock on a busy machine. */
  readonly cpu_ms_per_message: number;
}

const rate = ({ messages, ms, cpuMs }: Folded): Rate => ({
  messages,
  per_s: Math.round((1_000 * messages) / Math.max(1, ms)),
  ms_per_message: Number((ms / Math.max(1, messages)).toFixed(3)),
  cpu_ms_per_message: Number((cpuMs / Math.max(1, messages)).toFixed(3)),
});

interface Folded {
  readonly messages: number;
  readonly ms: number;
  readonly cpuMs: number;
}

async function timed(fold: () => Promise<number>): Promise<Folded> {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const messages = await fold();
  const { user, system } = process.cpuUsage(cpu);
  return { messages, ms: performance.now() - began, cpuMs: (user + system) / 1_000 };
}

const sum = (a: Folded, b: Folded): Folded => ({ messages: a.messages + b.messages, ms: a.ms + b.ms, cpuMs: a.cpuMs + b.cpuMs });

/**
 * Measures the fold alone, on a database of its own: the journal is filled first, then everything is folded into charts, versions and
 * work items while the clock runs. Prints one JSON line.
 */
export async function runFoldBench(
  { accounts, charges, late, dir }: FoldBenchOptions,
  {
    home,
    env,
    out,
    err,
  }: { readonly home: string; readonly env: Readonly<Record<string, string | undefined>>; readonly out: Print; readonly err: Print },
): Promise<0 | 1> {
  err("starting an engine for its Postgres …");
  const engine = await startEngine({ env, err, ...(dir === undefined ? {} : { parent: dir }) });
  const admin = openPool(engine.databaseUrl, { max: 1, name: "fold bench" }, () => undefined);
  try {
    await admin.query("create database fold_bench");
    const url = new URL(engine.databaseUrl);
    url.pathname = "/fold_bench";
    const closing: (() => Promise<void>)[] = [];
    const pool = openPool(url.href, { max: 4, name: "fold bench" }, () => undefined);
    try {
      await migrate(pool);
      const line = await lineOn(pool, url.href, home);
      const { append, fold } = line;
      closing.push(line.close);
      let all: Folded = { messages: 0, ms: 0, cpuMs: 0 };
      for (let first = 0; first < accounts; first += SIDE_BY_SIDE * 20) {
        const group = Math.min(SIDE_BY_SIDE * 20, accounts - first);
        await append(foldMessages({ first, accounts: group, charges, sideBySide: SIDE_BY_SIDE }));
        const last = await timed(fold);
        all = sum(all, last);
        err(`${first + group} accounts, ${rate(last).per_s} messages/s, ${rate(last).cpu_ms_per_message} ms of processor each`);
      }
      await append(foldMessages({ first: 0, accounts, charges: 1, late }));
      const lately = await timed(fold);
      const { rows } = await pool.query<{ versions: number; items: number; open: number }>(
        `select (select count(*)::int from chart_version) as versions, (select count(*)::int from coding_item) as items,
           (select count(*)::int from journal_outcome where outcome <> 'applied') as open`,
      );
      out(JSON.stringify({ accounts, charges, all: rate(all), late: rate(lately), ...rows[0] }));
      return rows[0]?.open === 0 ? 0 : 1;
    } finally {
      for (const close of closing) await close();
      await pool.end();
    }
  } finally {
    await admin.end();
    await engine.stop();
  }
}

/** What a fold of the bench needs, over the shipped maps and queues. */
export function foldNeedsOn(pool: pg.Pool, home: string, share: LaneShare): FoldNeeds & { readonly feed: string } {
  const config = builtinConfig(home, ".", { demo: false, port: 0, mllpPort: 0 });
  const maps = compileMaps(readMapFiles(config.mappingsDir));
  const rules = compileQueues(readQueueFiles(config.queuesDir));
  const [feed] = config.feeds;
  if (!maps.ok || !rules.ok || feed === undefined) throw new Error("the shipped maps and queues do not compile");
  const idKey = "fold bench" as IdKey;
  const feeds = new Map([[feed.name, feed]]);
  return {
    feed: feed.name,
    share,
    pool,
    sealer: createSealer(KEY),
    cache: createChartCache(CHARTS_KEPT),
    map: createMapRecord(maps.value, feeds, idKey),
    onChanges: createReconcileItems({ rules: rules.value, feeds, idKey, sealer: createSealer(KEY), now: () => new Date() }),
  };
}

/** A journal, and folds in threads of their own as the engine has them. */
async function lineOn(pool: pg.Pool, databaseUrl: string, home: string) {
  const journal = createJournalWriter(pool, createSealer(KEY), () => undefined);
  const { feed } = foldNeedsOn(pool, home, { index: 0, of: 1 });
  const of = Math.min(2, availableParallelism());
  const workers = Array.from(
    { length: of },
    (_, index) => new Worker(new URL("./fold-worker.ts", import.meta.url), { workerData: { databaseUrl, home, share: { index, of } } }),
  );
  // The first word of each is that it is ready.
  await Promise.all(workers.map((worker) => once(worker, "message")));
  return {
    close: async (): Promise<void> => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
    append: async (messages: Iterable<FoldMessage>): Promise<void> => {
      const proofs = Array.from(messages, ({ account, type, text }) =>
        journal.append({
          id: freshId() as MessageId,
          feed,
          protocol: "mllp",
          receivedAt: new Date(),
          orderKey: account,
          messageType: type,
          bytes: Buffer.from(text),
          verdict: "accepted",
        }),
      );
      await Promise.all(proofs);
    },
    /** Folds all there is. @returns how many records. */
    fold: async (): Promise<number> => {
      const counts = workers.map(async (worker): Promise<number> => {
        const done = once(worker, "message") as Promise<[number]>;
        worker.postMessage("fold");
        return (await done)[0];
      });
      return (await Promise.all(counts)).reduce((sum, n) => sum + n, 0);
    },
  };
}
