import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCodingDesk } from "#src/coding/coding-desk.pg.ts";
import { watchEvidence, type BrokenEvidence } from "#src/coding/evidence-watch.pg.ts";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import { raiseRecode } from "#src/worklist/raise-recode.pg.ts";
import { itemIdOf } from "#src/worklist/reconcile-items.pg.ts";
import { demoSite } from "../claims/charts.ts";
import { ADA, hard, ID_KEY, type Line, startLine } from "../worklist/line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

const desk = () =>
  createCodingDesk({ pool: line.pool, sealer: line.sealer, site: demoSite(), data: () => NO_CODE_DATA, check: line.needs.check });
const soft = { ...hard, rule: "T-2", severity: "soft" as const, path: "lines" };
const codes = (more: object = {}) => codeSubmission.parse({ diagnoses: [{ code: "I10", use: "principal" }], ...more });

async function submit(more: object = {}) {
  const { id, leaseId, snapshotVersion } = await line.lease(ADA);
  return { id, taken: await line.worklist.submit({ itemId: id, leaseId, snapshotVersion, codes: codes(more), userId: ADA }) };
}
const again = async (item: string): Promise<void> => {
  await line.pool.query("update coding_item set progress = 'awaiting', state = 'READY', dispatch_no = dispatch_no + 1 where id = $1", [
    item,
  ]);
};

describe("a soft finding", () => {
  it("stops a submit until a reason is given, and who gave it and why is kept, sealed", async () => {
    const { item } = await line.ready();
    line.findings.push(soft);
    const refused = await submit();
    expect(refused.taken).toMatchObject({ ok: false, failure: { code: "FINDINGS_OPEN", findings: [soft] } });
    await line.pool.query("update coding_item set lease_id = null, lease_user = null, state = 'READY' where id = $1", [item]);
    const { taken } = await submit({ overrides: [{ rule: "T-2", path: "lines", reason: "Zwetschgenbaum said so in the note" }] });
    expect(taken).toMatchObject({ ok: true });
    expect(await desk().statistics(new Date(0))).toMatchObject([{ rule: "T-2", stopped: 1, overridden: 1, items: 1, overrideRate: 0.5 }]);
    expect(await desk().overrides("T-2", 10)).toMatchObject([
      { itemId: item, coder: ADA, path: "lines", reason: "Zwetschgenbaum said so in the note" },
    ]);
    const { rows } = await line.pool.query<{ sealed_reason: Buffer | null }>("select sealed_reason from edit_firing order by id");
    expect(rows.map((row) => row.sealed_reason?.toString("latin1") ?? "").join()).not.toContain("Zwetschgenbaum");
  });

  it("of another place than the reason's stops, and a hard one always does", async () => {
    await line.ready();
    line.findings.push(soft);
    expect((await submit({ overrides: [{ rule: "T-2", path: "diagnoses[0]", reason: "because" }] })).taken).toMatchObject({ ok: false });
    await line.clear();
    await line.ready();
    line.findings.push(hard);
    expect((await submit({ overrides: [{ rule: "T-1", reason: "because" }] })).taken).toMatchObject({ ok: false });
  });
});

describe("frozen versions", () => {
  it("name the edits, the code sets and the DRG they rest on, and differ by what was changed", async () => {
    const { item } = await line.ready();
    line.findings.push({ ...hard, severity: "info", data: ["icd-10-cm FY2026"] });
    await submit({ abstract: { drg: { kind: "MS-DRG", code: "193", version: "43" } } });
    await again(item);
    await submit({
      diagnoses: [
        { code: "I10", use: "principal" },
        { code: "E11.9", use: "secondary" },
      ],
    });
    const versions = await desk().versions(item);
    expect(versions).toMatchObject([
      {
        version: 1,
        coder: ADA,
        rulePack: "test 1",
        dataVersions: ["icd-10-cm FY2026"],
        drg: { kind: "MS-DRG", code: "193", version: "43" },
      },
      { version: 2 },
    ]);
    expect(await desk().diff(item, 1, 2)).toMatchObject([{ what: "diagnosis added", code: "E11.9" }, { what: "abstract" }]);
    expect(await desk().diff(item, 1, 7)).toBeUndefined();
  });
});

describe("evidence of a coded item", () => {
  it("that the chart lost raises RECODE once, and what merely changed elsewhere does not", async () => {
    const account = randomUUID();
    await line.say(account, { cents: 500 });
    const item = itemIdOf(ID_KEY, account, "FAC");
    const chargeId = itemIdOf(ID_KEY, account, "PRO:charge");
    await submit({ diagnoses: [{ code: "I10", use: "principal", evidence: [{ kind: "charge", chargeId }] }] });
    const told: BrokenEvidence[] = [];
    const watch = () =>
      watchEvidence({
        pool: line.pool,
        sealer: line.sealer,
        onBroken: async (client, broken) => {
          told.push(broken);
          await raiseRecode(client, line.needs, broken);
        },
      });
    expect(await watch()).toBe(0);
    await line.say(account, { cents: 700 });
    expect(await watch()).toBe(1);
    expect(told).toEqual([]);
    await line.pool.query("delete from chart_resource where account_id = $1 and type = 'ChargeItem'", [account]);
    await line.say(account, { insured: false });
    await watch();
    await watch();
    expect(told).toEqual([{ itemId: item, version: 1, broken: ["diagnoses[0]: charge gone"] }]);
    expect(await line.row(item)).toMatchObject({ state: "RECODE" });
  });
});

describe("an encoder", () => {
  it("is given the chart, suggests, and learns what became of it; nothing is applied by itself", async () => {
    const { item } = await line.ready();
    const given = await desk().item(item);
    expect(given).toMatchObject({ id: item, stream: "FAC", chartVersion: 1 });
    const suggest = (code: string) => ({ kind: "diagnosis" as const, code, why: "blood pressure 180/110 in the note" });
    const ids = await desk().suggest(item, "north-encoder", { chartVersion: 1, suggestions: [suggest("I10"), suggest("I16.0")] });
    expect(ids).toHaveLength(2);
    expect(await desk().suggestions(item)).toMatchObject([
      { code: "I10", source: "north-encoder" },
      { code: "I16.0", source: "north-encoder" },
    ]);
    expect(await desk().results("north-encoder", new Date(0), 10)).toEqual([]);
    await submit();
    expect(await desk().results("north-encoder", new Date(0), 10)).toMatchObject([
      {
        itemId: item,
        version: 1,
        codes: { diagnoses: [{ code: "I10" }] },
        suggestions: expect.arrayContaining([
          expect.objectContaining({ code: "I10", taken: true }),
          expect.objectContaining({ code: "I16.0", taken: false }),
        ]) as unknown,
      },
    ]);
    expect(await desk().results("another", new Date(0), 10)).toEqual([]);
    expect(await desk().suggest(randomUUID(), "north-encoder", { chartVersion: 1, suggestions: [suggest("I10")] })).toBeUndefined();
  });
});
