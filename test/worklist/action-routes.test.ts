import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "#test/api/engine-api.ts";
import { LEFT, sealer } from "./stays.ts";

let api: TestApi;
let calls: { coder: Call; supervisor: Call; auditor: Call; admin: Call };
type Call = Awaited<ReturnType<TestApi["as"]>>;
beforeAll(async () => {
  api = await startApi({ folding: false });
  calls = {
    coder: await api.as("coder"),
    supervisor: await api.as("supervisor"),
    auditor: await api.as("auditor"),
    admin: await api.as("admin"),
  };
});
afterAll(() => api.close());

/** A ready item of the store, charged. */
async function ready(): Promise<string> {
  const account = crypto.randomUUID();
  const { rows } = await api.database.pool.query<{ id: string }>(
    `with a as (insert into account (id, feed, facility, account_key, sealed_number, chart_version) values ($1, 'north', 'NORTH', '\\x00', $2, 1) returning id)
     insert into coding_item (id, account_id, stream, progress, state, queue, facility, class, ready_at, chart_version, facts, total_cents)
     select gen_random_uuid(), id, 'FAC', 'awaiting', 'READY', 'inpatient', 'NORTH', 'IMP', now(), 1, $3, 120000 from a returning id`,
    [account, sealer.seal(Buffer.from("A1"), `chart ${account}`), JSON.stringify({ class: "IMP", totalCents: LEFT.totalCents })],
  );
  return rows[0]?.id ?? "";
}
const body = (answer: { body: never }): Record<string, unknown> => answer.body;

describe("by API", () => {
  it("a coder saves a draft, and an older window does not overwrite it", async () => {
    await ready();
    const { coder } = calls;
    const lease = body(await coder("POST", "/api/work-items/next", {}));
    const id = String(lease["id"]);
    const draft = (draftVersion: number) =>
      coder("PUT", `/api/work-items/${id}/draft`, { leaseId: lease["leaseId"], draftVersion, draft: { diagnoses: [] } });
    expect((await draft(0)).status).toBe(200);
    expect(await draft(0)).toMatchObject({ status: 409, body: { code: "REVISION_STALE" } });
    expect(body(await coder("GET", `/api/work-items/${id}/draft`))).toEqual({ draftVersion: 1, draft: { diagnoses: [] } });
    await coder("POST", `/api/work-items/${id}/release`, { leaseId: lease["leaseId"] });
    // A coder opens by name what is theirs; another does not.
    expect((await coder("POST", `/api/work-items/${id}/lease`, {})).status).toBe(200);
    expect((await calls.supervisor("POST", `/api/work-items/${id}/lease`, {})).status).toBe(409);
  });

  it("a supervisor reassigns and puts first with the revision that was read, and comments are kept sealed", async () => {
    const id = await ready();
    const { supervisor, coder } = calls;
    const revision = async () => body(await supervisor("GET", `/api/work-items/${id}`))["revision"];
    expect(await supervisor("POST", `/api/work-items/${id}/stat`, { revision: 99, stat: true })).toMatchObject({ status: 409 });
    expect((await supervisor("POST", `/api/work-items/${id}/stat`, { revision: await revision(), stat: true })).status).toBe(200);
    expect((await supervisor("POST", `/api/work-items/${id}/reassign`, { revision: await revision(), queue: "emergency" })).status).toBe(
      200,
    );
    expect(await supervisor("POST", `/api/work-items/${id}/reassign`, { revision: await revision(), queue: "nowhere" })).toMatchObject({
      status: 400,
    });
    expect((await coder("POST", `/api/work-items/${id}/comments`, { text: "Ask Mrs. Zwetschge" })).status).toBe(200);
    expect(body(await coder("GET", `/api/work-items/${id}/activity`))["comments"]).toMatchObject([{ text: "Ask Mrs. Zwetschge" }]);
    const { rows } = await api.database.pool.query("select * from item_comment");
    expect(JSON.stringify(rows)).not.toContain("Zwetschge");
  });

  it("a coder may not say that there is nothing to bill where there are charges", async () => {
    const id = await ready();
    const revision = body(await calls.coder("GET", `/api/work-items/${id}`))["revision"];
    expect(await calls.coder("POST", `/api/work-items/${id}/no-code`, { revision, reason: "left-unseen" })).toMatchObject({ status: 403 });
    expect(await calls.supervisor("POST", `/api/work-items/${id}/no-code`, { revision, reason: "left-unseen" })).toMatchObject({
      status: 200,
      body: { state: "NO_CODE" },
    });
  });

  it("users are made with what they may pull, and their relations are shown to administrators only", async () => {
    const made = await calls.admin("POST", "/api/users", {
      name: "Cora",
      roles: ["coder"],
      facilities: ["NORTH"],
      credentials: [{ credential: "CCS", from: "2026-01-01" }],
      relations: [{ kind: "self", person: "MRN-5" }],
    });
    expect(made).toMatchObject({ status: 201, body: { name: "Cora", facilities: ["NORTH"], revision: 0 } });
    const id = String(body(made)["userId"]);
    expect(body(await calls.admin("GET", `/api/users/${id}`))["relations"]).toEqual([{ kind: "self", person: "MRN-5" }]);
    expect(JSON.stringify(body(await calls.supervisor("GET", "/api/users")))).not.toContain("MRN-5");
    expect(await calls.admin("POST", "/api/users", { name: "Cora", roles: ["coder"] })).toMatchObject({ status: 409 });
    expect(body(await calls.admin("GET", `/api/users/${id}`))["credentials"]).toHaveLength(1);
    expect((await calls.admin("PUT", `/api/users/${id}`, { revision: 0, facilities: [] })).status).toBe(200);
    expect(await calls.admin("PUT", `/api/users/${id}`, { revision: 0, facilities: [] })).toMatchObject({ status: 409 });
  });

  it("an item is kept for somebody who works here, and for nobody else", async () => {
    const id = await ready();
    const { revision } = body(await calls.supervisor("GET", `/api/work-items/${id}`));
    const nobody = "00000000-0000-0000-0000-000000000000";
    expect(await calls.supervisor("POST", `/api/work-items/${id}/reassign`, { revision, to: nobody })).toMatchObject({
      status: 400,
      body: { place: "to" },
    });
  });

  it("a hold ends on a day to come or not at all", async () => {
    const id = await ready();
    const put = (until: unknown) =>
      calls.coder("POST", `/api/work-items/${id}/holds`, { code: "LEGAL", owner: "compliance", blocks: "release", until });
    for (const until of [true, "2001-01-01", "soon", 0]) expect((await put(until)).status).toBe(400);
    expect((await put("2999-12-31")).status).toBe(200);
    expect((await put(null)).status).toBe(200);
    expect(body(await calls.coder("GET", `/api/work-items/${id}`))["holds"]).toMatchObject([{ code: "LEGAL" }]);
  });

  it("a hold of the engine's is nobody's to put over, and so to lift", async () => {
    const id = await ready();
    const put = await calls.coder("POST", `/api/work-items/${id}/holds`, { code: "INTERFACE", owner: "me", blocks: "nothing" });
    expect(put).toMatchObject({ status: 403, body: { code: "HOLD_NOT_YOURS" } });
  });

  it("what no column takes is the fault of who sent it", async () => {
    for (const path of ["/api/accounts/%E0%A4%A", "/api/work-items?queue=%00", "/api/deliveries?destination=%00"])
      expect((await calls.supervisor("GET", path)).status, path).toBe(400);
  });

  it("the books, measures and queue states are read, and a queue is paused with a reason", async () => {
    const books = body(await calls.auditor("GET", "/api/reconciliation"));
    expect(books).toMatchObject({ discharged: { difference: 0 }, finalCoded: { difference: 0 }, received: { received: 0 } });
    expect((await calls.auditor("GET", "/api/reconciliation?asOf=yesterday")).status).toBe(400);
    expect(body(await calls.auditor("GET", "/api/measures?asOf=2026-03-01"))).toMatchObject({ dnfb: { items: 0 } });
    expect(
      (await calls.supervisor("PUT", "/api/queues/inpatient/state", { paused: true, draining: false, why: "stock-taking" })).status,
    ).toBe(200);
    expect((await calls.coder("POST", "/api/work-items/next", { queues: ["inpatient"] })).status).toBe(404);
    expect(body(await calls.coder("GET", "/api/queue-states"))["states"]).toEqual([{ queue: "inpatient", paused: true, draining: false }]);
    await calls.supervisor("PUT", "/api/queues/inpatient/state", { paused: false, draining: false, why: "done" });
    expect(body(await calls.supervisor("GET", "/api/queues/preview"))).toHaveProperty("moves");
  });

  it("a question that is not compliant is refused with each rule", async () => {
    const id = await ready();
    const made = await calls.coder("POST", `/api/work-items/${id}/queries`, {
      title: "DRG?",
      text: "Please.",
      indicators: [],
      kind: "open",
      credential: "CCS",
    });
    const question = String(body(made)["id"]);
    const sent = await calls.coder("POST", `/api/queries/${question}/send`, { revision: 0, recipient: "Dr. Ames" });
    expect(sent).toMatchObject({ status: 422, body: { code: "QUERY_NOT_COMPLIANT", lint: [{ rule: "Q1" }, { rule: "Q2" }] } });
  });
});
