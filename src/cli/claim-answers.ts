import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { verifyFile } from "#src/claims/trail/signed-file.ts";
import { PUBLIC_FILE } from "#src/config/signing-key.ts";
import { call, type Called } from "./coder.ts";
import { CommandFault, findInstallation } from "./installation.ts";
import { showTrail, trailShown } from "./show-trail.ts";

interface Where {
  readonly dataDir?: string;
}
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const said = z.looseObject({ message: z.string(), faults: z.array(z.unknown()).optional() });

/** The body of an answer, or its complaint. */
function bodyOf({ status, body }: Called): unknown {
  if (status < 300) return body;
  const told = said.safeParse(body);
  if (!told.success) throw new CommandFault(`the engine answered ${status}`);
  throw new CommandFault([told.data.message, ...(told.data.faults ?? []).map(String)].join("\n  "));
}

const report = z.object({
  format: z.string(),
  answers: z.int(),
  again: z.int(),
  parked: z.int(),
  byVerdict: z.record(z.string(), z.int()),
  left: z.array(z.string()),
});
const unreadable = z.object({
  unreadable: z.array(z.object({ destination: z.string(), location: z.string(), at: z.string(), faults: z.array(z.string()) })),
});
const tested = z.object({
  rule: z.string(),
  days: z.int(),
  claims: z.int(),
  fired: z.int(),
  firedAndDenied: z.int(),
  firedAndAccepted: z.int(),
  denied: z.int(),
  deniedCents: z.int(),
  notLooked: z.int(),
  examples: z.array(z.string()),
});

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new CommandFault(`${file} cannot be read`);
  }
}

/** `answers`, `edits backtest`, `trail`, `packet`: what comes back for a claim, and what led to it. */
export function registerClaimAnswers(program: Command): void {
  const answers = program.command("answers").description("answers of payers to claims");
  answers
    .command("unreadable")
    .description("what was fetched from a destination that is polled and could not be taken, and why")
    .option("--data-dir <dir>")
    .action(async ({ dataDir }: Where) => {
      const left = unreadable.parse(bodyOf(await call(dataDir, "GET", "/api/claims/answers/unreadable"))).unreadable;
      if (left.length === 0) print("none");
      for (const { destination, location, at, faults } of left) {
        print(`${at.slice(0, 19)}Z  ${destination}  ${location}`);
        for (const fault of faults) print(`  ${fault}`);
      }
    });
  answers
    .command("import <file...>")
    .description("take answers from files: 835 and 277CA, FHIR ClaimResponses, or CSV; the same answer twice does nothing twice")
    .option("--data-dir <dir>")
    .action(async (files: string[], { dataDir }: Where) => {
      for (const file of files) {
        const taken = report.parse(bodyOf(await call(dataDir, "POST", "/api/claims/answers", { text: read(file) })));
        const verdicts = Object.entries(taken.byVerdict).map(([verdict, n]) => `${n} ${verdict}`);
        const parts = [...verdicts, ...(taken.parked > 0 ? [`${taken.parked} parked: no claim of ours has their number`] : [])];
        print(`${basename(file)} (${taken.format}): ${taken.answers} answers${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`);
        if (taken.again > 0) print(`  ${taken.again} were taken before`);
        for (const what of taken.left) print(`  left: ${what}`);
      }
    });
  program
    .command("edits")
    .description("the coding edits and what they come to")
    .command("backtest <rule>")
    .description("how often an edit would have fired on the claims of the past, and how many of those were denied")
    .option("--days <n>", "claims of the last so many days", "730")
    .option("--data-dir <dir>")
    .action(async (rule: string, { days, dataDir }: Where & { days: string }) => {
      const done = tested.parse(
        bodyOf(
          await call(dataDir, "GET", `/api/edits/${encodeURIComponent(rule.toUpperCase())}/backtest?days=${encodeURIComponent(days)}`),
        ),
      );
      print(
        `${done.rule} would have fired on ${done.fired} of ${done.claims} claims, ${done.firedAndDenied} of them denied ($${(done.deniedCents / 100).toFixed(2)}), ${done.firedAndAccepted} paid as they were`,
      );
      print(`${done.denied} claims were denied for a reason of coding in ${done.days} days`);
      if (done.notLooked > 0) print(`${done.notLooked} claims were not looked at: their chart is no longer kept`);
      for (const id of done.examples) print(`  ${id}`);
    });
  program
    .command("trail <claim>")
    .description("from the frame to the payment: messages, chart, codes, claims, deliveries, answers, and the field behind each element")
    .option("--elements", "the field of the message, or the doing, behind each element of the claim")
    .option("--provenance", "as FHIR Provenance")
    .option("--json", "the whole trail as JSON")
    .option("--data-dir <dir>")
    .action(async (claim: string, asked: Where & { elements?: boolean; provenance?: boolean; json?: boolean }) => {
      const path = `/api/claims/${encodeURIComponent(claim)}/${asked.provenance === true ? "provenance" : "trail"}`;
      const body = bodyOf(await call(asked.dataDir, "GET", path));
      if (asked.json === true || asked.provenance === true) print(JSON.stringify(body, null, 2));
      else process.stdout.write(showTrail(trailShown.parse(body), asked.elements === true));
    });
  const packet = program.command("packet").description("everything about a claim in one signed file, for an auditor or an appeal");
  packet
    .command("make <claim>", { isDefault: true })
    .description("write the packet of a claim; it holds the patient's data")
    .option("--out <file>", "where to; packet-CLAIM.json unless told")
    .option("--data-dir <dir>")
    .action(async (claim: string, { out, dataDir }: Where & { out?: string }) => {
      const body = bodyOf(await call(dataDir, "GET", `/api/claims/${encodeURIComponent(claim)}/packet`));
      const file = out ?? `packet-${claim}.json`;
      writeFileSync(file, `${JSON.stringify(body, null, 2)}\n`, { mode: 0o600 });
      print(`${file}, signed with the key of ${join(findInstallation(dataDir).dataDir, "keys", PUBLIC_FILE)}`);
    });
  packet
    .command("verify <file>")
    .description("check that a packet is as it was signed")
    .option("--key <pem>", "the signer's public key, as you have it from them; without it the file's own key is believed")
    .action((file: string, { key }: { key?: string }) => {
      const checked = verifyFile(read(file), key === undefined ? undefined : read(key));
      if (!checked.ok) throw new CommandFault(checked.failure);
      print(
        `${file} is as it was signed; key ${checked.value.keyFingerprint}${key === undefined ? " (the file's own: compare it with the signer's)" : ""}`,
      );
    });
}
