import { readFileSync } from "node:fs";
import type { Bundle, Claim, Patient, Resource } from "@medplum/fhirtypes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimBundle } from "#src/claims/claim-store.pg.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { claimResponse } from "#test/claims/answer-files.ts";
import { CODES, type Hospital, hospitalOf, type Released } from "#test/claims/released-stays.ts";
import { sealer } from "#test/worklist/stays.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let hospital: Hospital;
let released: Released;
beforeAll(async () => {
  api = await startApi({ now: () => new Date("2026-04-02T12:00:00Z") });
  hospital = await hospitalOf(api);
  released = await hospital.release();
});
afterAll(() => api.close());

const get = async (path: string) => {
  const answer = await hospital.billing("GET", `/fhir/R4/${path}`);
  expect(answer.status, `${path} ${answer.text}`).toBe(200);
  return answer;
};
const bundleOf = async (claimId: string) => {
  const { text, body } = await get(`Claim/${claimId}/$bundle`);
  return { text, resources: (body as Bundle).entry?.flatMap(({ resource }) => (resource === undefined ? [] : [resource])) ?? [] };
};
/** Every reference within some text, those to claims aside: a claim has one version. */
const references = (text: string): readonly string[] =>
  [...text.matchAll(/"reference":"([A-Z][A-Za-z]+\/[^"]+)"/g)].flatMap(([, reference = ""]) =>
    reference.startsWith("Claim/") ? [] : [reference],
  );
/** The patient's name is another one from now on. */
const rename = async (): Promise<void> => {
  const [header = "", event = "", ...rest] = readFileSync("examples/first-claim/04-discharge.hl7", "utf8").split(/\r\n|\r|\n/);
  const fields = header.split("|");
  const later = [
    [...fields.slice(0, 6), "20260401120000", fields[7], "ADT^A08^ADT_A01", "RENAMED1", ...fields.slice(10)].join("|"),
    event.replace("A03", "A08").replace(/\d{14}/, "20260401120000"),
    ...rest,
  ];
  const update = later
    .join("\r")
    .replaceAll("48213907", "48213001")
    .replaceAll("7700412", "7700001")
    .replaceAll("9900731", "9900001")
    .replaceAll("Whitfield^Marian", "Whitfield-Ortega^Marian");
  const { text } = await hospital.source("POST", "/hl7v2/local", update, "application/hl7-v2");
  expect(text).toMatch(/MSA\|[AC]A/);
  await hospital.folded();
};

describe("a released claim", () => {
  it("refers to versions, and each of them is served as its bundle has it", async () => {
    const { text, resources } = await bundleOf(released.claimId);
    const all = references(text);
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter((one) => !/^[A-Za-z]+\/[0-9a-f-]{36}\/_history\/[0-9a-f]{16}$/.test(one))).toEqual([]);
    for (const resource of resources) expect(faultsOf(resource)).toEqual([]);
    for (const reference of new Set(all)) {
      const [type, id, , version] = reference.split("/");
      const inBundle = resources.find((one) => one.resourceType === type && one.id === id);
      const served = await get(reference);
      expect(served.body as Resource).toEqual(inBundle);
      expect(served.headers.get("etag")).toBe(`W/"${version ?? ""}"`);
    }
    expect((await get(`Claim/${released.claimId}`)).body as Resource).toEqual(resources[0]);
    const found = (await get(`Claim?_id=${released.claimId}`)).body as Bundle;
    expect(found.entry?.[0]?.resource).toEqual(resources[0]);
  });

  it("is to the byte what it was after the patient's data changed, and so is everything it refers to", async () => {
    const before = await bundleOf(released.claimId);
    const claim = await get(`Claim/${released.claimId}`);
    const patient = await get(released.claim.patient.reference ?? "");
    expect((patient.body as Patient).name?.[0]?.family).toBe("Whitfield");
    await rename();
    const chart = await api.database.pool.query("select from chart_version where cause like 'ADT^A08%'");
    expect(chart.rowCount).toBe(1);
    expect((await bundleOf(released.claimId)).text).toBe(before.text);
    expect((await get(`Claim/${released.claimId}`)).text).toBe(claim.text);
    expect((await get(released.claim.patient.reference ?? "")).text).toBe(patient.text);
  });

  it("keeps its versions beside those of the claim that replaces it", async () => {
    const denied = claimResponse(released.number, {}, { line: 1, code: "CO-11", amount: 10 });
    expect((await hospital.billing("POST", "/fhir/R4/ClaimResponse", denied, "application/fhir+json")).status).toBe(201);
    expect(await hospital.stateOf(released.itemId)).toBe("REWORK");
    const again = await hospital.code({
      ...CODES,
      diagnoses: CODES.diagnoses.map((one) => (one["code"] === "I10" ? { ...one, onAdmission: "U" } : one)),
      overrides: [{ rule: "POA04", reason: "asked, and nobody knows" }],
    });
    const { claimId = "" } = again;
    expect(again).toMatchObject({ itemId: released.itemId, state: "RELEASED" });
    const replacement = (await get(`Claim/${claimId}`)).body as Claim;
    const [old, renamed] = [released.claim.patient.reference ?? "", replacement.patient.reference ?? ""];
    expect(renamed).not.toBe(old);
    expect(renamed.split("/")[1]).toBe(old.split("/")[1]);
    expect(((await get(old)).body as Patient).name?.[0]?.family).toBe("Whitfield");
    expect(((await get(renamed)).body as Patient).name?.[0]?.family).toBe("Whitfield-Ortega");
    const newest = (await get(`Patient/${old.split("/")[1] ?? ""}`)).body as Patient;
    expect(newest.meta?.versionId).toBe(renamed.split("/")[3]);
  });

  it("is delivered with the references that a destination chooses, not with ours", async () => {
    const sent = await claimBundle(api.database.pool, sealer, released.claimId);
    expect(references(JSON.stringify(sent)).filter((one) => one.includes("_history"))).toEqual([]);
  });

  it("that was released before there were versions has the same ones", async () => {
    const before = await bundleOf(released.claimId);
    await api.database.pool.query("update claim_resource set version_id = null");
    expect((await bundleOf(released.claimId)).text).toBe(before.text);
    expect((await get(`Claim/${released.claimId}`)).body as Claim).toEqual(before.resources[0]);
    expect(((await get(released.claim.patient.reference ?? "")).body as Patient).name?.[0]?.family).toBe("Whitfield");
  });

  it("has no version of a thing that it never referred to", async () => {
    const [patient] = (released.claim.patient.reference ?? "").split("/_history/");
    expect((await hospital.billing("GET", `/fhir/R4/${patient ?? ""}/_history/0`)).status).toBe(404);
  });
});
