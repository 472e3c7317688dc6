import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { describe, type Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import { listFailures } from "#src/charts/failures.pg.ts";
import { retryTroubled } from "#src/charts/fold.pg.ts";
import { accountsToRefold, findAccounts } from "#src/charts/history.pg.ts";
import { refold } from "#src/charts/refold.pg.ts";
import { type CorrectNeeds, correctFailure, retryFailure, skipFailure } from "#src/charts/repair.pg.ts";
import { asOperator } from "./as-operator.ts";
import { CommandFault } from "./installation.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHOWN = 200;

const print = (text: string): void => void process.stdout.write(text);

function orFault<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new CommandFault(`${describe(result.failure)}; npx chartbridge failures names what failed`);
  return result.value;
}

/** An account by its id, or by its number where only one has it. */
async function accountIdOf({ pool, sealer }: CorrectNeeds, account: string): Promise<string> {
  if (UUID.test(account)) return account;
  const found = await findAccounts(pool, sealer, account);
  const [one] = found;
  if (one === undefined) throw new CommandFault("there is no account of this number");
  if (found.length > 1)
    throw new CommandFault(`several accounts have this number: ${found.map(({ id, facility }) => `${id} (${facility})`).join(", ")}`);
  return one.id;
}

interface Where {
  readonly dataDir?: string;
}

/** `failures`, `retry`, `skip`, `correct`, `refold`: messages that could not be folded, and charts made again. */
export function registerRepair(program: Command): void {
  program
    .command("failures")
    .description("messages that could not be folded: why, where, and what waits behind them")
    .option("--data-dir <dir>")
    .option("--json", "as JSON")
    .action(async ({ dataDir, json }: Where & { json?: boolean }) => {
      const failures = await asOperator(dataDir, "failures", undefined, ({ pool }) => listFailures(pool, { limit: SHOWN }));
      if (json === true) return print(`${JSON.stringify(failures, null, 2)}\n`);
      if (failures.length === 0) return print("no message waits for a person\n");
      for (const one of failures)
        print(
          `${one.recordId}  ${one.receivedAt.toISOString()}  ${one.feed}  ${one.messageType ?? "?"}  ${one.code}${one.place === null ? "" : ` at ${one.place}`}` +
            `  ${one.waiting} waiting${one.accountId === null ? "" : `  account ${one.accountId}`}\n`,
        );
      print(
        "Mend the map and retry RECORD, give it up with skip RECORD --reason, or put an edited copy in its place with correct RECORD FILE\n",
      );
    });
  program
    .command("retry [account-or-record]")
    .description("fold failed and waiting messages again, of one account, behind one message, or all, under the maps of now")
    .option("--data-dir <dir>")
    .action(async (which: string | undefined, { dataDir }: Where) => {
      const tried = await asOperator(dataDir, "retry", which !== undefined && UUID.test(which) ? which : undefined, async (needs, by) => {
        if (which === undefined) return retryTroubled(needs, undefined);
        const asRecord = UUID.test(which) ? await retryFailure(needs, which, { by, reason: undefined }) : undefined;
        return asRecord?.ok === true ? asRecord.value : retryTroubled(needs, await accountIdOf(needs, which));
      });
      print(`${tried} messages were folded again; npx chartbridge failures shows what still fails\n`);
    });
  program
    .command("skip <record>")
    .description("give a failed message up: it stays in the journal, and what waited behind it is applied")
    .requiredOption("--reason <text>", "why; kept sealed with the message")
    .option("--data-dir <dir>")
    .action(async (record: string, { dataDir, reason }: Where & { reason: string }) => {
      const folded = await asOperator(dataDir, "skip", asId(record), async (needs, by) =>
        orFault(await skipFailure(needs, asId(record), { by, reason })),
      );
      print(`the message is given up; ${folded} that waited behind it were folded\n`);
    });
  program
    .command("correct <record> <file>")
    .description("put an edited copy in the place of a failed message; both stay in the journal")
    .requiredOption("--reason <text>", "what was wrong; kept sealed with the copy")
    .option("--data-dir <dir>")
    .action(async (record: string, file: string, { dataDir, reason }: Where & { reason: string }) => {
      if (!existsSync(file)) throw new CommandFault(`there is no file ${file}`);
      const edited = readFileSync(file);
      const done = await asOperator(dataDir, "correct", asId(record), async (needs, by) =>
        orFault(await correctFailure(needs, asId(record), edited, { by, reason })),
      );
      print(`the copy is record ${done.recordId}; ${done.folded} messages were folded\n`);
    });
  program
    .command("refold [account]")
    .description("make the chart of an account again from its messages under the maps of now, as a new version where anything differs")
    .option("--all", "every account")
    .option("--data-dir <dir>")
    .action(async (account: string | undefined, { dataDir, all }: Where & { all?: boolean }) => {
      if ((account === undefined) === (all !== true)) throw new CommandFault("name an account, or say --all");
      await asOperator(dataDir, "refold", undefined, async (needs) => {
        let [made, changed, failed] = [0, 0, 0];
        const ids = account === undefined ? accountsToRefold(needs.pool) : [await accountIdOf(needs, account)];
        for await (const id of ids) {
          const one = await refold(needs, id);
          made++;
          if (one.ok) changed += one.value.changed.length;
          else {
            failed++;
            const { recordId } = one.failure;
            process.stderr.write(
              `account ${id}: ${recordId === undefined ? "" : `record ${recordId}: `}${describe(one.failure)}; its chart stays as it is\n`,
            );
          }
        }
        print(`${made} accounts were looked at: ${changed} charts have a new version, ${failed} could not be made again\n`);
        if (failed > 0) process.exitCode = 1;
      });
    });
}

function asId(record: string): string {
  if (!UUID.test(record)) throw new CommandFault("a message is named by its id; npx chartbridge failures names them");
  return record;
}
