import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/** A process that has ended but whose parent has not looked yet: in a container nobody may ever look. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "Z";
  } catch {
    return false;
  }
}

/** Whether a process of this id is running. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `test` holds; false when it does not within `limitMs`. */
export async function until(test: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    if (await test()) return true;
    await pause(25);
  }
  return test();
}

/** Ends a process and waits for it; harder when it does not go. */
export async function stopProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, signal);
  if (await until(() => !isAlive(pid), graceMs)) return;
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid), 2_000);
}

/** Whether nobody listens on this loopback port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A loopback port that is free now: the preferred one when it is. */
export async function freePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await isPortFree(preferred))) return preferred;
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen({ host: "127.0.0.1", port: 0 }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in the terminal reaches us and not it: we stop it last.
 * Its output goes to `logFile`.
 */
export function spawnServer(
  command: string,
  args: readonly string[],
  options: {
    readonly logFile: string;
    readonly env: NodeJS.ProcessEnv;
    readonly cwd: string;
    readonly user?: { readonly uid: number; readonly gid: number };
  },
): ChildProcess {
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn(command, [...args], {
    detached: true,
    stdio: ["ignore", log, log],
    env: options.env,
    cwd: options.cwd,
    ...(options.user ?? {}),
  });
  child.unref();
  return child;
}
