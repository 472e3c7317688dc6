import { randomUUID } from "node:crypto";
import type { DocumentReference, Encounter, Patient } from "@medplum/fhirtypes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ok } from "#src/base/result.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { LATE_KINDS, LATE_MESSAGES, type LateKind, type Phase, PHASE_NAMES } from "#src/worklist/late-messages.ts";
import { moveItems } from "#src/worklist/move-items.pg.ts";
import { noteMessage } from "#src/worklist/note-message.pg.ts";
import { draftQuery, sendQuery } from "#src/worklist/queries.pg.ts";
import type { QueryContent } from "#src/worklist/query-lint.ts";
import { ADA, BEN, type Charted, done, type Line, NO_CODES, resourcesOf, startLine } from "./line.ts";

let line: Line;
beforeAll(async () => {
  line = await startLine();
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

const QUESTION: QueryContent = {
  title: "Clarification of the respiratory findings",
  text: "Please say what these findings stand for.",
  indicators: [
    { text: "pO2 52 on room air", source: "DocumentReference/1", date: "2026-03-02", author: "Dr. Ames", priorEncounter: false },
  ],
  kind: "open",
  options: [],
  credential: "CCS",
};

interface Subject {
  readonly account: string;
  readonly item: string;
  readonly token: string | undefined;
}

/** An item in one of the table's columns: an insured stay with a charge. */
async function itemIn(phase: Phase, withQuestion: boolean): Promise<Subject> {
  await line.pool.query("update coding_item set state = 'HELD' where state in ('READY', 'RECODE')");
  const { account, item } = await line.ready({ cents: 10_000, ...(phase === "before" ? { status: "in-progress" } : {}) });
  if (phase === "coded" || phase === "out" || phase === "leased") {
    const { leaseId, snapshotVersion, id } = await line.lease(ADA);
    if (id !== item) throw new Error("another item was leased");
    if (phase !== "leased") done(await line.worklist.submit({ itemId: item, leaseId, snapshotVersion, codes: NO_CODES, userId: ADA }));
    if (phase === "out" && (await line.worklist.release(item)) === undefined) throw new Error("it was not released");
  }
  if (!withQuestion) return { account, item, token: undefined };
  const draft = done(await draftQuery(line.needs, item, QUESTION, BEN));
  done(await sendQuery(line.needs, draft.id, 0, "Dr. Ames", BEN));
  return { account, item, token: draft.token };
}

type Of<T extends Charted["resourceType"]> = Extract<Charted, { resourceType: T }>;
const base = (account: string, phase: Phase): readonly Charted[] =>
  resourcesOf(account, { cents: 10_000, ...(phase === "before" ? { status: "in-progress" } : {}) });
/** The chart with one resource changed. */
const changed = <T extends Charted["resourceType"]>(account: string, phase: Phase, type: T, change: Partial<Of<T>>): readonly Charted[] =>
  base(account, phase).map((one) => (one.resourceType === type ? ({ ...one, ...change } as Charted) : one));
const charge = (account: string, cents: number, more: { code?: string; day?: string } = {}): Charted => ({
  resourceType: "ChargeItem",
  id: randomUUID(),
  status: "billable",
  subject: { reference: `Patient/${account}` },
  code: { coding: [{ code: more.code ?? "ROOM" }] },
  ...(more.day === undefined ? {} : { occurrenceDateTime: more.day }),
  priceOverride: { value: cents / 100, currency: "USD" },
});
const document = (text: string, more: Partial<DocumentReference> = {}): Charted => ({
  resourceType: "DocumentReference",
  id: randomUUID(),
  status: "current",
  docStatus: "final",
  type: { coding: [{ code: "OP" }] },
  content: [{ attachment: { contentType: "text/plain", data: Buffer.from(text).toString("base64") } }],
  ...more,
});

type Send = (subject: Subject, phase: Phase) => Promise<unknown>;
const tell =
  (resources: (account: string, phase: Phase) => readonly Charted[], eventType = "ADT^A08"): Send =>
  ({ account }, phase) =>
    line.tell(account, resources(account, phase), { eventType });
const note =
  (kind: LateKind, more: { eventType?: string; regression?: boolean } = {}): Send =>
  ({ account }) =>
    inTransaction(line.pool, (client) => noteMessage(client, line.needs, account, { kind, ...more }));
const stay = (account: string, phase: Phase, change: Partial<Encounter>) => changed(account, phase, "Encounter", change);

/** The patient under the number that stays. */
const SURVIVOR: Partial<Patient> = { identifier: [{ system: "urn:mr", value: "P-2" }] };

/** A message of each kind. */
const SEND: Readonly<Record<LateKind, Send>> = {
  cosmetic: tell((account, phase) => changed(account, phase, "Patient", { telecom: [{ system: "phone", value: "555" }] })),
  billing: tell((account, phase) => changed(account, phase, "Coverage", { subscriberId: "M-2" })),
  clinical: tell((account, phase) => changed(account, phase, "Patient", { birthDate: "1950-01-01" })),
  discharge: tell(
    (account, phase) =>
      stay(account, phase, { status: "finished", period: { start: "2026-03-01T10:00:00Z", end: "2026-03-05T10:00:00Z" } }),
    "ADT^A03",
  ),
  "cancel-discharge": ({ account }) =>
    // The end is deleted by the sender, as A13 does it.
    inTransaction(line.pool, async () => undefined).then(() =>
      line.say(account, { cents: 10_000, status: "in-progress" }, { eventType: "ADT^A13" }),
    ),
  "cancel-visit": tell((account, phase) => stay(account, phase, { status: "cancelled" }), "ADT^A11"),
  "delete-visit": tell((account, phase) => stay(account, phase, { status: "entered-in-error" }), "ADT^A23"),
  class: tell((account, phase) => stay(account, phase, { class: { code: "EMER" } }), "ADT^A07"),
  transfer: tell((account, phase) => stay(account, phase, { location: [{ location: { display: "4 West" } }] }), "ADT^A02"),
  charge: tell((account) => [charge(account, 8_000)], "DFT^P03"),
  credit: tell((account) => [charge(account, -2_000)], "DFT^P03"),
  document: tell(() => [document("excision of the lesion")], "MDM^T02"),
  result: tell(
    () => [{ resourceType: "DiagnosticReport", id: randomUUID(), status: "final", code: { coding: [{ code: "11526-1" }] } }],
    "ORU^R01",
  ),
  "billing-account": note("billing-account", { eventType: "BAR^P12" }),
  "merge-patient": tell((account, phase) => changed(account, phase, "Patient", SURVIVOR), "ADT^A40"),
  "merge-account": async ({ account }) => {
    const survivor = await line.ready({ cents: 10_000 });
    await inTransaction(line.pool, (client) => moveItems(client, line.needs, account, survivor.account));
  },
  move: tell((account, phase) => changed(account, phase, "Patient", SURVIVOR), "ADT^A47"),
  link: note("link"),
  person: tell((account, phase) => changed(account, phase, "Patient", { address: [{ city: "Elsewhere" }] }), "ADT^A31"),
  answer: ({ account, token }) => line.tell(account, [document(`In answer to ${token}: acute.`)], { eventType: "MDM^T02" }),
  rules: note("rules", { regression: true }),
  evidence: note("evidence"),
};

/** What shows of an item: state, queue when it is another, +holds, !notices, ~recode reasons, ?open proposals, and what else is special. */
async function seen(item: string): Promise<string> {
  const { rows } = await line.pool.query<{ s: string }>(
    `select concat_ws(' ', i.state, nullif(i.queue, 'inpatient'),
       (select string_agg('+' || h.code, ' ' order by h.code) from item_hold h where h.item_id = i.id),
       (select string_agg('!' || n.kind, ' ' order by n.kind) from item_notice n where n.item_id = i.id and n.acknowledged_at is null),
       (select string_agg('~' || r, ' ' order by r) from unnest(i.recode_reasons) r),
       (select string_agg('?' || p.kind || '(' || coalesce(p.reason, '') || ')', ' ' order by p.kind) from proposal p where p.item_id = i.id and p.state = 'open'),
       case when i.settle_at is not null then 'settling' end, case when i.release_version is not null then 'rebuilt' end) as s
     from coding_item i where i.id = $1`,
    [item],
  );
  return rows[0]?.s ?? "";
}

/** What must be seen after the message, written by hand from the coding workflow, not from the engine's table. */
const EXPECTED: Readonly<Record<LateKind, Readonly<Record<Phase, string>>>> = {
  cosmetic: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS", coded: "FINAL_CODED", out: "RELEASED" },
  billing: {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !billing",
    coded: "FINAL_CODED rebuilt",
    out: "RELEASED ?replacement(D9)",
  },
  clinical: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !clinical", coded: "RECODE ~clinical", out: "RECODE ~clinical" },
  discharge: { before: "READY", waiting: "READY", leased: "IN_PROGRESS !discharge", coded: "RECODE ~discharge", out: "RECODE ~discharge" },
  "cancel-discharge": {
    before: "OPEN",
    waiting: "OPEN",
    leased: "IN_PROGRESS +STATUS !cancel-discharge settling",
    coded: "FINAL_CODED +STATUS settling",
    out: "RELEASED +STATUS settling",
  },
  "cancel-visit": {
    before: "CANCELLED",
    waiting: "HELD +STATUS",
    leased: "IN_PROGRESS +STATUS !cancel-visit",
    coded: "CANCELLED",
    out: "RELEASED +STATUS ?void(D6)",
  },
  "delete-visit": {
    before: "CANCELLED",
    waiting: "HELD +STATUS",
    leased: "IN_PROGRESS +STATUS !delete-visit",
    coded: "CANCELLED",
    out: "RELEASED +STATUS ?void(D6)",
  },
  class: {
    before: "OPEN emergency",
    waiting: "READY emergency",
    leased: "IN_PROGRESS !class",
    coded: "RECODE emergency ~class",
    out: "RECODE emergency ~class ?void-and-new(D6)",
  },
  transfer: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !transfer", coded: "FINAL_CODED", out: "RELEASED" },
  charge: {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !charge",
    coded: "FINAL_CODED rebuilt",
    out: "RELEASED ?late-charge(D1)",
  },
  credit: {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !credit",
    coded: "FINAL_CODED rebuilt",
    out: "RELEASED ?replacement(D1)",
  },
  document: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !document", coded: "RECODE ~document", out: "RECODE ~document" },
  result: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !result", coded: "RECODE ~result", out: "RECODE ~result" },
  "billing-account": {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !billing-account",
    coded: "FINAL_CODED +COMBINE",
    out: "RELEASED",
  },
  "merge-patient": {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !billing !merge-patient",
    coded: "FINAL_CODED rebuilt",
    out: "RELEASED ?replacement(D5)",
  },
  "merge-account": { before: "MERGED", waiting: "MERGED", leased: "MERGED", coded: "MERGED", out: "MERGED ?void(D6)" },
  move: {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !billing !move",
    coded: "FINAL_CODED rebuilt",
    out: "RELEASED ?replacement(D9)",
  },
  link: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS", coded: "FINAL_CODED", out: "RELEASED" },
  person: {
    before: "OPEN",
    waiting: "READY",
    leased: "IN_PROGRESS !person",
    coded: "FINAL_CODED rebuilt",
    out: "RELEASED ?replacement(D9)",
  },
  answer: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !answer", coded: "RECODE ~answer", out: "RECODE ~answer" },
  rules: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !rules", coded: "RECODE ~rules", out: "RELEASED" },
  evidence: { before: "OPEN", waiting: "READY", leased: "IN_PROGRESS !evidence", coded: "RECODE ~evidence", out: "RECODE ~evidence" },
};

describe("a message that comes late", () => {
  it("has a row here for every row of the engine's table, and a cell for every cell", () => {
    expect(Object.keys(EXPECTED)).toEqual(LATE_KINDS);
    for (const kind of LATE_KINDS) expect(Object.keys(EXPECTED[kind])).toEqual(PHASE_NAMES);
  });

  describe.each(LATE_KINDS)("%s", (kind) => {
    it.each(PHASE_NAMES.map((phase) => [phase, EXPECTED[kind][phase], LATE_MESSAGES[kind][phase].join(", ")] as const))(
      "before, while or after work: %s gives %s (%s)",
      async (phase, expected) => {
        await line.pool.query("truncate dirty_item, item_event, claim, coding_version, coding_item, account cascade");
        const subject = await itemIn(phase, kind === "answer");
        await SEND[kind](subject, phase);
        expect(await seen(subject.item)).toBe(expected);
      },
    );
  });
});

describe("what a late message may depend on", () => {
  const prepared = async (phase: Phase): Promise<Subject> => {
    await line.pool.query("truncate dirty_item, item_event, claim, coding_version, coding_item, account cascade");
    line.clock.now = new Date("2026-03-10T12:00:00Z");
    return itemIn(phase, false);
  };

  it.each([
    ["leased", "OPEN"],
    ["coded", "OPEN"],
    ["out", "RELEASED +STATUS ?void(D6)"],
  ] as const)("a discharge taken back from %s work counts after the debounce: %s", async (phase, expected) => {
    const { account, item } = await prepared(phase);
    await line.say(account, { cents: 10_000, status: "in-progress" }, { eventType: "ADT^A13" });
    line.later(14);
    await line.worklist.passTime();
    expect(await seen(item)).toContain("settling");
    line.later(2);
    await line.worklist.passTime();
    expect((await seen(item)).replace(/ !\S+/g, "")).toBe(expected);
  });

  it.each(["leased", "coded", "out"] as const)("a discharge taken back from %s work that comes again leaves no trace", async (phase) => {
    const { account, item } = await prepared(phase);
    const before = await seen(item);
    await line.say(account, { cents: 10_000, status: "in-progress" }, { eventType: "ADT^A13" });
    line.later(5);
    await line.say(account, { cents: 10_000 }, { eventType: "ADT^A03" });
    line.later(60);
    await line.worklist.passTime();
    expect((await seen(item)).replace(/ !\S+/g, "").replace("READY", "IN_PROGRESS")).toBe(before);
  });

  it("a late charge of a family that coders code is coded again, one under the floor is noted only", async () => {
    const coded = await prepared("out");
    await line.tell(coded.account, [charge(coded.account, 100_000, { code: "44970" })], { eventType: "DFT^P03" });
    expect(await seen(coded.item)).toBe("RECODE ~charge");
    const small = await prepared("out");
    await line.tell(small.account, [charge(small.account, 4_999)], { eventType: "DFT^P03" });
    expect(await seen(small.item)).toBe("RELEASED");
  });

  it("a document with the same text under another number, or of a type nobody codes from, is noted only", async () => {
    const { account, item } = await prepared("waiting");
    await line.tell(account, [document("the same")], { eventType: "MDM^T02" });
    const lease = await line.lease(ADA);
    await line.worklist.submit({
      itemId: item,
      leaseId: lease.leaseId,
      snapshotVersion: lease.snapshotVersion,
      codes: NO_CODES,
      userId: ADA,
    });
    await line.tell(account, [document("the same")], { eventType: "MDM^T02" });
    await line.tell(account, [document("menu", { type: { coding: [{ code: "DIET" }] } })], { eventType: "MDM^T02" });
    expect(await seen(item)).toBe("FINAL_CODED");
  });

  it("two accounts merged while both are in coders' hands wait for HIM, and nobody writes meanwhile", async () => {
    const loser = await prepared("leased");
    const survivor = await line.ready();
    const lease = await line.lease(BEN);
    await inTransaction(line.pool, (client) => moveItems(client, line.needs, loser.account, survivor.account));
    for (const item of [loser.item, survivor.item]) expect(await seen(item)).toBe("IN_PROGRESS +MERGE-PENDING");
    expect(
      await line.worklist.submit({ itemId: survivor.item, leaseId: lease.leaseId, snapshotVersion: 1, codes: NO_CODES, userId: BEN }),
    ).toMatchObject({ failure: { code: "TRANSITION_NOT_ALLOWED" } });
    const decide = { decided: true };
    await inTransaction(line.pool, (client) => moveItems(client, line.needs, loser.account, survivor.account, decide));
    expect([await seen(loser.item), await seen(survivor.item)]).toEqual(["MERGED", "IN_PROGRESS"]);
  });
});
