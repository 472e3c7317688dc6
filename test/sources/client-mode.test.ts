import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { makeFeed } from "#src/config/feed.ts";
import { acceptFrame } from "#src/intake/accept.ts";
import { type Dialer, dialFeed } from "#src/sources/mllp/dialer.net.ts";
import { createLog } from "#src/telemetry/log.ts";
import { adt, codes, framed, startPeerTests } from "./mllp-peer.ts";

let peer: Awaited<ReturnType<typeof startPeerTests>>;
let dialer: Dialer | undefined;
beforeAll(async () => {
  peer = await startPeerTests();
});
afterEach(() => dialer?.close());
afterAll(() => peer.end());

/** A sender that waits to be called. */
async function waitingSender(port = 0) {
  const callers: Socket[] = [];
  const waiters: ((socket: Socket) => void)[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    const waiter = waiters.shift();
    if (waiter === undefined) callers.push(socket);
    else waiter(socket);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    called: (): Promise<Socket> =>
      new Promise((resolve) => {
        const caller = callers.shift();
        if (caller === undefined) waiters.push(resolve);
        else resolve(caller);
      }),
    stop: () => new Promise<void>((done) => server.close(() => done())),
  };
}

async function say(socket: Socket, text: string): Promise<string[]> {
  socket.write(framed(text), "latin1");
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return codes(chunk.toString("latin1"));
}

const dialTo = (port: number): Dialer => {
  const feed = makeFeed("dialled", { facility: "NORTH", zone: "UTC", connect: { host: "127.0.0.1", port, retryMs: 100 } });
  const needs = { journal: peer.journal, now: () => new Date() };
  if (feed.connect === undefined) throw new Error("fixture");
  return dialFeed(feed, feed.connect, {
    log: createLog("silent"),
    accept: (frame, from) => acceptFrame(needs, { feed, protocol: "mllp", peer: from }, frame),
  });
};

it("a feed that dials out reads messages on the connection it opened, answers there, and dials again when it ends", async () => {
  const sender = await waitingSender();
  dialer = dialTo(sender.port);
  const first = await sender.called();
  expect(await say(first, adt("dialled-1"))).toEqual(["AA dialled-1"]);
  expect(dialer.status()).toMatchObject({ frames: 1, lastAnswer: "AA" });
  first.destroy();
  const second = await sender.called();
  expect(await say(second, adt("dialled-2"))).toEqual(["AA dialled-2"]);
  await dialer.close();
  await sender.stop();
});

it("a feed whose peer is not there yet keeps trying", async () => {
  const place = await waitingSender();
  await place.stop();
  dialer = dialTo(place.port);
  expect(dialer.status()).toBeUndefined();
  const sender = await waitingSender(place.port);
  const socket = await sender.called();
  expect(await say(socket, adt("dialled-3"))).toEqual(["AA dialled-3"]);
  await dialer.close();
  await sender.stop();
});
