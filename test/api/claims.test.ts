import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundle, Claim, CodeSystem, Resource, StructureDefinition } from "@medplum/fhirtypes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReleaseClaim } from "#src/claims/claim-store.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { faultsOf, type ProfileName, profileFaultsOf } from "#src/fhir/validate.ts";
import type { AccountId, ItemId } from "#src/base/ids.ts";
import { chartOf, demoSite, INPATIENT_CHART, INPATIENT_CODES } from "#test/claims/charts.ts";
import { ID_KEY, sealer } from "#test/worklist/stays.ts";
import { startApi, type TestApi } from "./engine-api.ts";

const PROFILES: readonly ProfileName[] = ["coded-claim-professional", "coded-claim-institutional", "coded-claim-response"];

let api: TestApi;
let billing: Awaited<ReturnType<TestApi["as"]>>;
let claimId: string;

beforeAll(async () => {
  api = await startApi();
  billing = await api.as("billing");
  const { pool } = api.database;
  const accountId = randomUUID() as AccountId;
  const itemId = randomUUID() as ItemId;
  const context = `chart ${accountId}`;
  const chart = chartOf({ ...INPATIENT_CHART, accountId });
  await pool.query(
    "insert into account (id, feed, facility, account_key, sealed_number, chart_version) values ($1, 'epic', 'NORTH', $2, $3, 1)",
    [accountId, randomBytes(8), sealer.seal(Buffer.from(chart.accountNumber), context)],
  );
  for (const resource of chart.resources)
    await pool.query("insert into chart_resource (account_id, type, id, version, sealed) values ($1, $2, $3, 1, $4)", [
      accountId,
      resource.resourceType,
      resource.id,
      sealer.sealJson({ resource, at: "" }, context),
    ]);
  await pool.query(
    "insert into coding_item (id, account_id, stream, progress, state, facility, chart_version) values ($1, $2, 'FAC', 'final-coded', 'RELEASE', 'NORTH', 1)",
    [itemId, accountId],
  );
  const release = createReleaseClaim({
    sealer,
    site: demoSite(),
    idKey: ID_KEY,
    destinations: [],
    now: () => new Date("2026-03-09T12:00:00Z"),
  });
  const made = await inTransaction(pool, (client) =>
    release(client, { itemId, accountId, stream: "FAC", chartVersion: 1, codingVersion: 1, codes: INPATIENT_CODES }),
  );
  if (!made.ok) throw new Error(JSON.stringify(made.failure));
  claimId = made.value.claimId;
});
afterAll(() => api.close());

describe("a released claim", () => {
  it("is shown in the order of its form: no script, nothing from elsewhere, kept nowhere", async () => {
    const { status, headers, text } = await billing("GET", `/api/claims/${claimId}/preview`);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toMatch(/^text\/html/);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'/);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(text).toContain("UB-04");
    expect(text).toContain("4586.01");
  });

  it("is an 837 to look at, and says what a clearinghouse would say", async () => {
    const edi = await billing("GET", `/api/claims/${claimId}/837`);
    expect(edi.text).toMatch(/^ISA\*.{98}T\*:~/);
    expect(edi.text).toContain("CLM*");
    const { body } = await billing("GET", `/api/claims/${claimId}/readiness`);
    expect(body).toMatchObject({ ready: true });
    const { findings, coverage } = body as { findings: { severity: string; rule: string }[]; coverage: unknown[] };
    // The chart has no address: told, and no reason to hold the claim.
    expect(findings.map(({ rule, severity }) => `${rule} ${severity}`)).toContain("CB-RDY-205 soft");
    expect(coverage).toHaveLength(7);
  });

  it("is given with everything it refers to, and nothing of that leads elsewhere", async () => {
    const { body } = await billing("GET", `/fhir/R4/Claim/${claimId}/$bundle`);
    const bundle = body as Bundle;
    expect(faultsOf(bundle)).toEqual([]);
    const there = new Set(
      bundle.entry?.map(
        ({ resource }) => `${resource?.resourceType ?? ""}/${resource?.id ?? ""}/_history/${resource?.meta?.versionId ?? ""}`,
      ),
    );
    const asked = [...JSON.stringify(bundle).matchAll(/"reference":"([^"]+)"/g)].map(([, reference]) => reference ?? "");
    expect(asked.filter((reference) => !there.has(reference))).toEqual([]);
  });

  it.each(["preview", "837", "readiness"])("that is not there has no %s, and others may not look", async (what) => {
    expect((await billing("GET", `/api/claims/${randomUUID()}/${what}`)).status).toBe(404);
    expect((await billing("GET", `/api/claims/nonsense/${what}`)).status).toBe(404);
    expect((await (await api.as("coder"))("GET", `/api/claims/${claimId}/${what}`)).status).toBe(403);
  });
});

describe("what claims conform to", () => {
  it("is served by its id", async () => {
    const { body: claim } = await billing("GET", `/fhir/R4/Claim/${claimId}`);
    const [canonical = ""] = (claim as Claim).meta?.profile ?? [];
    const [url = "", version] = canonical.split("|");
    const { body } = await billing("GET", `/fhir/R4/StructureDefinition/${url.split("/").at(-1)}`);
    expect(body as StructureDefinition).toMatchObject({ url, version, type: "Claim" });
    const system = await billing("GET", "/fhir/R4/CodeSystem/claim-information");
    expect((system.body as CodeSystem).concept?.map(({ code }) => code)).toContain("valuecode");
    expect((await billing("GET", "/fhir/R4/StructureDefinition/none")).status).toBe(404);
  });

  it("is a FHIR package that tar reads, whose examples are valid under its profiles", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fhir-package-"));
    try {
      const answer = await fetch(`${api.base}/fhir/R4/$package`, {
        headers: { authorization: `Bearer ${await api.tokens.machineToken("package reader", ["billing"], 1)}` },
      });
      writeFileSync(join(folder, "package.tgz"), new Uint8Array(await answer.arrayBuffer()));
      execFileSync("tar", ["-xzf", "package.tgz"], { cwd: folder });
      const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(folder, "package", ...path), "utf8"));
      expect(read("package.json")).toMatchObject({ name: "dev.chartbridge.coded-claim", version: "1.0.0", fhirVersions: ["4.0.1"] });
      const index = read(".index.json") as { files: { filename: string; resourceType: string }[] };
      expect(index.files.filter(({ resourceType }) => resourceType === "StructureDefinition")).toHaveLength(8);
      for (const { filename } of index.files) expect(faultsOf(read(filename) as Resource)).toEqual([]);
      const examples = readdirSync(join(folder, "package", "example")).filter((name) => !name.startsWith("."));
      expect(examples.length).toBeGreaterThanOrEqual(9);
      for (const name of examples) {
        const example = read("example", name) as Resource;
        expect(faultsOf(example)).toEqual([]);
        const own = PROFILES.find((profile) => example.meta?.profile?.[0]?.includes(profile) === true);
        expect(own === undefined).toBe(example.resourceType === "Bundle");
        expect(own === undefined ? [] : profileFaultsOf(example, own)).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("the sandbox", () => {
  it("serves synthetic claims to billing systems, each resource marked as test data", async () => {
    const { body } = await billing("GET", "/sandbox/fhir/R4/Claim");
    const { entry = [], total } = body as Bundle;
    expect(total).toBe(entry.length);
    expect(entry.every(({ resource }) => resource?.meta?.security?.[0]?.code === "HTEST")).toBe(true);
    const id = entry[0]?.resource?.id ?? "";
    const one = await billing("GET", `/sandbox/fhir/R4/Claim/${id}/$bundle`);
    expect((one.body as Bundle).entry?.every(({ resource }) => resource?.meta?.security?.[0]?.code === "HTEST")).toBe(true);
    expect((await billing("GET", `/sandbox/fhir/R4/Claim/${id}`)).body).toMatchObject({ id });
    expect((await billing("GET", `/sandbox/api/claims/${id}/preview`)).text).toContain("Test data: HTEST");
    expect((await billing("GET", `/sandbox/api/claims/${id}/837`)).text).toContain("HTEST");
    expect((await billing("GET", `/sandbox/fhir/R4/Claim/${claimId}`)).status).toBe(404);
    expect((await (await api.as("coder"))("GET", "/sandbox/fhir/R4/Claim")).status).toBe(403);
  });
});
