import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "#src/api/route.ts";
import { pdfOf } from "#test/charts/documents/pdf.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startApi({
    folding: false,
    feed: {
      chartLink: "https://ehr.example/chart?visit={visit}&p={patient}",
      confidential: { labels: ["R", "V"], visitIndicators: [], services: ["PSY"], documentTypes: ["PN"] },
    },
  });
});
afterAll(() => api.close());

let sent = 0;
/** A segment of the fields by their numbers. */
const segment = (name: string, fields: Readonly<Record<number, string>>): string => {
  const last = Math.max(...Object.keys(fields).map(Number));
  return `${[name, ...Array.from({ length: last }, (_, n) => fields[n + 1] ?? "")].join("|")}\r`;
};
const clock = (minute: number): string => `2026010108${String(minute).padStart(2, "0")}00-0600`;
const header = (type: string, minute: number): string =>
  `MSH|^~\\&|EHR|NORTH|CB|CB|${clock(minute)}||${type}|charts-${++sent}|P|2.5.1\r${segment("EVN", { 2: clock(minute) })}`;
const pid = (account: string, given = "ADA"): string =>
  segment("PID", { 3: `M-${account}^^^NORTH^MR`, 5: `CANARY^${given}`, 7: "19600101", 8: "F", 18: account });
const pv1 = (account: string, more: Readonly<Record<number, string>> = {}): string =>
  segment("PV1", { 1: "1", 2: "I", 10: "MED", 19: `V-${account}`, 44: clock(0), ...more });
const admit = (account: string, more = "", service = "MED"): string =>
  `${header("ADT^A01", 0)}${pid(account)}${pv1(account, { 10: service })}${more}`;
const update = (account: string, minute: number, given: string): string =>
  `${header("ADT^A08", minute)}${pid(account, given)}${pv1(account)}`;
const discharge = (account: string): string => `${header("ADT^A03", 30)}${pid(account)}${pv1(account, { 36: "01", 45: clock(30) })}`;
const note = (account: string, id: string, type: string, observations: string): string =>
  `${header("MDM^T02", 10)}${pid(account)}${pv1(account)}${segment("TXA", { 1: "1", 2: type, 3: "TX", 4: clock(10), 12: `${id}^EHR`, 17: "AU" })}${observations}`;

async function take(...messages: readonly string[]): Promise<void> {
  const source = await api.as("source");
  for (const message of messages) {
    const { text } = await source("POST", "/hl7v2/local", message, "application/hl7-v2");
    expect(text).toContain("MSA|AA");
  }
  while ((await api.fold()) > 0);
}
const ask = async (roles: readonly Role[], method: string, path: string, body?: unknown) => {
  const call = await api.as(...roles);
  const answer = await call(method, path, body);
  return { ...answer, body: answer.body as Record<string, never> };
};
async function accountOf(number: string): Promise<string> {
  const { body } = await ask(["coder"], "POST", "/api/accounts/search", { number });
  return (body["accounts"] as unknown as readonly { id: string }[])[0]?.id ?? "";
}
interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly status?: string;
  readonly meta?: { readonly security?: readonly { readonly code: string }[] };
}
const resourcesIn = (body: Record<string, never>): readonly Resource[] => body["resources"] as unknown as readonly Resource[];

describe("an account", () => {
  it("is found by its number, and its chart comes with a link into the EHR that is stored nowhere", async () => {
    await take(admit("A1"));
    const { body } = await ask(["coder"], "GET", `/api/accounts/${await accountOf("A1")}`);
    expect(body).toMatchObject({ accountNumber: "A1", version: 1, chartLink: "https://ehr.example/chart?visit=V-A1&p=M-A1" });
    const { rows } = await api.database.pool.query(
      "select a::text || c::text as text from account a join chart_resource c on c.account_id = a.id",
    );
    expect(JSON.stringify(rows)).not.toMatch(/ehr\.example|V-A1/);
  });

  it("is not found by another number, nor by an id that is none", async () => {
    expect(await accountOf("A1-other")).toBe("");
    expect((await ask(["coder"], "GET", "/api/accounts/A1")).status).toBe(404);
  });
});

describe("the history of an account", () => {
  it("names the record and the cause of every version, also to those who may not read charts", async () => {
    await take(admit("H1"), discharge("H1"));
    const { body } = await ask(["analyst"], "GET", `/api/accounts/${await accountOf("H1")}/history`);
    expect(body["versions"]).toMatchObject([
      { version: 1, cause: "ADT^A01" },
      { version: 2, cause: "ADT^A03" },
    ]);
    const [first] = body["versions"] as unknown as readonly { recordId: string }[];
    const { rows } = await api.database.pool.query("select message_type from journal_record where id = $1", [first?.recordId]);
    expect(rows).toEqual([{ message_type: "ADT^A01" }]);
  });

  it("shows the visit as of any version, and what differs between two, field by field", async () => {
    const id = await accountOf("H1");
    const before = await ask(["coder"], "GET", `/api/accounts/${id}/history?version=1`);
    expect(resourcesIn(before.body).find(({ resourceType }) => resourceType === "Encounter")?.status).toBe("in-progress");
    const { body } = await ask(["coder"], "GET", `/api/accounts/${id}/history?from=1&to=2`);
    const changes = body["changes"] as unknown as readonly { path: string; before?: unknown; after?: unknown }[];
    expect(changes).toContainEqual(expect.objectContaining({ path: "status", before: "in-progress", after: "finished" }));
    expect(changes.map(({ path }) => path)).toContain("period.end");
    expect(body["versions"]).toMatchObject([{ version: 2 }]);
  });

  it("gives version 0 as nothing, and says of a version that never was that there is none", async () => {
    const id = await accountOf("H1");
    expect(resourcesIn((await ask(["coder"], "GET", `/api/accounts/${id}/history?version=0`)).body)).toEqual([]);
    expect((await ask(["coder"], "GET", `/api/accounts/${id}/history?version=99`)).status).toBe(404);
    expect((await ask(["coder"], "GET", `/api/accounts/${id}/history?version=x`)).status).toBe(400);
  });

  it("does not show charts to those who may only see that there are versions", async () => {
    const id = await accountOf("H1");
    expect((await ask(["auditor"], "GET", `/api/accounts/${id}/history?version=1`)).status).toBe(403);
    expect((await ask(["analyst"], "GET", `/api/accounts/${id}/history?from=1&to=2`)).status).toBe(403);
  });

  it("reaches back over more versions than whole charts are kept of", async () => {
    const many = Array.from({ length: 58 }, (_, n) => update("H2", n + 1, `A${n}`));
    await take(admit("H2"), ...many);
    const id = await accountOf("H2");
    const { rows } = await api.database.pool.query<{ version: number }>("select version from chart_pin where account_id = $1", [id]);
    expect(rows.length).toBeGreaterThan(0);
    const chartAt = async (version: number) =>
      resourcesIn((await ask(["coder"], "GET", `/api/accounts/${id}/history?version=${version}`)).body);
    const named = async (version: number) =>
      JSON.stringify((await chartAt(version)).find(({ resourceType }) => resourceType === "Patient"));
    expect(await named(2)).toContain('"A0"');
    expect(await named(53)).toContain('"A51"');
    expect(await named(59)).toContain('"A57"');
  });
});

describe("documents", () => {
  const pdf = pdfOf("Frozen section of the colon");

  it("are kept whole, given out under headers that let nothing of them run, and read as text", async () => {
    await take(
      admit("D1"),
      note("D1", "pdf-1", "PT", `OBX|1|ED|X^Path||^application^pdf^Base64^${pdf.toString("base64")}\r`),
      note("D1", "rtf-1", "OP", `OBX|1|ED|X^Op||^text^rtf^Base64^${Buffer.from("{\\rtf1 Knee arthroscopy\\par}").toString("base64")}\r`),
      note("D1", "txt-1", "DS", "OBX|1|TX|X||Discharged home\rOBX|2|TX|X||after a colon polyp\r"),
      note("D1", "doc-1", "CN", `OBX|1|ED|X^Word||^application^msword^Base64^${Buffer.from("x").toString("base64")}\r`),
    );
    const id = await accountOf("D1");
    const { body } = await ask(["coder"], "GET", `/api/accounts/${id}`);
    const documents = resourcesIn(body).filter(({ resourceType }) => resourceType === "DocumentReference");
    expect(documents).toHaveLength(4);
    const call = await api.as("coder");
    const answers = await Promise.all(documents.map((document) => call("GET", `/api/accounts/${id}/documents/${document.id}`)));
    const shown = answers.find(({ headers }) => headers.get("content-type") === "application/pdf");
    expect(shown?.text).toContain("Frozen section");
    expect(shown?.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(shown?.headers.get("cache-control")).toBe("no-store");
    const word = answers.find(({ headers }) => headers.get("content-type") === "application/msword");
    expect(word?.headers.get("content-disposition")).toMatch(/^attachment/);
    const texts = await Promise.all(documents.map((document) => call("GET", `/api/accounts/${id}/documents/${document.id}?as=text`)));
    expect(texts.map(({ status, text }) => (status === 200 ? text : String(status))).toSorted()).toEqual([
      "404",
      "Discharged home\nafter a colon polyp",
      "Frozen section of the colon",
      "Knee arthroscopy",
    ]);
  });

  it("are searched for words, and it says which could not be searched and why", async () => {
    const id = await accountOf("D1");
    const search = async (words: string) => (await ask(["coder"], "POST", `/api/accounts/${id}/documents/search`, { words })).body;
    expect((await search("COLON"))["found"]).toHaveLength(2);
    const body = await search("knee");
    expect(body["found"]).toMatchObject([
      { contentType: "application/rtf", count: 1, excerpts: [{ text: "Knee arthroscopy", at: 0, length: 4 }] },
    ]);
    expect(body["notSearched"]).toMatchObject([{ contentType: "application/msword", reason: "KIND_NOT_READ" }]);
    const { rows } = await api.database.pool.query<{ sealed: Buffer }>("select sealed from document_text where account_id = $1", [id]);
    expect(rows).toHaveLength(4);
    expect(rows.map(({ sealed }) => sealed.toString("latin1")).join()).not.toMatch(/colon|Knee/);
  });
});

describe("what is confidential", () => {
  const CONFIDENTIAL: readonly Role[] = ["coder", "confidential"];

  it("of an account, by a rule of the site, is there by its id only for those without the right", async () => {
    await take(admit("S1", "DG1|1||F20.9^^I10|||A\r", "PSY"));
    const { rows } = await api.database.pool.query<{ id: string }>(
      "select account_id as id from journal_outcome order by seq desc limit 1",
    );
    const id = rows[0]?.id ?? "";
    expect((await api.database.pool.query("select confidential from account where id = $1", [id])).rows).toEqual([{ confidential: true }]);
    const without = await ask(["coder"], "GET", `/api/accounts/${id}`);
    expect(without.text).not.toMatch(/CANARY|F20|V-S1|M-S1|ehr\.example/);
    expect(without.body).toMatchObject({
      withheld: { account: true },
      resources: [{ resourceType: "Account", meta: { security: [{ code: "R" }] } }],
    });
    const past = await ask(["coder"], "GET", `/api/accounts/${id}/history?from=0&to=1`);
    expect(past.text).not.toMatch(/CANARY|F20|V-S1|M-S1/);
    const withRight = await ask(CONFIDENTIAL, "GET", `/api/accounts/${id}`);
    expect(withRight.text).toContain("F20.9");
    expect(resourcesIn(withRight.body).find(({ resourceType }) => resourceType === "Account")?.meta?.security).toMatchObject([
      { code: "PSY" },
    ]);
  });

  it("of a document holds that document back, in the chart, by itself and in a search, and no other", async () => {
    await take(admit("S2"), note("S2", "s-1", "PN", "OBX|1|TX|X||secret words\r"), note("S2", "s-2", "DS", "OBX|1|TX|X||open words\r"));
    const id = await accountOf("S2");
    const chart = await ask(["coder"], "GET", `/api/accounts/${id}`);
    expect(chart.text).not.toContain(Buffer.from("secret words").toString("base64"));
    const held = resourcesIn(chart.body).find(({ meta, resourceType }) => resourceType === "DocumentReference" && meta !== undefined);
    expect(Object.keys(held ?? {}).sort()).toEqual(["id", "meta", "resourceType"]);
    const path = `/api/accounts/${id}/documents/${held?.id}`;
    expect((await ask(["coder"], "GET", path)).status).toBe(403);
    expect((await ask(["coder"], "GET", `${path}?as=text`)).status).toBe(403);
    expect((await ask(CONFIDENTIAL, "GET", path)).text).toContain("secret words");
    const found = await ask(["coder"], "POST", `/api/accounts/${id}/documents/search`, { words: "words" });
    expect(found.body).toMatchObject({ found: [{ count: 1 }], withheld: 1 });
  });

  it("is no role that opens anything by itself", async () => {
    expect((await ask(["confidential"], "GET", `/api/accounts/${await accountOf("S2")}`)).status).toBe(403);
  });

  it("shows in an item's chart as it does everywhere", async () => {
    const { rows } = await api.database.pool.query<{ id: string }>(
      "select i.id from coding_item i join journal_outcome o on o.account_id = i.account_id order by o.seq desc limit 1",
    );
    const item = await ask(["coder"], "GET", `/api/work-items/${rows[0]?.id ?? ""}`);
    expect(item.text).not.toContain(Buffer.from("secret words").toString("base64"));
    expect(item.body).toMatchObject({ chart: { withheld: { account: false, resources: 1 } } });
  });
});
