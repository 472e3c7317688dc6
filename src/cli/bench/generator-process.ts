import { once } from "node:events";
import { percentile } from "./report.ts";
import { prepareLoad, type Load } from "./generator.net.ts";
import { generatorOptions, type GeneratorLine, type LoadResult } from "./generator-words.ts";

/** Often enough that the backlog is seen as it is. */
const PROGRESS_MS = 100;

const say = (line: GeneratorLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function runLoad(load: Load, beforeStart: () => Promise<void>): Promise<LoadResult> {
  const { tally, run } = await prepareLoad(load, new Date());
  await beforeStart();
  const cpuBefore = cpuSeconds();
  const begun = performance.now();
  const startedAt = Date.now();
  const timer = setInterval(() => say({ phase: "progress", answered: tally.answered, accepted: tally.accepted }), PROGRESS_MS);
  await run();
  clearInterval(timer);
  const seconds = (performance.now() - begun) / 1_000;
  const { accepted, refused, mismatched } = tally;
  const took = tally.tookMs.subarray(0, tally.answered).toSorted();
  const [p50Ms, p95Ms, p99Ms] = [percentile(took, 50), percentile(took, 95), percentile(took, 99)];
  return { accepted, refused, mismatched, seconds, startedAt, p50Ms, p95Ms, p99Ms, cpuSeconds: cpuSeconds() - cpuBefore };
}

/** The load generator is a process of its own, so that its CPU time is not the engine's. It begins the measured run when told on stdin. */
async function main(argument: string): Promise<void> {
  const { warmup, mark, ...load } = generatorOptions.parse(JSON.parse(argument));
  if (warmup > 0) await runLoad({ ...load, messages: warmup, mark: `${mark}W` }, () => Promise.resolve());
  const go = async (): Promise<void> => {
    say({ phase: "ready", warmedUp: warmup });
    await once(process.stdin, "data");
  };
  say({ phase: "done", ...(await runLoad({ ...load, mark: `${mark}R` }, go)) });
  process.stdin.destroy();
}

if (import.meta.main) await main(process.argv[2] ?? "{}");
