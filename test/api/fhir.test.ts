import type { Bundle, CapabilityStatement, OperationOutcome } from "@medplum/fhirtypes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { message, transaction, VISIT } from "#test/mapping/fhir/bundles.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let send: Awaited<ReturnType<TestApi["as"]>>;
beforeAll(async () => {
  api = await startApi();
  send = await api.as("source");
});
afterAll(() => api.close());

const FHIR = "application/fhir+json";
const items = async () => (await api.database.pool.query<{ state: string; queue: string }>("select state, queue from coding_item")).rows;

describe("FHIR messages in", () => {
  it("are answered when they have taken effect: a finished visit is an item on its queue", async () => {
    const answer = await send("POST", "/fhir/R4/$process-message", message(), FHIR);
    expect(answer.status).toBe(200);
    const bundle = answer.body as Bundle;
    expect(faultsOf(bundle)).toEqual([]);
    expect(bundle.entry?.[0]?.resource).toMatchObject({ resourceType: "MessageHeader", response: { code: "ok", identifier: "m-1" } });
    expect(await items()).toEqual([{ state: "READY", queue: "outpatient" }]);
    const status = await send("GET", answer.headers.get("content-location") ?? "");
    expect(status.status).toBe(200);
  });

  it("sent again are answered again, and change nothing", async () => {
    expect((await send("POST", "/fhir/R4/$process-message", message(), FHIR)).status).toBe(200);
    expect(await items()).toHaveLength(1);
    const { rows } = await api.database.pool.query("select verdict from journal_record order by seq");
    expect(rows).toEqual([{ verdict: "accepted" }, { verdict: "duplicate" }]);
  });

  it("with the same id and other content are refused as a conflict", async () => {
    const answer = await send("POST", "/fhir/R4/$process-message", message(VISIT.slice(0, 2)), FHIR);
    expect(answer.status).toBe(409);
  });

  it("as a transaction say where each entry is", async () => {
    const answer = await send("POST", "/fhir/R4", transaction(VISIT, "t-9"), FHIR);
    expect(answer.status).toBe(200);
    const { type, entry } = answer.body as Bundle;
    expect(type).toBe("transaction-response");
    expect(entry?.map(({ response }) => response?.location?.split("/")[0])).toEqual(VISIT.map(({ resourceType }) => resourceType));
  });

  it.each([
    ["no JSON", "{", 400, []],
    ["another resource", { resourceType: "Patient" }, 400, "Bundle"],
    ["another type of bundle", { resourceType: "Bundle", type: "batch", entry: [{}] }, 400, "Bundle.type"],
    ["no entries", { resourceType: "Bundle", type: "transaction" }, 422, "Bundle.entry"],
    [
      "a delete",
      { resourceType: "Bundle", type: "transaction", entry: [{ request: { method: "DELETE", url: "Patient/1" } }] },
      422,
      "Bundle.entry[0].request.method",
    ],
    [
      "an invalid resource",
      transaction([...VISIT, { resourceType: "Coverage", id: "bad" } as never]),
      422,
      "Bundle.entry[6].resource.status",
    ],
    [
      "a code that R4 has not",
      transaction(VISIT.map((one) => (one.resourceType === "Encounter" ? { ...one, status: "discharged" as never } : one))),
      422,
      `Bundle.entry[${VISIT.findIndex(({ resourceType }) => resourceType === "Encounter")}].resource.status`,
    ],
    ["an unknown resource type", transaction([{ resourceType: "Nonsense" } as never]), 422, "Bundle.entry[0].resource"],
    ["no account", transaction(VISIT.slice(0, 1)), 422, "Bundle.entry.resource.ofType(Encounter).identifier"],
  ])("with %s are refused before they are accepted, with the place", async (_what, body, status, place) => {
    const before = (await api.database.pool.query("select count(*) as n from journal_record where verdict = 'accepted'")).rows;
    const answer = await send("POST", "/fhir/R4", body, FHIR);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    const outcome = answer.body as OperationOutcome;
    expect(outcome.resourceType).toBe("OperationOutcome");
    expect(outcome.issue.flatMap((issue) => issue.expression ?? [])).toEqual(expect.arrayContaining([place].flat()));
    expect((await api.database.pool.query("select count(*) as n from journal_record where verdict = 'accepted'")).rows).toEqual(before);
  });

  it("that are not folded within five seconds are answered with 202 and where to ask", async () => {
    const slow = await startApi({ folding: false });
    const source = await slow.as("source");
    const answer = await source("POST", "/fhir/R4/$process-message", message(), FHIR);
    expect(answer.status).toBe(202);
    const location = answer.headers.get("content-location") ?? "";
    expect((await source("GET", location)).status).toBe(202);
    await slow.fold();
    expect((await source("GET", location)).status).toBe(200);
    await slow.close();
  });
});

describe("the capability statement", () => {
  it("is valid and lists what is served, no more", async () => {
    const statement = (await (await fetch(`${api.base}/fhir/R4/metadata`)).json()) as CapabilityStatement;
    expect(faultsOf(statement)).toEqual([]);
    const served = new Set(api.routes.flatMap(({ path }) => /^\/fhir\/R4\/([A-Z][A-Za-z]+)/.exec(path)?.[1] ?? []));
    expect(new Set(statement.rest?.[0]?.resource?.map(({ type }) => type as string))).toEqual(served);
  });
});

describe("a search for claims", () => {
  it("with a parameter that is not served is refused, unless the caller asked to be lenient", async () => {
    const billing = await api.as("billing");
    expect((await billing("GET", "/fhir/R4/Claim?colour=blue")).status).toBe(400);
    const token = await api.tokens.machineToken("lenient", ["billing"], 1);
    const lenient = await fetch(`${api.base}/fhir/R4/Claim?colour=blue&_count=5`, {
      headers: { authorization: `Bearer ${token}`, prefer: "handling=lenient" },
    });
    expect(await lenient.json()).toMatchObject({ type: "searchset", total: 0, link: [{ relation: "self", url: "Claim?_count=5" }] });
  });
});
