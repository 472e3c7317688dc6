import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Framer } from "#src/hl7v2/framer.ts";
import { adt, codes, framed, holdOpen, startPeerTests, talk } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterEach(() => peer.closeListeners());
afterAll(() => peer.end());

const MB = 1024 ** 2;
const inUse = (): number => process.memoryUsage.rss();

it("a frame of 10 MB in pieces of 1 KB is cut out in time linear in its bytes: it is not the work of ten times ten frames of 1 MB", () => {
  /** CPU time in µs, of this thread alone, of so many frames one after another. */
  const cost = (frames: number, bytes: number): number => {
    const framer = new Framer(20 * MB);
    const piece = Buffer.alloc(1_024, "x");
    const before = process.threadCpuUsage();
    for (let at = 0; at < frames; at++) {
      framer.push(Buffer.of(0x0b));
      for (let n = 0; n < bytes / 1_024; n++) framer.push(piece);
      const [frame] = framer.push(Buffer.of(0x1c, 0x0d));
      expect(frame).toMatchObject({ kind: "message" });
      expect(frame?.bytes.length).toBe(Math.ceil(bytes / 1_024) * 1_024);
    }
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  };
  cost(1, MB);
  // The same bytes, so that memory and collecting garbage cost both the same; the cheapest of three, for these come when they will.
  const whole = Math.min(cost(1, 10 * MB), cost(1, 10 * MB), cost(1, 10 * MB));
  expect(whole).toBeLessThan(5 * Math.max(cost(10, MB), 5_000));
});

it("a message of 10 MB in pieces of 1 KB is taken whole, and memory goes back to where it was", async () => {
  const { port } = await peer.listen({ maxFrameBytes: 11 * MB });
  const send = async (id: string): Promise<void> => {
    const text = framed(adt(id, `PV1|1|I\rOBX|1|ED|1||${"QUJD".repeat((10 * MB) / 4)}\r`));
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const heard = once(socket, "data") as Promise<[Buffer]>;
    for (let at = 0; at < text.length; at += 1_024) if (!socket.write(text.slice(at, at + 1_024), "latin1")) await once(socket, "drain");
    const [answer] = await heard;
    expect(codes(answer.toString("latin1"))).toEqual([`AA ${id}`]);
    socket.destroy();
  };
  await send("large-0");
  const before = inUse();
  for (let n = 1; n <= 5; n++) await send(`large-${n}`);
  // Five of them are 50 MB on the wire and more in flight: what stays behind would grow with their number.
  expect(inUse() - before).toBeLessThan(300 * MB);
  const { rows } = await peer.database.pool.query<{ n: number }>(
    "select count(*)::int as n from journal_record where byte_length > 10000000",
  );
  expect(rows).toEqual([{ n: 6 }]);
});

it("a thousand idle connections cost little memory and delay nobody's answer", async () => {
  const { port, status } = await peer.listen({ maxConnections: 1_200 });
  expect(codes((await talk(port, framed(adt("before")))).text)).toEqual(["AA before"]);
  const before = inUse();
  const idle: Socket[] = [];
  for (let n = 0; n < 20; n++) idle.push(...(await Promise.all(Array.from({ length: 50 }, () => holdOpen(port)))));
  await expect.poll(() => status().connections.length).toBe(1_000);
  for (let n = 0; n < 50; n++) expect(codes((await talk(port, framed(adt(`among-${n}`)))).text)).toEqual([`AA among-${n}`]);
  // Both ends of each connection are in this process.
  expect(inUse() - before).toBeLessThan(150 * MB);
  for (const socket of idle) socket.destroy();
  await expect.poll(() => status().connections.length).toBe(0);
});
