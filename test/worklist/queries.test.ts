import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  answerByHand,
  chaseQueries,
  closeQuery,
  draftQuery,
  editQuery,
  listQueries,
  readQuery,
  sendQuery,
} from "#src/worklist/queries.pg.ts";
import { lintQuery, type QueryContent } from "#src/worklist/query-lint.ts";
import { recheckCoded } from "#src/worklist/recheck.pg.ts";
import { ADA, BEN, hard, type Line, NO_CODES, startLine } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
});
beforeEach(() => line.clear());
afterAll(() => line.database.drop());

const SECRET = "pO2 52 mmHg on room air";
const GOOD: QueryContent = {
  title: "Clarification of the respiratory findings",
  text: "Please document the condition that these findings stand for.",
  indicators: [{ text: SECRET, source: "DocumentReference/1", date: "2026-03-02", author: "Dr. Ames", priorEncounter: false }],
  kind: "multiple-choice",
  options: ["Hypoxia only", "Acute respiratory failure", "Other (please specify)", "Unable to determine"],
  targetDiagnosis: "Acute respiratory failure",
  credential: "CCS",
};

describe("a question that would not be compliant", () => {
  it.each([
    ["without an indicator", { indicators: [] }, ["Q1"]],
    ["with one of an earlier visit that says not why", { indicators: [{ ...GOOD.indicators[0], priorEncounter: true }] }, ["Q1"]],
    ["that speaks of the DRG", { text: "This would change the DRG." }, ["Q2"]],
    ["that speaks of payment in a choice", { options: [...GOOD.options, "MCC present"] }, ["Q2"]],
    ["whose title states the diagnosis", { title: "Acute respiratory failure?" }, ["Q3"]],
    ["without a way out", { options: ["Acute respiratory failure"] }, ["Q4", "Q4"]],
    ["with nothing but ways out", { options: ["Other", "Unable to determine"] }, ["Q4"]],
    ["yes or no for a new diagnosis", { kind: "yes-no" }, ["Q5"]],
    ["without its author's credential", { credential: undefined }, ["Q6"]],
  ] as const)("%s is named by its rule", (_name, change, rules) => {
    expect(lintQuery({ ...GOOD, ...change } as QueryContent).map(({ rule }) => rule)).toEqual(rules);
  });

  it("is not sent, and one that is in order has no findings", async () => {
    expect(lintQuery(GOOD)).toEqual([]);
    expect(lintQuery({ ...GOOD, kind: "yes-no", yesNoPurpose: "present-on-admission" })).toEqual([]);
    const { item } = await line.ready();
    const draft = await draftQuery(line.needs, item, { ...GOOD, indicators: [] }, ADA);
    if (!draft.ok) throw new Error("no draft");
    expect(await sendQuery(line.needs, draft.value.id, 0, "Dr. Ames", ADA)).toMatchObject({
      failure: { code: "QUERY_NOT_COMPLIANT", lint: [{ rule: "Q1" }] },
    });
    expect(await line.row(item)).toMatchObject({ state: "READY", holds: [] });
    expect(await editQuery(line.needs, draft.value.id, 0, GOOD)).toMatchObject({ ok: true });
    expect(await sendQuery(line.needs, draft.value.id, 0, "Dr. Ames", ADA)).toMatchObject({ failure: { code: "REVISION_STALE" } });
    expect(await sendQuery(line.needs, draft.value.id, 1, "Dr. Ames", ADA)).toMatchObject({ ok: true });
  });
});

async function sent(): Promise<{ item: string; account: string; id: string; token: string; revision: number }> {
  const { item, account } = await line.ready();
  await line.lease(ADA);
  const draft = await draftQuery(line.needs, item, GOOD, ADA);
  if (!draft.ok) throw new Error("no draft");
  const out = await sendQuery(line.needs, draft.value.id, 0, "Dr. Ames", ADA);
  if (!out.ok) throw new Error(out.failure.code);
  return { item, account, id: out.value.id, token: out.value.token, revision: out.value.revision };
}

describe("a question", () => {
  it("leaves as a FHIR Communication with its token, and what its author hopes for is no part of it", async () => {
    const { id, token, item } = await sent();
    expect(await line.row(item)).toMatchObject({ state: "HELD", holds: ["QUERY"] });
    const detail = await readQuery(line.needs, id);
    expect(detail?.messages).toMatchObject([
      { resourceType: "Communication", identifier: [{ value: token }], recipient: [{ display: "Dr. Ames" }] },
    ]);
    const text = detail?.messages[0]?.payload?.[0]?.contentString ?? "";
    expect(text).toContain(SECRET);
    expect(text).toContain(token);
    expect(JSON.stringify(detail?.messages)).not.toContain("targetDiagnosis");
    const { rows } = await line.pool.query("select q.*, m.* from provider_query q join query_message m on m.query_id = q.id");
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });

  it("is reminded of, then goes to the physician advisor, then to the chair, by working days", async () => {
    const { id } = await sent();
    const days = async (n: number) => {
      line.later(n * 24 * 60);
      await chaseQueries(line.needs);
      const [one] = await listQueries(line.needs, (await readQuery(line.needs, id))?.itemId ?? "");
      return [one?.reminders, one?.escalation, one?.recipient];
    };
    // 10 March 2026 is a Tuesday.
    expect(await days(1)).toEqual([0, 0, "Dr. Ames"]);
    expect(await days(1)).toEqual([1, 0, "Dr. Ames"]);
    expect(await days(2)).toEqual([1, 0, "Dr. Ames"]);
    expect(await days(2)).toEqual([1, 1, "physician advisor"]);
    expect(await days(3)).toEqual([1, 2, "department chair"]);
    expect((await readQuery(line.needs, id))?.recipients.map(({ recipient }) => recipient)).toEqual([
      "Dr. Ames",
      "physician advisor",
      "department chair",
    ]);
  });

  it("is answered by the message that names it, and its item comes back to its coder first", async () => {
    const { account, item, token, id } = await sent();
    await line.tell(
      account,
      [{ resourceType: "Observation", id: crypto.randomUUID(), status: "final", code: { text: "answer" }, valueString: `${token}: acute` }],
      { eventType: "ORU^R01" },
    );
    expect(await line.row(item)).toMatchObject({ state: "READY", holds: [] });
    expect(await readQuery(line.needs, id)).toMatchObject({ state: "answered", documentId: expect.stringContaining("Observation/") });
    expect(await line.worklist.next({ userId: BEN, queues: [] })).toMatchObject({ ok: false });
    expect(await line.worklist.next({ userId: ADA, queues: [] })).toMatchObject({ ok: true });
  });

  it("closes with what came of it, and only once; a withdrawn one tells its recipient", async () => {
    const { id, revision, item } = await sent();
    expect(await closeQuery(line.needs, id, revision, "agreed", ADA)).toMatchObject({ failure: { code: "TRANSITION_NOT_ALLOWED" } });
    const answered = await answerByHand(line.needs, revision, {
      queryId: id,
      way: "hand",
      documentId: "DocumentReference/9",
      answer: "no",
      actor: BEN,
    });
    if (!answered.ok) throw new Error("not answered");
    const closed = await closeQuery(line.needs, id, answered.value.revision, "disagreed", ADA);
    expect(closed).toMatchObject({ ok: true, value: { state: "closed", outcome: "disagreed" } });
    expect(await closeQuery(line.needs, id, closed.ok ? closed.value.revision : 0, "agreed", ADA)).toMatchObject({ ok: false });
    const other = await sent();
    expect(await closeQuery(line.needs, other.id, other.revision, "cancelled", ADA)).toMatchObject({ ok: true });
    expect(await line.row(other.item)).toMatchObject({ state: "READY", holds: [] });
    expect((await readQuery(line.needs, other.id))?.messages).toHaveLength(2);
    expect(item).not.toBe(other.item);
  });
});

describe("other edits than those an item was coded with", () => {
  it("send it back when its codes have a hard finding now, once, and leave what stands", async () => {
    const { item } = await line.ready();
    const lease = await line.lease(ADA);
    await line.worklist.submit({
      itemId: item,
      leaseId: lease.leaseId,
      snapshotVersion: lease.snapshotVersion,
      codes: NO_CODES,
      userId: ADA,
    });
    const needs = { ...line.needs, rulePack: "test 2" };
    expect(await recheckCoded(needs)).toBe(0);
    expect(await line.row(item)).toMatchObject({ state: "FINAL_CODED" });
    line.findings.push(hard);
    expect(await recheckCoded(needs)).toBe(0);
    expect(await recheckCoded({ ...needs, rulePack: "test 3" })).toBe(1);
    expect(await line.row(item)).toMatchObject({ state: "RECODE" });
  });

  it("is looked at again when a code set came into use after it was coded", async () => {
    const { item } = await line.ready();
    const { id, leaseId, snapshotVersion } = await line.lease(ADA);
    await line.worklist.submit({ itemId: id, leaseId, snapshotVersion, codes: NO_CODES, userId: ADA });
    line.findings.push(hard);
    expect(await recheckCoded(line.needs)).toBe(0);
    const change = (what: string) =>
      line.pool.query("insert into code_set_change (version_name, what, actor) values ('icd-10-cm FY2027', $1, 'test')", [what]);
    await change("staged");
    expect(await recheckCoded(line.needs)).toBe(0);
    await change("activated");
    expect(await recheckCoded(line.needs)).toBe(1);
    expect(await recheckCoded(line.needs)).toBe(0);
    expect(await line.row(item)).toMatchObject({ state: "RECODE" });
  });
});
