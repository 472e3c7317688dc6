import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSealer } from "#src/base/seal.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import type { Feed } from "#src/config/types.ts";
import { acceptFrame } from "#src/intake/accept.ts";
import { createJournalWriter } from "#src/journal/journal-writer.pg.ts";
import type { Journal } from "#src/journal/journal.ts";
import { type Listener, listenMllp } from "#src/sources/mllp/listener.net.ts";
import { createLog } from "#src/telemetry/log.ts";
import { freshDatabase } from "#test/setup/database.ts";

const base = builtinConfig(".", ".", { demo: false, mllpPort: 0, port: 0 }).feeds[0] as Feed;
let database: Awaited<ReturnType<typeof freshDatabase>>;
const open: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => database.drop());

async function listen(changes: Partial<Feed> = {}, journal?: Journal): Promise<Listener> {
  const feed = { ...base, ...changes };
  const store = journal ?? createJournalWriter(database.pool, createSealer(Buffer.alloc(32, 1)), () => undefined);
  const listener = await listenMllp(
    feed,
    { host: "127.0.0.1", port: 0 },
    {
      log: createLog("silent"),
      accept: (frame, peer) => acceptFrame({ journal: store, now: () => new Date() }, { feed, protocol: "mllp", peer }, frame),
    },
  );
  open.push(listener);
  return listener;
}

const adt = (id: string, more = ""): string =>
  `MSH|^~\\&|EHR|NORTH|CB|CB|20260101||ADT^A08|${id}|P|2.5.1\rPID|1||77^^^NORTH||CANARY^NAME\r${more}`;
const framed = (text: string): string => `\x0b${text}\x1c\r`;

/** Sends bytes and collects what comes back until `answers` blocks have ended or the peer closes. */
function talk(port: number, bytes: string, answers: number, half = false): Promise<{ readonly text: string; readonly closed: boolean }> {
  return new Promise((resolve) => {
    let text = "";
    const socket: Socket = connect(port, "127.0.0.1", () => {
      socket.write(bytes, "latin1");
      if (half) socket.end();
    });
    const done = (closed: boolean): void => {
      socket.destroy();
      resolve({ text, closed });
    };
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.split("\x1c\r").length > answers) done(false);
    });
    socket.on("close", () => done(true));
    socket.on("error", () => done(true));
  });
}
const codes = (text: string): string[] =>
  [...text.matchAll(/MSA\|(\w\w)\|([^|\r]*)/g)].map((match) => `${match[1] ?? ""} ${match[2] ?? ""}`);

describe("an MLLP sender", () => {
  it("gets one answer a message, in the order it sent them", async () => {
    const { port } = await listen();
    const ids = Array.from({ length: 50 }, (_, n) => `in-order-${n}`);
    const { text } = await talk(port, ids.map((id) => framed(adt(id))).join(""), ids.length);
    expect(codes(text)).toEqual(ids.map((id) => `AA ${id}`));
  });

  it("gets AA again for the same message, and AR for other content under the same control id where the feed rejects reuse", async () => {
    const { port } = await listen({ duplicates: { windowHours: 168, onReuse: "reject" } });
    expect(codes((await talk(port, framed(adt("again")), 1)).text)).toEqual(["AA again"]);
    expect(codes((await talk(port, framed(adt("again")), 1)).text)).toEqual(["AA again"]);
    expect(codes((await talk(port, framed(adt("again", "PV1|1|I\r")), 1)).text)).toEqual(["AR again"]);
  });

  it.each([
    ["an unknown message type", "MSH|^~\\&|E|N|||1||QQQ^Q01|u1|P|2.5\r", "AR u1", "MSH^1^9"],
    ["no control id", "MSH|^~\\&|E|N|||1||ADT^A01||P|2.5\rPID|1||7\r", "AR ", "MSH^1^10"],
    ["a test message on a production feed", "MSH|^~\\&|E|N|||1||ADT^A01|t1|T|2.5\rPID|1||7\r", "AR t1", "MSH^1^11"],
    ["a DFT without a charge", "MSH|^~\\&|E|N|||1||DFT^P03|d1|P|2.5\rPID|1||7\r", "AE d1", "FT1^1"],
  ])("is told where and why: %s", async (_, message, answer, place) => {
    const { port } = await listen();
    const { text } = await talk(port, framed(message), 1);
    expect(codes(text)).toEqual([answer]);
    expect(text).toContain(`ERR||${place}`);
  });

  it("is never told a patient's data back", async () => {
    const { port } = await listen();
    const { text } = await talk(port, framed(adt("phi").replace("|P|", "|X|")), 1);
    expect(text).toContain("MSA|AR|phi");
    expect(text).not.toContain("CANARY");
  });

  it("gets its answer though it has closed its half of the connection", async () => {
    const { port } = await listen();
    expect(codes((await talk(port, framed(adt("half")), 2, true)).text)).toEqual(["AA half"]);
  });

  it("gets no answer and a closed connection while the journal cannot be written", async () => {
    const { port } = await listen({}, { append: () => Promise.reject(new Error("down")) });
    const { text, closed } = await talk(port, framed(adt("down")), 1);
    expect({ text, closed }).toEqual({ text: "", closed: true });
  });

  it("is never answered when it sends an acknowledgement itself", async () => {
    const { port } = await listen();
    const ack = framed("MSH|^~\\&|E|N|||1||ACK^A01|k1|P|2.5\rMSA|AA|9\r");
    expect(codes((await talk(port, ack + framed(adt("behind-ack")), 1)).text)).toEqual(["AA behind-ack"]);
  });

  it("that stops within a frame is closed, and what it sent is kept as incomplete", async () => {
    const { port } = await listen({ frameTimeoutMs: 100 });
    expect(await talk(port, "\x0bMSH|^~\\&|never finished", 1)).toEqual({ text: "", closed: true });
    const { rows } = await database.pool.query("select verdict, failure_code from journal_record where verdict = 'incomplete'");
    expect(rows).toContainEqual({ verdict: "incomplete", failure_code: "FRAME_INCOMPLETE" });
  });

  it("over the connection limit is refused at once and counted", async () => {
    const listener = await listen({ maxConnections: 1 });
    const first = connect(listener.port, "127.0.0.1");
    await new Promise((resolve) => first.once("connect", resolve));
    await expect.poll(() => listener.status().connections.length).toBe(1);
    expect((await talk(listener.port, framed(adt("over")), 1)).closed).toBe(true);
    expect(listener.status().refusedConnections).toBe(1);
    first.destroy();
  });

  it("has everything it was told was accepted in the journal, once", async () => {
    const { port } = await listen();
    const ids = Array.from({ length: 20 }, (_, n) => `books-${n}`);
    await Promise.all(ids.map((id) => talk(port, framed(adt(id)), 1)));
    const { rows } = await database.pool.query(
      "select count(*)::int as n from journal_record where verdict = 'accepted' and answer = 'AA'",
    );
    const seen = await database.pool.query("select count(*)::int as n from control_id_seen");
    expect(rows[0]).toEqual(seen.rows[0]);
  });
});
