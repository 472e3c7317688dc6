import { errorKind, type Log } from "#src/telemetry/log.ts";

/** Something done again and again for as long as the engine runs. */
export interface Sweep {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<unknown>;
}

/**
 * Runs each sweep at its own pace, never two of the same at once. One that fails is tried again at its next time.
 * @returns stops them and waits for those under way.
 */
export function startSweeps(sweeps: readonly Sweep[], log: Log): () => Promise<void> {
  const under = new Set<Promise<unknown>>();
  const timers = sweeps.map(({ name, everyMs, run }) => {
    let busy = false;
    const once = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      const running = run().catch((error: unknown) => log.warn(`${name} failed and is tried again`, { error: errorKind(error) }));
      under.add(running);
      await running;
      under.delete(running);
      busy = false;
    };
    const timer = setInterval(() => void once(), everyMs);
    timer.unref();
    return timer;
  });
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(under);
  };
}
