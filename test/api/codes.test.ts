import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let ask: (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;
beforeAll(async () => {
  api = await startApi();
  const call = await api.as("coder");
  ask = (path) => call("GET", path);
});
afterAll(() => api.close());

describe("the code search", () => {
  it("finds the codes of the starter set by words, and shows each with its dot and what it is on the day", async () => {
    const { status, body } = await ask("/api/codes/search?q=t2dm&date=2026-11-01");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      date: "2026-11-01",
      codes: [
        { system: "icd-10-cm", code: "E11.9", state: "valid" },
        { system: "icd-10-cm", code: "E11.65", state: "valid" },
      ],
    });
  });

  it("leaves headers out unless they are asked for", async () => {
    expect((await ask("/api/codes/search?q=E11&date=2026-11-01")).body).toMatchObject({ codes: [{ code: "E11.65" }, { code: "E11.9" }] });
    expect((await ask("/api/codes/search?q=E11&date=2026-11-01&all=true")).body).toMatchObject({
      codes: [{ code: "E11", state: "header" }, {}, {}],
    });
  });

  it.each([
    ["/api/codes/search?q=", "q"],
    ["/api/codes/search?q=x&date=yesterday", "date"],
    ["/api/codes/search?q=x&system=snomed", "system"],
  ])("%s is refused at %s", async (path, place) => expect(await ask(path)).toMatchObject({ status: 400, body: { place } }));

  it("describes one code", async () => {
    expect((await ask("/api/codes/icd-10-cm/E11.65")).body).toMatchObject({ code: "E1165", state: "valid", above: [{ code: "E11" }] });
    expect((await ask("/api/codes/icd-10-cm/Q99.99")).status).toBe(404);
    expect((await ask("/api/codes/snomed/1")).status).toBe(404);
  });

  it("says what is loaded, and what is not", async () => {
    const { body } = await ask("/api/code-sets");
    expect(body).toMatchObject({ versions: expect.arrayContaining([expect.objectContaining({ name: "icd-10-cm starter" })]) as unknown });
    expect(body).toMatchObject({ gaps: expect.arrayContaining([expect.objectContaining({ set: "ptp" })]) as unknown });
  });
});

describe("the terminology operations", () => {
  const CM = encodeURIComponent("http://hl7.org/fhir/sid/icd-10-cm");
  it("$lookup gives title, state and place of a code", async () => {
    const { body } = await ask(`/fhir/R4/CodeSystem/$lookup?system=${CM}&code=I50.33`);
    expect(body).toMatchObject({
      resourceType: "Parameters",
      parameter: expect.arrayContaining([
        { name: "display", valueString: "Acute on chronic diastolic (congestive) heart failure" },
        {
          name: "property",
          part: [
            { name: "code", valueCode: "parent" },
            { name: "value", valueCode: "I50.3" },
          ],
        },
      ]) as unknown,
    });
    expect(await ask(`/fhir/R4/CodeSystem/$lookup?system=${CM}&code=Q99.99`)).toMatchObject({
      status: 404,
      body: { resourceType: "OperationOutcome" },
    });
    expect(await ask("/fhir/R4/CodeSystem/$lookup?system=urn:x&code=1")).toMatchObject({
      status: 400,
      body: { resourceType: "OperationOutcome" },
    });
  });

  it("$validate-code says yes, no with the reason, or that no data tell", async () => {
    const result = async (query: string) => (await ask(`/fhir/R4/CodeSystem/$validate-code?url=${CM}&${query}`)).body;
    expect(await result("code=I10")).toMatchObject({ parameter: [{ name: "result", valueBoolean: true }, { name: "display" }] });
    expect(await result("code=I50")).toMatchObject({
      parameter: [{ valueBoolean: false }, { valueString: expect.stringContaining("header") as unknown }, {}],
    });
    expect(await result("code=I10&display=Something")).toMatchObject({ parameter: [{ valueBoolean: false }, { name: "message" }, {}] });
    expect(await result("code=Z68.1&date=2026-10-01")).toEqual({
      resourceType: "Parameters",
      parameter: [
        { name: "result", valueBoolean: false },
        { name: "message", valueString: "no data for 2026-10-01" },
      ],
    });
  });

  it("takes its parameters as a resource too", async () => {
    const call = await api.as("billing");
    const body = {
      resourceType: "Parameters",
      parameter: [
        { name: "url", valueUri: "http://hl7.org/fhir/sid/icd-10-cm" },
        { name: "code", valueCode: "I10" },
      ],
    };
    const answer = await call("POST", "/fhir/R4/CodeSystem/$validate-code", JSON.stringify(body), "application/fhir+json");
    expect(answer.body).toMatchObject({ parameter: [{ name: "result", valueBoolean: true }, {}] });
  });

  it("$expand gives the codes that fit a filter", async () => {
    const { body } = await ask(`/fhir/R4/ValueSet/$expand?url=${CM}%3Ffhir_vs&filter=heart&count=5`);
    expect(body).toMatchObject({
      resourceType: "ValueSet",
      expansion: { contains: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code: "I50.33" }] },
    });
    expect((await ask(`/fhir/R4/ValueSet/$expand?url=${CM}%3Ffhir_vs`)).status).toBe(400);
    expect((await ask(`/fhir/R4/ValueSet/$expand?url=${CM}%3Ffhir_vs&filter=a&count=5000`)).status).toBe(400);
  });
});
