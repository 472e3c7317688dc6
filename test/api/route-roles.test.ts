import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROLES } from "#src/api/route.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** Who may do what: the whole table. A route that is added without a line here, or a line without its route, fails. */
const TABLE: Readonly<Record<string, string>> = {
  "POST /auth/sign-in": "public",
  "GET /health": "public",
  "GET /fhir/R4/metadata": "public",
  "GET /metrics": "admin monitor",
  "GET /api/feeds": "admin analyst auditor",
  "POST /hl7v2/:feed": "admin source",
  "GET /api/status": "admin analyst auditor",
  "GET /api/messages/:id": "admin analyst auditor",
  "GET /api/messages/:id/raw": "admin analyst",
  "POST /api/messages/search": "admin analyst auditor",
  "GET /api/messages/:id/lineage": "admin analyst",
  "POST /api/work-items/next": "admin coder",
  "POST /api/work-items/:id/heartbeat": "admin coder",
  "POST /api/work-items/:id/release": "admin coder",
  "POST /api/work-items/:id/codes": "admin coder",
  "POST /api/work-items/:id/holds": "admin coder",
  "DELETE /api/work-items/:id/holds/:code": "admin coder",
  "GET /api/work-items": "admin analyst auditor coder",
  "GET /api/work-items/:id": "admin analyst auditor coder",
  "GET /api/queues": "admin analyst auditor coder",
  "GET /api/codes/search": "admin analyst auditor billing coder",
  "GET /api/codes/:system/:code": "admin analyst auditor billing coder",
  "GET /api/code-sets": "admin analyst auditor billing coder",
  ...Object.fromEntries(
    ["CodeSystem/$lookup", "CodeSystem/$validate-code", "ValueSet/$expand"].flatMap((operation) =>
      ["GET", "POST"].map((method) => [`${method} /fhir/R4/${operation}`, "admin analyst auditor billing coder"]),
    ),
  ),
  "POST /fhir/R4": "admin source",
  "POST /fhir/R4/$process-message": "admin source",
  "GET /fhir/R4/$message-status/:id": "admin source",
  "GET /fhir/R4/Claim": "admin billing",
  "POST /fhir/R4/Claim/_search": "admin billing",
  "GET /fhir/R4/Claim/:id": "admin billing",
  ...Object.fromEntries(
    ["Patient", "Encounter", "Account", "Coverage", "Organization", "Practitioner", "PractitionerRole", "Location", "RelatedPerson"].map(
      (type) => [`GET /fhir/R4/${type}/:id`, "admin billing"],
    ),
  ),
};

describe("the route x role table", () => {
  it("is the one that was agreed", () => {
    const served = Object.fromEntries(
      api.routes.map(({ method, path, roles }) => [`${method} ${path}`, roles === "public" ? "public" : [...roles].sort().join(" ")]),
    );
    expect(served).toEqual(TABLE);
  });

  it("is kept by the server: no token gives 401, another role 403, and neither reads the body", async () => {
    for (const { method, path, roles } of api.routes) {
      if (roles === "public") continue;
      const url = path.replace(":id", crypto.randomUUID()).replace(":code", "X");
      const anonymous = await fetch(`${api.base}${url}`, {
        method,
        ...(method === "POST" ? { body: "{not json", headers: { "content-type": "application/json" } } : {}),
      });
      expect([path, anonymous.status]).toEqual([path, 401]);
      for (const role of ROLES.filter((one) => !roles.includes(one))) {
        const call = await api.as(role);
        const answer = await call(method, url, method === "POST" ? "{not json" : undefined);
        expect([path, role, answer.status]).toEqual([path, role, 403]);
      }
    }
  });

  it("leaves an audit event for every answer, refusals included, and no patient in it", async () => {
    const call = await api.as("billing");
    const id = crypto.randomUUID();
    await call("GET", `/fhir/R4/Claim/${id}`);
    await call("POST", "/fhir/R4/Claim/_search", "identifier=MRN-SECRET", "application/x-www-form-urlencoded");
    const { rows } = await api.database.pool.query("select * from audit_event order by id desc limit 2");
    expect(rows).toMatchObject([
      { action: "search", route: "POST /fhir/R4/Claim/_search", outcome: 200 },
      { action: "read", route: "GET /fhir/R4/Claim/:id", outcome: 404 },
    ]);
    expect(JSON.stringify(rows)).not.toContain("MRN-SECRET");
  });

  it("answers an unknown path with 404, in the form of its API", async () => {
    expect(await (await fetch(`${api.base}/fhir/R4/Basic/1`)).json()).toMatchObject({ resourceType: "OperationOutcome" });
    expect(await (await fetch(`${api.base}/nowhere`)).json()).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("signing in", () => {
  it("is by a code that can be typed and passed on a command line", async () => {
    for (let n = 0; n < 50; n++) expect(await api.tokens.oneTimeCode("typist", ["coder"])).toMatch(/^[A-Z2-9]{12}$/);
  });

  it("takes a code once", async () => {
    const code = await api.tokens.oneTimeCode("first", ["admin"]);
    const ask = () =>
      fetch(`${api.base}/auth/sign-in`, {
        method: "POST",
        body: JSON.stringify({ code }),
        headers: { "content-type": "application/json" },
      });
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(401);
  });
});

it("an answer that cannot be audited is not given", async () => {
  const own = await startApi();
  const call = await own.as("admin");
  own.failAudit();
  const answer = await call("GET", "/api/status");
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.body)).not.toContain("books");
  await own.close();
});
