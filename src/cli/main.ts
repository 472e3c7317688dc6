import { readFileSync } from "node:fs";
import { Command } from "commander";
import { registerBench } from "./bench/command.ts";
import { registerClaimAnswers } from "./claim-answers.ts";
import { registerCoder } from "./coder.ts";
import { registerCodesets } from "./codesets.ts";
import { registerCompare } from "./compare.ts";
import { registerCoverage } from "./coverage.ts";
import { registerDeliveries } from "./deliveries.ts";
import { registerDemoCodes } from "./demo/codes-command.ts";
import { registerDocs } from "./docs.ts";
import { registerFuzz } from "./fuzz/command.ts";
import { registerIngest } from "./ingest.ts";
import { CommandFault } from "./installation.ts";
import { registerHolds } from "./held-items.ts";
import { registerHistory } from "./history.ts";
import { registerMessages } from "./messages.ts";
import { registerOffline } from "./offline.ts";
import { registerOperator } from "./operator.ts";
import { registerReconcile } from "./reconcile.ts";
import { registerRepair } from "./repair.ts";
import { registerSupervise } from "./supervise.ts";
import { registerSiteData } from "./sitedata.ts";
import { registerTables } from "./tables.ts";
import { registerToken } from "./token.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

const program = new Command("chartbridge")
  .description("EHR-integrated FHIR/HL7 interface engine for medical coding")
  .version(version)
  .showHelpAfterError()
  .enablePositionalOptions();

program.addHelpText("after", "\nStarting the engine: npm start, or chartbridge start [options]; see chartbridge start --help");
registerOffline(program);
registerBench(program);
registerCoverage(program);
registerFuzz(program);
registerOperator(program);
registerRepair(program);
registerTables(program);
registerHistory(program);
registerIngest(program);
registerMessages(program);
registerToken(program);
registerCompare(program);
registerCoder(program);
registerHolds(program);
registerClaimAnswers(program);
registerSupervise(program);
registerReconcile(program);
registerDeliveries(program);
registerCodesets(program);
registerSiteData(program);
registerDocs(program);
registerDemoCodes(program);

// A reader that stops early (`| head`) is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

/** A file or folder of the command line that is not there, or not to be read: whoever named it can mend it. */
function unreadable(error: unknown): string | undefined {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown };
  if (typeof path !== "string" || typeof code !== "string") return undefined;
  const why = new Map([
    ["ENOENT", "there is no such file or folder"],
    ["EACCES", "you may not read it"],
    ["EISDIR", "it is a folder"],
    ["ENOTDIR", "it is no folder"],
  ]).get(code);
  return why === undefined ? undefined : `${path}: ${why}`;
}

try {
  await program.parseAsync();
} catch (error) {
  const fault = error instanceof CommandFault ? error.message : unreadable(error);
  if (fault === undefined) throw error;
  process.stderr.write(`${fault}\n`);
  process.exitCode = 1;
}
