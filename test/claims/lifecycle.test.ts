import { randomBytes, randomUUID } from "node:crypto";
import type { Claim } from "@medplum/fhirtypes";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase } from "#test/setup/database.ts";
import type { AccountId, ItemId } from "#src/base/ids.ts";
import { createSealer } from "#src/base/seal.ts";
import { claimContext, createReleaseClaim, readClaim } from "#src/claims/claim-store.pg.ts";
import { createCorrectingRelease } from "#src/claims/lifecycle/correct-release.pg.ts";
import { typeOfBillOf } from "#src/claims/lifecycle/type-of-bill.ts";
import { createVoidClaim } from "#src/claims/lifecycle/void-claim.pg.ts";
import { listTasks } from "#src/claims/tasks.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import type { Payer, SiteData } from "#src/sitedata/site-data.ts";
import type { Releasable } from "#src/worklist/release.pg.ts";
import { chartOf, type ChartSpec, demoSite, EMERGENCY_CHART, EMERGENCY_CODES, ID_KEY, INPATIENT_CHART, INPATIENT_CODES } from "./charts.ts";

const sealer = createSealer(randomBytes(32));
const demo = demoSite();
/** The demo's site, whose Medicare can be given other habits. */
let habits: Partial<Payer> = {};
const site: SiteData = {
  ...demo,
  payer: (id, date) => {
    const known = demo.payer(id, date);
    return known === undefined ? undefined : { ...known, ...habits };
  },
};
let today = new Date("2026-03-20T12:00:00Z");
const needs = { sealer, site, idKey: ID_KEY, now: () => today };
const release = createCorrectingRelease({ ...needs, release: createReleaseClaim({ ...needs, destinations: ["billing", "audit"] }) });
const voidClaim = createVoidClaim(needs);
let database: Awaited<ReturnType<typeof freshDatabase>>;
let pool: pg.Pool;
beforeAll(async () => {
  database = await freshDatabase();
  pool = database.pool;
});
afterAll(() => database.drop());

async function chart(accountId: string, spec: ChartSpec): Promise<void> {
  const context = `chart ${accountId}`;
  await pool.query("delete from chart_resource where account_id = $1", [accountId]);
  for (const resource of chartOf({ ...spec, accountId }).resources)
    await pool.query("insert into chart_resource (account_id, type, id, version, sealed) values ($1, $2, $3, 1, $4)", [
      accountId,
      resource.resourceType,
      resource.id,
      sealer.sealJson({ resource, at: "" }, context),
    ]);
}

/** A final-coded item of a chart at version 1. */
async function coded(spec: ChartSpec = INPATIENT_CHART, codes: Releasable["codes"] = INPATIENT_CODES): Promise<Releasable> {
  const [accountId, itemId] = [randomUUID() as AccountId, randomUUID() as ItemId];
  await pool.query(
    "insert into account (id, feed, facility, account_key, sealed_number, chart_version) values ($1, 'epic', 'NORTH', $2, $3, 1)",
    [accountId, randomBytes(8), sealer.seal(Buffer.from("ACC-5501"), `chart ${accountId}`)],
  );
  await chart(accountId, spec);
  await pool.query(
    "insert into coding_item (id, account_id, stream, progress, state, facility, chart_version) values ($1, $2, 'FAC', 'final-coded', 'FINAL_CODED', 'NORTH', 1)",
    [itemId, accountId],
  );
  return { itemId, accountId, stream: "FAC", chartVersion: 1, codingVersion: 1, codes };
}
async function made(item: Releasable): Promise<string> {
  const result = await inTransaction(pool, (client) => release(client, item));
  if (!result.ok || !("claimId" in result.value)) throw new Error(JSON.stringify(result));
  return result.value.claimId;
}
const claimOf = async (id: string): Promise<Claim> => {
  const claim = await readClaim(pool, sealer, id);
  if (claim === undefined) throw new Error("there is no such claim");
  return claim;
};
/** The first claim of an item, delivered everywhere. */
async function out(spec?: ChartSpec, codes?: Releasable["codes"]) {
  const item = await coded(spec, codes);
  const claimId = await made(item);
  await pool.query("update delivery set state = 'confirmed', attempts = 1 where claim_id = $1", [claimId]);
  return { item, claimId };
}
const chain = async (itemId: string) =>
  (
    await pool.query<{ version: number; frequency: string; status: string; change_reason: string | null }>(
      "select version, frequency, status, change_reason from claim where item_id = $1 order by version",
      [itemId],
    )
  ).rows;
const OTHER_CODES = { ...INPATIENT_CODES, diagnoses: INPATIENT_CODES.diagnoses.slice(0, 1) };

describe("a release of an item whose claim is out", () => {
  it("replaces it: frequency 7, the original by the payer's number, one condition code, and its bytes stay", async () => {
    const { item, claimId } = await out();
    const before = JSON.stringify(await claimOf(claimId));
    await pool.query("update claim set sealed_payer_number = $2 where id = $1", [
      claimId,
      sealer.seal(Buffer.from("ICN20260001"), claimContext(claimId)),
    ]);
    const second = await claimOf(await made({ ...item, codes: OTHER_CODES, replaces: claimId }));
    expect(second.related).toMatchObject([{ claim: { reference: `Claim/${claimId}` }, reference: { value: "ICN20260001" } }]);
    expect(typeOfBillOf(second)).toBe("117");
    expect(await chain(item.itemId)).toEqual([
      { version: 1, frequency: "1", status: "replaced", change_reason: null },
      { version: 2, frequency: "7", status: "active", change_reason: "D4" },
    ]);
    expect(JSON.stringify(await claimOf(claimId))).toBe(before);
  });

  it("sends nothing when the payer would see no difference", async () => {
    const { item, claimId } = await out();
    const result = await inTransaction(pool, (client) => release(client, { ...item, codingVersion: 2, replaces: claimId }));
    expect(result).toEqual({ ok: true, value: { stands: claimId, accepted: false } });
    expect(await chain(item.itemId)).toHaveLength(1);
  });

  it("takes back a claim that reached nobody, and claims for the first time", async () => {
    const item = await coded();
    const first = await made(item);
    const second = await made({ ...item, codes: OTHER_CODES, replaces: first });
    expect(await chain(item.itemId)).toMatchObject([
      { frequency: "1", status: "entered-in-error" },
      { frequency: "1", status: "active" },
    ]);
    expect((await claimOf(second)).related).toBeUndefined();
    expect((await pool.query("select from delivery where claim_id = $1", [first])).rowCount).toBe(0);
  });

  it("claims for the first time again after a refusal that nobody judged", async () => {
    const { item, claimId } = await out();
    await pool.query("update claim set payer_state = 'rejected' where id = $1", [claimId]);
    const second = await claimOf(await made({ ...item, codes: OTHER_CODES, replaces: claimId }));
    expect([typeOfBillOf(second), second.related]).toEqual(["111", undefined]);
  });

  it("claims for the first time again when every destination refused the claim", async () => {
    const { item, claimId } = await out();
    await pool.query("update delivery set state = 'rejected' where claim_id = $1", [claimId]);
    const second = await claimOf(await made({ ...item, codes: OTHER_CODES, replaces: claimId }));
    expect(second.related).toBeUndefined();
    expect(await chain(item.itemId)).toMatchObject([{ status: "entered-in-error" }, { frequency: "1", status: "active" }]);
  });

  it("asks before it voids: never a replacement across types of bill; then the void is made before the new claim", async () => {
    const { item, claimId } = await out();
    await chart(item.accountId, EMERGENCY_CHART);
    const again = { ...item, codes: EMERGENCY_CODES, replaces: claimId };
    const asked = await inTransaction(pool, (client) => release(client, again));
    expect(asked).toMatchObject({ ok: true, value: { asks: { kind: "void-and-new", reason: "D6" } } });
    expect(await chain(item.itemId)).toHaveLength(1);
    const second = await made({ ...again, confirmed: ["void-and-new"] });
    expect(await chain(item.itemId)).toEqual([
      { version: 1, frequency: "1", status: "cancelled", change_reason: null },
      { version: 2, frequency: "8", status: "active", change_reason: "D6" },
      { version: 3, frequency: "1", status: "active", change_reason: null },
    ]);
    const { rows } = await pool.query<{ id: string; destination: string }>(
      "select c.id, d.destination from claim c join delivery d on d.claim_id = c.id where c.item_id = $1 and d.state = 'pending' order by c.version, d.destination",
      [item.itemId],
    );
    expect(rows.map(({ destination }) => destination)).toEqual(["audit", "billing", "audit", "billing"]);
    expect(typeOfBillOf(await claimOf(rows[0]?.id ?? ""))).toBe("118");
    expect(typeOfBillOf(await claimOf(second))).toBe("131");
  });

  it("asks before it replaces after the payer's limit", async () => {
    const { item, claimId } = await out();
    today = new Date("2027-06-01T12:00:00Z");
    const again = { ...item, codes: OTHER_CODES, replaces: claimId };
    const asked = await inTransaction(pool, (client) => release(client, again));
    expect(asked).toMatchObject({ value: { asks: { kind: "replacement", difference: { overdue: true } } } });
    expect(await claimOf(await made({ ...again, confirmed: ["replacement"] }))).toMatchObject({ related: [{}] });
    today = new Date("2026-03-20T12:00:00Z");
  });

  it("gives billing a task where the payer takes no replacement", async () => {
    const { item, claimId } = await out();
    habits = { takesReplacements: false };
    const result = await inTransaction(pool, (client) => release(client, { ...item, codes: OTHER_CODES, replaces: claimId }));
    habits = {};
    expect(result).toMatchObject({ value: { stands: claimId } });
    expect((await listTasks(pool, "billing")).filter((task) => task.claimId === claimId)).toMatchObject([
      { kind: "reopening", reasons: ["D4"] },
    ]);
  });
});

describe("a void", () => {
  it("is the claim once more with frequency 8, for every destination that has it", async () => {
    const { item, claimId } = await out();
    await pool.query("update delivery set state = 'rejected' where claim_id = $1 and destination = 'audit'", [claimId]);
    const result = await inTransaction(pool, (client) => voidClaim(client, { itemId: item.itemId, claimId, reason: "D6" }));
    if (!result.ok || !("claimId" in result.value)) throw new Error(JSON.stringify(result));
    const voided = await claimOf(result.value.claimId);
    expect(voided).toMatchObject({ status: "active", related: [{ claim: { reference: `Claim/${claimId}` } }] });
    expect(typeOfBillOf(voided)).toBe("118");
    const { rows } = await pool.query("select destination, state from delivery where claim_id = $1", [voided.id]);
    expect(rows).toEqual([{ destination: "billing", state: "pending" }]);
  });

  it("of a claim of another item is refused", async () => {
    const { claimId } = await out();
    const other = await coded();
    expect(await inTransaction(pool, (client) => voidClaim(client, { itemId: other.itemId, claimId, reason: "D6" }))).toMatchObject({
      ok: false,
    });
  });

  it("of a claim that reached nobody takes it back instead", async () => {
    const item = await coded();
    const claimId = await made(item);
    const result = await inTransaction(pool, (client) => voidClaim(client, { itemId: item.itemId, claimId, reason: "D6" }));
    expect(result).toEqual({ ok: true, value: { takenBack: claimId } });
    expect(await chain(item.itemId)).toMatchObject([{ status: "entered-in-error" }]);
  });
});
