import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ok } from "#src/base/result.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { claimAnswered, confirmCodes, noCode, saveDraft } from "#src/worklist/actions.pg.ts";
import { draftQuery, sendQuery, closeQuery, answerByHand } from "#src/worklist/queries.pg.ts";
import { endReview } from "#src/worklist/reviews.pg.ts";
import { completeQuietVisits } from "#src/worklist/complete-after.pg.ts";
import { itemIdOf } from "#src/worklist/reconcile-items.pg.ts";
import type { ItemState } from "#src/worklist/states.ts";
import { TRANSITIONS, type TransitionId, transitionsBetween } from "#src/worklist/transitions.ts";
import { ADA, BEN, type Charted, FEEDS, ID_KEY, type Line, NO_CODES, startLine } from "./line.ts";

/** The shipped queues; inpatient stays wait for a discharge summary and a bill hold, and some are reviewed. */
const files = readQueueFiles("queues").map((file) =>
  file.path.endsWith("inpatient.yaml")
    ? {
        path: file.path,
        text: `${file.text.replace("billHold: { days: 0 }", "billHold: { days: 10 }")}
documents:
  - { hold: DOC-DS, unsigned: DOC-DS-UNSIGNED, types: [DS], when: { all: [{ field: totalCents, atLeast: 100000 }] } }
review:
  - { why: sepsis, when: { all: [{ field: principal, startsWith: A41 }] } }
`,
      }
    : file,
);

let line: Line;
const walked = new Set<TransitionId>();
beforeAll(async () => {
  line = await startLine(files);
});
beforeEach(async () => {
  await line.pool.query("truncate claim, coding_version cascade");
  await line.clear();
  line.behaviour.release = async (client, item) => {
    const id = randomUUID();
    await client.query(
      `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id, encounter_id, total_cents, sealed)
       values ($1, $2, $3, (select count(*) + 1 from claim where item_id = $2), $4, $5, 'institutional', 'active', '\\x00', $3, $3, 0, '\\x00')`,
      [id, item.itemId, item.accountId, item.codingVersion, item.replaces === undefined ? "1" : "7"],
    );
    return ok({ claimId: id });
  };
});
afterAll(() => line.database.drop());

const SEPSIS = { ...NO_CODES, diagnoses: [{ code: "A41.9", use: "principal" as const }] };
const OTHER = { ...NO_CODES, diagnoses: [{ code: "I11.9", use: "principal" as const }] };
const item = (account: string): string => itemIdOf(ID_KEY, account, "FAC");
const state = async (id: string): Promise<ItemState> => (await line.row(id)).state as ItemState;
const later = (days: number): void => line.later(days * 24 * 60);
async function submit(id: string, codes: typeof NO_CODES = NO_CODES, userId = ADA) {
  const lease = await line.lease(userId);
  expect(lease.id).toBe(id);
  return line.worklist.submit({ itemId: id, leaseId: lease.leaseId, snapshotVersion: lease.snapshotVersion, codes, userId });
}
async function released(): Promise<{ account: string; item: string }> {
  const made = await line.ready({ cents: 5_000 });
  expect(await submit(made.item)).toMatchObject({ ok: true });
  later(10);
  expect(await line.worklist.releaseDue()).toBe(1);
  return made;
}
const summary = (docStatus: "preliminary" | "final"): Charted => ({
  resourceType: "DocumentReference",
  id: "00000000-0000-4000-8000-0000000000d5",
  status: "current",
  docStatus,
  type: { coding: [{ code: "DS" }] },
  content: [{ attachment: { contentType: "text/plain" } }],
});
const answered = (id: string, answer: "queued" | "accepted" | "rework" | "appealed") =>
  claimAnswered(line.needs, id, { answer, reasons: ["CO-11"], actor: "engine" });

const WALKS: Readonly<Record<string, () => Promise<void>>> = {
  T1: async () => {
    const account = randomUUID();
    await line.say(account, { status: "planned" }, { eventType: "ADT^A05" });
    expect(await state(item(account))).toBe("EXPECTED");
  },
  T2: async () => {
    const account = randomUUID();
    await line.say(account, { status: "planned" }, { eventType: "ADT^A05" });
    await line.say(account, { status: "in-progress" }, { eventType: "ADT^A01" });
    expect(await state(item(account))).toBe("OPEN");
  },
  T3: async () => {
    const account = randomUUID();
    await line.say(account, { status: "in-progress", cents: 100_000 });
    await line.say(account, { cents: 100_000 }, { eventType: "ADT^A03" });
    expect(await line.row(item(account))).toMatchObject({ state: "AWAITING", holds: ["DOC-DS", "MINDAYS"] });
    const clinic = randomUUID();
    await line.say(clinic, { status: "in-progress", class: "AMB" }, { feed: "clinic" });
    await line.pool.query("update account set updated_at = $2 where id = $1", [clinic, new Date("2026-03-01T00:00:00Z")]);
    expect(await completeQuietVisits(line, [...FEEDS.values()], line.clock.now)).toBe(1);
  },
  T4: async () => {
    const account = randomUUID();
    await line.say(account, { cents: 100_000 });
    await line.tell(account, [summary("preliminary")], { eventType: "MDM^T02" });
    expect(await line.row(item(account))).toMatchObject({ state: "AWAITING", holds: ["DOC-DS-UNSIGNED", "MINDAYS"] });
    await line.tell(account, [summary("final")], { eventType: "MDM^T08" });
    expect(await line.row(item(account))).toMatchObject({ state: "READY", holds: ["MINDAYS"] });
  },
  T5: async () => {
    const { item: id } = await line.ready();
    const lease = await line.lease(ADA);
    expect(lease.id).toBe(id);
    expect(await state(id)).toBe("IN_PROGRESS");
  },
  T6: async () => {
    const { item: id } = await line.ready();
    const { leaseId } = await line.lease(ADA);
    expect(await saveDraft(line.needs, { itemId: id, leaseId, userId: ADA, draftVersion: 0, draft: NO_CODES })).toMatchObject({ ok: true });
    line.later(31);
    expect(await line.worklist.expireLeases()).toBe(1);
    expect(await state(id)).toBe("READY");
    // The draft's coder gets it first.
    expect(await line.worklist.next({ userId: BEN, queues: [] })).toMatchObject({ ok: false });
    expect(await line.worklist.next({ userId: ADA, queues: [] })).toMatchObject({ ok: true });
  },
  T7: async () => {
    const { item: id } = await line.ready();
    await line.lease(ADA);
    await line.worklist.putHold(id, { code: "PATH", owner: "laboratory", blocks: "coding" }, ADA);
    expect(await state(id)).toBe("HELD");
  },
  T8: async () => {
    const { item: id } = await line.ready();
    await line.lease(ADA);
    const draft = await draftQuery(
      line.needs,
      id,
      {
        title: "Clarification",
        text: "Please clarify.",
        indicators: [{ text: "pO2 52", source: "DocumentReference/1", date: "2026-03-02", author: "Dr. Ames", priorEncounter: false }],
        kind: "open",
        options: [],
        credential: "CCS",
      },
      ADA,
    );
    if (!draft.ok) throw new Error("no draft");
    const sent = await sendQuery(line.needs, draft.value.id, 0, "Dr. Ames", ADA);
    expect(await line.row(id)).toMatchObject({ state: "HELD", holds: ["MINDAYS", "QUERY"] });
    if (!sent.ok) throw new Error("not sent");
    const back = await answerByHand(line.needs, sent.value.revision, {
      queryId: draft.value.id,
      way: "hand",
      documentId: "DocumentReference/2",
      answer: "acute",
      actor: BEN,
    });
    expect(await state(id)).toBe("READY");
    expect((await line.worklist.read(id, false))?.scoreParts).toMatchObject({ unblocked: 10 });
    const lease = await line.lease(ADA);
    const ask = { itemId: id, leaseId: lease.leaseId, snapshotVersion: lease.snapshotVersion, codes: NO_CODES, userId: ADA };
    expect(await line.worklist.submit(ask)).toMatchObject({ failure: { code: "TRANSITION_NOT_ALLOWED" } });
    if (!back.ok) throw new Error("not answered");
    expect(await closeQuery(line.needs, draft.value.id, back.value.revision, "agreed", ADA)).toMatchObject({ ok: true });
    expect(await line.worklist.submit(ask)).toMatchObject({ ok: true });
  },
  T9: async () => {
    const { item: id } = await line.ready();
    expect(await submit(id)).toMatchObject({ ok: true });
    expect(await state(id)).toBe("FINAL_CODED");
  },
  T10: async () => {
    const { item: id } = await line.ready();
    expect(await submit(id, SEPSIS)).toMatchObject({ ok: true });
    expect(await line.row(id)).toMatchObject({ state: "IN_REVIEW", holds: ["MINDAYS", "REVIEW"] });
  },
  T11: async () => {
    const { item: id } = await line.ready();
    await submit(id, SEPSIS);
    expect(await line.worklist.next({ userId: ADA, queues: [], kind: "review" })).toMatchObject({ ok: false });
    const lease = await line.worklist.next({ userId: BEN, queues: [], kind: "review" });
    if (!lease.ok) throw new Error("nothing to review");
    const asked = { itemId: id, leaseId: lease.value.leaseId, userId: BEN };
    expect(await endReview(line.needs, { ...asked, verdict: "returned", worksheet: "the culture was negative" })).toMatchObject({
      ok: true,
    });
    expect(await state(id)).toBe("READY");
    await submit(id, SEPSIS);
    const again = await line.worklist.next({ userId: BEN, queues: [], kind: "review" });
    if (!again.ok) throw new Error("nothing to review");
    expect(await endReview(line.needs, { ...asked, leaseId: again.value.leaseId, verdict: "changed", codes: OTHER })).toMatchObject({
      ok: true,
    });
    expect(await line.row(id)).toMatchObject({ state: "FINAL_CODED", holds: ["MINDAYS"] });
  },
  T12: async () => {
    const { item: id } = await line.ready();
    await submit(id);
    expect(await line.worklist.releaseDue()).toBe(0);
    later(10);
    expect(await line.worklist.releaseDue()).toBe(1);
    expect(await line.row(id)).toMatchObject({ state: "RELEASED", holds: [] });
  },
  T13: async () => {
    const { item: id } = await released();
    await line.pool.query(
      "insert into delivery (claim_id, destination, state, attempts) select id, 'billing', 'pending', 3 from claim where item_id = $1",
      [id],
    );
    expect(await state(id)).toBe("RELEASED");
  },
  T14: async () => {
    const { item: id } = await released();
    expect(await answered(id, "queued")).toMatchObject({ ok: true });
    expect(await state(id)).toBe("RELEASED");
  },
  T15: async () => {
    const { item: id } = await released();
    expect(await answered(id, "accepted")).toMatchObject({ ok: true });
    expect(await state(id)).toBe("ACCEPTED");
  },
  T16: async () => {
    const { item: id } = await released();
    expect(await answered(id, "rework")).toMatchObject({ ok: true });
    expect(await line.row(id)).toMatchObject({ state: "REWORK", dirty: true });
  },
  T17: async () => {
    const { item: id } = await released();
    await answered(id, "rework");
    expect(await submit(id)).toMatchObject({ failure: { code: "TRANSITION_NOT_ALLOWED" } });
    await line.pool.query("update coding_item set lease_until = $2 where id = $1", [id, line.clock.now]);
    line.later(1);
    await line.worklist.expireLeases();
    expect(await submit(id, OTHER)).toMatchObject({ ok: true });
    expect(await line.worklist.releaseDue()).toBe(1);
    const { rows } = await line.pool.query("select frequency from claim where item_id = $1 order by version", [id]);
    expect(rows).toEqual([{ frequency: "1" }, { frequency: "7" }]);
  },
  T18: async () => {
    const { item: id } = await released();
    await answered(id, "rework");
    expect(await answered(id, "appealed")).toMatchObject({ ok: true });
    expect(await state(id)).toBe("ACCEPTED");
  },
  T19: async () => {
    const { account, item: id } = await released();
    await line.say(account, { cents: 5_000, class: "EMER" });
    expect(await state(id)).toBe("RECODE");
  },
  T20: async () => {
    const { account, item: id } = await released();
    await line.say(account, { cents: 5_000, class: "EMER" });
    const lease = await line.lease(ADA);
    expect(await confirmCodes(line.needs, { itemId: id, leaseId: lease.leaseId, userId: ADA, note: "same codes" })).toMatchObject({
      ok: true,
    });
    expect(await line.row(id)).toMatchObject({ state: "RELEASED" });
  },
  T21: async () => {
    const { account, item: id } = await released();
    await line.say(account, { cents: 5_000, class: "EMER" });
    expect(await submit(id, OTHER)).toMatchObject({ ok: true });
    expect(await state(id)).toBe("FINAL_CODED");
  },
  T22: async () => {
    const { item: id } = await line.ready({ cents: 1 });
    const asked = { revision: (await line.worklist.read(id, false))?.revision ?? 0, reason: "left-unseen", userId: ADA };
    expect(await noCode(line.needs, id, { ...asked, supervisor: false })).toMatchObject({ failure: { code: "NOT_ALLOWED" } });
    expect(await noCode(line.needs, id, { ...asked, supervisor: true })).toMatchObject({ ok: true });
    expect(await state(id)).toBe("NO_CODE");
    expect(await noCode(line.needs, id, { ...asked, supervisor: true })).toMatchObject({ failure: { code: "REVISION_STALE" } });
  },
  T23: async () => {
    const { item: id } = await released();
    await answered(id, "accepted");
    await line.worklist.passTime();
    expect(await state(id)).toBe("ACCEPTED");
    later(400);
    await line.worklist.passTime();
    expect(await state(id)).toBe("CLOSED");
  },
};

describe("the life of an item", () => {
  const rows = TRANSITIONS.filter(({ id }) => id.startsWith("T"));
  it.each(rows.map((row) => [row.id, row.event, row.from.join(" or "), row.to.join(" or ")] as const))(
    "%s: %s, from %s to %s",
    async (id) => {
      const walk = WALKS[id];
      if (walk === undefined) throw new Error("the table has a row that is not walked");
      await walk();
      const { rows: moves } = await line.pool.query<{ before: ItemState | null; state: ItemState }>(
        "select distinct before, state from item_state where before is distinct from state",
      );
      for (const { before, state: to } of moves) {
        const ids = transitionsBetween(before ?? "none", to);
        expect([before, to, ids.length > 0]).toEqual([before, to, true]);
        for (const one of ids) walked.add(one);
      }
    },
  );

  it("is 23 transitions, none skipped", () => {
    expect(rows).toHaveLength(23);
    expect(Object.keys(WALKS)).toEqual(rows.map(({ id }) => id));
    // A failed delivery and a queued claim change no state.
    expect(rows.map(({ id }) => id).filter((id) => !walked.has(id))).toEqual(["T13", "T14"]);
  });
});
