import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort, isAlive, pause, spawnServer, stopProcess, until } from "./child.ts";
import type { RunningStore } from "./postgres.ts";
import type { RedisProgram } from "./redis-packages.ts";

function passwordOf(folder: string): string {
  const path = join(folder, "password");
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
  return readFileSync(path, "utf8").trim();
}

const answers = async (url: string): Promise<boolean> => {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000, maxRetriesPerRequest: 0 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === "PONG";
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
};

interface Left {
  readonly pid: number;
  readonly port: number;
}

/** The server an engine left behind that was killed; undefined when it has ended or the process is another by now. */
function leftBehind(folder: string): Left | undefined {
  const path = join(folder, "running");
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const [pid, port] = text.split(" ").map(Number);
  if (pid === undefined || port === undefined || !(pid > 0) || !isAlive(pid)) return undefined;
  const cmdline = `/proc/${pid}/cmdline`;
  return existsSync(cmdline) && !/redis|valkey/.test(readFileSync(cmdline, "utf8")) ? undefined : { pid, port };
}

/** Append-only file, nothing evicted, loopback, a password that no process list shows. */
const settings = (folder: string, port: number, password: string): string =>
  [
    "bind 127.0.0.1",
    `port ${port}`,
    "protected-mode yes",
    `requirepass ${password}`,
    `dir "${folder}"`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "maxmemory-policy noeviction",
    "daemonize no",
    "",
  ].join("\n");

/** Starts a private Redis in a data directory, or adopts the one an engine left behind that was killed. */
export async function startRedis(dataDir: string, program: RedisProgram, preferredPort?: number): Promise<RunningStore> {
  const folder = join(dataDir, "redis");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const password = passwordOf(folder);
  const urlAt = (port: number): string => `redis://:${password}@127.0.0.1:${port}`;
  const supervised = (port: number, pid: number): RunningStore => ({
    url: urlAt(port),
    port,
    pid,
    stop: async () => {
      await stopProcess(pid, "SIGTERM", 10_000);
      rmSync(join(folder, "running"), { force: true });
    },
  });

  const orphan = leftBehind(folder);
  if (orphan !== undefined) {
    if (await until(() => answers(urlAt(orphan.port)), 5_000)) return supervised(orphan.port, orphan.pid);
    await stopProcess(orphan.pid, "SIGTERM", 5_000);
  }
  const logFile = join(dataDir, "redis.log");
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort(preferredPort);
    const conf = join(folder, "redis.conf");
    writeFileSync(conf, settings(folder, port, password), { mode: 0o600 });
    const env = program.libraries === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: program.libraries };
    const child = spawnServer(program.path, [conf], { logFile, env, cwd: folder });
    let ended = false;
    child.once("exit", () => {
      ended = true;
    });
    child.once("error", () => {
      ended = true;
    });
    const { pid } = child;
    if (pid !== undefined) writeFileSync(join(folder, "running"), `${pid} ${port}\n`, { mode: 0o600 });
    await until(async () => ended || (await answers(urlAt(port))), 30_000);
    if (!ended && pid !== undefined) return supervised(port, pid);
    await pause(200);
  }
  throw new Error(`Redis does not start; its log is ${logFile}`);
}
