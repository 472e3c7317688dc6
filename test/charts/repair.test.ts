import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fail, ok } from "#src/base/result.ts";
import { listFailures, readDecisions, readFailure } from "#src/charts/failures.pg.ts";
import { retryTroubled } from "#src/charts/fold.pg.ts";
import { readHistory } from "#src/charts/history.pg.ts";
import { refold } from "#src/charts/refold.pg.ts";
import { correctFailure, retryFailure, skipFailure } from "#src/charts/repair.pg.ts";
import { createChartCache } from "#src/charts/open-chart.ts";
import { broken, type FoldLine, startFoldLine } from "./fold-line.ts";
import { account, at, charge, diagnosis, named, patient, told, visit } from "./messages.ts";

let line: FoldLine;
beforeAll(async () => {
  line = await startFoldLine();
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

const admit = (minute: number, accountId: string, visitId: string, patientId = "P1") =>
  told({
    minute,
    type: "ADT^A01",
    account: accountId,
    patient: patientId,
    visit: visitId,
    sets: ["Condition"],
    resources: [
      patient(patientId),
      account(accountId, patientId),
      visit(visitId, accountId, patientId, { period: { start: at(minute) } }),
      diagnosis(`D-${visitId}`, visitId, patientId),
    ],
  });
const post = (minute: number, accountId: string, visitId: string, id: string) =>
  told({ minute, type: "DFT^P03", account: accountId, patient: "P1", visit: visitId, resources: [charge(id, visitId, accountId, 5)] });
const merge = (minute: number) =>
  told({
    minute,
    type: "ADT^A41",
    account: "A2",
    patient: "P1",
    resources: [patient("P1"), account("A2", "P1")],
    merges: [{ kind: "account", surviving: named("A2"), prior: named("A1") }],
  });
const WHO = { by: "ada", reason: "the sender mended it" };
const NAMES = ["A1", "A2", "V1", "V2", "P1", "P2", "C1", "C2", "D-V1", "D-V2"];

describe("a merge in the journal", () => {
  it("is folded once, whether its accounts were folded long before or in the same batch", async () => {
    await line.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"));
    await line.take(merge(50), post(10, "A1", "V1", "C1"));
    const apart = await line.keys("A2", ...NAMES);
    const other = await startFoldLine();
    await other.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"), merge(50), post(10, "A1", "V1", "C1"));
    expect(await other.keys("A2", ...NAMES)).toEqual(apart);
    expect(apart).toEqual([
      "Account/A2",
      "ChargeItem/C1",
      "Condition/D-V1",
      "Condition/D-V2",
      "Encounter/V1",
      "Encounter/V2",
      "Patient/P1",
    ]);
    expect(await other.keys("A1", ...NAMES)).toEqual([]);
    await other.database.drop();
  });

  it("is remembered by a fold that starts anew: what names the old account goes to the survivor", async () => {
    await line.take(admit(0, "A1", "V1"), merge(50));
    const started = { ...line.needs, cache: createChartCache(1) };
    Object.assign(line.needs, started);
    await line.take(post(60, "A1", "V1", "C2"));
    expect(await line.keys("A2", ...NAMES)).toContain("ChargeItem/C2");
    const { rows } = await line.database.pool.query("select account_id from journal_outcome order by seq desc limit 1");
    expect(rows).toEqual([{ account_id: line.id("A2") }]);
  });

  it("tells the work list who took whom in", async () => {
    await line.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"));
    line.changes.length = 0;
    await line.take(merge(50));
    const told = new Map(line.changes.map((change) => [change.accountId as string, change]));
    expect(told.get(line.id("A1"))).toMatchObject({ mergedInto: line.id("A2"), eventType: "ADT^A41", facts: { cancelled: true } });
    expect(told.get(line.id("A2"))).toMatchObject({ absorbed: [line.id("A1")], facts: { cancelled: false } });
  });

  it("reaches every account of a merged patient, also those folded long ago", async () => {
    await line.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"));
    Object.assign(line.needs, { cache: createChartCache(1) });
    await line.take(
      told({
        minute: 50,
        type: "ADT^A40",
        patient: "P2",
        resources: [patient("P2")],
        merges: [{ kind: "patient", surviving: named("P2"), prior: named("P1") }],
      }),
    );
    for (const id of ["A1", "A2"]) {
      expect(await line.keys(id, ...NAMES)).toContain("Patient/P2");
      expect((await readHistory(line.database.pool, line.id(id)))?.versions.map(({ cause }) => cause)).toEqual(["ADT^A01", "ADT^A40"]);
    }
    expect(await line.outcomes()).toEqual(["applied 3"]);
  });

  it("waits behind a failed message of either account, and is applied with it", async () => {
    await line.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"), broken("A1"), merge(50), post(60, "A2", "V2", "C1"));
    expect(await line.outcomes()).toEqual(["applied 3", "failed 1", "parked 1"]);
    const [failure] = await listFailures(line.database.pool, { limit: 10 });
    expect(failure?.waiting).toBe(1);
    await skipFailure(line.needs, failure?.recordId ?? "", WHO);
    expect(await line.keys("A2", ...NAMES)).toContain("Encounter/V1");
  });
});

describe("a message that cannot be folded", () => {
  it("is on the error work list with its reason, its place and what waits behind it; other accounts go on", async () => {
    const [, recordId] = await line.take(
      admit(0, "A1", "V1"),
      broken("A1"),
      post(5, "A1", "V1", "C1"),
      post(6, "A1", "V1", "C2"),
      admit(1, "A2", "V2"),
    );
    const failures = await listFailures(line.database.pool, { limit: 10 });
    expect(failures).toMatchObject([
      { recordId, code: "MAP_ERROR", place: "PID-3", waiting: 2, accountId: line.id("A1"), correctionOf: null },
    ]);
    expect((await readFailure(line.database.pool, line.needs.sealer, recordId ?? ""))?.bytes.toString()).toBe(broken("A1"));
    expect(await line.keys("A2", ...NAMES)).toContain("Encounter/V2");
  });

  it("is folded again, with what waits, once the map is mended", async () => {
    line.bent.by = (one) => (one.messageType === "ADT^A01" ? fail({ code: "MAP_ERROR" }) : ok(one));
    const [recordId = ""] = await line.take(admit(0, "A1", "V1"), post(5, "A1", "V1", "C1"));
    expect(await line.outcomes()).toEqual(["failed 1", "parked 1"]);
    line.bent.by = ok;
    expect(await retryFailure(line.needs, recordId, WHO)).toEqual(ok(2));
    expect(await line.outcomes()).toEqual(["applied 2"]);
    expect(await readDecisions(line.database.pool, line.needs.sealer, recordId)).toMatchObject([{ decision: "retried", by: "ada" }]);
    expect(await retryFailure(line.needs, recordId, WHO)).toMatchObject({ ok: false, failure: { code: "NOT_FOUND" } });
  });

  it("is skipped with a reason that stays, sealed, and its account goes on", async () => {
    const [, recordId = ""] = await line.take(admit(0, "A1", "V1"), broken("A1"), post(5, "A1", "V1", "C1"));
    expect(await skipFailure(line.needs, recordId, { by: "ada", reason: "sent for Mrs Canary by mistake" })).toEqual(ok(1));
    expect(await line.outcomes()).toEqual(["applied 2", "filtered 1"]);
    expect(await readDecisions(line.database.pool, line.needs.sealer, recordId)).toMatchObject([
      { decision: "skipped", by: "ada", reason: "sent for Mrs Canary by mistake" },
    ]);
    const { rows } = await line.database.pool.query<{ text: string }>(
      "select encode(sealed_reason, 'escape') as text from failure_decision",
    );
    expect(rows[0]?.text).not.toContain("Canary");
  });

  it("is corrected by an edited copy, a record of its own that names the original and stands in its place", async () => {
    const [original = ""] = await line.take(broken("A1"), post(5, "A1", "V1", "C1"));
    const corrected = await correctFailure(line.needs, original, line.bytesOf(admit(0, "A1", "V1")), WHO);
    expect(corrected).toMatchObject({ ok: true, value: { folded: 2 } });
    await line.fold();
    expect(await line.outcomes()).toEqual(["applied 2", "filtered 1"]);
    const copy = corrected.ok ? corrected.value.recordId : "";
    expect(
      (await line.database.pool.query("select original_id, made_by from record_correction where record_id = $1", [copy])).rows,
    ).toEqual([{ original_id: original, made_by: "ada" }]);
    expect((await readHistory(line.database.pool, line.id("A1")))?.versions.map(({ recordId }) => recordId)[0]).toBe(copy);
    expect((await line.database.pool.query("select protocol, verdict from journal_record where id = $1", [copy])).rows).toEqual([
      { protocol: "operator", verdict: "accepted" },
    ]);
  });

  it("keeps waiting when the edited copy fails too, or is the same", async () => {
    const [original = ""] = await line.take(broken("A1"));
    expect(await correctFailure(line.needs, original, Buffer.from("still wrong A1"), WHO)).toMatchObject({
      ok: false,
      failure: { code: "MAP_ERROR" },
    });
    const same = await correctFailure(line.needs, original, Buffer.from(broken("A1")), WHO);
    expect(same.ok).toBe(false);
    expect(await line.outcomes()).toEqual(["failed 1"]);
    expect((await line.database.pool.query("select count(*)::int as n from journal_record")).rows).toEqual([{ n: 1 }]);
  });
});

describe("a re-fold", () => {
  const history = async (id: string) => (await readHistory(line.database.pool, line.id(id)))?.versions.map(({ cause }) => cause);

  it("under the same maps changes nothing", async () => {
    await line.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"), post(5, "A1", "V1", "C1"), merge(50), post(60, "A1", "V1", "C2"));
    const before = [await line.chart("A1"), await line.chart("A2")];
    for (const id of ["A2", "A1"]) expect(await refold(line.needs, line.id(id))).toMatchObject({ ok: true, value: { changed: [] } });
    expect([await line.chart("A1"), await line.chart("A2")]).toEqual(before);
  });

  it("after a change of the map makes a new version that says so, and tells the work list", async () => {
    await line.take(admit(0, "A1", "V1"), post(5, "A1", "V1", "C1"));
    line.bent.by = (one) => ok({ ...one, resources: one.resources.filter(({ resource }) => resource.resourceType !== "Condition") });
    line.changes.length = 0;
    expect(await refold(line.needs, line.id("A1"))).toEqual(
      ok({ accounts: [line.id("A1")], changed: [{ accountId: line.id("A1"), version: 3 }], records: 2 }),
    );
    expect(await history("A1")).toEqual(["ADT^A01", "DFT^P03", "refold"]);
    expect(await line.keys("A1", ...NAMES)).not.toContain("Condition/D-V1");
    expect(line.changes).toMatchObject([
      { eventType: "refold", chartVersion: 3, deltas: [{ removed: [expect.stringMatching(/^Condition/)] }] },
    ]);
  });

  it("brings accounts together that the maps of then did not know to be one", async () => {
    line.bent.by = (one) => ok({ ...one, merges: [] });
    await line.take(admit(0, "A1", "V1"), admit(1, "A2", "V2"), merge(50));
    expect(await line.keys("A1", ...NAMES)).toContain("Encounter/V1");
    line.bent.by = ok;
    expect(await refold(line.needs, line.id("A2"))).toMatchObject({ ok: true, value: { changed: [{}, {}] } });
    expect(await line.keys("A2", ...NAMES)).toContain("Encounter/V1");
    expect(await line.keys("A1", ...NAMES)).toEqual([]);
    await line.take(post(60, "A1", "V1", "C2"));
    expect(await line.keys("A2", ...NAMES)).toContain("ChargeItem/C2");
  });

  it("that meets a record it cannot map any more changes nothing and names it", async () => {
    const [, second = ""] = await line.take(admit(0, "A1", "V1"), post(5, "A1", "V1", "C1"));
    line.bent.by = (one) => (one.messageType === "DFT^P03" ? fail({ code: "MAP_ERROR", place: "FT1-6" }) : ok(one));
    expect(await refold(line.needs, line.id("A1"))).toEqual(fail({ code: "MAP_ERROR", place: "FT1-6", recordId: second }));
    expect(await history("A1")).toEqual(["ADT^A01", "DFT^P03"]);
  });

  it("leaves what was given up out, and what still waits waiting", async () => {
    const [given = ""] = await line.take(broken("A1"), admit(0, "A1", "V1"));
    await skipFailure(line.needs, given, WHO);
    await line.take(broken("A1"), post(9, "A1", "V1", "C1"));
    expect(await refold(line.needs, line.id("A1"))).toMatchObject({ ok: true, value: { changed: [], records: 1 } });
    expect(await line.outcomes()).toEqual(["applied 1", "failed 1", "filtered 1", "parked 1"]);
    expect(await retryTroubled(line.needs, line.id("A1"))).toBe(2);
  });

  it("of an account that is not there says so", async () => {
    expect(await refold(line.needs, line.id("A9"))).toEqual(fail({ code: "NOT_FOUND" }));
  });
});
