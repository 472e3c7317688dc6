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
  "GET /.well-known/jwks.json": "public",
  "GET /api/destinations": "admin analyst auditor billing monitor supervisor",
  "GET /api/deliveries": "admin analyst auditor billing supervisor",
  "GET /api/claims/:id/deliveries": "admin analyst auditor billing supervisor",
  "POST /api/claims/:id/deliveries/retry": "admin analyst supervisor",
  "POST /api/claims/:id/deliveries/confirm": "admin analyst supervisor",
  "POST /api/claims/:id/deliveries/give-up": "admin analyst supervisor",
  "GET /api/feeds": "admin analyst auditor",
  "POST /hl7v2/:feed": "admin source",
  "GET /api/status": "admin analyst auditor",
  "GET /api/messages/:id": "admin analyst auditor",
  "GET /api/messages/:id/raw": "admin analyst",
  "POST /api/messages/search": "admin analyst auditor",
  "GET /api/messages/:id/lineage": "admin analyst",
  "GET /api/messages/:id/provenance": "admin analyst",
  "GET /api/maps": "admin analyst auditor",
  "POST /api/maps/reload": "admin analyst",
  "GET /api/unmapped-codes": "admin analyst auditor",
  "POST /api/unmapped-codes/:id/resolve": "admin analyst",
  "POST /api/accounts/search": "admin analyst auditor coder",
  "GET /api/accounts/:id": "admin coder",
  "GET /api/accounts/:id/history": "admin analyst auditor coder",
  "GET /api/accounts/:id/documents/:docId": "admin coder",
  "POST /api/accounts/:id/documents/search": "admin coder",
  "POST /api/accounts/:id/refold": "admin analyst",
  "GET /api/failures": "admin analyst auditor",
  "GET /api/failures/:id": "admin analyst",
  "POST /api/failures/:id/retry": "admin analyst",
  "POST /api/failures/:id/skip": "admin analyst",
  "POST /api/failures/:id/correct": "admin analyst",
  "POST /api/work-items/next": "admin coder supervisor",
  "POST /api/work-items/:id/heartbeat": "admin auditor coder external-coder supervisor",
  "POST /api/work-items/:id/release": "admin auditor coder external-coder supervisor",
  "POST /api/work-items/:id/codes": "admin coder external-coder supervisor",
  "POST /api/work-items/:id/holds": "admin coder supervisor",
  "DELETE /api/work-items/:id/holds/:code": "admin coder supervisor",
  "GET /api/work-items": "admin analyst auditor coder supervisor",
  "GET /api/work-items/:id": "admin analyst auditor coder supervisor",
  "GET /api/queues": "admin analyst auditor coder supervisor",
  "POST /api/work-items/:id/lease": "admin coder external-coder supervisor",
  "PUT /api/work-items/:id/draft": "admin coder external-coder supervisor",
  "GET /api/work-items/:id/draft": "admin coder supervisor",
  "POST /api/work-items/:id/confirm": "admin coder supervisor",
  "POST /api/work-items/:id/comments": "admin auditor coder supervisor",
  "GET /api/work-items/:id/activity": "admin auditor coder supervisor",
  "POST /api/work-items/:id/reassign": "admin supervisor",
  "POST /api/work-items/:id/stat": "admin supervisor",
  "POST /api/work-items/:id/no-code": "admin coder supervisor",
  "POST /api/work-items/:id/confirm-cancel": "admin supervisor",
  "POST /api/work-items/:id/resolve-merge": "admin supervisor",
  "POST /api/reviews/next": "admin auditor",
  "POST /api/work-items/:id/review": "admin auditor",
  "GET /api/proposals": "admin billing supervisor",
  "POST /api/proposals/:id/decision": "admin supervisor",
  "POST /api/work-items/:id/queries": "admin auditor coder supervisor",
  "GET /api/queries/:id": "admin auditor coder supervisor",
  "PUT /api/queries/:id": "admin auditor coder supervisor",
  "POST /api/queries/:id/send": "admin auditor coder supervisor",
  "POST /api/queries/:id/remind": "admin auditor coder supervisor",
  "POST /api/queries/:id/escalate": "admin auditor coder supervisor",
  "POST /api/queries/:id/answer": "admin auditor coder supervisor",
  "POST /api/queries/:id/close": "admin auditor coder supervisor",
  "GET /api/users": "admin supervisor",
  "POST /api/users": "admin",
  "GET /api/users/:id": "admin",
  "PUT /api/users/:id": "admin",
  "PUT /api/queues/:name/state": "admin supervisor",
  "POST /api/queues/:name/move": "admin supervisor",
  "GET /api/queues/preview": "admin supervisor",
  "GET /api/queue-states": "admin analyst auditor coder supervisor",
  "GET /api/reconciliation": "admin analyst auditor supervisor",
  "GET /api/measures": "admin analyst auditor supervisor",
  "GET /api/productivity": "admin analyst supervisor",
  "GET /api/codes/search": "admin analyst auditor billing coder supervisor",
  "GET /api/codes/:system/:code": "admin analyst auditor billing coder supervisor",
  "GET /api/code-sets": "admin analyst auditor billing coder supervisor",
  ...Object.fromEntries(
    ["CodeSystem/$lookup", "CodeSystem/$validate-code", "ValueSet/$expand"].flatMap((operation) =>
      ["GET", "POST"].map((method) => [`${method} /fhir/R4/${operation}`, "admin analyst auditor billing coder supervisor"]),
    ),
  ),
  "POST /api/work-items/:id/findings": "admin auditor coder external-coder supervisor",
  "POST /api/work-items/:id/drg": "admin auditor coder external-coder supervisor",
  "GET /api/work-items/:id/suggestions": "admin auditor coder external-coder supervisor",
  "GET /api/work-items/:id/versions": "admin auditor coder supervisor",
  "GET /api/work-items/:id/versions/:from/diff/:to": "admin auditor coder supervisor",
  "GET /api/edits": "admin analyst auditor coder supervisor",
  "GET /api/edits/:rule/overrides": "admin auditor supervisor",
  "GET /api/encoder/items": "encoder",
  "GET /api/encoder/items/:id": "encoder",
  "POST /api/encoder/items/:id/suggestions": "encoder",
  "GET /api/encoder/results": "encoder",
  "POST /fhir/R4": "admin source",
  "POST /fhir/R4/$process-message": "admin billing source",
  "POST /fhir/R4/ClaimResponse": "admin billing",
  "PUT /fhir/R4/ClaimResponse/:id": "admin billing",
  "GET /fhir/R4/ClaimResponse/:id": "admin billing",
  "POST /api/claims/answers": "admin billing",
  "GET /api/claims/answers/unreadable": "admin billing",
  "GET /api/claims/unreceived": "admin billing supervisor",
  "POST /api/claims/:id/receipt": "admin billing",
  "GET /api/claims/:id/trail": "admin analyst auditor billing supervisor",
  "GET /api/claims/:id/provenance": "admin analyst auditor billing supervisor",
  "GET /api/claims/:id/packet": "admin auditor",
  "GET /api/claim-tasks": "admin billing supervisor",
  "POST /api/claim-tasks/:id/done": "admin billing supervisor",
  "GET /api/work-items/:id/denials": "admin analyst auditor billing coder supervisor",
  "POST /api/work-items/:id/denial-decision": "admin coder supervisor",
  "GET /api/edits/:rule/backtest": "admin analyst auditor supervisor",
  "GET /fhir/R4/$message-status/:id": "admin source",
  "GET /fhir/R4/Claim": "admin billing",
  "POST /fhir/R4/Claim/_search": "admin billing",
  "GET /fhir/R4/Claim/:id": "admin billing",
  "GET /fhir/R4/Claim/:id/$bundle": "admin billing",
  "GET /fhir/R4/StructureDefinition/:id": "admin analyst billing",
  "GET /fhir/R4/CodeSystem/:id": "admin analyst billing",
  "GET /fhir/R4/$package": "admin analyst billing",
  "GET /api/claims/:id/preview": "admin auditor billing supervisor",
  "GET /api/claims/:id/837": "admin auditor billing supervisor",
  "GET /api/claims/:id/readiness": "admin auditor billing supervisor",
  "GET /sandbox/fhir/R4/Claim": "admin billing",
  "GET /sandbox/fhir/R4/Claim/:id": "admin billing",
  "GET /sandbox/fhir/R4/Claim/:id/$bundle": "admin billing",
  "GET /sandbox/api/claims/:id/preview": "admin billing",
  "GET /sandbox/api/claims/:id/837": "admin billing",
  ...Object.fromEntries(
    [
      "Patient",
      "Encounter",
      "Account",
      "Coverage",
      "Organization",
      "Practitioner",
      "PractitionerRole",
      "Location",
      "RelatedPerson",
    ].flatMap((type) => [`GET /fhir/R4/${type}/:id`, `GET /fhir/R4/${type}/:id/_history/:version`].map((path) => [path, "admin billing"])),
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
    const callAs = new Map(await Promise.all(ROLES.map(async (role) => [role, await api.as(role)] as const)));
    for (const { method, path, roles } of api.routes) {
      if (roles === "public") continue;
      const url = path.replace(":id", crypto.randomUUID()).replace(":code", "X").replace(":name", "inpatient");
      const anonymous = await fetch(`${api.base}${url}`, {
        method,
        ...(method !== "GET" && method !== "DELETE" ? { body: "{not json", headers: { "content-type": "application/json" } } : {}),
      });
      expect([path, anonymous.status]).toEqual([path, 401]);
      for (const role of ROLES.filter((one) => !roles.includes(one))) {
        const answer = await callAs.get(role)?.(method, url, method !== "GET" && method !== "DELETE" ? "{not json" : undefined);
        expect([path, role, answer?.status]).toEqual([path, role, 403]);
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
