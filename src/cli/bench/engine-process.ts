import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Print } from "../send.ts";
import { eachLine, ended } from "./child-lines.ts";
import type { Pids } from "./processes.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const START = fileURLToPath(new URL("../../main/start.ts", import.meta.url));
/** The first start unpacks and initialises a database. */
const READY_WITHIN_MS = 180_000;
const STOPS_WITHIN_MS = 30_000;
/** statfs(2): a folder in memory, where fsync costs nothing. */
const TMPFS_MAGIC = 0x0102_1994;

const readyLine = z.object({
  http: z.string(),
  mllp: z.record(z.string(), z.int()),
  pid: z.int(),
  databaseUrl: z.string(),
  redisUrl: z.string(),
  services: z.object({ postgres: z.int().nullish(), redis: z.int().nullish() }),
});

/** An engine started for a measurement, on a data directory of its own. */
export interface Engine {
  readonly mllpPort: number;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly pids: Pids;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

export interface EngineNeeds {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly err: Print;
  /** Folder in which the data directory is made; the system's temporary folder unless told. */
  readonly parent?: string;
}

/** The bench measures embedded services of its own and never a database somebody else uses. */
const withoutServices = (env: EngineNeeds["env"]): NodeJS.ProcessEnv => {
  const kept = { ...env, CHARTBRIDGE_READY_LINE: "1" };
  return Object.fromEntries(Object.entries(kept).filter(([name]) => name !== "DATABASE_URL" && name !== "REDIS_URL"));
};

/** Starts the engine without the demo on free ports and waits until it is ready. */
export async function startEngine({ env, err, parent = tmpdir() }: EngineNeeds): Promise<Engine> {
  const dir = mkdtempSync(join(parent, "chartbridge-bench-"));
  // As root the database runs as another user, which must be able to enter.
  chmodSync(dir, 0o711);
  if (statfsSync(dir).type === TMPFS_MAGIC)
    err(`warning: ${dir} is in memory: fsync costs nothing there. Use --dir for a folder on a disk.`);
  const options = ["--no-demo", "--data-dir", join(dir, "data"), "--port", "0", "--mllp-port", "0"];
  const child = spawn(process.execPath, [...process.execArgv, START, ...options], {
    cwd: ROOT,
    env: withoutServices(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  const ready = Promise.withResolvers<z.infer<typeof readyLine>>();
  const remember = (line: string): void => {
    said.push(line);
    if (said.length > 40) said.shift();
  };
  eachLine(child.stderr, remember);
  eachLine(child.stdout, (line) => {
    if (!line.startsWith("READY ")) return remember(line);
    const parsed = readyLine.safeParse(JSON.parse(line.slice("READY ".length)));
    if (parsed.success) ready.resolve(parsed.data);
    else ready.reject(new Error(`the engine's READY line is not as expected: ${parsed.error.message}`));
  });
  const timer = setTimeout(() => ready.reject(new Error("the engine was not ready in time")), READY_WITHIN_MS);
  child.once("error", ready.reject);
  void ended(child).then((code) => ready.reject(new Error(`the engine ended before it was ready (exit code ${code ?? "none"})`)));

  const stop = async (): Promise<void> => {
    const killer = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN_MS);
    child.kill("SIGTERM");
    if (child.pid !== undefined) await ended(child);
    clearTimeout(killer);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const { mllp, pid, databaseUrl, redisUrl, services } = await ready.promise;
    const [mllpPort] = Object.values(mllp);
    if (mllpPort === undefined) throw new Error("the engine has no MLLP feed");
    return {
      mllpPort,
      databaseUrl,
      redisUrl,
      pids: { engine: pid, postgres: services.postgres ?? undefined, redis: services.redis ?? undefined },
      stop,
    };
  } catch (error) {
    for (const line of said) err(`engine: ${line}`);
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
