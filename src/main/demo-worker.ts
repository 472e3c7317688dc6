import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { playDemo } from "#src/cli/demo/play.ts";
import { DEMO_SEED, demoStory } from "#src/cli/demo/story.ts";
import type { DemoWorkerData } from "./demo.ts";

/** How far the story was told: when it began, and how many of its messages were answered. */
const progress = z.object({ begun: z.iso.datetime(), sent: z.int().min(0) });
type Progress = z.infer<typeof progress>;

const { port, zone, progressFile } = workerData as DemoWorkerData;
const parsed = existsSync(progressFile) ? progress.safeParse(JSON.parse(readFileSync(progressFile, "utf8"))) : undefined;
const { begun, sent }: Progress = parsed?.success === true ? parsed.data : { begun: new Date().toISOString(), sent: 0 };

const all = demoStory(DEMO_SEED, new Date(begun), zone);
const from = all[sent]?.atMs ?? 0;
let told = sent;
const controller = new AbortController();
parentPort?.once("message", () => controller.abort());
await playDemo({
  host: "127.0.0.1",
  port,
  story: all.slice(sent).map((one) => ({ ...one, atMs: one.atMs - from })),
  pace: 1,
  signal: controller.signal,
  onAnswer: () => {
    told++;
    writeFileSync(progressFile, JSON.stringify({ begun, sent: told } satisfies Progress), { mode: 0o600 });
  },
});
parentPort?.close();
