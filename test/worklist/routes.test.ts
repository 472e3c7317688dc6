import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChartView } from "#src/api/charts/view.ts";
import type { Answer, Role } from "#src/api/route.ts";
import { worklistRoutes } from "#src/api/worklist/routes.ts";
import { ok } from "#src/base/result.ts";
import { ADA, FAMILY, hard, type Line, NO_CODES, startLine } from "./line.ts";

let line: Line;
let told: string[];
beforeAll(async () => {
  line = await startLine();
});
beforeEach(async () => {
  await line.clear();
  told = [];
  line.behaviour.release = () => Promise.resolve(ok({ claimId: "claim-1" }));
});
afterAll(() => line.database.drop());

function ask(method: string, path: string, { body, params = {}, query = "", role = "coder" }: Asked = {}): Promise<Answer> {
  const routes = worklistRoutes({
    worklist: line.worklist,
    view: createChartView(
      () => ({ labels: ["R"], visitIndicators: [], services: [], documentTypes: [] }),
      () => undefined,
    ),
    queues: line.rules.names,
    onTickets: () => told.push("tickets"),
    onReleased: () => told.push("released"),
  });
  const route = routes.find((one) => one.method === method && one.path === path);
  if (route === undefined) throw new Error(`there is no ${method} ${path}`);
  return route.handle({
    caller: { userId: ADA, name: "ada", roles: [role] },
    params,
    query: new URLSearchParams(query),
    header: () => undefined,
    body,
    rawBody: Buffer.alloc(0),
    requestId: "r",
  });
}
interface Asked {
  readonly body?: unknown;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly role?: Role;
}
const next = () => ask("POST", "/api/work-items/next", { body: {} });

/** Leases the next item and gives a call that submits codes for it. */
async function opened(): Promise<() => Promise<Answer>> {
  const { id, leaseId, snapshotVersion } = (await next()).body as { id: string; leaseId: string; snapshotVersion: number };
  return () => ask("POST", "/api/work-items/:id/codes", { params: { id }, body: { leaseId, snapshotVersion, codes: NO_CODES } });
}

describe("pulling an item", () => {
  it("answers with its chart, and tells the relay", async () => {
    const { item } = await line.ready();
    const answer = await next();
    expect(answer).toMatchObject({
      status: 200,
      body: { id: item, snapshotVersion: 1, holds: [] },
      object: { type: "work-item", id: item },
    });
    expect(JSON.stringify(answer.body)).toContain(FAMILY);
    expect(told).toEqual(["tickets"]);
  });

  it("says that nothing is ready, and names a queue that does not exist", async () => {
    expect(await next()).toMatchObject({ status: 404, body: { code: "NOTHING_READY" } });
    expect(await ask("POST", "/api/work-items/next", { body: { queues: ["nowhere"] } })).toMatchObject({
      status: 400,
      body: { place: "queues" },
    });
  });
});

describe("submitting codes", () => {
  it("answers with the claim when nothing holds it, and tells the delivery", async () => {
    await line.ready();
    const submit = await opened();
    expect(await submit()).toMatchObject({ status: 200, body: { state: "RELEASED", claim: { id: "claim-1" }, findings: [] } });
    expect(told).toEqual(["tickets", "tickets", "released"]);
    expect(await submit()).toMatchObject({ status: 409, body: { code: "LEASE_LOST" } });
  });

  it("answers without a claim while a hold keeps it", async () => {
    await line.ready({ insured: false });
    expect(await (await opened())()).toMatchObject({ status: 200, body: { state: "FINAL_CODED", claim: null, holds: [{ code: "REG" }] } });
  });

  it("is done when the release after it throws: the sweep makes the claim", async () => {
    const { item } = await line.ready();
    line.behaviour.release = () => Promise.reject(new Error("a bug"));
    expect(await (await opened())()).toMatchObject({ status: 200, body: { state: "FINAL_CODED", claim: null } });
    line.behaviour.release = () => Promise.resolve(ok({ claimId: "claim-2" }));
    expect(await line.worklist.releaseDue()).toBe(1);
    expect(await line.row(item)).toMatchObject({ state: "RELEASED" });
  });

  it("answers 422 with the findings, and 409 with the difference", async () => {
    const { account } = await line.ready();
    const submit = await opened();
    line.findings.push(hard);
    expect(await submit()).toMatchObject({ status: 422, body: { code: "FINDINGS_OPEN", findings: [hard] } });
    await line.say(account, { cents: 5 });
    expect(await submit()).toMatchObject({ status: 409, body: { code: "SNAPSHOT_STALE", difference: { snapshotVersion: 2 } } });
  });

  it("names every fault of a body without its values", async () => {
    const answer = await ask("POST", "/api/work-items/:id/codes", { params: { id: randomUUID() }, body: { leaseId: FAMILY } });
    expect(answer).toMatchObject({ status: 400, body: { code: "REQUEST_INVALID" } });
    expect(JSON.stringify(answer.body)).not.toContain(FAMILY);
  });
});

describe("looking", () => {
  it("shows the chart to coders only", async () => {
    const { item: id } = await line.ready();
    const look = async (role: Role): Promise<string> =>
      JSON.stringify((await ask("GET", "/api/work-items/:id", { params: { id }, role })).body);
    expect(await look("coder")).toContain(FAMILY);
    for (const role of ["analyst", "auditor"] as const) expect(await look(role)).not.toContain(FAMILY);
    expect(await ask("GET", "/api/work-items/:id", { params: { id: "x" } })).toMatchObject({ status: 404 });
  });

  it("lists by queue and counts", async () => {
    const { item } = await line.ready();
    expect(await ask("GET", "/api/work-items", { query: "queue=inpatient&state=READY" })).toMatchObject({
      body: { items: [{ id: item }] },
    });
    expect(await ask("GET", "/api/queues")).toMatchObject({
      body: { queues: expect.arrayContaining([expect.objectContaining({ ready: 1 })]) },
    });
  });
});

describe("a hold", () => {
  it("is put and lifted by its code, and lifting the last one releases what is coded", async () => {
    const { item: id } = await line.ready();
    await ask("POST", "/api/work-items/:id/holds", { params: { id }, body: { code: "AUDIT", owner: "audit", blocks: "release" } });
    expect(await (await opened())()).toMatchObject({ body: { claim: null } });
    expect(await ask("DELETE", "/api/work-items/:id/holds/:code", { params: { id, code: "NONE" } })).toMatchObject({ status: 404 });
    expect(await ask("DELETE", "/api/work-items/:id/holds/:code", { params: { id, code: "AUDIT" } })).toMatchObject({ status: 200 });
    expect(await line.row(id)).toMatchObject({ state: "RELEASED" });
    expect(told.at(-1)).toBe("released");
  });
});
