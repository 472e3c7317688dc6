import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Pool } from "pg";
import { createCodeStore } from "#src/codesets/code-store.pg.ts";
import { type Imported, importFiles } from "#src/codesets/import.pg.ts";
import { searchCodes } from "#src/codesets/search.ts";
import { ArchiveFault, type SourceFile, sourceFiles } from "#src/codesets/source-files.ts";
import { isDay } from "#src/codesets/periods.ts";
import { shown, systemNamed } from "#src/codesets/systems.ts";
import { gapsOn, type Version } from "#src/codesets/versions.ts";
import { activate, diffVersions, listVersions, retire } from "#src/codesets/versions.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { migrate } from "#src/database/migrate.pg.ts";
import { rehearseStaged, showRehearsal } from "./codesets-rehearse.ts";
import { CommandFault, findInstallation, runningEngine } from "./installation.ts";

interface Where {
  readonly dataDir?: string;
}
interface RehearseOptions {
  readonly days: string;
  readonly json?: boolean;
  readonly edits?: string;
  readonly site?: string;
}
const print = (text: string): void => void process.stdout.write(text);
const today = (): string => new Date().toISOString().slice(0, 10);
/** Differences shown before the rest is only counted. */
const SHOWN = 200;

/** Who did it, for the list of changes: the account of the operating system. */
const actor = (): string => process.env["USER"] ?? "operator";

async function withDatabase<T>({ dataDir }: Where, work: (pool: Pool) => Promise<T>): Promise<T> {
  const url = process.env["DATABASE_URL"] ?? runningEngine(dataDir).databaseUrl;
  const pool = openPool(url, { max: 2, name: "codesets" }, () => undefined);
  try {
    await migrate(pool);
    return await work(pool);
  } finally {
    await pool.end();
  }
}

function opened(paths: readonly string[]): readonly SourceFile[] {
  try {
    return sourceFiles(paths);
  } catch (error) {
    if (error instanceof ArchiveFault) throw new CommandFault(`the archive ${error.message}`);
    const { code, path } = error as { code?: string; path?: string };
    if (code === "ENOENT") throw new CommandFault(`there is no file ${path ?? ""}`);
    throw error;
  }
}

const days = ({ from, to }: Version): string => `${from} to ${to ?? "a newer one"}`;

export function showImported(done: Imported): string {
  const { label } = done;
  if (done.outcome === "not-recognised") return `not a code set, passed over: ${label}\n`;
  if (done.outcome === "known") return `imported before: ${label} (${done.names.join(", ")})\n`;
  if (done.outcome === "refused")
    return `REFUSED: ${label} (${done.format}); what is in use is untouched\n${done.faults.map(({ line, text }) => `  ${label}:${line}: ${text}\n`).join("")}`;
  return `${done.format}: ${label}\n${done.versions
    .map((one) => `  ${one.name}: ${one.fileRows} rows, ${days(one)}${one.state === "active" ? "" : ` (${one.state})`}\n`)
    .join("")}`;
}

export function showVersions(versions: readonly Version[], day: string): string {
  const width = Math.max(8, ...versions.map(({ name }) => name.length));
  const lines = versions.map(
    (one) => `${one.name.padEnd(width)}  ${one.state.padEnd(7)}  ${String(one.fileRows).padStart(7)} rows  ${days(one)}\n`,
  );
  const gaps = gapsOn(versions, day).map(({ set, part, until }) =>
    `no data for ${day}: ${set} ${part === "codes" ? "" : part}${until === undefined ? "" : ` (ends ${until})`}`.trimEnd(),
  );
  const starter = versions.some(({ state, notCovered }) => state === "active" && notCovered === "");
  return [
    ...lines,
    ...(starter ? ["\nThe starter codes are those of the demo alone: import the publishers' files (docs/code-sets.md).\n"] : []),
    ...(gaps.length === 0 ? [] : [`\n${gaps.join("\n")}\n`]),
  ].join("");
}

/** `codesets import | list | diff | activate | retire | rehearse` and `codes find`. */
export function registerCodesets(program: Command): void {
  const codesets = program.command("codesets").description("code sets: import the publishers' files, see and change what is in use");
  codesets
    .command("import <path...>")
    .description("load files, folders or zip archives; each file is taken whole or refused with the line")
    .option("--data-dir <dir>")
    .option("--from <day>", "the first day the file answers for, when neither it nor its name says so")
    .option("--stage", "beside what is in use: for a rehearsal, or to be activated later")
    .option("--accept-fewer", "take a file that has far fewer rows than the version before")
    .action(
      async (
        paths: string[],
        { from, stage, acceptFewer, ...where }: Where & { from?: string; stage?: boolean; acceptFewer?: boolean },
      ) => {
        if (from !== undefined && !isDay(from)) throw new CommandFault("--from is not a day (YYYY-MM-DD)");
        const files = opened(paths);
        const done = await withDatabase(where, (pool) =>
          importFiles(
            pool,
            files,
            {
              actor: actor(),
              ...(from === undefined ? {} : { from }),
              ...(stage === true ? { stage } : {}),
              ...(acceptFewer === true ? { acceptFewer } : {}),
            },
            (one) => print(showImported(one)),
          ),
        );
        if (done.some(({ outcome }) => outcome === "refused") || done.every(({ outcome }) => outcome === "not-recognised"))
          process.exitCode = 1;
      },
    );
  codesets
    .command("list")
    .description("every version with its days and rows, and what no data answer for")
    .option("--data-dir <dir>")
    .option("--date <day>", "the day to look for gaps on; today unless given")
    .option("--json", "as JSON")
    .action(async ({ date = today(), json, ...where }: Where & { date?: string; json?: boolean }) => {
      const versions = await withDatabase(where, listVersions);
      print(json === true ? `${JSON.stringify({ versions, gaps: gapsOn(versions, date) }, null, 2)}\n` : showVersions(versions, date));
    });
  codesets
    .command("diff <a> <b>")
    .description("what differs between two versions of a set")
    .option("--data-dir <dir>")
    .action(async (a: string, b: string, where: Where) => {
      const differences = await withDatabase(where, (pool) => diffVersions(pool, a, b));
      if (!differences.ok) throw new CommandFault(differences.failure);
      const counts = [...Map.groupBy(differences.value, ({ what }) => what)].map(([what, rows]) => `${rows.length} ${what}`);
      for (const { what, code, text } of differences.value.slice(0, SHOWN)) print(`${what.padEnd(15)}  ${code.padEnd(8)}  ${text}\n`);
      if (differences.value.length > SHOWN) print(`... and ${differences.value.length - SHOWN} more\n`);
      print(counts.length === 0 ? "no difference\n" : `${counts.join(", ")}\n`);
    });
  codesets
    .command("activate <version>")
    .description("put a version in use from a day on")
    .option("--data-dir <dir>")
    .option("--from <day>", "its first day; the publisher's unless given")
    .option("--to <day>", "its last day, or: open")
    .action(async (name: string, { from, to, ...where }: Where & { from?: string; to?: string }) => {
      const done = await withDatabase(where, (pool) =>
        activate(pool, name, { actor: actor(), ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }),
      );
      if (!done.ok) throw new CommandFault(done.failure);
      print(`${done.value.name} is in use: ${days(done.value)}; a running engine reads it within half a minute\n`);
    });
  codesets
    .command("retire <version>")
    .description("take a version out of use; it stays stored")
    .option("--data-dir <dir>")
    .action(async (name: string, where: Where) => {
      const done = await withDatabase(where, (pool) => retire(pool, name, actor()));
      if (!done.ok) throw new CommandFault(done.failure);
      print(`${name} is no longer in use\n`);
    });
  codesets
    .command("rehearse [version...]")
    .description(
      "run open and lately coded items under the staged versions or other edits, and list every result that would change; nothing is written",
    )
    .option("--data-dir <dir>")
    .option("--days <n>", "how far back items were coded", "30")
    .option("--edits <file>", "a changed edits.yaml, in the place of the site's")
    .option("--site <dir>", "the site data folder; the engine's unless given")
    .option("--json", "as JSON")
    .action(async (names: string[], { days, json, edits, site, ...where }: Where & RehearseOptions) => {
      if (!/^\d{1,4}$/.test(days)) throw new CommandFault("--days is no whole number");
      if (edits !== undefined && !existsSync(edits)) throw new CommandFault(`there is no file ${edits}`);
      const asked = {
        names,
        days: Number(days),
        ...(edits === undefined ? {} : { editsFile: edits }),
        ...(site === undefined ? {} : { site }),
      };
      const done = await withDatabase(where, (pool) => rehearseStaged(pool, findInstallation(where.dataDir), asked));
      print(json === true ? `${JSON.stringify(done, null, 2)}\n` : showRehearsal(done));
    });
  program
    .command("codes")
    .description("look codes up")
    .command("find <words...>")
    .description("by the beginning of a code or by words; abbreviations (htn, t2dm) and slips of the pen are understood")
    .option("--data-dir <dir>")
    .option("--system <name>", "icd-10-cm, icd-10-pcs, hcpcs, hcpcs-modifier or cpt; all unless given")
    .option("--date <day>", "the day they have to be valid on; today unless given")
    .option("--all", "also headers and codes that are not valid on that day")
    .action(
      async (words: string[], { system, date = today(), all, ...where }: Where & { system?: string; date?: string; all?: boolean }) => {
        const named = system === undefined ? undefined : systemNamed(system);
        if (system !== undefined && named === undefined) throw new CommandFault(`there is no code system ${system}`);
        if (!isDay(date)) throw new CommandFault("--date is not a day (YYYY-MM-DD)");
        await withDatabase(where, async (pool) => {
          const store = createCodeStore({ pool, now: () => new Date(`${date}T12:00:00Z`) });
          await store.refresh();
          const hits = searchCodes(await store.index(), store.data(), {
            text: words.join(" "),
            date,
            limit: 20,
            validOnly: all !== true,
            ...(named === undefined ? {} : { systems: [named] }),
          });
          for (const { system: of, code, title, state } of hits)
            print(
              `${of.padEnd(10)}  ${shown(of, code).padEnd(8)}  ${title}${state === "valid" ? "" : ` [${state === "no-data" ? `no data for ${date}` : state}]`}\n`,
            );
          if (hits.length === 0) throw new CommandFault("no code was found");
        });
      },
    );
}
