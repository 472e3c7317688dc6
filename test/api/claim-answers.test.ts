import type { Bundle, ClaimResponse, OperationOutcome } from "@medplum/fhirtypes";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { acknowledgement277, claimResponse, remittance } from "#test/claims/answer-files.ts";
import { CODES, type Hospital, hospitalOf } from "#test/claims/released-stays.ts";
import { startApi, type TestApi } from "./engine-api.ts";

/** Within every limit of the example's stay, which ended on 2026-03-05. */
const NOW = new Date("2026-04-02T12:00:00Z");
let api: TestApi;
let hospital: Hospital;
beforeAll(async () => {
  api = await startApi({ now: () => NOW });
  hospital = await hospitalOf(api);
});
afterAll(() => api.close());
/** One item at a time: what is next is never another test's. */
beforeEach(() =>
  api.database.pool.query(
    "update coding_item set reserved_for = gen_random_uuid(), reserved_until = 'infinity' where state in ('REWORK', 'RECODE', 'READY')",
  ),
);

/** An indicator that asks softly for a query, and a reason why there was none. */
const UNKNOWN_ON_ADMISSION = {
  ...CODES,
  diagnoses: CODES.diagnoses.map((one) => (one["code"] === "I10" ? { ...one, onAdmission: "U" } : one)),
  overrides: [{ rule: "POA04", reason: "asked, and nobody knows" }],
};
const FHIR = "application/fhir+json";
const say = (response: ClaimResponse) => hospital.billing("POST", "/fhir/R4/ClaimResponse", response, FHIR);
const take = async (text: string) => hospital.billing("POST", "/api/claims/answers", { text });
const denials = async (itemId: string) =>
  ((await hospital.coder("GET", `/api/work-items/${itemId}/denials`)).body as unknown as { denials: readonly Record<string, unknown>[] })
    .denials;
const tasks = async (claimId: string) =>
  (
    (await hospital.billing("GET", "/api/claim-tasks")).body as unknown as {
      tasks: readonly { id: string; claimId: string; kind: string; owner: string; due: string }[];
    }
  ).tasks.filter((one) => one.claimId === claimId);
const count = async (table: string): Promise<number> =>
  Number((await api.database.pool.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n);

describe("a ClaimResponse by our FHIR API", () => {
  it("that is queued is noted, and one that pays ends the claim's books", async () => {
    const { claimId, itemId, number } = await hospital.release();
    const waiting = await say(claimResponse(number, { outcome: "queued", payment: undefined as never }));
    expect(waiting.status, waiting.text).toBe(201);
    expect(waiting.body as unknown).toMatchObject({ resourceType: "ClaimResponse", request: { reference: `Claim/${claimId}` } });
    expect(await hospital.stateOf(itemId)).toBe("RELEASED");
    expect((await say(claimResponse(number))).status).toBe(201);
    expect(await hospital.stateOf(itemId)).toBe("ACCEPTED");
    const location = waiting.headers.get("location") ?? "";
    const read = await hospital.billing("GET", location);
    expect(faultsOf(read.body)).toEqual([]);
  });

  it("the same again, by whatever way, does nothing and says so", async () => {
    const { itemId, number } = await hospital.release();
    const response = claimResponse(number, {}, { line: 1, code: "CO-11", amount: 4260 });
    expect((await say(response)).status).toBe(201);
    const [before, events] = [await count("claim_denial"), await count("item_event")];
    expect((await say(response)).status).toBe(200);
    expect((await say({ ...response, id: "another", meta: { lastUpdated: "2026-04-01T00:00:00Z" } })).status).toBe(200);
    expect((await take(JSON.stringify(response))).body as unknown).toMatchObject({ answers: 1, again: 1 });
    expect([await count("claim_denial"), await count("item_event")]).toEqual([before, events]);
    expect(await hospital.stateOf(itemId)).toBe("REWORK");
  });

  it("the same at the same moment is taken once", async () => {
    const { itemId, number } = await hospital.release();
    const response = claimResponse(number, {}, { line: 1, code: "CO-11", amount: 4260 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => say(response)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 200, 201]);
    expect(await denials(itemId)).toHaveLength(1);
  });

  it("may be put under an id of the billing system's, and read by it", async () => {
    const { number, claimId } = await hospital.release();
    const response = { ...claimResponse(number), id: "cr-77" };
    expect((await hospital.billing("PUT", "/fhir/R4/ClaimResponse/cr-77", response, FHIR)).status).toBe(201);
    expect((await hospital.billing("PUT", "/fhir/R4/ClaimResponse/cr-77", response, FHIR)).status).toBe(200);
    expect((await hospital.billing("GET", "/fhir/R4/ClaimResponse/cr-77")).body as unknown).toMatchObject({
      id: "cr-77",
      request: { reference: `Claim/${claimId}` },
    });
    expect((await hospital.billing("PUT", "/fhir/R4/ClaimResponse/other", response, FHIR)).status).toBe(400);
    expect((await hospital.billing("GET", "/fhir/R4/ClaimResponse/nobody")).status).toBe(404);
  });

  it("that is not valid is refused with the place, and nothing is kept", async () => {
    const before = await count("claim_answer");
    const answer = await say({ ...claimResponse("CB1-1"), insurer: undefined as never });
    expect(answer.status).toBe(422);
    expect((answer.body as unknown as OperationOutcome).issue[0]?.expression).toEqual(["ClaimResponse.insurer"]);
    expect(await count("claim_answer")).toBe(before);
  });

  it("comes in a message too, from billing and from nobody else; and billing brings no encounters", async () => {
    const { number, itemId } = await hospital.release();
    const message: Bundle = {
      resourceType: "Bundle",
      type: "message",
      entry: [
        {
          resource: {
            resourceType: "MessageHeader",
            id: "m-1",
            eventUri: "urn:test:claim-response",
            source: { endpoint: "urn:test:billing" },
          },
        },
        { resource: claimResponse(number) },
      ],
    };
    const answer = await hospital.billing("POST", "/fhir/R4/$process-message", message, FHIR);
    expect(answer.body as unknown).toMatchObject({
      type: "message",
      entry: [{ resource: { response: { identifier: "m-1", code: "ok" } } }],
    });
    expect(await hospital.stateOf(itemId)).toBe("ACCEPTED");
    expect((await hospital.source("POST", "/fhir/R4/$process-message", message, FHIR)).status).toBe(403);
    const encounter = { ...message, entry: [message.entry?.[0] ?? {}, { resource: { resourceType: "Patient" } }] };
    expect((await hospital.billing("POST", "/fhir/R4/$process-message", encounter, FHIR)).status).toBe(403);
  });
});

describe("a denial", () => {
  it("that coding owns is the coder's work again: line, dollars, deadline, and the edit that would have stopped it", async () => {
    const { itemId, number } = await hospital.release();
    // Nothing looks for a wrong place of service here, so there is no edit to name.
    await say(claimResponse(number, {}, { line: 2, code: "CO-272", amount: 78 }));
    expect(await hospital.stateOf(itemId)).toBe("REWORK");
    // Filing: one year from 2026-03-05; appeal: 120 days from 2026-03-25, which ends first.
    expect(await denials(itemId)).toMatchObject([
      { line: 2, code: "272", group: "CO", owner: "coding", cents: 7_800, deadline: "2026-07-23", edit: null },
    ]);
    const kept = await api.database.pool.query("select answer_by::text, score_parts from coding_item where id = $1", [itemId]);
    expect(kept.rows).toMatchObject([{ answer_by: "2026-07-23", score_parts: { "answer-by": 0 } }]);
  });

  it("names the edit that looked for it and that a reason had set aside, and no edit that looks for something else", async () => {
    const { itemId, number } = await hospital.release(UNKNOWN_ON_ADMISSION);
    await say(claimResponse(number, {}, { line: 1, code: "CO-16", amount: 10, remark: "N434" }));
    await say(claimResponse(number, { created: "2026-03-26" }, { line: 1, code: "CO-A8", amount: 10 }));
    expect(await denials(itemId)).toMatchObject([
      { owner: "coding", remarks: ["N434"], edit: { rule: "POA04", overridden: true } },
      { owner: "cdi", code: "A8", edit: null },
    ]);
  });

  it("of others is their task, and the item stays; with the last task done the claim counts as accepted", async () => {
    const { itemId, claimId, number } = await hospital.release();
    await say(claimResponse(number, {}, { line: 1, code: "CO-22", amount: 4260 }));
    expect(await hospital.stateOf(itemId)).toBe("RELEASED");
    const [task] = await tasks(claimId);
    expect(task).toMatchObject({ kind: "denial", owner: "registration", due: "2026-07-23" });
    const done = await hospital.billing("POST", `/api/claim-tasks/${task?.id ?? ""}/done`, {});
    expect(done.body as unknown).toEqual({ itemState: "ACCEPTED" });
    expect((await hospital.billing("POST", `/api/claim-tasks/${task?.id ?? ""}/done`, {})).status).toBe(404);
  });

  it("ends without new codes: appealed, or taken as it is", async () => {
    const { itemId, number } = await hospital.release();
    expect((await hospital.coder("POST", `/api/work-items/${itemId}/denial-decision`, { decision: "appeal" })).status).toBe(409);
    await say(claimResponse(number, {}, { line: 1, code: "CO-50", amount: 4260 }));
    const ended = await hospital.coder("POST", `/api/work-items/${itemId}/denial-decision`, { decision: "appeal" });
    expect(ended.body as unknown).toEqual({ state: "ACCEPTED" });
  });

  it("that comes after the claim was replaced is kept, and moves nothing", async () => {
    const first = await hospital.release();
    await say(claimResponse(first.number, {}, { line: 1, code: "CO-11", amount: 4260 }));
    await api.database.pool.query("update coding_item set reserved_for = null where id = $1", [first.itemId]);
    const again = await hospital.code({ ...CODES, diagnoses: CODES.diagnoses.filter(({ code }) => code !== "I10") });
    expect(again).toMatchObject({ itemId: first.itemId, state: "RELEASED" });
    const late = await say(claimResponse(first.number, { created: "2026-03-26" }, { line: 2, code: "CO-11", amount: 78 }));
    expect(late.status).toBe(201);
    expect(await hospital.stateOf(first.itemId)).toBe("RELEASED");
    const { rows } = await api.database.pool.query(
      "select effect from claim_answer where claim_id = $1 order by received_at desc limit 1",
      [first.claimId],
    );
    expect(rows).toEqual([{ effect: "of a claim that does not count any more" }]);
  });

  it("that is older than an answer that counts changes nothing", async () => {
    const { itemId, number } = await hospital.release();
    await say(claimResponse(number, { created: "2026-04-10" }));
    await say(claimResponse(number, { created: "2026-04-01" }, { line: 1, code: "CO-11", amount: 4260 }));
    expect(await hospital.stateOf(itemId)).toBe("ACCEPTED");
  });
});

describe("a refusal before anybody judged the claim", () => {
  it("by 277CA leads to a first claim again", async () => {
    const { itemId, number } = await hospital.release();
    const report = await take(
      acknowledgement277(["HL*3*2*PT", `TRN*2*${number}`, "STC*A7:21*20260330*U*50", "SVC*HC:J7030*78", "STC*A7:453*20260330*U"]),
    );
    expect(report.body as unknown).toMatchObject({ format: "X12", answers: 1, parked: 0, byVerdict: { rejected: 1 } });
    // The table gives it to billing, so no coder is called.
    expect(await hospital.stateOf(itemId)).toBe("RELEASED");
  });

  it("for a reason of coding puts it back on the coder's queue, and its correction is no replacement", async () => {
    const { itemId, claimId, number } = await hospital.release();
    await say(claimResponse(number, { outcome: "error", error: [{ itemSequence: 1, code: { coding: [{ code: "M76" }] } }] }));
    expect(await hospital.stateOf(itemId)).toBe("REWORK");
    await api.database.pool.query("update coding_item set reserved_for = null where id = $1", [itemId]);
    const again = await hospital.code({ ...CODES, diagnoses: CODES.diagnoses.filter(({ code }) => code !== "I10") });
    const second = await hospital.read(again.claimId ?? "");
    expect(second.related).toBeUndefined();
    const { rows } = await api.database.pool.query("select frequency, status from claim where item_id = $1 order by version", [itemId]);
    expect(rows).toEqual([
      { frequency: "1", status: "entered-in-error" },
      { frequency: "1", status: "active" },
    ]);
    expect(claimId).not.toBe(again.claimId);
  });
});

describe("a file of answers", () => {
  it("in 835 is matched by our claim number, its lines by control number or code and amount", async () => {
    const [one, two] = [await hospital.release(), await hospital.release()];
    // An inpatient line goes by its revenue code.
    const saline = one.claim.item?.find(({ productOrService }) => productOrService.coding?.some(({ code }) => code === "2587030"));
    expect(saline).toBeDefined();
    const report = await take(
      remittance(
        [`CLP*${one.number}*4*4586*0*0*12*ICN-A`, `SVC*NU:${saline?.revenue?.coding?.[0]?.code ?? ""}*78*0**2`, "CAS*CO*97*78"],
        [`CLP*${two.number}*1*4586*4000*586*12*ICN-B`, "CAS*CO*45*500", "CAS*PR*1*86"],
      ),
    );
    expect(report.body as unknown).toEqual({
      format: "X12",
      answers: 2,
      again: 0,
      parked: 0,
      byVerdict: { denied: 1, accepted: 1 },
      left: [],
    });
    expect([await hospital.stateOf(one.itemId), await hospital.stateOf(two.itemId)]).toEqual(["REWORK", "ACCEPTED"]);
    expect(await denials(one.itemId)).toMatchObject([{ line: saline?.sequence, code: "97", cents: 7_800 }]);
  });

  it("asking for documents is a task with a day", async () => {
    const { claimId, itemId, number } = await hospital.release();
    await take(`claim,date,outcome,reason,remark,documents_due\n${number},2026-04-01,complete,252,N706,2026-04-20\n`);
    expect(await tasks(claimId)).toMatchObject([{ kind: "documents", owner: "documentation", due: "2026-04-20" }]);
    expect(await hospital.stateOf(itemId)).toBe("RELEASED");
  });

  it("with a fault is not taken at all, and every fault is named", async () => {
    const before = await count("claim_answer");
    const answer = await take("claim,date\nCB1-1,2026-04-01\nCB2-1,never\n");
    expect([answer.status, answer.body as unknown]).toMatchObject([400, { faults: ["line 3: date is not a day (YYYY-MM-DD)"] }]);
    expect(await count("claim_answer")).toBe(before);
  });
});

describe("an answer to a claim that nobody knows", () => {
  it("is parked as a task, and does its work when the claim appears", async () => {
    const { itemId, claimId, number } = await hospital.release();
    // The claim is not there yet, as after a restore of an older backup.
    const { rows } = await api.database.pool.query<{ key: Buffer }>("select identifier_key as key from claim where id = $1", [claimId]);
    await api.database.pool.query("update claim set identifier_key = '\\x00' where id = $1", [claimId]);
    const answer = await say(claimResponse(number, {}, { line: 1, code: "CO-11", amount: 4260 }));
    expect(answer.status).toBe(201);
    const waiting = await api.database.pool.query(
      "select kind, owner, due is not null as due from claim_task where state = 'open' and kind = 'match'",
    );
    expect(waiting.rows).toEqual([{ kind: "match", owner: "billing", due: true }]);
    await api.sweepAnswers();
    expect(await hospital.stateOf(itemId)).toBe("RELEASED");
    await api.database.pool.query("update claim set identifier_key = $2 where id = $1", [claimId, rows[0]?.key]);
    expect(await api.sweepAnswers()).toBe(1);
    expect(await hospital.stateOf(itemId)).toBe("REWORK");
    expect((await api.database.pool.query("select from claim_task where state = 'open' and kind = 'match'")).rowCount).toBe(0);
    expect(await api.sweepAnswers()).toBe(0);
  });
});

describe("claims that were released and not received", () => {
  it("are listed by age until somebody says that they are there", async () => {
    const { claimId } = await hospital.release();
    const listed = async () =>
      (await hospital.billing("GET", "/api/claims/unreceived")).body as unknown as {
        byAge: Record<string, { claims: number }>;
        claims: readonly { claimId: string }[];
      };
    expect((await listed()).claims.map((one) => one.claimId)).toContain(claimId);
    await api.database.pool.query("update claim set created_at = $2 where id = $1", [claimId, "2026-03-28T12:00:00Z"]);
    expect((await listed()).byAge["4 to 7 days"]?.claims).toBe(1);
    expect((await hospital.billing("POST", `/api/claims/${claimId}/receipt`, {})).status).toBe(200);
    expect((await listed()).claims.map((one) => one.claimId)).not.toContain(claimId);
    expect((await hospital.billing("POST", `/api/claims/${crypto.randomUUID()}/receipt`, {})).status).toBe(404);
  });
});

describe("a back-test of an edit", () => {
  it("says on how many claims of the past it would have fired, and how many of those were denied", async () => {
    const analyst = await api.as("analyst");
    const run = async (rule: string) => (await analyst("GET", `/api/edits/${rule}/backtest`)).body as unknown as Record<string, number>;
    const before = await run("POA04");
    const soft = UNKNOWN_ON_ADMISSION;
    const [denied, paid] = [await hospital.release(soft), await hospital.release(soft)];
    await hospital.release();
    await say(claimResponse(denied.number, {}, { line: 1, code: "CO-11", amount: 4260 }));
    await say(claimResponse(paid.number));
    const after = await run("POA04");
    expect(after["claims"]).toBe((before["claims"] ?? 0) + 3);
    expect(after["fired"]).toBe((before["fired"] ?? 0) + 2);
    expect(after["firedAndDenied"]).toBe((before["firedAndDenied"] ?? 0) + 1);
    expect(after["firedAndAccepted"]).toBe((before["firedAndAccepted"] ?? 0) + 1);
    expect((await analyst("GET", "/api/edits/NONE/backtest")).status).toBe(404);
  });
});

it("nothing of a patient, nor of what an answer says in words, stands in clear", async () => {
  const { number } = await hospital.release();
  const patient = { display: "Whitfield, Marian" };
  const denied = claimResponse(
    number,
    { patient, disposition: "not covered for Whitfield", insurer: { display: "Whitfield Mutual" } },
    { line: 1, code: "Whitfield", amount: 10 },
  );
  expect((await say(denied)).status).toBe(201);
  for (const table of ["claim_answer", "claim_denial", "claim_task", "claim_receipt", "claim", "item_event", "coding_item"]) {
    const { rows } = await api.database.pool.query<Record<string, unknown>>(`select * from ${table}`);
    expect(rows.length, table).toBeGreaterThan(0);
    for (const row of rows)
      for (const value of Object.values(row)) {
        const text = Buffer.isBuffer(value) ? value.toString("latin1") : JSON.stringify(value);
        expect(/whitfield/i.test(text ?? ""), table).toBe(false);
      }
  }
});

describe("the books", () => {
  it("add up over every claim that counts, by what was answered", async () => {
    const analyst = await api.as("analyst");
    const { answered, released } = (await analyst("GET", "/api/reconciliation")).body as unknown as Record<
      string,
      { total: number; parts: Record<string, number>; difference: number }
    >;
    expect(answered?.difference).toBe(0);
    expect(answered?.total).toBeGreaterThan(10);
    expect(answered?.parts).toMatchObject({ accepted: expect.any(Number), denied: expect.any(Number), "no answer": expect.any(Number) });
    expect(released?.difference).toBe(0);
  });
});
