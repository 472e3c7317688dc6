import type { Command } from "commander";
import { BENCH_DEFAULTS, type BenchOptions, runBench } from "./bench/bench.ts";
import { runSearchBench } from "./bench/search-bench.pg.ts";
import { CommandFault } from "./installation.ts";
import { checkFiles } from "./check.ts";
import { mapFiles } from "./map.ts";
import { sendFiles } from "./send.ts";

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

/** Commands that need no installation: `send`, `map`, `check`, `bench`. */
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
    .option("--format <format>", "bundle: a FHIR message Bundle; lineage: where each element came from", "bundle")
    .option("--zone <zone>", "zone of times without an offset", "UTC")
    .option("--authority <namespace>", "assigning authority of identifiers that name none")
    .option("--mappings <dir>", "maps to use instead of the shipped ones")
    .action(async (files: string[], options: { format: string; zone: string; authority?: string; mappings?: string }) => {
      process.exitCode = await mapFiles(files, options, { out, err });
    });
  program
    .command("check")
    .description("check configuration, maps, queues and site data; exit 1 with every fault as file:line")
    .option("--config <file>", "the configuration to check", "chartbridge.yaml")
    .action(({ config }: { config: string }) => {
      process.exitCode = checkFiles(config, { out, err });
    });
  program
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
}
