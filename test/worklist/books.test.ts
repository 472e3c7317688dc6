import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ok } from "#src/base/result.ts";
import { readCensus } from "#src/cli/reconcile.ts";
import { readWorkBooks } from "#src/worklist/books.pg.ts";
import { compareCensus } from "#src/worklist/census.pg.ts";
import { readMeasures, readProductivity } from "#src/worklist/measures.pg.ts";
import { ADA, type Line, NO_CODES, startLine } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
  line.behaviour.release = async (client, item) => {
    const id = randomUUID();
    await client.query(
      `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
       values ($1, $2, $3, 1, $4, '1', 'institutional', 'active', '\\x00', $3, $3, 0, '\\x00')`,
      [id, item.itemId, item.accountId, item.codingVersion],
    );
    await client.query("insert into delivery (claim_id, destination, state) values ($1, 'billing', 'pending')", [id]);
    return ok({ claimId: id });
  };
});
beforeEach(async () => {
  await line.pool.query("truncate claim, coding_version cascade");
  await line.clear();
});
afterAll(() => line.database.drop());

async function code(): Promise<string> {
  const { id, leaseId, snapshotVersion } = await line.lease(ADA);
  expect(await line.worklist.submit({ itemId: id, leaseId, snapshotVersion, codes: NO_CODES, userId: ADA })).toMatchObject({ ok: true });
  return id;
}

describe("the books", () => {
  it("balance: discharged by state, coded as released or gated, claims as delivered or pending; a sum is never made up", async () => {
    await line.ready({ cents: 100_000 });
    await line.ready({ cents: 50_000, insured: false });
    const out = await code();
    expect(await line.worklist.release(out)).toHaveProperty("claimId");
    await code();
    await line.ready({ cents: 20_000 });
    const books = await readWorkBooks(line.pool, new Date());
    expect(books.discharged).toMatchObject({ total: 3, parts: { RELEASED: 1, FINAL_CODED: 1, READY: 1 }, difference: 0, residue: [] });
    expect(books.finalCoded).toMatchObject({ total: 2, parts: { released: 1, "gated: REG": 1 }, difference: 0, residue: [] });
    expect(books.released).toMatchObject({ total: 1, parts: { pending: 1 }, difference: 0 });
    await line.pool.query("update delivery set state = 'rejected'");
    expect((await readWorkBooks(line.pool, new Date())).released).toMatchObject({ parts: { refused: 1 }, residue: [{ itemId: out }] });
  });

  it("name what nothing keeps and nothing moves, and a discharge without its item", async () => {
    const { item } = await line.ready();
    await code();
    await line.pool.query("update coding_item set release_after = now() - interval '1 day' where id = $1", [item]);
    const account = randomUUID();
    await line.pool.query(
      "insert into account (id, feed, facility, account_key, sealed_number, discharged_at) values ($1, 'north', 'NORTH', '\\x00', '\\x00', now() - interval '1 day')",
      [account],
    );
    const books = await readWorkBooks(line.pool, new Date());
    expect(books.finalCoded.residue).toMatchObject([{ itemId: item }]);
    expect(books.discharged).toMatchObject({ total: 2, difference: 0, residue: [{ accountId: account }] });
  });

  it("are those of any moment: what is coded today was uncoded yesterday", async () => {
    await line.ready({ cents: 100_000 });
    const { rows } = await line.pool.query<{ now: Date }>("select clock_timestamp() as now");
    const before = rows[0]?.now ?? new Date(0);
    const item = await code();
    await line.worklist.release(item);
    const later = new Date(Date.now() + 1_000);
    expect(await readMeasures(line.pool, before)).toMatchObject({
      dnfb: { items: 1, cents: 100_000 },
      dnfc: { items: 1 },
      queues: [{ queue: "inpatient", waiting: 1 }],
    });
    expect(await readMeasures(line.pool, later)).toMatchObject({ dnfb: { items: 0 }, dnfc: { items: 0, days: 0 }, queues: [] });
    expect((await readWorkBooks(line.pool, before)).finalCoded.total).toBe(0);
    expect(await readProductivity(line.pool, before, later)).toMatchObject([{ userId: ADA, class: "IMP", coded: 1 }]);
  });

  it("count dollars in days of the average day's charges, and age from the discharge", async () => {
    const { account } = await line.ready({ cents: 9_000_000 });
    const left = new Date(Date.now() - 5 * 86_400_000);
    await line.pool.query("update coding_item set discharged_at = $2 where account_id = $1", [account, left]);
    // One account is all the revenue of 90 days.
    // The store tells time in microseconds: what was written in this millisecond may be after it.
    const soon = new Date(Date.now() + 1_000);
    expect((await readMeasures(line.pool, soon)).dnfb).toMatchObject({ items: 1, days: 90, ageing: { "0-3": 0, "4-7": 1 } });
  });
});

describe("the census", () => {
  it("is compared line by line, and every difference has its reason or is residue", async () => {
    const same = await line.ready({ cents: 100_000 });
    const apart = await line.ready({ cents: 50_000 });
    const ours = await line.ready();
    const failed = randomUUID();
    await line.say(failed, { status: "in-progress" }, { interfaceFailed: true });
    const file = [
      "account,discharge_date,dnfb,charges",
      `${same.account},2026-03-03,y,1000.00`,
      `${apart.account},2026-03-03,y,700.00`,
      `${failed},2026-03-03,y,`,
      "NEVER-HEARD-OF,2026-03-03,y,10",
    ].join("\n");
    const report = await compareCensus(line.pool, line.sealer, { lines: readCensus(file, "census.csv"), day: "2026-03-03", zone: "UTC" });
    expect(report).toMatchObject({ lines: 4, agreed: 1, residue: 3 });
    const reason = expect.stringContaining("failed");
    expect(report.findings).toEqual([
      { line: 3, accountId: apart.account, what: "charges", cents: 20_000 },
      { line: 4, accountId: failed, what: "discharge", reason },
      { line: 4, accountId: failed, what: "dnfb", reason },
      { line: 5, what: "theirs-not-ours" },
      { accountId: ours.account, what: "ours-not-theirs" },
    ]);
  });

  it("that cannot be read is refused with every fault and its line", () => {
    expect(() => readCensus("account,discharge_date,dnfb,charges\n,3/3/26,perhaps,lots\nA1,2026-03-03,y,1.00\n", "c.csv")).toThrow(
      /c\.csv:2: account.*\n.*c\.csv:2: discharge_date.*\n.*c\.csv:2: dnfb.*\n.*c\.csv:2: charges/,
    );
  });
});
