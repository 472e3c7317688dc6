import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { CommandFault } from "../installation.ts";
import { SHIPPED_MAPS } from "../offline-mapping.ts";
import { wholeNumber } from "../whole-number.ts";
import type { BenchOptions } from "./bench.ts";
import type { DeliveryBenchOptions } from "./delivery-bench.pg.ts";

const HOME = fileURLToPath(new URL("../../../", import.meta.url));
const DEMO_SITE = fileURLToPath(new URL("../../../sites/demo", import.meta.url));
const out = (line: string): void => void process.stdout.write(`${line}\n`);
const err = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * `chartbridge bench` and what belongs to it. Each measure is loaded when it is asked for: together they load nearly all of the engine, and what builds
 * messages of its own HL7's dictionaries, which takes three seconds.
 */
export function registerBench(program: Command): void {
  const bench = program
    .command("bench")
    .description("measure an engine of its own, or any MLLP server with --port; the report is one JSON line")
    .option("--host <host>", "address of an MLLP server to measure")
    .option("--port <port>", "its port; without one an engine is started on a data directory of its own", wholeNumber)
    .option("--connections <n>", "connections, one message in flight on each", wholeNumber, 16)
    .option("--messages <n>", "messages of the measured run", wholeNumber, 20_000)
    .option("--warmup <n>", "messages before the clock starts", wholeNumber, 1_000)
    .option("--dir <dir>", "folder in which the engine's data directory is made (a real disk)")
    .option("--search <records>", "measure the search by patient over a journal of so many records instead", wholeNumber)
    .action(async ({ search, ...options }: BenchOptions & { search?: number }) => {
      const io = { env: process.env, out, err };
      if (search !== undefined) {
        const { runSearchBench } = await import("./search-bench.pg.ts");
        process.exitCode = await runSearchBench({ records: search, ...(options.dir === undefined ? {} : { dir: options.dir }) }, io);
        return;
      }
      const { runBench } = await import("./bench.ts");
      process.exitCode = await runBench(options, io);
    });
  bench
    .command("map")
    .description(
      "measure parsing, mapping and serialising of admissions on one core, without lineage and with it, beside packages that read the same messages",
    )
    .option("--messages <n>", "messages of each measured run", wholeNumber, 20_000)
    .option("--mappings <dir>", "maps to use instead of the shipped ones", SHIPPED_MAPS)
    .action(async ({ messages, mappings }: { messages: number; mappings: string }) => {
      const { runMapBench } = await import("./map-bench.ts");
      runMapBench(messages, mappings, out);
    });
  bench
    .command("edits")
    .description(
      "measure the coding edits on an account of 25 diagnoses and 50 lines, whole and after a keystroke; the report is one JSON line",
    )
    .action(async () => {
      const [{ loadSiteData }, { benchEdits }] = await Promise.all([import("#src/sitedata/load.ts"), import("./edits-bench.ts")]);
      const site = loadSiteData(DEMO_SITE);
      if (!site.ok) throw new CommandFault(site.failure.join("\n"));
      out(JSON.stringify(benchEdits(site.value)));
    });
  bench
    .command("codes <path...>")
    .description("import code-set files into a database of its own, and measure import, memory and searches; the report is one JSON line")
    .action(async (paths: string[]) => {
      const { runCodesBench } = await import("./codes-bench.pg.ts");
      process.exitCode = await runCodesBench(paths, { env: process.env, out, err });
    });
  bench
    .command("claims")
    .description("measure building claims and checking them whole, on several threads; the report is one JSON line")
    .option("--claims <n>", "claims of the measured run", wholeNumber, 10_000)
    .option("--threads <n>", "threads, one a core", wholeNumber, 2)
    .action(async ({ claims, threads }: { claims: number; threads: number }) => {
      const { benchClaims } = await import("./claims-bench.ts");
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
      const { runFoldBench } = await import("./fold.pg.ts");
      process.exitCode = await runFoldBench(options, { home: HOME, env: process.env, out, err });
    });
  bench
    .command("delivery")
    .description("measure the delivery of claims to one FHIR server of its own, and memory while that is down; the report is one JSON line")
    .option("--claims <n>", "claims", wholeNumber, 5_000)
    .option("--down-minutes <n>", "minutes of the engine's time with the server down; one takes a second", wholeNumber, 60)
    .option("--dir <dir>", "folder in which the data directory is made (a real disk)")
    .action(async (options: DeliveryBenchOptions) => {
      const { runDeliveryBench } = await import("./delivery-bench.pg.ts");
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
      const [{ benchPull, benchPullOnEngine }, { rulesOf }] = await Promise.all([import("./pull.pg.ts"), import("../engine-stores.ts")]);
      const { database: databaseUrl, queues, ...counts } = options;
      const asked = { ...counts, rules: rulesOf(queues) };
      const report =
        databaseUrl === undefined ? await benchPullOnEngine(asked, { env: process.env, err }) : await benchPull({ ...asked, databaseUrl });
      out(JSON.stringify(report));
      if (report.twice > 0 || report.starved > 0) process.exitCode = 1;
    });
}
