import type { Command } from "commander";
import { isRunning, type RunFile } from "#src/config/run-file.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { readLineStatus } from "#src/telemetry/line-status.pg.ts";
import { examine, showComplaints } from "./doctor.ts";
import { configOf } from "./installation-config.ts";
import { CommandFault, findInstallation, runningEngine } from "./installation.ts";
import { showStatus } from "./status.ts";

interface Where {
  readonly dataDir?: string;
}

/** Loaded when it is asked for: what speaks to Redis takes longer to load than all the rest of the command line. */
const relay = () => import("#src/worklist/relay.bullmq.ts");

const redisFaultsAt = async (redisUrl: string): Promise<readonly string[]> => (await relay()).redisFaults(redisUrl);

const print = (text: string): void => void process.stdout.write(text);

const redisState = async (run: RunFile): Promise<string> => {
  try {
    const faults = await redisFaultsAt(run.redisUrl);
    return faults.length === 0 ? "up" : faults.join("; ");
  } catch {
    return "cannot be reached: ready items wait in Postgres, and the queues are rebuilt when it is back";
  }
};

/** `status`, `doctor`, `rebuild-queues`: what the person who runs the engine asks and does. */
export function registerOperator(program: Command): void {
  program
    .command("status")
    .description("the whole line at a glance: received, folded, items, deliveries, and what needs a person")
    .option("--data-dir <dir>")
    .option("--json", "as JSON")
    .action(async ({ dataDir, json }: Where & { json?: boolean }) => {
      const { run, dataDir: folder } = findInstallation(dataDir);
      if (run === undefined) throw new CommandFault(`no engine is running with the data directory ${folder}; start one with: npm start`);
      const pool = openPool(run.databaseUrl, { max: 3, name: "status" }, () => undefined);
      try {
        const report = await readLineStatus(pool, 20).catch(() => undefined);
        if (report === undefined)
          throw new CommandFault(
            isRunning(run)
              ? "the engine runs, but its Postgres cannot be reached"
              : "the engine is not running, nor its Postgres; start it with: npm start",
          );
        print(json === true ? `${JSON.stringify(report, null, 2)}\n` : showStatus(report, run, await redisState(run)));
      } finally {
        await pool.end();
      }
    });
  program
    .command("doctor")
    .description("what is wrong with this installation, and how to mend it")
    .option("--data-dir <dir>")
    .option("--config <file>", "the configuration to look at; the running engine's own unless given")
    .action(async ({ dataDir, config: named }: Where & { config?: string }) => {
      const { run, dataDir: folder } = findInstallation(dataDir);
      const config = named ?? run?.config ?? "chartbridge.yaml";
      const pool = run === undefined ? undefined : openPool(run.databaseUrl, { max: 1, name: "doctor" }, () => undefined);
      try {
        const found = await examine({
          dataDir: folder,
          run,
          config: configOf(folder, config),
          pool,
          redisFaults: run === undefined ? undefined : () => redisFaultsAt(run.redisUrl),
        });
        print(showComplaints(found));
        if (found.some(({ level }) => level === "error")) process.exitCode = 1;
      } finally {
        await pool?.end();
      }
    });
  program
    .command("rebuild-queues")
    .description("make every Redis queue anew from what Postgres holds")
    .option("--data-dir <dir>")
    .action(async ({ dataDir }: Where) => {
      const run = runningEngine(dataDir);
      const pool = openPool(run.databaseUrl, { max: 2, name: "rebuild-queues" }, () => undefined);
      try {
        const { rebuildQueues } = await relay();
        const marked = await rebuildQueues({ pool, redisUrl: run.redisUrl, prefix: run.redisPrefix, queues: run.queues });
        print(`${marked} ready items are put back on their queues\n`);
      } finally {
        await pool.end();
      }
    });
}
