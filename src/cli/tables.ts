import type { Command } from "commander";
import { describe } from "#src/base/failures.ts";
import { resolveUnmapped } from "#src/charts/resolve-code.pg.ts";
import { unmappedTasks } from "#src/charts/unmapped-codes.pg.ts";
import { asOperator } from "./as-operator.ts";
import { CommandFault, runningEngine } from "./installation.ts";

interface ResolveOptions {
  readonly dataDir?: string;
  readonly code?: string;
  readonly display?: string;
  readonly system?: string;
  readonly none?: boolean;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** `tables`: codes that no table knows, and what they mean. */
export function registerTables(program: Command): void {
  const tables = program.command("tables").description("codes of your senders that no code table knows");
  tables
    .command("tasks", { isDefault: true })
    .description("the codes that wait for a meaning, the most frequent first")
    .option("--data-dir <dir>")
    .action(async ({ dataDir }: { dataDir?: string }) => {
      const tasks = await asOperator(dataDir, "tables tasks", undefined, ({ pool, sealer }) => unmappedTasks(pool, sealer));
      if (tasks.length === 0) print("every code that came is in its table");
      for (const { id, sender, table, code, times, accounts, place = "" } of tasks)
        print(`${id}  ${sender}  ${table}  ${code}  ${times} times, ${accounts} accounts, for example at ${place}`);
    });
  tables
    .command("resolve <task>")
    .description("say what a code means: it goes into your site's maps, and the charts that have it are made again")
    .option("--code <code>", "the code it means")
    .option("--display <text>", "what that is called")
    .option("--system <uri>", "its code system, when it is not the table's")
    .option("--none", "it means nothing that FHIR has a code for: it stays as sent")
    .option("--data-dir <dir>")
    .action(async (task: string, { dataDir, code, display, system, none }: ResolveOptions) => {
      if ((code === undefined) === (none !== true)) throw new CommandFault("say either --code CODE or --none");
      const meaning =
        code === undefined ? null : { code, ...(display === undefined ? {} : { display }), ...(system === undefined ? {} : { system }) };
      const { pid } = runningEngine(dataDir);
      const done = await asOperator(dataDir, "tables resolve", task, (needs, who) =>
        resolveUnmapped(
          {
            ...needs,
            adopt: async (maps) => {
              const next = await needs.under(maps);
              // The running engine reads its maps again.
              process.kill(pid, "SIGUSR2");
              return next;
            },
          },
          task,
          meaning,
          who,
        ),
      );
      if (!done.ok) throw new CommandFault(describe(done.failure));
      const { path, refolded, changed, failed } = done.value;
      print(`written to ${path}; ${refolded} accounts were folded again, ${changed} charts are others now`);
      for (const { accountId, failure } of failed) print(`${accountId} stays as it was: ${describe(failure)}`);
    });
}
