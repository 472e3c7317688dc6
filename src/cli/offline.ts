import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { loadSiteData } from "#src/sitedata/load.ts";
import { BENCH_DEFAULTS, type BenchOptions, runBench } from "./bench/bench.ts";
import { runCodesBench } from "./bench/codes-bench.pg.ts";
import { benchClaims, CLAIMS_BENCH_DEFAULTS } from "./bench/claims-bench.ts";
import { DELIVERY_BENCH_DEFAULTS, type DeliveryBenchOptions, runDeliveryBench } from "./bench/delivery-bench.pg.ts";
import { benchEdits } from "./bench/edits-bench.ts";
import { runSearchBench } from "./bench/search-bench.pg.ts";
import { benchPull, benchPullOnEngine } from "./bench/pull.pg.ts";
import { rulesOf } from "./engine-stores.ts";
import { CommandFault } from "./installation.ts";
import { checkFiles } from "./check.ts";
import { mapFiles, type MapOptions } from "./map.ts";
import { SHIPPED_MAPS } from "./offline-mapping.ts";
import { sendFiles } from "./send.ts";

const HOME = fileURLToPath(new URL("../../", import.meta.url));
const DEMO_SITE = fileURLToPath(new URL("../../sites/demo", import.meta.url));
const out = (line: string): void => void process.stdout.write(`${line}\n`);
const err = (line: string): void => void process.stderr.write(`${line}\n`);

/** `host:port`, or a port of this machine. */
function readTarget(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) throw new CommandFault(`--to takes host:port, for example 127.0.0.1:2575, not ${text}`);
  return { host: match[1] ?? "127.0.0.1", port };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new CommandFault(`${text} is not a whole number`);
  return number;
}

/**
 * Commands that need no installation: `send`, `map`, `check`, `bench`. What builds messages of its own loads HL7's dictionaries, which takes three
 * seconds: only where it is asked for.
 */
export function registerOffline(program: Command): void {
  program
    .command("send <files...>")
    .description("send HL7 v2 messages over MLLP and print each acknowledgement; exit 1 when one was not accepted")
    .requiredOption("--to <host:port>", "where to send them")
    .option("--timeout <ms>", "longest wait for an answer", wholeNumber, 30_000)
    .action(async (files: string[], { to, timeout }: { to: string; timeout: number }) => {
      process.exitCode = await sendFiles(files, { ...readTarget(to), timeoutMs: timeout }, out, err);
    });
  program
    .command("map <files...>")
    .description("map HL7 v2 messages without an installation: one line of output each; exit 1 when one had a problem")
    .option("--format <format>", "bundle: a FHIR message Bundle; lineage, provenance: where each element came from, as JSON", "bundle")
    .option("--explain", "each element with the field it came from, each field with what it fed, for reading")
    .option("--check", "compare each message, or all in a folder, with the .expected.json beside it")
    .option("--accept", "write those .expected.json as the maps have it now")
    .option("--zone <zone>", "zone of times without an offset", "UTC")
    .option("--authority <namespace>", "assigning authority of identifiers that name none")
    .option("--mappings <dir>", "maps to use instead of the shipped ones", SHIPPED_MAPS)
    .option("--site-maps <dir>", "a site's own maps, over them")
    .option("--config <file>", "a chartbridge.yaml: zone, authority, numbers and site maps of a feed")
    .option("--feed <name>", "which of its feeds; needed when it has several")
    .action(async (files: string[], options: MapOptions) => {
      process.exitCode = await mapFiles(files, options, { out, err });
    });
  program
    .command("check")
    .description("check configuration, maps, queues, site data and edits; exit 1 with every fault as file:line")
    .option("--config <file>", "the configuration to check", "chartbridge.yaml")
    .action(async ({ config }: { config: string }) => {
      process.exitCode = await checkFiles(config, { out, err });
    });
  const bench = program
    .command("bench")
    .description("measure an engine of its own, or any MLLP server with --port; the report is one JSON line")
    .option("--host <host>", "address of an MLLP server to measure")
    .option("--port <port>", "its port; without one an engine is started on a data directory of its own", wholeNumber)
    .option("--connections <n>", "connections, one message in flight on each", wholeNumber, BENCH_DEFAULTS.connections)
    .option("--messages <n>", "messages of the measured run", wholeNumber, BENCH_DEFAULTS.messages)
    .option("--warmup <n>", "messages before the clock starts", wholeNumber, BENCH_DEFAULTS.warmup)
    .option("--dir <dir>", "folder in which the engine's data directory is made (a real disk)")
    .option("--search <records>", "measure the search by patient over a journal of so many records instead", wholeNumber)
    .action(async ({ search, ...options }: BenchOptions & { search?: number }) => {
      const io = { env: process.env, out, err };
      if (search !== undefined) {
        process.exitCode = await runSearchBench({ records: search, ...(options.dir === undefined ? {} : { dir: options.dir }) }, io);
        return;
      }
      process.exitCode = await runBench(options, io);
    });
  bench
    .command("map")
    .description("measure parsing, mapping and serialising of admissions on one core, without lineage and with it")
    .option("--messages <n>", "messages of each measured run", wholeNumber, 20_000)
    .option("--mappings <dir>", "maps to use instead of the shipped ones", SHIPPED_MAPS)
    .action(async ({ messages, mappings }: { messages: number; mappings: string }) => {
      const { runMapBench } = await import("./bench/map-bench.ts");
      runMapBench(messages, mappings, out);
    });
  bench
    .command("edits")
    .description(
      "measure the coding edits on an account of 25 diagnoses and 50 lines, whole and after a keystroke; the report is one JSON line",
    )
    .action(() => {
      const site = loadSiteData(DEMO_SITE);
      if (!site.ok) throw new CommandFault(site.failure.join("\n"));
      out(JSON.stringify(benchEdits(site.value)));
    });
  bench
    .command("codes <path...>")
    .description("import code-set files into a database of its own, and measure import, memory and searches; the report is one JSON line")
    .action(async (paths: string[]) => {
      process.exitCode = await runCodesBench(paths, { env: process.env, out, err });
    });
  bench
    .command("claims")
    .description("measure building claims and checking them whole, on several threads; the report is one JSON line")
    .option("--claims <n>", "claims of the measured run", wholeNumber, CLAIMS_BENCH_DEFAULTS.claims)
    .option("--threads <n>", "threads, one a core", wholeNumber, CLAIMS_BENCH_DEFAULTS.threads)
    .action(async ({ claims, threads }: { claims: number; threads: number }) => {
      out(JSON.stringify(await benchClaims(claims, threads)));
    });
  bench
    .command("fold")
    .description("measure the fold alone, journal to charts and work items, on a database of its own")
    .option("--accounts <n>", "accounts", wholeNumber, 10_000)
    .option("--charges <n>", "charges of each", wholeNumber, 20)
    .option("--late <n>", "late charges of accounts picked at random, once all are charted", wholeNumber, 2_000)
    .option("--dir <dir>", "folder in which the engine's data directory is made (a real disk)")
    .action(async (options: { accounts: number; charges: number; late: number; dir?: string }) => {
      const { runFoldBench } = await import("./bench/fold.pg.ts");
      process.exitCode = await runFoldBench(options, { home: HOME, env: process.env, out, err });
    });
  bench
    .command("delivery")
    .description("measure the delivery of claims to one FHIR server of its own, and memory while that is down; the report is one JSON line")
    .option("--claims <n>", "claims", wholeNumber, DELIVERY_BENCH_DEFAULTS.claims)
    .option(
      "--down-minutes <n>",
      "minutes of the engine's time with the server down; one takes a second",
      wholeNumber,
      DELIVERY_BENCH_DEFAULTS.downMinutes,
    )
    .option("--dir <dir>", "folder in which the data directory is made (a real disk)")
    .action(async (options: DeliveryBenchOptions) => {
      process.exitCode = await runDeliveryBench(options, { env: process.env, out, err });
    });
  bench
    .command("pull")
    .description("measure pulls by many coders at once, at a fixed rate and as fast as served; the report is one JSON line")
    .option("--database <url>", "an empty Postgres database; without one an engine is started for it")
    .option("--items <n>", "ready items", wholeNumber, 100_000)
    .option("--pullers <n>", "coders at once", wholeNumber, 64)
    .option("--pulls <n>", "pulls of each measurement", wholeNumber, 10_000)
    .option("--offered <n>", "pulls a second of the first measurement", wholeNumber, 500)
    .option("--queues <dir>", "the folder of the rules", "queues")
    .action(async (options: { database?: string; items: number; pullers: number; pulls: number; offered: number; queues: string }) => {
      const { database: databaseUrl, queues, ...counts } = options;
      const asked = { ...counts, rules: rulesOf(queues) };
      const report =
        databaseUrl === undefined ? await benchPullOnEngine(asked, { env: process.env, err }) : await benchPull({ ...asked, databaseUrl });
      out(JSON.stringify(report));
      if (report.twice > 0 || report.starved > 0) process.exitCode = 1;
    });
}
