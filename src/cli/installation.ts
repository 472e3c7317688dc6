import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isRunning, readRunFile, type RunFile } from "#src/config/run-file.ts";

export interface Installation {
  readonly dataDir: string;
  readonly run: RunFile | undefined;
}

const DEFAULTS = [join(".chartbridge", "main"), join(".chartbridge", "demo")];

/** The installation a command is about: the one named, else the one that runs here, else the one that was started here. */
export function findInstallation(dataDir: string | undefined): Installation {
  const folders = (dataDir === undefined ? DEFAULTS : [dataDir]).map((folder) => resolve(folder));
  const all = folders.map((folder) => ({ dataDir: folder, run: readRunFile(folder) }));
  return (
    all.find(({ run }) => run !== undefined && isRunning(run)) ??
    all.find(({ dataDir: folder }) => existsSync(folder)) ??
    all[0] ?? { dataDir: resolve(DEFAULTS[0] ?? "."), run: undefined }
  );
}

/** The running engine, or a sentence for the person who expected one. */
export function runningEngine(dataDir: string | undefined): RunFile {
  const { run, dataDir: folder } = findInstallation(dataDir);
  if (run === undefined || !isRunning(run))
    throw new CommandFault(`no engine is running with the data directory ${folder}; start one with: npm start`);
  return run;
}

/** Something the person who typed the command can mend; shown as one line. */
export class CommandFault extends Error {
  override readonly name = "CommandFault";
}
