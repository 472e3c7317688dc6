import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { freePort, isAlive, until } from "#src/main/services/child.ts";
import { type Services, startServices } from "#src/main/services/index.ts";
import { lockDataDir } from "#src/main/services/lock.ts";
import { findRedis } from "#src/main/services/redis-packages.ts";
import pg from "pg";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last();
});

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "chartbridge-services-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
const REDIS = join(import.meta.dirname, "..", "..", ".chartbridge", "redis");
const start = async (dataDir: string): Promise<Services> => {
  const services = await startServices({ dataDir, redisFolder: REDIS, env: process.env, report: () => undefined });
  undo.push(() => services.stop());
  return services;
};
async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("the stores of an installation", () => {
  it("start on a machine that has none, and leave nothing running when stopped", async () => {
    const services = await start(newFolder());
    const { postgres = 0, redis = 0 } = services.pids();
    expect(await query(services.databaseUrl, "select current_setting('fsync') as fsync")).toEqual([{ fsync: "on" }]);
    await services.stop();
    expect([isAlive(postgres), isAlive(redis)]).toEqual([false, false]);
  });

  it("are adopted, not started twice, when the engine before was killed", async () => {
    const dataDir = newFolder();
    const first = await start(dataDir);
    // An engine that is killed stops nothing: this is what it leaves behind.
    const second = await start(dataDir);
    expect(second.pids()).toEqual(first.pids());
    expect(second.databaseUrl).toBe(first.databaseUrl);
  });

  it("start again when they were killed, with what was committed", async () => {
    const dataDir = newFolder();
    const first = await start(dataDir);
    await query(first.databaseUrl, "create table kept (n int); insert into kept values (7)");
    const { postgres = 0, redis = 0 } = first.pids();
    process.kill(postgres, "SIGKILL");
    process.kill(redis, "SIGKILL");
    await until(() => first.pids().postgres !== postgres && first.pids().redis !== redis, 20_000);
    expect(await query(first.databaseUrl, "select n from kept")).toEqual([{ n: 7 }]);
  });

  it("start over a database that was only half initialised", async () => {
    const dataDir = newFolder();
    const first = await start(dataDir);
    await first.stop();
    // What an initdb leaves that was killed: a folder without its last files, never moved to its place.
    const postgres =
      [join(dataDir, "postgres"), "/var/lib/chartbridge"].find((folder) => existsSync(join(folder, "cluster"))) ??
      join(dataDir, "postgres");
    rmSync(join(postgres, "cluster"), { recursive: true, force: true });
    const half = spawn("mkdir", ["-p", join(postgres, "cluster.new", "base")]);
    await once(half, "exit");
    writeFileSync(join(postgres, "cluster.new", "PG_VERSION"), "18\n");
    const second = await start(dataDir);
    expect(await query(second.databaseUrl, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("take another port when theirs is in use by somebody else", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    undo.push(() => other.close());
    const taken = (other.address() as { port: number }).port;
    expect(await freePort(taken)).not.toBe(taken);
  });
});

describe("Redis", () => {
  it("is fetched and unpacked into a folder when the machine has none", () => {
    const folder = join(newFolder(), "redis");
    const found = findRedis(folder, { ...process.env, CHARTBRIDGE_HIDE_SYSTEM_REDIS: "1" }, () => undefined);
    expect(found.path.startsWith(folder)).toBe(true);
    expect(existsSync(found.path)).toBe(true);
  });

  it("is the one of the PATH when there is one", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "redis-server"), "");
    expect(findRedis(join(folder, "none"), { PATH: folder }, () => undefined)).toEqual({ path: join(folder, "redis-server") });
  });
});

describe("a data directory", () => {
  it("belongs to one engine at a time, and to the next when that one was killed", async () => {
    const dataDir = newFolder();
    const script = `import { lockDataDir } from "#src/main/services/lock.ts"; lockDataDir(${JSON.stringify(dataDir)}); process.stdout.write("locked"); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: join(import.meta.dirname, "..", ".."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    undo.push(() => holder.kill("SIGKILL"));
    await once(holder.stdout, "data");
    expect(() => lockDataDir(dataDir)).toThrow(/another Chartbridge/);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    lockDataDir(dataDir)();
  });
});
