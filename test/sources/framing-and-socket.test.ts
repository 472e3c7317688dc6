import { connect } from "node:net";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Journaled } from "#src/base/journaled.ts";
import { Framer } from "#src/hl7v2/framer.ts";
import type { Journal } from "#src/journal/journal.ts";
import { adt, codes, framed, holdOpen, startPeerTests, talk } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterEach(() => peer.closeListeners());
afterAll(() => peer.end());

/** Accepts at once and keeps nothing: for what a socket does, whatever the store is. */
const forgetful: Journal = { append: async ({ id }) => ({ id, verdict: "accepted", reused: false }) as unknown as Journaled };

describe("framing", () => {
  it("gives the same single message wherever TCP cuts it", async () => {
    const { port } = await peer.listen();
    const whole = framed(adt("cut"));
    const bytes = Buffer.from(whole, "latin1");
    const cutAt = (at: number): readonly unknown[] => {
      const framer = new Framer(10_000);
      return [...framer.push(bytes.subarray(0, at)), ...framer.push(bytes.subarray(at))];
    };
    const uncut = cutAt(0);
    expect(uncut).toHaveLength(1);
    for (let at = 1; at < whole.length; at++) expect(cutAt(at)).toEqual(uncut);
    // And on a socket: every byte in a write of its own.
    const { text } = await talk(port, "", { chunks: [...whole] });
    expect(codes(text)).toEqual(["AA cut"]);
    expect((await peer.kept("|cut|")).map((record) => record.bytes)).toEqual([adt("cut")]);
  });

  it("ends a frame whose end byte and carriage return come in different segments", async () => {
    const { port } = await peer.listen();
    expect(codes((await talk(port, `\x0b${adt("split-end")}\x1c`, { chunks: ["\r"] })).text)).toEqual(["AA split-end"]);
  });

  it("answers messages of one segment in order, one answer each", async () => {
    const { port } = await peer.listen();
    const ids = Array.from({ length: 50 }, (_, n) => `in-order-${n}`);
    const { text } = await talk(port, ids.map((id) => framed(adt(id))).join(""), { answers: ids.length });
    expect(codes(text)).toEqual(ids.map((id) => `AA ${id}`));
  });

  it("ignores and counts blanks, line ends and stray acknowledgement bytes between frames", async () => {
    const listener = await peer.listen();
    const noise = "\r\n  \x06\x15\r\n";
    const { text } = await talk(listener.port, framed(adt("noise-1")) + noise + framed(adt("noise-2")), { answers: 2 });
    expect(codes(text)).toEqual(["AA noise-1", "AA noise-2"]);
    await expect.poll(() => listener.status().discardedBytes).toBe(noise.length);
  });

  it("closes a frame at the start byte of the next, and never joins the two", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, `\x0b${adt("lost-end")}${framed(adt("behind-lost-end"))}`);
    expect(codes(text)).toEqual(["AA behind-lost-end"]);
    expect(await peer.kept("|lost-end|")).toMatchObject([{ verdict: "incomplete", code: "FRAME_MALFORMED", bytes: adt("lost-end") }]);
    expect(await peer.kept("|behind-lost-end|")).toMatchObject([{ verdict: "accepted", bytes: adt("behind-lost-end") }]);
  });

  it("takes an end byte without its carriage return when the next frame starts, and flags it", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, `\x0b${adt("no-cr")}\x1c${framed(adt("behind-no-cr"))}`, { answers: 2 });
    expect(codes(text)).toEqual(["AA no-cr", "AA behind-no-cr"]);
    expect((await peer.kept("|no-cr|"))[0]?.flags).toContain("UNTERMINATED_FRAME");
  });

  it("takes an end byte without its carriage return when the frame's time is up", async () => {
    const { port } = await peer.listen({ frameTimeoutMs: 100 });
    expect(codes((await talk(port, `\x0b${adt("no-cr-timer")}\x1c`)).text)).toEqual(["AA no-cr-timer"]);
  });

  it("refuses an end byte without its carriage return on a feed that is strict", async () => {
    const { port } = await peer.listen({ framing: { unterminated: "refuse" } });
    expect(codes((await talk(port, `\x0b${adt("strict")}\x1c`, { half: true })).text)).toEqual(["AE strict"]);
  });

  it("keeps a frame that is begun and never finished as incomplete, closes, and answers nothing", async () => {
    const { port } = await peer.listen({ frameTimeoutMs: 100 });
    expect(await talk(port, "\x0bMSH|^~\\&|never finished")).toEqual({ text: "", closed: true });
    expect(await peer.kept("never finished")).toMatchObject([{ verdict: "incomplete", code: "FRAME_INCOMPLETE", answer: null }]);
  });

  it("keeps what had come when the connection is reset within a frame", async () => {
    const listener = await peer.listen();
    const socket = await holdOpen(listener.port);
    socket.write(`${framed(adt("before-reset"))}\x0bMSH|^~\\&|reset within`);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.resetAndDestroy();
    await expect.poll(() => peer.kept("reset within").then(({ length }) => length)).toBe(1);
    expect(await peer.kept("reset within")).toMatchObject([{ verdict: "incomplete", code: "FRAME_INCOMPLETE" }]);
  });

  it("records an empty frame, makes no work of it, and by default does not answer it", async () => {
    const { port } = await peer.listen();
    const { text } = await talk(port, framed("") + framed(adt("behind-empty")));
    expect(codes(text)).toEqual(["AA behind-empty"]);
    const { rows } = await peer.database.pool.query("select verdict from journal_record where failure_code = 'FRAME_EMPTY'");
    expect(rows).toEqual([{ verdict: "refused" }]);
  });

  it("answers an empty frame where the feed says so, without inventing a control id", async () => {
    const { port } = await peer.listen({ framing: { empty: "refuse" } });
    const { text } = await talk(port, framed(""));
    expect(text).toContain("\rMSA|AE||");
    expect(text).toContain("FRAME_EMPTY");
  });

  it("takes end bytes inside the content for content, and flags them", async () => {
    const { port } = await peer.listen();
    const binary = adt("binary", "OBX|1|ED|||\x1c\x01\x02\x1c\xff\r");
    expect(codes((await talk(port, framed(binary))).text)).toEqual(["AA binary"]);
    const [record] = await peer.kept("|binary|");
    expect(record?.flags).toContain("CONTROL_BYTES");
    expect(record?.bytes).toBe(binary);
  });

  it("records text without a frame as unframed", async () => {
    const { port } = await peer.listen();
    expect((await talk(port, adt("unframed"), { half: true })).text).toBe("");
    expect(await peer.kept("|unframed|")).toMatchObject([{ verdict: "refused", code: "UNFRAMED" }]);
  });

  it("takes text without a frame on a feed that tolerates it, and answers without one", async () => {
    const { port } = await peer.listen({ framing: { unframed: "accept" } });
    const { text } = await talk(port, adt("tolerated"), { half: true });
    expect(codes(text)).toEqual(["AA tolerated"]);
    expect(text).not.toContain("\x0b");
  });

  it("keeps of a frame over the limit its head, answers it by its MSH, and reads on behind it", async () => {
    const { port } = await peer.listen({ maxFrameBytes: 4_096 });
    const big = adt("too-big", `OBX|1|TX|||${"x".repeat(100_000)}\r`);
    const { text } = await talk(port, framed(big) + framed(adt("behind-too-big")), { answers: 2 });
    expect(codes(text)).toEqual(["AR too-big", "AA behind-too-big"]);
    expect(text).toContain("207^Application internal error");
    const [record] = await peer.kept("|too-big|");
    expect(record).toMatchObject({ verdict: "refused", code: "FRAME_TOO_LARGE" });
    expect(record?.bytes.length).toBeLessThanOrEqual(4_096);
  });

  it("gives the commit bytes of release 2 before the answer where the feed says so, and only after the commit", async () => {
    const { port } = await peer.listen({ framing: { commitBytes: true } });
    const { text } = await talk(port, framed(adt("release-2")), { answers: 2 });
    expect(text.startsWith("\x0b\x06\x1c\r\x0bMSH")).toBe(true);
    const down = await peer.listen({ framing: { commitBytes: true } }, { store: { append: () => Promise.reject(new Error("down")) } });
    expect((await talk(down.port, framed(adt("release-2-down")), { answers: 2 })).text).toBe("\x0b\x15\x1c\r");
  });
});

describe("a connection", () => {
  it("stays open across messages", async () => {
    const { port } = await peer.listen();
    const socket = await holdOpen(port);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    for (const n of [1, 2, 3]) {
      socket.write(framed(adt(`stay-${n}`)));
      await expect.poll(() => codes(text).length).toBe(n);
    }
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it("is closed after the feed's idle time, and kept without one", async () => {
    const limited = await peer.listen({ idleTimeoutMs: 1_000 });
    const unlimited = await peer.listen();
    const kept = await holdOpen(unlimited.port);
    const idle = await holdOpen(limited.port);
    idle.resume();
    await new Promise((resolve) => idle.once("close", resolve));
    expect(kept.readyState).toBe("open");
    kept.destroy();
  });

  it("gets its answer though it has closed its half", async () => {
    const { port } = await peer.listen();
    expect(codes((await talk(port, framed(adt("half")), { answers: 2, half: true })).text)).toEqual(["AA half"]);
  });

  it("over the limit is refused at once and counted", async () => {
    const listener = await peer.listen({ maxConnections: 1 });
    const first = await holdOpen(listener.port);
    await expect.poll(() => listener.status().connections.length).toBe(1);
    expect((await talk(listener.port, framed(adt("over")))).closed).toBe(true);
    expect(listener.status().refusedConnections).toBe(1);
    first.destroy();
  });

  it("from an address that is not on the feed's list is refused at once and counted", async () => {
    const listener = await peer.listen({ mllp: { port: 0, allow: ["10.0.0.0/8"] } });
    expect(await talk(listener.port, framed(adt("stranger")))).toEqual({ text: "", closed: true });
    expect(listener.status().refusedConnections).toBe(1);
    const open = await peer.listen({ mllp: { port: 0, allow: ["127.0.0.0/8"] } });
    expect(codes((await talk(open.port, framed(adt("neighbour")))).text)).toEqual(["AA neighbour"]);
  });

  it("whose peer reads no answers is not read from", async () => {
    const listener = await peer.listen({}, { store: forgetful });
    const socket = connect(listener.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.pause();
    // More answers than the kernel's buffers of both ends can hold.
    const frames = 200_000;
    const part = framed(adt("x", "")).repeat(1_000);
    let written = 0;
    const write = (): void => {
      while (written < frames) {
        written += 1_000;
        if (!socket.write(part, "latin1")) return;
      }
    };
    socket.on("drain", write);
    write();
    let before = -1;
    // It has stopped when a whole look later no more frames were taken though more wait.
    const stopped = (): boolean => {
      const now = listener.status().frames;
      const same = now === before && now > 0;
      before = now;
      return same;
    };
    await expect.poll(stopped, { interval: 300, timeout: 20_000 }).toBe(true);
    expect(before).toBeLessThan(frames);
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.destroy();
  });

  it("is answered for what is in hand when we stop, takes no more, and the port is free", async () => {
    let commit: () => void = () => undefined;
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let taken = 0;
    const slow: Journal = {
      append: async (entry) => {
        taken++;
        await committed;
        return forgetful.append(entry);
      },
    };
    const listener = await peer.listen({}, { store: slow });
    const answer = talk(listener.port, framed(adt("in-hand")), { answers: 2 });
    await expect.poll(() => taken).toBe(1);
    const closing = listener.close();
    commit();
    await closing;
    expect(codes((await answer).text)).toEqual(["AA in-hand"]);
    expect((await talk(listener.port, framed(adt("late")))).closed).toBe(true);
  });

  it("shows its peer, since when, its frames, its last answer and the bytes discarded", async () => {
    const listener = await peer.listen();
    const socket = await holdOpen(listener.port);
    socket.write(`zz${framed(adt("shown"))}`);
    await expect.poll(() => listener.status().connections[0]?.lastAnswer).toBe("AA");
    const [shown] = listener.status().connections;
    expect(shown).toMatchObject({ peer: `127.0.0.1:${socket.localPort ?? 0}`, discardedBytes: 2 });
    expect(shown?.since.getTime()).toBeLessThanOrEqual(shown?.lastAnswerAt?.getTime() ?? 0);
    socket.destroy();
  });
});

describe("TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "chartbridge-tls-"));
  const certificate = async (name: string) => {
    const made = await generate([{ name: "commonName", value: name }], { keySize: 2048, algorithm: "sha256" });
    const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    writeFileSync(certFile, made.cert);
    writeFileSync(keyFile, made.private);
    return { cert: made.cert, key: made.private, certFile, keyFile };
  };

  it("hello on a plain port is recognised and named", async () => {
    const listener = await peer.listen();
    await talk(listener.port, "", { tls: { rejectUnauthorized: false } });
    await expect.poll(() => peer.kept("\x16\x03").then((kept) => kept.map(({ code }) => code))).toEqual(["TLS_ON_PLAIN_PORT"]);
  });

  it("port names plain text as such, and keeps it", async () => {
    const server = await certificate("engine-plain");
    const { port } = await peer.listen({ mllp: { port: 0, tls: { certificate: server.certFile, key: server.keyFile } } });
    expect(await talk(port, framed(adt("plain-on-tls")))).toEqual({ text: "", closed: true });
    await expect.poll(() => peer.kept("plain-on-tls").then((kept) => kept.map(({ code }) => code))).toEqual(["PLAIN_ON_TLS_PORT"]);
  });

  it("admits the certificates that the feed names, shows whose it is, and refuses others", async () => {
    const server = await certificate("engine");
    const good = await certificate("north-interface");
    const other = await certificate("south-interface");
    const authorities = join(folder, "authorities.pem");
    writeFileSync(authorities, `${good.cert}\n${other.cert}`);
    const tls = {
      certificate: server.certFile,
      key: server.keyFile,
      authorities,
      clientCertificate: "required" as const,
      subjects: ["north-interface"],
    };
    const listener = await peer.listen({ mllp: { port: 0, tls } });
    const as = (who: object, id: string) =>
      talk(listener.port, framed(adt(id)), { tls: { ca: server.cert, checkServerIdentity: () => undefined, ...who } });
    expect(codes((await as({ cert: good.cert, key: good.key }, "tls-good")).text)).toEqual(["AA tls-good"]);
    expect(await as({ cert: other.cert, key: other.key }, "tls-other")).toEqual({ text: "", closed: true });
    expect(await as({}, "tls-nobody")).toEqual({ text: "", closed: true });
    expect(listener.status().refusedConnections).toBe(2);
  });
});
