import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { readMapFiles } from "#src/config/map-files.ts";
import { coverageOf, kindsIn, sumOf, type TableCoverage } from "#src/mapping/guide/coverage.ts";
import { GUIDE_KINDS, type GuideTable, guideTable } from "#src/mapping/guide/guide-rows.ts";
import { STANDINGS } from "#src/mapping/map-schema.ts";
import { readMaps } from "#src/mapping/read-maps.ts";
import { csvCells } from "#src/sitedata/csv.ts";
import { CommandFault } from "./installation.ts";
import { offlineMapping, SHIPPED_MAPS } from "./offline-mapping.ts";
import type { Print } from "./send.ts";
import { trafficCoverage } from "./traffic-coverage.ts";

/** Reads the guide's CSV files from a folder with `messages/`, `segments/`, `datatypes/`, `codesystems/`. */
export function readGuide(folder: string): readonly GuideTable[] {
  const tables = GUIDE_KINDS.flatMap((kind) => {
    const files = readdirSync(join(folder, kind), { encoding: "utf8" }).filter((name) => name.endsWith(".csv"));
    return files.flatMap((name) => guideTable(kind, name, csvCells(readFileSync(join(folder, kind, name), "utf8"))) ?? []);
  });
  if (tables.length === 0) throw new CommandFault(`${folder} holds no CSV file of the v2-to-FHIR guide`);
  return tables;
}

const column = (value: string | number, width = 10): string => String(value).padStart(width);

const line = (name: string, { rows, standing, missing }: ReturnType<typeof sumOf>): string =>
  `${name.padEnd(34)}${column(rows, 7)}${STANDINGS.map((one) => column(standing[one])).join("")}${column(missing)}`;

interface CoverageOptions {
  readonly mappings: string;
  readonly tables: boolean;
  readonly reasons: boolean;
}

/** Prints how the maps stand to the guide. @returns 1 when a row is missing, or is said to be the guide's and is not. */
export function printGuideCoverage(folder: string, { mappings, tables, reasons }: CoverageOptions, out: Print): 0 | 1 {
  const read = readMaps(readMapFiles(mappings));
  if (read.faults.length > 0) throw new CommandFault(read.faults.join("\n"));
  const coverage = coverageOf(read, readGuide(folder));
  out(`${"".padEnd(34)}${column("rows", 7)}${STANDINGS.map((one) => column(one)).join("")}${column("missing")}`);
  for (const kind of kindsIn(coverage.tables)) {
    const own = coverage.tables.filter((table) => table.kind === kind);
    if (tables) for (const table of own) out(line(`  ${table.name}`, sumOf([table])));
    out(line(`${kind} (${own.length})`, sumOf(own)));
  }
  out(line("all", sumOf(coverage.tables)));
  const faults = coverage.tables.flatMap((table: TableCoverage) => [
    ...table.missing.map((key) => `missing: ${table.name} ${key}`),
    ...table.unknown.map((key) => `not in the guide: ${table.name} ${key}`),
  ]);
  for (const fault of faults) out(fault);
  if (reasons) for (const { row, standing, why } of coverage.reasons) out(`${standing}: ${row}${why === "" ? "" : `: ${why}`}`);
  return faults.length === 0 ? 0 : 1;
}

/** `coverage`: what the maps do of the guide, and of a site's own traffic. */
export function registerCoverage(program: Command): void {
  program
    .command("coverage <paths...>")
    .description(
      "how much the maps cover: of the guide, given the folder of its CSV files; of your traffic, given files of messages. Exit 1 when a row of the guide is missing",
    )
    .option("--mappings <dir>", "maps to use instead of the shipped ones", SHIPPED_MAPS)
    .option("--site-maps <dir>", "a site's own maps, over them")
    .option("--config <file>", "a chartbridge.yaml: zone, authority, numbers and site maps of a feed")
    .option("--feed <name>", "which of its feeds; needed when it has several")
    .option("--tables", "one line for each table of the guide", false)
    .option("--reasons", "every row that is not as the guide says, with its reason", false)
    .option("--zone <zone>", "zone of times without an offset", "UTC")
    .action((paths: string[], options: CoverageOptions & { zone: string; siteMaps?: string }) => {
      const out = (text: string): void => void process.stdout.write(`${text}\n`);
      const [first = ""] = paths;
      if (paths.length === 1 && statSync(first, { throwIfNoEntry: false })?.isDirectory() === true) {
        process.exitCode = printGuideCoverage(first, options, out);
        return;
      }
      const mapping = offlineMapping(options);
      for (const text of trafficCoverage(paths, mapping)) out(text);
    });
}
