import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "#src/api/route.ts";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ folding: false, feed: { onUnusable: "accept-and-park" } });
});
afterAll(() => api.close());

let sent = 0;
const message = (account: string, mrn: string, type = "ADT^A01"): string =>
  `MSH|^~\\&|EHR|NORTH|CB|CB|2026010108${String(++sent % 60).padStart(2, "0")}00-0600||${type}|failures-${sent}|P|2.5.1\rEVN||20260101080000-0600\rPID|||${mrn}||CANARY^ADA|||||||||||||${account}\rPV1||I|||||||||||||||||V-${account}\r`;
async function take(...messages: readonly string[]): Promise<void> {
  const source = await api.as("source");
  for (const one of messages) expect((await source("POST", "/hl7v2/local", one, "application/hl7-v2")).text).toContain("MSA|AA");
  while ((await api.fold()) > 0);
}
const ask = async (role: Role, method: string, path: string, body?: unknown) => {
  const answer = await (await api.as(role))(method, path, body);
  return { ...answer, body: answer.body as Record<string, unknown> };
};
interface Listed {
  readonly recordId: string;
  readonly accountId: string;
  readonly place: string;
  readonly waiting: number;
}
const failures = async (): Promise<readonly Listed[]> =>
  (await ask("auditor", "GET", "/api/failures")).body["failures"] as readonly Listed[];
const outcomesOf = async (account: string | undefined) =>
  (
    await api.database.pool.query<{ outcome: string }>("select outcome from journal_outcome where account_id = $1 order by seq", [account])
  ).rows.map(({ outcome }) => outcome);

describe("the error work list", () => {
  it("shows what failed and why to those who look, and the message to those who mend", async () => {
    await take(message("E1", ""), message("E1", "M1^^^NORTH^MR"));
    const [one] = await failures();
    expect(one).toMatchObject({ place: "PID-3", waiting: 1 });
    expect(JSON.stringify(one)).not.toContain("CANARY");
    expect((await ask("auditor", "GET", `/api/failures/${one?.recordId}`)).status).toBe(403);
    const { body } = await ask("analyst", "GET", `/api/failures/${one?.recordId}`);
    expect(Buffer.from(body["base64"] as string, "base64").toString()).toContain("CANARY");
  });

  it("takes an edited copy with its reason, and lets what waited go on", async () => {
    const [one] = await failures();
    const { body } = await ask("analyst", "GET", `/api/failures/${one?.recordId}`);
    const edited = Buffer.from(body["base64"] as string, "base64")
      .toString()
      .replace("PID|||", "PID|||M1^^^NORTH^MR")
      .replaceAll("\r", "\r\n");
    const base64 = Buffer.from(edited).toString("base64");
    expect((await ask("analyst", "POST", `/api/failures/${one?.recordId}/correct`, { base64 })).status).toBe(400);
    const done = await ask("analyst", "POST", `/api/failures/${one?.recordId}/correct`, { base64, reason: "the number was missing" });
    expect(done.body).toMatchObject({ folded: 2 });
    expect(await failures()).toEqual([]);
    expect((await outcomesOf(one?.accountId)).toSorted()).toEqual(["applied", "applied", "filtered"]);
  });

  it("wants a reason for giving a message up, and writes who did it into the audit", async () => {
    await take(message("E2", ""), message("E2", "M2^^^NORTH^MR"));
    const [one] = await failures();
    expect((await ask("analyst", "POST", `/api/failures/${one?.recordId}/skip`, {})).body).toMatchObject({
      code: "REQUEST_INVALID",
      place: "reason",
    });
    expect((await ask("analyst", "POST", `/api/failures/${one?.recordId}/skip`, { reason: "a test of theirs" })).body).toEqual({
      folded: 1,
    });
    const { rows } = await api.database.pool.query("select route, outcome, object_id from audit_event order by id desc limit 1");
    expect(rows).toEqual([{ route: "POST /api/failures/:id/skip", outcome: 200, object_id: one?.recordId }]);
  });

  it("tries again what is still wrong, and it stays on the list", async () => {
    await take(message("E3", ""));
    const [one] = await failures();
    expect((await ask("analyst", "POST", `/api/failures/${one?.recordId}/retry`)).body).toEqual({ folded: 1 });
    expect(await failures()).toHaveLength(1);
    expect((await ask("analyst", "POST", `/api/failures/${crypto.randomUUID()}/retry`)).status).toBe(404);
  });
});

describe("a re-fold by the API", () => {
  it("of an account whose messages give the same chart makes no version", async () => {
    await take(message("E4", "M4^^^NORTH^MR"));
    const found = await ask("coder", "POST", "/api/accounts/search", { number: "E4" });
    const [{ id = "" } = {}] = found.body["accounts"] as readonly { id?: string }[];
    expect((await ask("analyst", "POST", `/api/accounts/${id}/refold`)).body).toMatchObject({ changed: [], records: 1 });
  });
});
