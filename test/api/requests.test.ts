import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let admin: Awaited<ReturnType<TestApi["as"]>>;
beforeAll(async () => {
  api = await startApi();
  admin = await api.as("admin", "source");
});
afterAll(() => api.close());

describe("a request", () => {
  it.each([
    ["PUT", "/api/work-items", "GET, HEAD"],
    ["POST", "/api/claim-tasks", "GET, HEAD"],
    ["DELETE", "/api/queues/inpatient/state", "PUT"],
    ["POST", "/api/accounts/5f1c7d6e-0000-4000-8000-000000000000/history", "GET, HEAD"],
    // Of two rows that match, a name and an id, both count.
    ["PUT", "/api/work-items/next", "GET, HEAD, POST"],
  ])("%s %s is answered 405 with the methods that the path has", async (method, path, allow) => {
    const answer = await admin(method, path, {});
    expect(answer).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it("with a method that a FHIR path does not take is answered 405 with an OperationOutcome", async () => {
    const answer = await admin("DELETE", "/fhir/R4/metadata");
    expect(answer).toMatchObject({ status: 405, body: { resourceType: "OperationOutcome", issue: [{ code: "not-supported" }] } });
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
  });

  it("for a path that is none stays 404", async () => {
    const answer = await admin("PUT", "/api/nowhere", {});
    expect(answer).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
    expect(answer.headers.get("allow")).toBeNull();
  });

  it("with a body over the API's limit is told so, and not of a feed's frames", async () => {
    for (const path of ["/api/accounts/search", "/hl7v2/local"]) {
      const answer = await admin("POST", path, Buffer.alloc(10 * 1024 * 1024 + 1, 32));
      expect(answer, path).toMatchObject({ status: 413, body: { code: "BODY_TOO_LARGE", message: expect.stringContaining("10 MiB") } });
    }
  });
});

describe("a list", () => {
  it.each([
    ["/api/work-items?sate=READY", "sate", "there are after, limit, queue, state, view"],
    ["/api/deliveries?waiting=person&limit=5", "limit", "there are destination, state, waiting"],
    ["/api/users?name=x", "name", "it takes none"],
    ["/api/failures?from=1", "from", "there are after"],
  ])("%s is refused with the name of the parameter", async (path, place, there) => {
    expect(await admin("GET", path)).toMatchObject({
      status: 400,
      body: { code: "REQUEST_INVALID", place, message: expect.stringContaining(there) },
    });
  });

  it("does not repeat what is no name", async () => {
    const { status, body, text } = await admin("GET", "/api/queues?Ada%20Quill=1");
    expect([status, body]).toMatchObject([400, { place: "query" }]);
    expect(text).not.toContain("Quill");
  });

  it("takes every parameter that its route reads", async () => {
    for (const path of [
      "/api/work-items?state=READY&queue=inpatient&limit=5&view=x&after=5f1c7d6e-0000-4000-8000-000000000000",
      "/api/deliveries?destination=x&state=failed&waiting=person",
      "/api/claim-tasks?owner=billing",
      "/api/codes/search?q=E11&date=2026-11-01&system=icd-10-cm&limit=5&all=true",
      "/api/failures?after=1",
      "/api/edits?days=30",
    ])
      expect((await admin("GET", path)).status, path).toBe(200);
    const encoder = await api.as("encoder");
    expect((await encoder("GET", "/api/encoder/results?after=2026-01-01")).status).toBe(200);
  });

  it("is asked for sign-in before it says what it takes", async () => {
    expect((await fetch(`${api.base}/api/work-items?sate=READY`)).status).toBe(401);
  });
});
