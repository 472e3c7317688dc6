import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sendFiles } from "#src/cli/send.ts";
import { newInstallation, type RunningEngine, signedIn, waitFor } from "./engine-process.ts";

const EXAMPLE = ["01-admit", "02-charges", "03-note", "04-discharge"].map((name) => `examples/first-claim/${name}.hl7`);

let installation: Awaited<ReturnType<typeof newInstallation>>;
let engine: RunningEngine;
beforeAll(async () => {
  installation = await newInstallation();
  engine = await installation.start();
});
afterAll(() => installation.remove());

/** Runs the command line. @returns its end, and what it printed. */
function chartbridge(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const all = ["src/cli/main.ts", ...args, "--data-dir", installation.dataDir];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: "utf8" });
  return { status, stdout, stderr };
}

it("an account that another patient's number comes for is held, told at the command line, and lifted there", async () => {
  const mllp = { host: "127.0.0.1", port: engine.mllpPort, timeoutMs: 10_000 };
  const quiet = (): void => undefined;
  const slip = join(installation.dataDir, "slip.hl7");
  writeFileSync(
    slip,
    readFileSync(EXAMPLE[3] ?? "", "utf8")
      .replaceAll("48213907", "48213999")
      .replace("EP2603050044", "EP2603059999"),
  );
  expect(await sendFiles([...EXAMPLE, slip], mllp, quiet, quiet)).toBe(0);
  const caller = await signedIn(engine);
  writeFileSync(join(installation.dataDir, "session-token"), caller.token, { mode: 0o600 });

  const held = await waitFor(async () => {
    const { stdout } = chartbridge("held");
    return Promise.resolve(stdout.includes("PATIENT") ? stdout : undefined);
  });
  expect(held).toContain("PATIENT  messages of the account name two patients of one authority");
  expect(held).toContain("waits for HIM; cleared by a merge (A18, A34, A40), or a supervisor");
  const item = /item ([0-9a-f-]{36})/.exec(held)?.[1] ?? "";
  expect(chartbridge("next", "inpatient")).toMatchObject({ status: 1, stderr: expect.stringContaining("nothing to code") });

  expect(chartbridge("lift", item, "NONE")).toMatchObject({ status: 1 });
  expect(chartbridge("lift", item, "PATIENT")).toEqual({ status: 0, stdout: "PATIENT lifted: the item is READY\n", stderr: "" });
  expect(chartbridge("held").stdout).toBe("nothing is held from coding\n");
  expect(chartbridge("next", "inpatient")).toMatchObject({ status: 0, stdout: expect.stringContaining("inpatient, account") });
});

it("its history tells the versions, and what differs between two of them: what came, went and changed", () => {
  const account = "7700412";
  const versions = chartbridge("history", account);
  expect(versions.stdout).toMatch(/^ {3}1 {2}\S+ {2}ADT\^A01 {2}record \S+\n/);
  const first = chartbridge("history", account, "--from", "0", "--to", "1");
  expect(first).toMatchObject({ status: 0, stderr: "" });
  expect(first.stdout).toMatch(/^version 0 to 1: \d+ differences\nAccount\/\S+\n {2}- nothing\n {2}\+ \{/);
  const since = chartbridge("history", account, "--from", "1");
  expect(since).toMatchObject({ status: 0, stderr: "" });
  expect(since.stdout).toMatch(/\nEncounter\/\S+\.status\n {2}- "in-progress"\n {2}\+ "finished"\n/);
  expect(since.stdout).toMatch(/\nEncounter\/\S+\.period\.end\n {2}- nothing\n/);
});
