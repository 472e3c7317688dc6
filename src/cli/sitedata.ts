import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "@medplum/fhirtypes";
import type { Command } from "commander";
import type { Result } from "#src/base/result.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { parseMessage } from "#src/hl7v2/message.ts";
import { readFhirRows } from "#src/sitedata/fhir-rows.ts";
import { readMasterFile } from "#src/sitedata/master-files.ts";
import { type MasterRow, mergeRows } from "#src/sitedata/master-rows.ts";
import { parseSiteData, SITE_FILES, type SiteFile } from "#src/sitedata/parse.ts";
import { readTasks, type SiteDataTask } from "#src/sitedata/tasks.pg.ts";
import { CommandFault, runningEngine } from "./installation.ts";

const print = (text: string): void => void process.stdout.write(text);
const dollars = (cents: number): string => `$${(cents / 100).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",")}`;

/** MFN messages, one after the other, or a FHIR Bundle. */
function rowsOf(text: string, facility: string | undefined): Result<readonly MasterRow[], readonly string[]> {
  if (text.trimStart().startsWith("{")) {
    let bundle: Bundle;
    try {
      bundle = JSON.parse(text) as Bundle;
    } catch {
      return { ok: false, failure: ["is not JSON"] };
    }
    return readFhirRows(bundle);
  }
  const rows: MasterRow[] = [];
  const faults: string[] = [];
  for (const [index, one] of text
    .split(/(?=^MSH)/m)
    .filter((part) => part.trim() !== "")
    .entries()) {
    const message = parseMessage(one);
    const read = message.ok ? readMasterFile(message.value, facility) : undefined;
    if (read === undefined) faults.push(`#${index + 1}: has no readable MSH`);
    else if (read.ok) rows.push(...read.value);
    else faults.push(...read.failure.map((fault) => `#${index + 1} ${fault}`));
  }
  return faults.length > 0 ? { ok: false, failure: faults } : { ok: true, value: rows };
}

/** Merges rows into the folder's files; nothing is written unless all of them are sound afterwards. */
function putRows(dir: string, rows: readonly MasterRow[]): readonly string[] {
  const names = Object.keys(SITE_FILES) as SiteFile[];
  const before = Object.fromEntries(names.map((name) => [name, existsSync(join(dir, name)) ? readFileSync(join(dir, name), "utf8") : ""]));
  const after: Partial<Record<SiteFile, string>> = {};
  const faults: string[] = [];
  for (const name of names) {
    const changes = rows.filter(({ file }) => file === name);
    const text = before[name] ?? "";
    const merged = changes.length === 0 ? undefined : mergeRows(name, text, changes);
    if (merged !== undefined && !merged.ok) faults.push(...merged.failure);
    after[name] = merged?.ok === true ? merged.value : text === "" ? `${SITE_FILES[name].join(",")}\n` : text;
  }
  const parsed = parseSiteData(after);
  if (!parsed.ok) faults.push(...parsed.failure.map((fault) => `afterwards ${fault}`));
  if (faults.length > 0) throw new CommandFault(`nothing was changed:\n${faults.join("\n")}`);
  const changed = names.filter((name) => rows.some(({ file }) => file === name));
  mkdirSync(dir, { recursive: true });
  for (const name of changed) {
    writeFileSync(join(dir, `${name}.new`), after[name] ?? "");
    renameSync(join(dir, `${name}.new`), join(dir, name));
  }
  return changed;
}

export function showTasks(tasks: readonly SiteDataTask[]): string {
  if (tasks.length === 0) return "Nothing waits for site data.\n";
  const width = Math.max(...tasks.map(({ key }) => key.length));
  return tasks
    .map(
      ({ kind, key, accounts, cents }) =>
        `${dollars(cents).padStart(14)}  ${String(accounts).padStart(4)} accounts  ${kind.padEnd(12)}  ${key.padEnd(width)}\n`,
    )
    .join("");
}

/** `sitedata import` and `tasks`: what the hospital's own reference data know, and what waits because they do not. */
export function registerSiteData(program: Command): void {
  program
    .command("sitedata")
    .description("the site's own reference data")
    .command("import <file...>")
    .description("put master files (HL7 MFN^M02, M04, M05, or a FHIR Bundle) into the site data folder; all of them or none")
    .requiredOption("--site <dir>", "the folder of facilities.csv, practitioners.csv, …")
    .option("--facility <code>", "whose entries they are when a message does not say; MSH-4 unless given")
    .action((files: string[], { site, facility }: { site: string; facility?: string }) => {
      const rows = files.flatMap((file) => {
        if (!existsSync(file)) throw new CommandFault(`there is no file ${file}`);
        const read = rowsOf(readFileSync(file, "utf8"), facility);
        if (!read.ok) throw new CommandFault(`nothing was changed:\n${read.failure.map((fault) => `${file} ${fault}`).join("\n")}`);
        return read.value;
      });
      const changed = putRows(site, rows);
      print(`${rows.length} entries: ${changed.join(", ")}; see them with git diff, and restart the engine to use them\n`);
    });
  program
    .command("tasks")
    .description("what the site data do not know, with the dollars that wait for it")
    .option("--data-dir <dir>")
    .option("--json", "as JSON")
    .action(async ({ dataDir, json }: { dataDir?: string; json?: boolean }) => {
      const pool = openPool(process.env["DATABASE_URL"] ?? runningEngine(dataDir).databaseUrl, { max: 1, name: "tasks" }, () => undefined);
      try {
        const tasks = await readTasks(pool);
        print(json === true ? `${JSON.stringify(tasks, null, 2)}\n` : showTasks(tasks));
      } finally {
        await pool.end();
      }
    });
}
