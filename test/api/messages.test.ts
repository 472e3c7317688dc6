import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let send: Awaited<ReturnType<TestApi["as"]>>;
let analyst: Awaited<ReturnType<TestApi["as"]>>;
let auditor: Awaited<ReturnType<TestApi["as"]>>;
const MSH = (id: string, type = "ADT^A01", more = ""): string => `MSH|^~\\&|EHR|NORTH|CB|CB|20260101||${type}|${id}|P|2.5.1${more}\r`;
const adt = (id: string, mrn: string, more = ""): string =>
  `${MSH(id)}EVN||20260101\rPID|1||${mrn}^^^NORTH^MR~OTHER-${mrn}^^^SOUTH^PI||CANARY^NAME^\\T\\||||||""|||||||ACC-${mrn}\rPV1|1|I|||||||||||||||||VIS-${mrn}\r${more}`;
beforeAll(async () => {
  api = await startApi();
  const source = await api.as("source");
  send = (method, path, body) => source(method, path, body, "application/hl7-v2");
  analyst = await api.as("analyst");
  auditor = await api.as("auditor");
  for (const text of [
    adt("find-1", "700"),
    adt("find-2", "700", "ZZZ|1\r"),
    adt("find-3", "701"),
    MSH("find-4", "DFT^P03"),
    MSH("find-5", "ADT^A99"),
  ])
    await send("POST", "/hl7v2/local", text);
  for (let left = await api.fold(); left > 0; left = await api.fold());
});
afterAll(() => api.close());

const found = z.object({
  messages: z.array(
    z.looseObject({ id: z.string(), messageType: z.string().optional(), verdict: z.string(), code: z.string().optional() }),
  ),
  next: z.number().optional(),
});
const search = async (body: object) => found.parse((await analyst("POST", "/api/messages/search", body)).body);
const idsOf = async (body: object): Promise<readonly string[]> => (await search(body)).messages.map(({ id }) => id);

describe("messages are found", () => {
  it("by patient, visit, account and control id, whole and without case, newest first", async () => {
    const [second, first] = await idsOf({ mrn: "700" });
    expect(await idsOf({ mrn: " 700 " })).toEqual([second, first]);
    expect(await idsOf({ mrn: "other-700" })).toEqual([second, first]);
    expect(await idsOf({ visit: "VIS-700" })).toEqual([second, first]);
    expect(await idsOf({ account: "acc-700" })).toEqual([second, first]);
    expect(await idsOf({ control: "find-1" })).toEqual([first]);
    expect(await idsOf({ control: "find-1", mrn: "700" })).toEqual([first]);
    expect(await idsOf({ control: "find-1", mrn: "701" })).toEqual([]);
    expect(await idsOf({ mrn: "70" })).toEqual([]);
  });

  it("by type, feed, time and what became of them", async () => {
    expect(await idsOf({ type: "DFT" })).toEqual(await idsOf({ control: "find-4" }));
    expect(await idsOf({ type: "ADT^A99" })).toEqual(await idsOf({ control: "find-5" }));
    expect(await idsOf({ outcome: "rejected" })).toEqual([
      ...(await idsOf({ control: "find-5" })),
      ...(await idsOf({ control: "find-4" })),
    ]);
    expect(await idsOf({ outcome: "applied" })).toHaveLength(3);
    expect(await idsOf({ feed: "local" })).toHaveLength(5);
    expect(await idsOf({ feed: "other" })).toEqual([]);
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    expect(await idsOf({ from: hourAgo })).toHaveLength(5);
    expect(await idsOf({ to: hourAgo })).toEqual([]);
  });

  it("page by page", async () => {
    const all = await idsOf({});
    const first = await search({ limit: 3 });
    const second = await search({ limit: 3, before: first.next });
    expect([...first.messages, ...second.messages].map(({ id }) => id)).toEqual(all);
    expect(second.next).toBeUndefined();
  });

  it("not by what nobody can look for: the fault and its place are said, never the value", async () => {
    const { status, text } = await analyst("POST", "/api/messages/search", { outcome: "CANARY" });
    expect([status, text.includes("CANARY")]).toEqual([400, false]);
    expect((await analyst("POST", "/api/messages/search", { name: "CANARY" })).status).toBe(400);
  });
});

const part = z.looseObject({ place: z.string(), name: z.string().optional(), text: z.string().optional() });
const page = z.looseObject({
  outcome: z.string().optional(),
  answer: z.object({ code: z.string(), text: z.string().optional() }),
  explanation: z.object({ meaning: z.string() }).optional(),
  raw: z.object({ text: z.string() }),
  segments: z.array(z.object({ name: z.string(), title: z.string().optional(), fields: z.array(part) })),
  changed: z.array(z.object({ kind: z.string(), change: z.string() })),
});

it("the books of a day that is over have what was received by then", async () => {
  const received = async (query: string): Promise<unknown> => (await auditor("GET", `/api/reconciliation${query}`)).body;
  expect(await received("")).toMatchObject({ received: { received: 5 }, refused: [{ feed: "local", refused: 2 }] });
  expect(await received("?asOf=2020-01-01")).toMatchObject({ received: { received: 0, notYetFolded: 0 }, refused: [] });
});

describe("a message's page", () => {
  it("shows the message field by field with the standard's names, the answer as sent, and what it changed", async () => {
    const [id = ""] = await idsOf({ control: "find-1" });
    const shown = page.parse((await analyst("GET", `/api/messages/${id}`)).body);
    expect(shown.raw.text).toBe(adt("find-1", "700"));
    expect(shown.outcome).toBe("applied");
    const again = await send("POST", "/hl7v2/local", adt("find-1", "700"));
    expect(shown.answer).toEqual({ code: "AA", text: again.text });
    expect(shown.changed).toMatchObject([
      { kind: "chart", change: "version 1, by ADT^A01" },
      { kind: "item", change: "ADT^A01: new to OPEN" },
    ]);
    const pid = shown.segments.find(({ name }) => name === "PID");
    expect(pid?.title).toBe("Patient Identification");
    expect(pid?.fields.find(({ place }) => place === "PID-3(2)")).toMatchObject({
      name: "Patient Identifier List",
      type: "CX",
      parts: [
        { place: "PID-3(2).1", name: "ID Number", text: "OTHER-700" },
        { place: "PID-3(2).4", name: "Assigning Authority", text: "SOUTH" },
        { place: "PID-3(2).5", text: "PI" },
      ],
    });
    expect(JSON.stringify(pid)).toContain('"text":"&"');
    expect(pid?.fields.find(({ place }) => place === "PID-11")).toMatchObject({ deleted: true });
  });

  it("says what could not be read and where, to an auditor without the value", async () => {
    await send("POST", "/hl7v2/local", adt("warned", "702").replace("EVN||20260101", "EVN||noon"));
    for (let left = await api.fold(); left > 0; left = await api.fold());
    const [id = ""] = await idsOf({ control: "warned" });
    for (const one of [analyst, auditor])
      expect((await one("GET", `/api/messages/${id}`)).body).toMatchObject({
        outcome: "applied",
        warnings: [expect.stringMatching(/^VALUE_NOT_VALID at EVN-2/)],
      });
  });

  it("shows a refusal as it was sent, with what it means", async () => {
    const [id = ""] = await idsOf({ control: "find-4" });
    const shown = page.parse((await analyst("GET", `/api/messages/${id}`)).body);
    expect(shown.answer.text).toContain("\rMSA|AE|find-4|");
    expect(shown).toMatchObject({ verdict: "refused", code: "SEGMENT_MISSING", place: "PID", changed: [] });
    expect(shown.explanation?.meaning).toContain("segment is missing");
  });

  it("names the record that a repetition repeats, and shows the answer of that", async () => {
    const [first = ""] = await idsOf({ control: "find-2" });
    const { text } = await send("POST", "/hl7v2/local", adt("find-2", "700", "ZZZ|1\r"));
    const [id = ""] = await idsOf({ control: "find-2", outcome: "duplicate" });
    const shown = page.parse((await analyst("GET", `/api/messages/${id}`)).body);
    expect(shown).toMatchObject({ verdict: "duplicate", repeats: first, answer: { text } });
  });

  it("gives the bytes as they came", async () => {
    const [id = ""] = await idsOf({ control: "find-1", outcome: "accepted" });
    expect((await analyst("GET", `/api/messages/${id}/raw`)).text).toBe(adt("find-1", "700"));
  });

  it("shows an auditor what became of it and nothing of the patient", async () => {
    const [id = ""] = await idsOf({ control: "find-1", outcome: "accepted" });
    const { status, text } = await auditor("GET", `/api/messages/${id}`);
    expect(status).toBe(200);
    expect(text).not.toMatch(/CANARY|700|ACC-/);
    expect((await auditor("GET", `/api/messages/${id}/raw`)).status).toBe(403);
  });
});
