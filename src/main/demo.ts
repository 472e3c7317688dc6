import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { playDemo } from "#src/cli/demo/play.ts";
import { demoStory } from "#src/cli/demo/story.ts";
import type { Config } from "#src/config/types.ts";
import type { Log } from "#src/telemetry/log.ts";

/** The same patients in every demo. */
const SEED = 20_260_101;

const progress = z.object({ begun: z.iso.datetime(), sent: z.int().min(0) });
type Progress = z.infer<typeof progress>;

const read = (path: string): Progress => {
  const parsed = existsSync(path) ? progress.safeParse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
  return parsed?.success === true ? parsed.data : { begun: new Date().toISOString(), sent: 0 };
};

export interface DemoPlay {
  stop(): Promise<void>;
}

/**
 * Sends the demo story to the engine's own MLLP port as a hospital would, at a human pace. A story that was interrupted is
 * continued at the next start; one that was told to its end is not told again.
 */
export function playDemoStory(port: number, { dataDir, feeds }: Config, log: Log): DemoPlay {
  const path = join(dataDir, "demo-story.json");
  const { begun, sent } = read(path);
  let told = sent;
  const feed = feeds[0];
  const all = demoStory(SEED, new Date(begun), feed?.zone ?? "UTC");
  const from = all[sent]?.atMs ?? 0;
  const rest = all.slice(sent).map((one) => ({ ...one, atMs: one.atMs - from }));
  const controller = new AbortController();
  const playing = playDemo({
    host: "127.0.0.1",
    port,
    story: rest,
    pace: 1,
    signal: controller.signal,
    onAnswer: () => {
      told++;
      writeFileSync(path, JSON.stringify({ begun, sent: told } satisfies Progress), { mode: 0o600 });
    },
  }).catch(() => log.warn("the demo story ended early"));
  return {
    stop: async () => {
      controller.abort();
      await playing;
    },
  };
}
