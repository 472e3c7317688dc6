import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A Redis server program, and the folder of libraries it came with when it is not the system's own. */
export interface RedisProgram {
  readonly path: string;
  readonly libraries?: string;
}

const NAMES = ["redis-server", "valkey-server"];

function onPath(path: string): RedisProgram | undefined {
  for (const folder of path.split(delimiter))
    for (const name of NAMES) if (folder !== "" && existsSync(join(folder, name))) return { path: join(folder, name) };
  return undefined;
}

const librariesOf = (folder: string): string => {
  const roots = [join(folder, "usr", "lib"), join(folder, "lib")].filter((root) => existsSync(root));
  return roots.flatMap((root) => [root, ...readdirSync(root).map((name) => join(root, name))]).join(":");
};

function unpacked(folder: string): RedisProgram | undefined {
  const path = join(folder, "usr", "bin", "redis-server");
  return existsSync(path) ? { path, libraries: librariesOf(folder) } : undefined;
}

/** What a person can do when no Redis can be had here. */
const ADVICE =
  "Redis is needed and could not be fetched. Any one of these helps:\n" +
  "  - install it:          apt-get install redis-server   (or valkey-server; brew install redis)\n" +
  "  - use one you have:    REDIS_URL=redis://host:6379 npm start\n" +
  "  - use the containers:  docker compose up";

/**
 * Fetches redis-server and what it needs from the Debian or Ubuntu archive and unpacks it into a folder: nothing is installed into
 * the system and no root is needed, for apt gets a state and a cache of its own.
 * Throws with advice when this is no Debian, or the archive cannot be reached.
 */
function fetchPackages(folder: string): RedisProgram {
  const work = `${folder}.fetch`;
  rmSync(work, { recursive: true, force: true });
  const state = join(work, "state");
  const cache = join(work, "cache");
  mkdirSync(join(state, "lists", "partial"), { recursive: true });
  mkdirSync(join(cache, "archives", "partial"), { recursive: true });
  const own = [
    "-o",
    `Dir::State=${state}`,
    "-o",
    "Dir::State::status=/var/lib/dpkg/status",
    "-o",
    `Dir::Cache=${cache}`,
    "-o",
    "Debug::NoLocking=1",
  ];
  // As root apt fetches as another user, who cannot write here.
  const apt = (...args: string[]): boolean =>
    spawnSync("apt-get", [...own, "-o", "APT::Sandbox::User=root", "-qq", ...args], { stdio: "ignore" }).status === 0;
  const tree = join(work, "tree");
  mkdirSync(tree, { recursive: true });
  if (!apt("update")) throw new Error(ADVICE);
  if (!apt("-y", "--no-install-recommends", "--download-only", "--reinstall", "install", "redis-server", "redis-tools"))
    throw new Error(ADVICE);
  const archives = join(cache, "archives");
  for (const name of readdirSync(archives).filter((file) => file.endsWith(".deb")))
    if (spawnSync("dpkg-deb", ["-x", join(archives, name), tree], { stdio: "ignore" }).status !== 0) throw new Error(ADVICE);
  if (unpacked(tree) === undefined) throw new Error(ADVICE);
  rmSync(folder, { recursive: true, force: true });
  renameSync(tree, folder);
  rmSync(work, { recursive: true, force: true });
  const program = unpacked(folder);
  if (program === undefined) throw new Error(ADVICE);
  return program;
}

/**
 * The Redis server to run: the one on the PATH, else the one unpacked before, else one fetched now.
 * @param folder where an unpacked one is kept
 */
export function findRedis(folder: string, env: NodeJS.ProcessEnv, report: (line: string) => void): RedisProgram {
  const system = env["CHARTBRIDGE_HIDE_SYSTEM_REDIS"] === "1" ? undefined : onPath(env["PATH"] ?? "");
  const known = system ?? unpacked(folder);
  if (known !== undefined) return known;
  report("Fetching Redis (1.5 MB, kept with the data; nothing is installed into the system) ...");
  mkdirSync(join(folder, ".."), { recursive: true });
  return fetchPackages(folder);
}
