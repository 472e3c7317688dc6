import { once } from "node:events";
import { Worker } from "node:worker_threads";

export interface ClaimsAsked {
  /** Number of the first account. */
  readonly from: number;
  readonly count: number;
}

export interface ClaimsAnswer {
  /** Lines of the claims made; not a number when one of them is not good. */
  readonly lines: number;
  readonly ms: number;
  /** Time of a processor that it took. */
  readonly cpuMs: number;
}

export interface ClaimsReport {
  readonly claims: number;
  readonly lines: number;
  readonly threads: number;
  readonly claims_per_s: number;
  /** By the processor's time: what it would be with nothing else on the machine. */
  readonly claims_per_cpu_s: number;
  readonly ms_per_claim: number;
}

/** Claims of each thread before the clock starts: until then the code is not compiled to what it will be. */
const WARM_UP = 2_000;

async function ask(worker: Worker, asked: ClaimsAsked): Promise<ClaimsAnswer> {
  worker.postMessage(asked);
  const [answer] = (await once(worker, "message")) as [ClaimsAnswer];
  return answer;
}

/** Measures building a claim and checking it whole (R4, profile, references, readiness), on several threads. Throws when a claim is not good. */
export async function benchClaims(claims: number, threads: number): Promise<ClaimsReport> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL("./claims-worker.ts", import.meta.url)));
  try {
    await Promise.all(workers.map((worker, at) => ask(worker, { from: at * WARM_UP, count: WARM_UP })));
    const share = Math.ceil(claims / threads);
    const answers = await Promise.all(workers.map((worker, at) => ask(worker, { from: at * share, count: share })));
    const lines = answers.reduce((sum, answer) => sum + answer.lines, 0);
    if (Number.isNaN(lines)) throw new Error("a claim of the bench is not good");
    const made = share * threads;
    const cpuMs = answers.reduce((sum, answer) => sum + answer.cpuMs, 0);
    return {
      claims: made,
      lines,
      threads,
      claims_per_s: Math.round((1_000 * made) / Math.max(...answers.map(({ ms }) => ms))),
      claims_per_cpu_s: Math.round((1_000 * made) / cpuMs),
      ms_per_claim: Number((cpuMs / made).toFixed(3)),
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
