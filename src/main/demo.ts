import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Config } from "#src/config/types.ts";
import { errorKind, type Log } from "#src/telemetry/log.ts";

export interface DemoWorkerData {
  readonly port: number;
  /** Zone of the demo's hospital. */
  readonly zone: string;
  readonly progressFile: string;
}

export interface DemoPlay {
  stop(): Promise<void>;
}

/**
 * Sends the demo story to the engine's own MLLP port as a hospital would, at a human pace and from a thread of its own (the builder's
 * dictionaries take more than a second to load). A story that was interrupted is continued at the next start; one told to its end is not told again.
 */
export function playDemoStory(port: number, { dataDir, feeds }: Config, log: Log): DemoPlay {
  const workerData: DemoWorkerData = { port, zone: feeds[0]?.zone ?? "UTC", progressFile: join(dataDir, "demo-story.json") };
  const worker = new Worker(new URL("./demo-worker.ts", import.meta.url), { workerData });
  worker.on("error", (error) => log.warn("the demo story ended early", { error: errorKind(error) }));
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  return {
    stop: async () => {
      worker.postMessage("stop");
      await ended;
    },
  };
}
