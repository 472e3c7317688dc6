import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "./engine-api.ts";

let api: TestApi;
let send: (
  body: string | Buffer,
  type?: string,
  path?: string,
) => Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }>;
beforeAll(async () => {
  api = await startApi();
  const call = await api.as("source");
  send = (body, type = "application/hl7-v2", path = "/hl7v2/local") => call("POST", path, body, type);
});
afterAll(() => api.close());

const adt = (id: string, more = "", name = "CANARY"): string =>
  `MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A01|${id}|P|2.5.1${more}\rEVN||20260101\rPID|1||77^^^NORTH||${name}|||||||||||||ACC-${id}\rPV1|1|I\r`;

describe("HL7 over HTTP", () => {
  it("answers 200 with the acknowledgement, in the content type of the request", async () => {
    const { status, headers, text } = await send(adt("http-1"), "application/hl7-v2; charset=UTF-8");
    expect([status, headers.get("content-type")]).toEqual([200, "application/hl7-v2; charset=UTF-8"]);
    expect(text).toContain("\rMSA|AA|http-1\r");
  });

  it("answers 200 when the acknowledgement is AE or AR too", async () => {
    const refused = await send(adt("http-2").replace("ADT^A01", "ADT^A99"));
    expect(refused.status).toBe(200);
    expect(refused.text).toContain("\rMSA|AR|http-2|");
    const unusable = await send("MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A01|http-3|P|2.5.1\rPV1|1|I\r");
    expect(unusable.status).toBe(200);
    expect(unusable.text).toContain("\rMSA|AE|http-3|");
  });

  it("answers 204 when the sender wants no answer", async () => {
    const { status, text } = await send(adt("http-4", "|||NE|NE"));
    expect([status, text]).toEqual([204, ""]);
  });

  it("gives the application's answer to who asks for that alone", async () => {
    let answered = false;
    const answer = send(adt("http-5", "|||NE|AL")).finally(() => {
      answered = true;
    });
    while (!answered) await api.fold();
    const { status, text } = await answer;
    expect(status).toBe(200);
    expect(text).toContain("\rMSA|AA|http-5\r");
  });

  it.each([
    ["a body without MSH", "PID|1||7\r", "application/hl7-v2", 400],
    ["an empty body", "", "application/hl7-v2", 400],
    ["another content type", adt("http-6"), "application/json", 415],
    ["a charset nobody knows", adt("http-7"), "application/hl7-v2; charset=klingon", 415],
  ])("answers trouble with the request by status, never with HL7: %s", async (_, body, type, status) => {
    const answer = await send(body, type);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.text).not.toContain("MSA");
  });

  it("says 404 for a feed that is not there", async () => {
    expect((await send(adt("http-8"), "application/hl7-v2", "/hl7v2/nobody")).status).toBe(404);
  });

  it("reads the message in the charset of the content type, whatever MSH-18 says", async () => {
    const body = Buffer.from(adt("http-9", "||||||UNICODE UTF-8", "M\u00fcller"), "latin1");
    expect((await send(body, "application/hl7-v2; charset=ISO-8859-1")).status).toBe(200);
    const { rows } = await api.database.pool.query(
      "select charset from journal_record where charset is not null order by seq desc limit 1",
    );
    expect(rows).toEqual([{ charset: "8859/1" }]);
  });

  it("repeats its answer for a repetition", async () => {
    const first = await send(adt("http-10"));
    expect((await send(adt("http-10"))).text).toBe(first.text);
  });
});

describe("GET /api/feeds", () => {
  it("shows every feed with its life and connections", async () => {
    const analyst = await api.as("analyst");
    expect((await analyst("GET", "/api/feeds")).body).toMatchObject({
      feeds: [{ feed: "local", life: "live", connections: [], refusedConnections: 0 }],
    });
  });
});
