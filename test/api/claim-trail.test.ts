import type { Provenance } from "@medplum/fhirtypes";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Packet } from "#src/claims/trail/packet.pg.ts";
import { signContent, type Signed, verifyFile } from "#src/claims/trail/signed-file.ts";
import type { Trail } from "#src/claims/trail/trail.pg.ts";
import { showTrail, trailShown } from "#src/cli/show-trail.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { claimResponse } from "#test/claims/answer-files.ts";
import { CODES, hospitalOf, type Hospital, type Released } from "#test/claims/released-stays.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let hospital: Hospital;
let first: Released;
let second: string;
let trail: Trail;
/** The example's patient, whose name must be nowhere outside of sealed and signed places. */
const FAMILY = "Whitfield";

beforeAll(async () => {
  api = await startApi({ now: () => new Date("2026-04-02T12:00:00Z") });
  hospital = await hospitalOf(api);
  first = await hospital.release();
  await hospital.billing(
    "POST",
    "/fhir/R4/ClaimResponse",
    claimResponse(first.number, {}, { line: 1, code: "CO-11", amount: 78 }),
    "application/fhir+json",
  );
  const line = first.claim.item?.find(({ productOrService }) => productOrService.coding?.some(({ code }) => code === "Q9967") === true);
  const again = await hospital.code({
    ...CODES,
    diagnoses: CODES.diagnoses.filter(({ code }) => code !== "I10"),
    lines: [{ chargeId: line?.id, units: 70, amountCents: 21_700 }],
  });
  second = again.claimId ?? "";
  trail = (await hospital.billing("GET", `/api/claims/${second}/trail`)).body as unknown as Trail;
});
afterAll(() => api.close());

const behind = (path: string) => trail.elements.find((one) => one.path === path);
const fieldsOf = (path: string): readonly string[] => behind(path)?.fields.map(({ field }) => field) ?? [];

describe("the trail of a claim", () => {
  it("goes from the messages over the codes to the claims, the answers and back", () => {
    expect(trail.messages.map(({ messageType }) => messageType)).toEqual(["ADT^A01", "DFT^P03", "MDM^T02", "ADT^A03"]);
    expect(trail.coding.map(({ version, claimed }) => [version, claimed])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(trail.chain).toMatchObject([
      { frequency: "1", status: "replaced", payerState: "denied" },
      { id: second, frequency: "7", status: "active", reason: "D9" },
    ]);
    expect(trail.claim).toMatchObject({ priorId: first.claimId, codingVersion: 2 });
    expect(trail.events.map(({ event }) => event)).toContain("claim rework");
  });

  it("of the claim before has its answer and its denial", async () => {
    const before = (await hospital.billing("GET", `/api/claims/${first.claimId}/trail`)).body as unknown as Trail;
    expect(before.answers).toMatchObject([{ source: "fhir", verdict: "denied", effect: "REWORK" }]);
    expect(before.receipts).toMatchObject([{ way: "answer" }]);
    expect(before.denials).toMatchObject([{ code: "11", line: 1 }]);
  });

  it("names what is behind every element of the claim", async () => {
    const claim = await hospital.read(second);
    const named = new Set(trail.elements.map(({ path }) => path.replaceAll(/\[\d+\]/g, "[]")));
    for (const key of Object.keys(claim).filter((one) => !["resourceType", "id", "meta"].includes(one)))
      expect(
        [...named].some((path) => path === `Claim.${key}` || path.startsWith(`Claim.${key}[]`)),
        key,
      ).toBe(true);
    for (const item of claim.item ?? []) for (const key of Object.keys(item)) expect(named.has(`Claim.item[].${key}`), key).toBe(true);
    expect(trail.elements.filter(({ origins }) => origins.length === 0)).toEqual([]);
    // What is said to come from the chart has a field of a message.
    const silent = trail.elements.filter(({ origins, fields }) => origins.every(({ by }) => by === "chart") && fields.length === 0);
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it("finds the field of the message, the coder's part, or the file behind an element", async () => {
    expect(fieldsOf("Claim.patient")).toEqual(expect.arrayContaining(["PID-3(1).1", "PID-5(1).1.1", "PID-7", "PID-8"]));
    expect(fieldsOf("Claim.billablePeriod")).toEqual(expect.arrayContaining(["PV1-44", "PV1-45"]));
    expect(behind("Claim.provider")?.origins).toEqual([{ by: "site-data", file: "facilities.csv" }]);
    expect(behind("Claim.diagnosis[0].diagnosisCodeableConcept")?.origins).toEqual([{ by: "coder", part: "diagnoses[0].code" }]);
    expect(fieldsOf("Claim.insurance[0].coverage").some((field) => field.startsWith("IN1(1)-36"))).toBe(true);
    expect(fieldsOf("Claim.careTeam[0].role").every((field) => field.startsWith("PV1-7") || field.startsWith("PV1-17"))).toBe(true);
    const claim = await hospital.read(second);
    const at = (code: string): number =>
      claim.item?.findIndex(({ productOrService }) => productOrService.coding?.some((one) => one.code === code) === true) ?? -1;
    // As it was charged, and as the coder changed it.
    expect(fieldsOf(`Claim.item[${at("2587030")}].net`).every((field) => /^FT1\(2\)-1[12]/.test(field))).toBe(true);
    expect(fieldsOf(`Claim.item[${at("2587030")}].net`)).not.toEqual([]);
    expect(behind(`Claim.item[${at("Q9967")}].net`)).toMatchObject({
      origins: [{ by: "coder", part: "lines[0].amountCents" }],
      fields: [],
    });
    expect(fieldsOf(`Claim.item[${at("Q9967")}].servicedDate`)).toEqual(["FT1(3)-4.1"]);
  });

  it("finds who took part in the message that said so, though each came with another", async () => {
    const LAST = 3;
    /** Who refers comes with the admission, who attends with the discharge: each is the only one of its message. */
    const only = (field: number) => (line: string) =>
      line
        .split("|")
        .map((text, at) => ([7, 8, 17].includes(at) && at !== field ? "" : text))
        .join("|");
    const { claimId, claim } = await hospital.release(CODES, (message, index) =>
      message.replace(/PV1\|[^\r\n]*/, only(index === 0 ? 8 : index === LAST ? 7 : 0)),
    );
    const parted = (await hospital.billing("GET", `/api/claims/${claimId}/trail`)).body as unknown as Trail;
    const saidBy = (role: string) => {
      const at = claim.careTeam?.findIndex((one) => one.role?.coding?.[0]?.code === role) ?? -1;
      const fields = parted.elements.find(({ path }) => path === `Claim.careTeam[${at}].role`)?.fields ?? [];
      return [...new Set(fields.map(({ field, messageType }) => `${field.split("(")[0]} of ${messageType}`))];
    };
    expect(saidBy("attending")).toEqual(["PV1-7 of ADT^A03"]);
    expect(saidBy("referring")).toEqual(["PV1-8 of ADT^A01"]);
  });

  it("finds what was said of the stay and the patient before their numbers changed", async () => {
    const n = await hospital.send();
    const pid = `PID|1||9${n}^^^NORTH^MR||Whitfield^Marian|||F||||||||||7700${n}^^^NORTH^AN`;
    const renumbered = (event: string, mrg: string, ...more: readonly string[]): string =>
      [
        `MSH|^~\\&|EPICADT|NORTH|||20260305120000||ADT^${event}|${event}${n}|P|2.5.1`,
        `EVN|${event}|20260305120000`,
        pid,
        mrg,
        ...more,
      ].join("\r");
    for (const text of [
      renumbered("A40", `MRG|48213${n}^^^NORTH^MR`),
      renumbered("A50", `MRG|||||9900${n}^^^NORTH^VN`, `PV1|1|I|||||||||||||||||8800${n}^^^NORTH^VN`),
    ])
      expect((await hospital.source("POST", "/hl7v2/local", text, "application/hl7-v2")).text).toMatch(/MSA\|[AC]A/);
    await hospital.folded();
    const { claimId = "" } = await hospital.code();
    const renamed = (await hospital.billing("GET", `/api/claims/${claimId}/trail`)).body as unknown as Trail;
    const behindIt = (path: string): readonly string[] =>
      renamed.elements.find((one) => one.path === path)?.fields.map(({ field, messageType }) => `${field} of ${messageType}`) ?? [];
    expect(behindIt("Claim.billablePeriod")).toEqual(expect.arrayContaining(["PV1-44 of ADT^A03", "PV1-45 of ADT^A03"]));
    expect(behindIt("Claim.patient")).toContain("PID-7 of ADT^A03");
    expect(behindIt("Claim.careTeam[0].role").every((one) => one.startsWith("PV1-"))).toBe(true);
    expect(behindIt("Claim.careTeam[0].role")).not.toEqual([]);
  });

  it("has no value of the patient's in it", () => {
    const text = JSON.stringify(trail);
    for (const value of [FAMILY, "19520614", "1952-06-14", "1EG4TE5MK73", "48213001", "7700001", "Alder"])
      expect(text, value).not.toContain(value);
  });

  it("is shown in the order of the way", () => {
    const lines = showTrail(trailShown.parse(JSON.parse(JSON.stringify(trail))), true).split("\n");
    const place = (start: string): number => lines.findIndex((line) => line.startsWith(start));
    expect(place("claim ")).toBe(0);
    expect([place("  in "), place("  coded"), place("  claim ")].every((at) => at > 0)).toBe(true);
    expect(place("  in ") < place("  coded") && place("  coded") < place("  claim ")).toBe(true);
    expect(lines.find((line) => line.includes("Claim.billablePeriod"))).toContain("PV1-44 (ADT^A03)");
  });

  it("is a valid Provenance, with the coder, the messages and the claim before", async () => {
    const provenance = (await hospital.billing("GET", `/api/claims/${second}/provenance`)).body as unknown as Provenance;
    expect(faultsOf(provenance)).toEqual([]);
    expect(provenance.target).toEqual([{ reference: `Claim/${second}` }]);
    expect(provenance.entity?.filter(({ role }) => role === "source")).toHaveLength(4);
    expect(provenance.entity?.find(({ role }) => role === "revision")?.what.reference).toBe(`Claim/${first.claimId}`);
    expect(provenance.agent.map(({ type }) => type?.coding?.[0]?.code)).toEqual(["author", "assembler"]);
  });

  it("of no claim is not found", async () => {
    expect((await hospital.billing("GET", `/api/claims/${crypto.randomUUID()}/trail`)).status).toBe(404);
    expect((await hospital.billing("GET", "/api/claims/x/trail")).status).toBe(404);
  });
});

describe("the packet of a claim", () => {
  it("holds messages, documents, codes, claims and answers, and is signed with the installation's key", async () => {
    const answer = await hospital.coder("GET", `/api/claims/${first.claimId}/packet`);
    const file = answer.body as unknown as Signed<Packet>;
    const { content } = file;
    expect(content.messages).toHaveLength(4);
    expect(content.messages[0]?.text).toContain(FAMILY);
    expect(JSON.stringify(content.documents)).toContain("Pneumonia, organism not found");
    expect(content.coding).toHaveLength(2);
    expect(content.claims.map(({ claim }) => claim.id)).toEqual([first.claimId, second]);
    expect(JSON.parse(content.answers[0]?.original ?? "")).toMatchObject({ resourceType: "ClaimResponse" });
    const key = join(api.siteMapsDir, "keys", "signing.key.pem");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const known = readFileSync(join(api.siteMapsDir, "keys", "signing.pub.pem"), "utf8");
    expect(verifyFile(answer.text, known)).toMatchObject({ ok: true, value: { keyFingerprint: file.signature.keyFingerprint } });
    // Written prettily, it is the same content.
    expect(verifyFile(JSON.stringify(file, null, 2), known).ok).toBe(true);
  });

  it("that was changed in one character does not verify, nor one of another signer", async () => {
    const { text } = await hospital.coder("GET", `/api/claims/${first.claimId}/packet`);
    expect(verifyFile(text.replace("J96.01", "J96.02"))).toEqual({
      ok: false,
      failure: "the signature does not fit: the file was changed",
    });
    const stranger = generateKeyPairSync("ed25519");
    const forged = signContent((JSON.parse(text) as Signed<Packet>).content, stranger);
    const known = createPublicKey(readFileSync(join(api.siteMapsDir, "keys", "signing.pub.pem"))).export({ type: "spki", format: "pem" });
    expect(verifyFile(JSON.stringify(forged)).ok).toBe(true);
    expect(verifyFile(JSON.stringify(forged), known as string)).toMatchObject({ ok: false });
    expect(verifyFile(text.slice(0, -10))).toMatchObject({ ok: false });
    expect(existsSync("keys")).toBe(false);
  });

  it("is for admins and auditors", async () => {
    expect((await hospital.billing("GET", `/api/claims/${first.claimId}/packet`)).status).toBe(403);
    expect((await (await api.as("auditor"))("GET", `/api/claims/${first.claimId}/packet`)).status).toBe(200);
  });
});
