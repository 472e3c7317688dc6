import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "@medplum/fhirtypes";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { sendFiles } from "#src/cli/send.ts";
import { type BillingServer, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { type Installation, newInstallation, type RunningEngine, signedIn, waitFor } from "./engine-process.ts";

const EXAMPLE = "examples/first-claim";
const FILES = readdirSync(EXAMPLE)
  .filter((name) => name.endsWith(".hl7"))
  .sort()
  .map((name) => join(EXAMPLE, name));
const CODES: unknown = JSON.parse(readFileSync(join(EXAMPLE, "codes.json"), "utf8"));

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last();
});

async function hospital() {
  const billing = await startBillingServer({ host: "127.0.0.1", port: 0 });
  undo.push(() => billing.close());
  const installation: Installation = await newInstallation(billing.url);
  undo.push(() => installation.remove());
  return { billing, installation };
}

async function sendStay(engine: RunningEngine): Promise<readonly string[]> {
  const lines: string[] = [];
  const exit = await sendFiles(
    FILES,
    { host: "127.0.0.1", port: engine.mllpPort, timeoutMs: 10_000 },
    (line) => lines.push(line),
    (line) => lines.push(line),
  );
  expect(lines.join("\n")).not.toMatch(/\bA[ER]\b/);
  expect(exit).toBe(0);
  return lines;
}

async function delivered(billing: BillingServer) {
  const claims = await billing.claims();
  return claims.length > 0 ? claims : undefined;
}

const item = z.object({ id: z.string(), leaseId: z.string(), snapshotVersion: z.int() });
const submitted = z.object({ state: z.string(), claim: z.object({ id: z.string() }) });

async function codeTheStay(
  engine: RunningEngine,
): Promise<{ readonly claimId: string; readonly caller: Awaited<ReturnType<typeof signedIn>> }> {
  const caller = await signedIn(engine);
  const leased = await waitFor(async () => {
    const { status, body } = await caller.post("/api/work-items/next", { queues: ["inpatient"] });
    return status === 200 ? item.parse(body) : undefined;
  });
  const { id, leaseId, snapshotVersion } = leased;
  const answer = await caller.post(`/api/work-items/${id}/codes`, { leaseId, snapshotVersion, codes: CODES });
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
  return { claimId: submitted.parse(answer.body).claim.id, caller };
}

it("a stay sent over MLLP ends as one valid Claim on the billing system's server and on our own FHIR API", async () => {
  const { billing, installation } = await hospital();
  const engine = await installation.start();
  await sendStay(engine);
  const { claimId, caller } = await codeTheStay(engine);
  const [arrived] = await waitFor(() => delivered(billing));
  const read = await caller.get(`/fhir/R4/Claim/${claimId}`);
  const claim = read.body as Claim;
  expect(read.status).toBe(200);
  expect(faultsOf(claim)).toEqual([]);
  expect(arrived?.identifier).toEqual(claim.identifier);
  expect(arrived?.total).toEqual(claim.total);
  for (const reference of [claim.patient.reference, claim.item?.[0]?.encounter?.[0]?.reference, claim.provider.reference])
    expect(await caller.get(`/fhir/R4/${reference ?? "?"}`), reference).toMatchObject({ status: 200 });
  const found = await caller.get(`/fhir/R4/Claim?patient=${claim.patient.reference ?? ""}`);
  expect(found.body).toMatchObject({ resourceType: "Bundle", type: "searchset", entry: [{ resource: { id: claimId } }] });
  expect(await engine.stop()).toBe(0);
});

it("an engine killed between the acknowledgement and the fold loses nothing and doubles nothing", async () => {
  const { billing, installation } = await hospital();
  const first = await installation.start();
  // While a test holds the lanes, the fold can take none: everything is acknowledged and nothing is folded.
  const holder = await installation.database.pool.connect();
  await holder.query("begin");
  await holder.query("select lane from lane_cursor for update");
  await sendStay(first);
  await first.kill();
  await holder.query("rollback");
  holder.release();
  const before = await installation.database.pool.query(
    "select (select count(*) from journal_record) as records, (select count(*) from journal_outcome) as outcomes",
  );
  expect(before.rows).toEqual([{ records: FILES.length, outcomes: 0 }]);

  const second = await installation.start();
  // The sender, which never saw anything go wrong, sends everything again.
  await sendStay(second);
  await codeTheStay(second);
  expect(await waitFor(() => delivered(billing))).toHaveLength(1);
  const after = await installation.database.pool.query("select verdict, count(*) as n from journal_record group by 1 order by 1");
  expect(after.rows).toEqual([
    { verdict: "accepted", n: FILES.length },
    { verdict: "duplicate", n: FILES.length },
  ]);
  const items = await installation.database.pool.query("select state from coding_item");
  expect(items.rows).toEqual([{ state: "RELEASED" }]);
});
