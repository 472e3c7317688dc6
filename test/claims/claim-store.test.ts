import { randomBytes, randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "#test/setup/database.ts";
import type { AccountId, ItemId } from "#src/base/ids.ts";
import { createSealer } from "#src/base/seal.ts";
import { claimBundle, createReleaseClaim, readClaim, searchClaims } from "#src/claims/claim-store.pg.ts";
import { servedResource } from "#src/claims/served-claims.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import type { Releasable } from "#src/worklist/release.pg.ts";
import {
  type ChartSpec,
  chartOf,
  codesOf,
  demoSite,
  EMERGENCY_CHART,
  EMERGENCY_CODES,
  encounterId,
  FAMILY,
  ID_KEY,
  INPATIENT_CHART,
  INPATIENT_CODES,
  patientId,
} from "./charts.ts";

const sealer = createSealer(randomBytes(32));
const site = demoSite();
let database: Awaited<ReturnType<typeof freshDatabase>>;
let pool: pg.Pool;
let minute = 0;

const release = createReleaseClaim({
  sealer,
  site,
  idKey: ID_KEY,
  destinations: ["billing", "audit"],
  now: () => new Date(Date.UTC(2026, 2, 9, 12, minute++)),
});

beforeAll(async () => {
  database = await freshDatabase();
  pool = database.pool;
});
afterAll(() => database.drop());

/** An account with a chart at version 1 and an item for it. */
async function coded(spec: ChartSpec, codes: Releasable["codes"]): Promise<Releasable> {
  const accountId = randomUUID() as AccountId;
  const itemId = randomUUID() as ItemId;
  const chart = chartOf({ ...spec, accountId });
  const context = `chart ${accountId}`;
  await pool.query("insert into account (id, feed, facility, account_key, sealed_number, chart_version) values ($1, $2, $3, $4, $5, 1)", [
    accountId,
    chart.feed,
    chart.facility,
    randomBytes(8),
    sealer.seal(Buffer.from(chart.accountNumber), context),
  ]);
  for (const resource of chart.resources)
    await pool.query("insert into chart_resource (account_id, type, id, version, sealed) values ($1, $2, $3, 1, $4)", [
      accountId,
      resource.resourceType,
      resource.id,
      sealer.sealJson({ resource, at: "" }, context),
    ]);
  await pool.query(
    `insert into coding_item (id, account_id, stream, progress, state, facility, chart_version)
      values ($1, $2, 'FAC', 'final-coded', 'RELEASE', 'NORTH', 1)`,
    [itemId, accountId],
  );
  return { itemId, accountId, stream: "FAC", chartVersion: 1, codingVersion: 1, codes };
}
/** A professional item of so many lines. */
const office = async (lines: number): Promise<Releasable> => ({
  ...(await coded(
    { class: "AMB", doctor: "D1004", charges: [] },
    codesOf({
      diagnoses: [{ code: "I10", use: "principal" }],
      lines: Array.from({ length: lines }, (_, n) => ({
        procedureCode: "G2212",
        diagnosisPointers: [1],
        serviceDate: "2026-03-02",
        units: 1,
        amountCents: 100 + n,
      })),
    }),
  )),
  stream: "PRO:MED",
});
async function released(item: Releasable): Promise<string> {
  const result = await inTransaction(pool, (client) => release(client, item));
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value.claimId;
}

describe("the claim store", () => {
  it("stores a released claim, gives it back, and queues it for every destination", async () => {
    const item = await coded(INPATIENT_CHART, INPATIENT_CODES);
    const claimId = await released(item);
    const bundle = await claimBundle(pool, sealer, claimId);
    expect(bundle?.claim).toMatchObject({ id: claimId, total: { value: 4586.01 } });
    expect(bundle?.claim).toEqual(await readClaim(pool, sealer, claimId));
    const { rows } = await pool.query("select destination, state, attempts from delivery where claim_id = $1 order by 1", [claimId]);
    expect(rows).toEqual([
      { destination: "audit", state: "pending", attempts: 0 },
      { destination: "billing", state: "pending", attempts: 0 },
    ]);
    const row = await pool.query("select version, frequency, kind, status, payer_id, total_cents from claim where id = $1", [claimId]);
    expect(row.rows[0]).toMatchObject({ version: 1, frequency: "1", kind: "institutional", status: "active", payer_id: "MCARE" });
    expect(Number(row.rows[0]?.total_cents)).toBe(458_601);
  });

  it("keeps no patient's name outside the sealed columns, nor readable inside them", async () => {
    await released(await coded(EMERGENCY_CHART, EMERGENCY_CODES));
    for (const table of ["claim", "claim_resource", "delivery"]) {
      const { rows } = await pool.query(`select * from ${table}`);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows)
        for (const value of Object.values(row as object)) {
          const text = Buffer.isBuffer(value) ? value.toString("latin1") : String(value);
          expect(text.includes(FAMILY) || text.includes("MRN-77")).toBe(false);
        }
    }
  });

  it("gives the next release of an item the next version, another id and another number", async () => {
    const item = await coded(EMERGENCY_CHART, EMERGENCY_CODES);
    const first = await readClaim(pool, sealer, await released(item));
    const second = await readClaim(pool, sealer, await released({ ...item, codingVersion: 2 }));
    expect(second?.id).not.toBe(first?.id);
    expect(first?.identifier?.[0]?.value).toMatch(/^CB[0-9A-F]{14}-1$/);
    expect(second?.identifier?.[0]?.value).toBe(first?.identifier?.[0]?.value?.replace(/-1$/, "-2"));
  });

  it("never stores one version of an item twice, even when two release at once", async () => {
    const item = await coded(EMERGENCY_CHART, EMERGENCY_CODES);
    await Promise.allSettled([released(item), released(item), released(item)]);
    const { rows } = await pool.query<{ version: number }>("select version from claim where item_id = $1 order by version", [item.itemId]);
    expect(rows.map(({ version }) => version)).toEqual([...new Set(rows.map(({ version }) => version))]);
    const deliveries = await pool.query("select 1 from delivery d join claim c on c.id = d.claim_id where c.item_id = $1", [item.itemId]);
    expect(deliveries.rowCount).toBe(rows.length * 2);
  });

  it("writes nothing when the claim would not be valid, and says why", async () => {
    const item = await coded({ ...EMERGENCY_CHART, doctor: "D4711" }, EMERGENCY_CODES);
    const result = await inTransaction(pool, (client) => release(client, item));
    expect(result.ok ? [] : result.failure.map(({ rule }) => rule)).toEqual(["CB-CLM-NPI"]);
    const gone = await inTransaction(pool, (client) => release(client, { ...item, chartVersion: 7 }));
    expect(gone.ok ? [] : gone.failure.map(({ rule }) => rule)).toEqual(["CB-CLM-CHART"]);
    expect((await pool.query("select 1 from claim where item_id = $1", [item.itemId])).rowCount).toBe(0);
  });

  it("finds claims by exact values, newest first, page by page", async () => {
    const claimId = await released(await coded(EMERGENCY_CHART, EMERGENCY_CODES));
    const value = (await readClaim(pool, sealer, claimId))?.identifier?.[0]?.value ?? "";
    const byNumber = await searchClaims(pool, sealer, { identifier: { system: "urn:chartbridge:claim", value }, count: 5 });
    expect(byNumber.claims.map(({ id }) => id)).toEqual([claimId]);
    expect(byNumber.next).toBeUndefined();
    expect((await searchClaims(pool, sealer, { identifier: { value: "CB-none" }, count: 5 })).total).toBe(0);
    expect((await searchClaims(pool, sealer, { patientId: "not-an-id", count: 5 })).claims).toEqual([]);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await searchClaims(pool, sealer, { patientId, encounterId, count: 2, ...(after === undefined ? {} : { after }) });
      seen.push(...page.claims.map(({ created }) => created));
      expect(page.claims.length).toBeLessThanOrEqual(2);
      after = page.next;
    } while (after !== undefined);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort().reverse());
  });

  it("gives what a claim refers to as it stood at release", async () => {
    expect(await servedResource(pool, sealer, "Patient", patientId)).toMatchObject({ name: [{ family: FAMILY }] });
    expect(await servedResource(pool, sealer, "Patient", randomUUID())).toBeUndefined();
    expect(await servedResource(pool, sealer, "Patient", "x")).toBeUndefined();
    expect(await readClaim(pool, sealer, randomUUID())).toBeUndefined();
    expect(await claimBundle(pool, sealer, "x")).toBeUndefined();
  });

  it("stores the claims of an item that one does not hold as parts of its version, each with its deliveries", async () => {
    const item = await office(120);
    const claimId = await released(item);
    const rows = async (version: number) =>
      (
        await pool.query<{ id: string; part: number; parts: number; frequency: string; deliveries: number }>(
          `select id, part, parts, frequency, (select count(*) from delivery d where d.claim_id = c.id) as deliveries
           from claim c where item_id = $1 and version = $2 order by part`,
          [item.itemId, version],
        )
      ).rows;
    const first = await rows(1);
    expect(first.map(({ part, parts, deliveries }) => [part, parts, deliveries])).toEqual([
      [1, 3, 2],
      [2, 3, 2],
      [3, 3, 2],
    ]);
    expect(first[0]?.id).toBe(claimId);
    const numbers = await Promise.all(first.map(async ({ id }) => (await readClaim(pool, sealer, id))?.identifier?.[0]?.value));
    expect(numbers.map((number) => number?.replace(/^CB[0-9A-F]{14}/, ""))).toEqual(["-1", "-1B", "-1C"]);

    // Each part replaces its own, and the lines stay where they were.
    await released({ ...item, replaces: claimId });
    const second = await rows(2);
    expect(second.map(({ frequency }) => frequency)).toEqual(["7", "7", "7"]);
    for (const [at, { id }] of second.entries()) {
      const [after, before] = [await readClaim(pool, sealer, id), await readClaim(pool, sealer, first[at]?.id ?? "")];
      expect(after?.related?.[0]?.claim?.reference).toBe(`Claim/${before?.id}`);
      expect(after?.item).toEqual(before?.item);
    }
  });

  it("refuses a replacement in fewer parts, and one that nobody calls a replacement", async () => {
    const item = await office(60);
    const claimId = await released(item);
    const { codes } = await office(3);
    for (const next of [{ ...item, codes, replaces: claimId }, item]) {
      const result = await inTransaction(pool, (client) => release(client, next));
      expect(result.ok ? [] : result.failure.map(({ rule }) => rule)).toEqual(["CB-CLM-PARTS"]);
    }
  });

  it("makes the next claim of an item its replacement: frequency 7, with the claim before", async () => {
    const item = await coded(EMERGENCY_CHART, EMERGENCY_CODES);
    const claimId = await released(item);
    const next = await readClaim(pool, sealer, await released({ ...item, replaces: claimId }));
    expect(next?.supportingInfo?.[0]?.code?.coding?.[0]?.code).toBe("137");
    expect(next?.related).toMatchObject([{ claim: { reference: `Claim/${claimId}` }, relationship: { coding: [{ code: "prior" }] } }]);
    const row = await pool.query("select frequency from claim where id = $1", [next?.id]);
    expect(row.rows[0]).toEqual({ frequency: "7" });
  });

  it("dates a claim by its codes: released at any hour it is the same to the byte", async () => {
    const item = await coded(EMERGENCY_CHART, EMERGENCY_CODES);
    await pool.query(
      "insert into coding_version (item_id, version, chart_version, coder, rule_pack, sealed_codes, sealed_findings, made_at) values ($1, 1, 1, $2, 'x', '', '', '2026-03-08T10:00:00Z')",
      [item.itemId, randomUUID()],
    );
    const texts: string[] = [];
    for (let time = 0; time < 2; time++) {
      const client = await pool.connect();
      try {
        await client.query("begin");
        const made = await release(client, item);
        if (!made.ok) throw new Error(JSON.stringify(made.failure));
        const { rows } = await client.query<{ sealed: Buffer }>("select sealed from claim where id = $1", [made.value.claimId]);
        texts.push(JSON.stringify(sealer.openJson(rows[0]?.sealed ?? Buffer.alloc(0), `claim ${made.value.claimId}`)));
        await client.query("rollback");
      } finally {
        client.release();
      }
    }
    expect(texts[0]).toContain('"created":"2026-03-08T10:00:00.000Z"');
    expect(texts[1]).toBe(texts[0]);
  });
});
