import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./child.ts";

/**
 * Claims a data directory for this process. A lock of a process that has ended is taken over.
 * Throws when another engine runs on it: two would stop each other's stores.
 */
export function lockDataDir(dataDir: string): () => void {
  const path = join(dataDir, "engine.lock");
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
      return () => {
        if (existsSync(path) && Number(readFileSync(path, "utf8")) === process.pid) rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = Number(readFileSync(path, "utf8"));
      if (holder > 0 && holder !== process.pid && isAlive(holder) && isEngine(holder))
        throw new Error(`another Chartbridge (process ${holder}) uses the data directory ${dataDir}; stop it, or give another --data-dir`);
      rmSync(path, { force: true });
    }
  }
  throw new Error(`the data directory ${dataDir} could not be locked`);
}

/** Process ids are used again: only a Node process can be an engine. */
function isEngine(pid: number): boolean {
  const path = `/proc/${pid}/cmdline`;
  return !existsSync(path) || /node|vitest/.test(readFileSync(path, "utf8"));
}
