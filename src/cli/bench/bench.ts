import type { Print } from "../send.ts";
import { startEngine, type Engine } from "./engine-process.ts";
import { startGenerator, type Generator } from "./generator-client.ts";
import type { LoadResult } from "./generator-words.ts";
import { peakRssMb, readCpu, type Cpu } from "./processes.ts";
import { cpuTable, rounded, type BenchReport } from "./report.ts";
import { openWatch, untilDrained, type Watch } from "./watch.pg.ts";

/** The options of `chartbridge bench`. With a port any MLLP server is the target, else an engine is started for it. */
export interface BenchOptions {
  readonly host?: string;
  readonly port?: number;
  readonly connections: number;
  readonly messages: number;
  /** Messages sent and settled before the clock starts. */
  readonly warmup: number;
  /** Folder in which the engine's data directory is made. */
  readonly dir?: string;
}

export interface BenchNeeds {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Print;
  readonly err: Print;
}

const LOOK_MS = 100;
/** Between two lines of progress. */
const SAY_MS = 1_000;
const DRAIN_WITHIN_MS = 600_000;
const ANSWER_WITHIN_MS = 30_000;

const NOTHING: Cpu = { engine: 0, postgres: 0, redis: 0 };

const minus = (after: Cpu, before: Cpu): Cpu => ({
  engine: after.engine - before.engine,
  postgres: after.postgres - before.postgres,
  redis: after.redis - before.redis,
});

interface Inside {
  readonly drainedSeconds: number | null;
  readonly largestBacklog: number;
  readonly cpu: Cpu;
  readonly peakRssMb: number | null;
}

/** Looks at the backlog while the generator sends. */
function watchBacklog(watch: Watch, before: number, accepted: () => number): { stop(): Promise<number> } {
  let largest = 0;
  let running = true;
  const looking = (async () => {
    while (running) {
      const sent = accepted();
      const { outcomes } = await watch.look();
      largest = Math.max(largest, sent - (outcomes - before));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    stop: async () => {
      running = false;
      await looking;
      return largest;
    },
  };
}

async function measureEngine(engine: Engine, generator: Generator, accepted: () => number, { warmup }: BenchOptions, err: Print) {
  const watch = openWatch(engine.databaseUrl);
  try {
    const warm = await untilDrained(watch, { expected: warmup, everyMs: LOOK_MS, withinMs: DRAIN_WITHIN_MS });
    if (warm === undefined) throw new Error(`the warm-up did not settle: ${await watch.summary()}`);
    const { outcomes: before } = await watch.look();
    const cpuBefore = readCpu(engine.pids);
    const backlog = watchBacklog(watch, before, accepted);
    const load = await generator.go();
    const largestSeen = await backlog.stop();
    const afterSend = await watch.look();
    const largestBacklog = Math.max(largestSeen, load.accepted - (afterSend.outcomes - before));
    err(`sent in ${load.seconds.toFixed(1)} s; ${load.accepted - (afterSend.outcomes - before)} still to fold`);
    const drainedAt = await untilDrained(watch, { expected: before + load.accepted, everyMs: LOOK_MS, withinMs: DRAIN_WITHIN_MS });
    if (drainedAt === undefined) err("the engine did not finish in time; end_to_end_per_s is not known");
    const cpu = minus(readCpu(engine.pids), cpuBefore);
    err(await watch.summary());
    const drainedSeconds = drainedAt === undefined ? null : (drainedAt - load.startedAt) / 1_000;
    return { load, inside: { drainedSeconds, largestBacklog, cpu, peakRssMb: peakRssMb(engine.pids) } };
  } finally {
    await watch.close();
  }
}

function reportOf(options: BenchOptions, load: LoadResult, inside: Inside | undefined): BenchReport {
  const cpu = inside === undefined ? null : inside.cpu.engine + inside.cpu.postgres + inside.cpu.redis;
  const drained = inside?.drainedSeconds ?? null;
  return {
    accepted_per_s: rounded(load.accepted / load.seconds, 1),
    ack_p50_ms: rounded(load.p50Ms, 2),
    ack_p95_ms: rounded(load.p95Ms, 2),
    ack_p99_ms: rounded(load.p99Ms, 2),
    end_to_end_per_s: drained === null ? null : rounded(load.accepted / drained, 1),
    cpu_s_per_1000: cpu === null ? null : rounded((1_000 * cpu) / Math.max(1, load.accepted), 3),
    peak_rss_mb: rounded(inside?.peakRssMb ?? null, 0),
    connections: options.connections,
    messages: options.messages,
    largest_backlog: inside?.largestBacklog ?? null,
    generator_cpu_s: rounded(load.cpuSeconds, 2),
    refused: load.refused,
    mismatched: load.mismatched,
  };
}

/** Five characters that differ from run to run within about 700 days. */
const markOf = (now: number): string => (Math.floor(now / 1_000) % 36 ** 5).toString(36).padStart(5, "0").toUpperCase();

/**
 * Runs the load and prints the report as one JSON line on `out`, everything else on `err`.
 * @returns the exit code: 0 when every message was accepted and, with an engine of its own, came through to its queue.
 */
export async function runBench(options: BenchOptions, { env, out, err }: BenchNeeds): Promise<0 | 1> {
  const { connections, messages, warmup } = options;
  if (options.port === undefined && options.host !== undefined) {
    err("--host needs --port");
    return 1;
  }
  let engine: Engine | undefined;
  let generator: Generator | undefined;
  try {
    if (options.port === undefined) {
      err("starting an engine on a data directory of its own …");
      engine = await startEngine({ env, err, ...(options.dir === undefined ? {} : { parent: options.dir }) });
    }
    const target = { host: options.host ?? "127.0.0.1", port: engine?.mllpPort ?? options.port ?? 0 };
    let accepted = 0;
    let saidAt = 0;
    const heard = (count: number): void => {
      accepted = count;
      if (performance.now() - saidAt < SAY_MS) return;
      saidAt = performance.now();
      err(`${count} accepted`);
    };
    generator = startGenerator({ ...target, connections, messages, warmup, mark: markOf(Date.now()), timeoutMs: ANSWER_WITHIN_MS }, heard);
    await generator.ready;
    err(`${warmup} messages of warm-up answered; sending ${messages} over ${connections} connections`);
    const measured =
      engine === undefined ? { load: await generator.go() } : await measureEngine(engine, generator, () => accepted, options, err);
    const { load } = measured;
    const inside = "inside" in measured ? measured.inside : undefined;
    const { engine: engineCpu, postgres, redis } = inside?.cpu ?? NOTHING;
    const rows = [
      ...(inside === undefined
        ? []
        : [
            { name: "engine", seconds: engineCpu },
            { name: "postgres", seconds: postgres },
            { name: "redis", seconds: redis },
          ]),
      { name: "generator", seconds: load.cpuSeconds },
    ];
    for (const line of cpuTable(rows, inside?.drainedSeconds ?? load.seconds)) err(line);
    out(JSON.stringify(reportOf(options, load, inside)));
    return load.accepted === messages && (inside === undefined || inside.drainedSeconds !== null) ? 0 : 1;
  } catch (error) {
    err(error instanceof Error ? error.message : "the bench failed");
    return 1;
  } finally {
    generator?.stop();
    await engine?.stop();
  }
}
