import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { centsFrom } from "#src/base/money.ts";
import { isZone } from "#src/hl7v2/zones.ts";
import { readJournalBooks, readRefusalBooks } from "#src/journal/books.pg.ts";
import { readCsv } from "#src/sitedata/csv.ts";
import { type Balance, readWorkBooks } from "#src/worklist/books.pg.ts";
import { type CensusLine, type CensusReport, compareCensus } from "#src/worklist/census.pg.ts";
import { type Inventory, readMeasures } from "#src/worklist/measures.pg.ts";
import { withStores } from "./engine-stores.ts";
import { CommandFault } from "./installation.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const money = (cents: number): string => `$${(cents / 100).toFixed(2)}`;

const showBalance = (name: string, { total, parts, difference, residue }: Balance): string =>
  [
    `${name} ${total} = ${
      Object.entries(parts)
        .map(([part, n]) => `${n} ${part}`)
        .join(" + ") || "0"
    }${difference === 0 ? "" : `   DIFFERENCE ${difference}`}`,
    ...residue.map(({ itemId, accountId, claimId, why }) => `  ${why}: ${claimId ?? itemId ?? accountId ?? ""}`),
  ].join("\n");
const showInventory = (name: string, { items, cents, days, ageing }: Inventory): string =>
  `${name}: ${items} items, ${money(cents)}, ${days} days; by days since discharge ${Object.entries(ageing)
    .map(([range, n]) => `${range}: ${n}`)
    .join(", ")}`;

/** The moment of a day's end, UTC; now when no day is named. */
function momentOf(day: string | undefined): Date {
  if (day === undefined) return new Date();
  const at = new Date(`${day}T23:59:59.999Z`);
  // Date takes 02-30 for the second of March.
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day) throw new CommandFault(`${day} is not a day (YYYY-MM-DD)`);
  return at;
}

/** Reads a census: `account` and any of `discharge_date`, `dnfb` (y, n), `charges` (dollars). Throws with every fault. */
export function readCensus(text: string, file: string): readonly CensusLine[] {
  const table = readCsv(text, ["account"]);
  const faults = table.faults.map(({ line, text: what }) => `${file}:${line}: ${what}`);
  const lines = table.rows.map(({ line, values }): CensusLine => {
    const [discharged, dnfb, charges] = [values["discharge_date"] ?? "", (values["dnfb"] ?? "").toLowerCase(), values["charges"] ?? ""];
    if ((values["account"] ?? "") === "") faults.push(`${file}:${line}: account: is empty`);
    if (discharged !== "" && !/^\d{4}-\d{2}-\d{2}$/.test(discharged)) faults.push(`${file}:${line}: discharge_date: is not YYYY-MM-DD`);
    if (!["", "y", "n", "yes", "no"].includes(dnfb)) faults.push(`${file}:${line}: dnfb: is neither y nor n`);
    const cents = charges === "" ? undefined : centsFrom(charges);
    if (cents?.ok === false) faults.push(`${file}:${line}: charges: is not an amount`);
    return {
      line,
      account: values["account"] ?? "",
      ...(discharged === "" ? {} : { discharged }),
      ...(dnfb === "" ? {} : { dnfb: dnfb.startsWith("y") }),
      ...(cents?.ok === true ? { cents: cents.value } : {}),
    };
  });
  if (faults.length > 0) throw new CommandFault(faults.join("\n"));
  return lines;
}

const showCensus = ({ lines, agreed, findings, residue }: CensusReport): string =>
  [
    `${lines} lines, ${agreed} agree, ${findings.length} differences, ${residue} without a reason`,
    ...findings.map(
      ({ line, accountId, what, reason, cents }) =>
        `  ${line === undefined ? "not in the file" : `line ${line}`}: ${what}${cents === undefined ? "" : ` ${money(cents)}`}${
          accountId === undefined ? "" : ` (${accountId})`
        }: ${reason ?? "RESIDUE"}`,
    ),
  ].join("\n");

/** `reconcile` and `census`: whether everything that came is accounted for, by our own books and by the EHR's. */
export function registerReconcile(program: Command): void {
  program
    .command("reconcile")
    .description("the books: what came is what became of it; exit 1 when a sum does not add up")
    .option("--day <YYYY-MM-DD>", "as of the end of that day, UTC; now when absent")
    .option("--data-dir <dir>")
    .option("--json")
    .action(async ({ day, dataDir, json }: { day?: string; dataDir?: string; json?: boolean }) => {
      const asOf = momentOf(day);
      await withStores(dataDir, "reconcile", async ({ pool }) => {
        const [received, refused, work, measures] = await Promise.all([
          readJournalBooks(pool, asOf),
          readRefusalBooks(pool, asOf),
          readWorkBooks(pool, asOf),
          readMeasures(pool, asOf),
        ]);
        if (json === true) print(JSON.stringify({ received, refused, ...work, measures }, null, 2));
        else {
          const sum = (parts: Readonly<Record<string, number>>): string =>
            Object.entries(parts)
              .map(([part, n]) => `${n} ${part}`)
              .join(" + ");
          print(`received ${received.received} = ${sum(received.verdicts)}`);
          print(`accepted ${received.verdicts.accepted} = ${sum(received.outcomes)} + ${received.notYetFolded} not yet folded`);
          for (const one of refused)
            print(
              `refused by ${one.feed} ${one.refused} = ${one.laterAccepted} later accepted + ${one.stillOwed} still owed by the sender`,
            );
          print(showBalance("discharged accounts", work.discharged));
          print(showBalance("final coded", work.finalCoded));
          print(showBalance("claims", work.released));
          print(showBalance("claims that count", work.answered));
          print(showInventory("DNFB", measures.dnfb));
          print(showInventory("DNFC", measures.dnfc));
        }
        if ([work.discharged, work.finalCoded, work.released, work.answered].some(({ difference }) => difference !== 0))
          process.exitCode = 1;
      });
    });
  program
    .command("census <file.csv>")
    .description("compare the EHR's own report of a day with ours: account, and any of discharge_date, dnfb, charges; exit 1 with residue")
    .requiredOption("--day <YYYY-MM-DD>", "the day of the report")
    .option("--zone <zone>", "zone of its days", "UTC")
    .option("--data-dir <dir>")
    .option("--json")
    .action(async (file: string, { day, zone, dataDir, json }: { day: string; zone: string; dataDir?: string; json?: boolean }) => {
      momentOf(day);
      if (!isZone(zone)) throw new CommandFault(`there is no time zone ${zone}`);
      const lines = readCensus(readFileSync(file, "utf8"), file);
      await withStores(dataDir, "census", async ({ pool, sealer }) => {
        const report = await compareCensus(pool, sealer, { lines, day, zone });
        print(json === true ? JSON.stringify(report, null, 2) : showCensus(report));
        if (report.residue > 0) process.exitCode = 1;
      });
    });
}
