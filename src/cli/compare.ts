import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { createSealer } from "#src/base/seal.ts";
import { loadKeys } from "#src/config/keys.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { readCsv } from "#src/sitedata/csv.ts";
import { compareLists, type Difference, type TheirAccount } from "#src/worklist/compare-lists.ts";
import { readOurAccounts } from "#src/worklist/parallel-list.pg.ts";
import { configOfRunning } from "./installation-config.ts";
import { CommandFault, findInstallation } from "./installation.ts";

const DAY = /^\d{4}-\d\d-\d\d$/;
const AMOUNT = /^\d+(\.\d{1,2})?$/;

/** Reads the old system's list. Throws with every fault as `file:line`, never with a value of it. */
export function readTheirList(path: string, text: string): readonly TheirAccount[] {
  const { columns, rows, faults } = readCsv(text, ["account"]);
  const wrong = faults.map(({ line, text: what }) => `${path}:${line}: ${what}`);
  const list = rows.map(({ line, values }): TheirAccount => {
    const read = (name: string, form?: RegExp): string | undefined => {
      const value = columns.includes(name) ? (values[name] ?? "") : undefined;
      if (value !== undefined && value !== "" && form !== undefined && !form.test(value))
        wrong.push(`${path}:${line}: ${name} has not its form`);
      return value;
    };
    const account = read("account") ?? "";
    if (account === "") wrong.push(`${path}:${line}: account is empty`);
    const [kind, admitted, discharged, charges, queue] = [
      read("class"),
      read("admitted", DAY),
      read("discharged", DAY),
      read("charges", AMOUNT),
      read("queue"),
    ];
    return {
      line,
      account,
      ...(kind === undefined ? {} : { class: kind }),
      ...(admitted === undefined ? {} : { admitted }),
      ...(discharged === undefined ? {} : { discharged }),
      ...(charges === undefined ? {} : { cents: Math.round(Number(charges) * 100) }),
      ...(queue === undefined ? {} : { queue }),
    };
  });
  if (wrong.length > 0) throw new CommandFault(wrong.join("\n"));
  return list;
}

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const asCsv = (differences: readonly Difference[]): string =>
  [
    "account,line,difference,theirs,ours",
    ...differences.map((one) => [one.account, String(one.line ?? ""), one.what, one.theirs, one.ours].map(cell).join(",")),
  ].join("\n");

/** `compare`: a feed that runs beside the old system, against that system's own list. */
export function registerCompare(program: Command): void {
  program
    .command("compare <feed> <list.csv>")
    .description(
      "compare a feed's accounts to be coded with the list of the old system: columns account and, as far as it has them, class, admitted, discharged (2026-03-01), charges (12.50), queue; prints every difference as CSV, exit 1 when there is one",
    )
    .option("--data-dir <dir>")
    .action(async (name: string, path: string, { dataDir }: { dataDir?: string }) => {
      const { run, dataDir: folder } = findInstallation(dataDir);
      if (run === undefined) throw new CommandFault(`no engine was started with the data directory ${folder}; start one with: npm start`);
      const feed = configOfRunning(run, folder).feeds.find((one) => one.name === name);
      if (feed === undefined) throw new CommandFault(`there is no feed ${name}`);
      const theirs = readTheirList(path, readFileSync(path, "utf8"));
      const pool = openPool(run.databaseUrl, { max: 1, name: "compare" }, () => undefined);
      try {
        const ours = await readOurAccounts(pool, createSealer(loadKeys(folder, process.env).encryptionKey), name);
        // Sweden writes its dates as ISO 8601 does.
        const days = new Intl.DateTimeFormat("sv-SE", { timeZone: feed.zone, dateStyle: "short" });
        const differences = compareLists(theirs, ours, (at) => days.format(at));
        process.stdout.write(`${asCsv(differences)}\n`);
        process.stderr.write(
          `${theirs.length} on the list, ${ours.filter(({ toCode }) => toCode).length} to be coded here, ${differences.length} differences\n`,
        );
        if (differences.length > 0) process.exitCode = 1;
      } finally {
        await pool.end();
      }
    });
}
