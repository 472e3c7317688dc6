import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const shape = z.object({
  pid: z.int(),
  http: z.string(),
  mllp: z.record(z.string(), z.int()),
  databaseUrl: z.string(),
  redisUrl: z.string(),
  redisPrefix: z.string(),
  queues: z.array(z.string()),
  /** Path of its chartbridge.yaml; absent when it runs the built-in configuration. */
  config: z.string().optional(),
  startedAt: z.string(),
  demo: z.boolean(),
});

/** Where a running engine can be reached, for the commands of the same machine. Holds the stores' addresses: readable by its owner only. */
export type RunFile = z.infer<typeof shape>;

const pathOf = (dataDir: string): string => join(dataDir, "engine.json");

export const writeRunFile = (dataDir: string, run: RunFile): void =>
  writeFileSync(pathOf(dataDir), `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });

export const removeRunFile = (dataDir: string): void => rmSync(pathOf(dataDir), { force: true });

/** Undefined when no engine has been started with this data directory, or it has stopped. */
export function readRunFile(dataDir: string): RunFile | undefined {
  if (!existsSync(pathOf(dataDir))) return undefined;
  const parsed = shape.safeParse(JSON.parse(readFileSync(pathOf(dataDir), "utf8")));
  return parsed.success ? parsed.data : undefined;
}

/** Whether the process of a run file is still there. */
export function isRunning({ pid }: RunFile): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
