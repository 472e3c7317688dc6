import type { Command } from "commander";
import { CommandFault } from "./installation.ts";
import { wholeNumber } from "./whole-number.ts";
import { mapFiles, type MapOptions } from "./map.ts";
import { SHIPPED_MAPS } from "./offline-mapping.ts";
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

/** Commands that need no installation: `send`, `map`, `check`. */
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
      const { checkFiles } = await import("./check.ts");
      process.exitCode = await checkFiles(config, { out, err });
    });
}
