import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinConfig } from "#src/config/builtin.ts";
import { loadConfig } from "#src/config/load.ts";
import type { RunFile } from "#src/config/run-file.ts";
import type { Config } from "#src/config/types.ts";
import { CommandFault } from "./installation.ts";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The configuration an engine of this folder would start with, or its faults. */
export function configOf(dataDir: string, path: string): Config | readonly string[] {
  if (!existsSync(path)) return builtinConfig(HOME, dataDir, { demo: false, port: 8480, mllpPort: 2575 });
  const loaded = loadConfig({ path, dataDir, env: process.env, home: HOME });
  return loaded.ok ? loaded.value : loaded.failure;
}

/** The configuration the running engine was started with. */
export function configOfRunning(run: RunFile, dataDir: string): Config {
  if (run.config === undefined) return builtinConfig(HOME, dataDir, { demo: run.demo, port: 0, mllpPort: 0 });
  const read = configOf(dataDir, run.config);
  if (!("feeds" in read)) throw new CommandFault(read.join("\n"));
  return read;
}
