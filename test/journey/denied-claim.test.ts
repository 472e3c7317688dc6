import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "@medplum/fhirtypes";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { sendFiles } from "#src/cli/send.ts";
import { type BillingServer, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { claimResponse } from "#test/claims/answer-files.ts";
import { newInstallation, type RunningEngine, signedIn, waitFor } from "./engine-process.ts";

const EXAMPLE = "examples/first-claim";
const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const DAY_MS = 86_400_000;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last();
});

/** The example's stay as one that ended some days ago, so that no payer's limit is over whenever the test runs. */
function recentStay(folder: string): readonly string[] {
  const shift = Math.floor((Date.now() - Date.parse("2026-03-05T00:00:00Z")) / DAY_MS) - 5;
  const moved = (day: string): string =>
    new Date(Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}T00:00:00Z`) + shift * DAY_MS)
      .toISOString()
      .slice(0, 10)
      .replaceAll("-", "");
  return readdirSync(EXAMPLE)
    .filter((name) => name.endsWith(".hl7"))
    .sort()
    .map((name) => {
      const path = join(folder, name);
      writeFileSync(path, readFileSync(join(EXAMPLE, name), "utf8").replaceAll(/\b2026030\d/g, moved));
      return path;
    });
}

const item = z.looseObject({ id: z.string(), leaseId: z.string(), snapshotVersion: z.int() });
const submitted = z.looseObject({ state: z.string(), claim: z.looseObject({ id: z.string() }).nullable() });
type Caller = Awaited<ReturnType<typeof signedIn>>;

async function code(caller: Caller, codes: unknown) {
  const leased = await waitFor(async () => {
    const { status, body } = await caller.post("/api/work-items/next", { queues: ["inpatient"] });
    return status === 200 ? item.parse(body) : undefined;
  });
  const { id, leaseId, snapshotVersion } = leased;
  const answer = await caller.post(`/api/work-items/${id}/codes`, { leaseId, snapshotVersion, codes });
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
  return { itemId: id, ...submitted.parse(answer.body) };
}

/** Runs the command line. @returns what it printed. */
function chartbridge(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/cli/main.ts", ...args], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

const arrived = (billing: BillingServer, count: number) =>
  waitFor(async () => {
    const claims = await billing.claims();
    return claims.length === count ? claims.toSorted((a, b) => a.created.localeCompare(b.created)) : undefined;
  });
const stateOf = async (caller: Caller, itemId: string): Promise<unknown> =>
  ((await caller.get(`/api/work-items/${itemId}`)).body as { state: unknown }).state;

it("a claim goes to the billing system's server, is denied for its coding, comes back to its coder, and leaves as a replacement that names the original", async () => {
  const billing = await startBillingServer({ host: "127.0.0.1", port: 0 });
  undo.push(() => billing.close());
  const installation = await newInstallation(billing.url);
  undo.push(() => installation.remove());
  const engine: RunningEngine = await installation.start();
  const quiet = (): void => undefined;
  expect(
    await sendFiles(recentStay(installation.dataDir), { host: "127.0.0.1", port: engine.mllpPort, timeoutMs: 10_000 }, quiet, quiet),
  ).toBe(0);
  const caller = await signedIn(engine);

  const first = await code(caller, read(join(EXAMPLE, "codes.json")));
  const [sent] = await arrived(billing, 1);
  const number = sent?.identifier?.[0]?.value ?? "";
  expect(number).toMatch(/^CB/);

  // The payer does not find the service supported by the diagnoses.
  const created = new Date().toISOString().slice(0, 10);
  const denial = claimResponse(number, { created }, { line: 2, code: "CO-11", amount: 78 });
  expect((await caller.post("/fhir/R4/ClaimResponse", denial)).status).toBe(201);
  expect(await stateOf(caller, first.itemId)).toBe("REWORK");
  const { denials } = (await caller.get(`/api/work-items/${first.itemId}/denials`)).body as { denials: readonly unknown[] };
  expect(denials).toMatchObject([{ code: "11", group: "CO", line: 2, cents: 7_800, owner: "coding" }]);

  // It is on the list of rework, and comes next to its coder.
  const queue = (await caller.get("/api/work-items?state=REWORK&queue=inpatient")).body as { items: readonly { id: string }[] };
  expect(queue.items.map(({ id }) => id)).toEqual([first.itemId]);
  // Its coder takes it by its item, at the command line: of all that is ready others may score higher.
  writeFileSync(join(installation.dataDir, "session-token"), caller.token, { mode: 0o600 });
  expect(chartbridge("next", "--item", first.itemId, "--data-dir", installation.dataDir)).toContain("CO-11");
  const answer = chartbridge("submit", "examples/denial/codes.json", "--json", "--data-dir", installation.dataDir);
  const second = { itemId: first.itemId, ...submitted.parse(JSON.parse(answer)) };
  expect(second).toMatchObject({ itemId: first.itemId, state: "RELEASED" });

  const [, replacement] = await arrived(billing, 2);
  const released = (await caller.get(`/fhir/R4/Claim/${second.claim?.id ?? ""}`)).body as Claim;
  expect(released.related).toMatchObject([{ claim: { reference: `Claim/${first.claim?.id ?? ""}` }, reference: { value: "ICN20260001" } }]);
  expect(replacement?.related?.[0]?.reference).toEqual(released.related?.[0]?.reference);
  expect(replacement?.supportingInfo?.some(({ code: one }) => one?.coding?.some(({ code: value }) => value === "117"))).toBe(true);
  expect(replacement?.identifier?.[0]?.value).toBe(number.replace(/-1$/, "-2"));

  // And the payer takes it.
  const paid = claimResponse(replacement?.identifier?.[0]?.value ?? "", { created });
  expect((await caller.post("/fhir/R4/ClaimResponse", paid)).status).toBe(201);
  expect(await stateOf(caller, first.itemId)).toBe("ACCEPTED");
  const trail = (await caller.get(`/api/claims/${first.claim?.id ?? ""}/trail`)).body;
  expect(trail).toMatchObject({
    deliveries: [{ destination: "billing", state: "confirmed" }],
    chain: [{ frequency: "1" }, { frequency: "7" }],
  });
  expect(await engine.stop()).toBe(0);
  for (const secret of ["Whitfield", "48213907", "1EG4TE5MK73"]) expect(engine.said()).not.toContain(secret);
});
