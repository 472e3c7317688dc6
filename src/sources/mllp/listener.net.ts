import { createServer, type Server, type Socket } from "node:net";
import type { Feed } from "#src/config/types.ts";
import { block, type Frame, Framer } from "#src/hl7v2/framer.ts";
import type { Reply } from "#src/intake/accept.ts";
import type { Log } from "#src/telemetry/log.ts";

export interface Needs {
  /** Takes one frame and says what to answer; never rejects. */
  readonly accept: (frame: Frame, peer: string) => Promise<Reply>;
  readonly log: Log;
}

/** Live facts of one listener, for the status page. */
export interface ListenerStatus {
  readonly feed: string;
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly refusedConnections: number;
  readonly frames: number;
  /** Bytes outside of any block. */
  readonly discardedBytes: number;
}

export interface Listener {
  readonly port: number;
  status(): ListenerStatus;
  /** Takes no new frames, answers those in hand, frees the port. */
  close(): Promise<void>;
}

/** Frames of one connection that may wait for their answer before we stop reading from it. */
const IN_HAND_MAX = 64;
/** Below the ten minutes after which many firewalls forget an idle connection, in ms. */
const KEEP_ALIVE_MS = 3 * 60_000;
/** How long a connection in hand may take to finish while stopping, in ms. */
const STOP_GRACE_MS = 5_000;

/**
 * Listens for MLLP (release 1) on one feed's port. Answers go back on the same connection in the order the frames came,
 * whatever order their commits end in; a peer that does not read its answers is not read from.
 * Rejects when the port is taken.
 */
export async function listenMllp(feed: Feed, at: { readonly host: string; readonly port: number }, needs: Needs): Promise<Listener> {
  const connections = new Set<Connection>();
  let refusedConnections = 0;
  let frames = 0;
  let discardedBefore = 0;

  const server = createServer({ allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, noDelay: true }, (socket) => {
    if (connections.size >= feed.maxConnections) {
      refusedConnections++;
      needs.log.warn("connection refused: the feed's limit is reached", { feed: feed.name });
      socket.destroy();
      return;
    }
    const connection = serve(socket, feed, needs, () => frames++);
    connections.add(connection);
    socket.once("close", () => {
      connections.delete(connection);
      discardedBefore += connection.discardedBytes();
    });
  });
  const port = await open(server, at);
  // Too many open files, for one: the listener goes on with the connections it has.
  server.on("error", (error) =>
    needs.log.error("the listener has trouble", { feed: feed.name, code: (error as NodeJS.ErrnoException).code ?? "unknown" }),
  );

  return {
    port,
    status: () => ({
      feed: feed.name,
      host: at.host,
      port,
      connections: connections.size,
      refusedConnections,
      frames,
      discardedBytes: [...connections].reduce((sum, connection) => sum + connection.discardedBytes(), discardedBefore),
    }),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.finish()));
      await closed;
    },
  };
}

function open(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

interface Connection {
  discardedBytes(): number;
  finish(): Promise<void>;
}

function serve(socket: Socket, feed: Feed, { accept, log }: Needs, counted: () => void): Connection {
  const framer = new Framer(feed.maxFrameBytes);
  const peer = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
  let inHand = 0;
  let stopping = false;
  let answered: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const flow = (): void => {
    if (stopping || inHand >= IN_HAND_MAX || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  const write = async (reply: Reply): Promise<void> => {
    if (reply.kind === "close") {
      log.warn("connection closed without an answer: the journal cannot be written", { feed: feed.name });
      socket.destroy();
    } else if (reply.kind === "answer" && socket.writable) socket.write(block(reply.bytes));
  };
  const take = (frame: Frame): void => {
    counted();
    inHand++;
    const reply = accept(frame, peer);
    answered = answered
      .then(async () => write(await reply))
      .finally(() => {
        inHand--;
        flow();
      });
  };
  const finish = async (): Promise<void> => {
    stopping = true;
    clearTimeout(timer);
    socket.pause();
    await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, STOP_GRACE_MS).unref())]);
    if (!socket.destroyed) await new Promise<void>((resolve) => socket.end(() => resolve(socket.destroySoon())));
  };
  const watchFrame = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!framer.inFrame) return;
    timer = setTimeout(() => {
      const rest = framer.end();
      if (rest !== undefined) take(rest);
      if (rest?.kind === "message") return;
      log.warn("frame not finished in time", { feed: feed.name });
      void answered.then(() => socket.destroy());
    }, feed.frameTimeoutMs).unref();
  };

  socket.on("data", (chunk) => {
    if (stopping) return;
    const before = framer.inFrame;
    const frames = framer.push(chunk);
    for (const frame of frames) take(frame);
    // The limit is for the whole frame, so more of the same frame does not start it anew.
    if (frames.length > 0 || before !== framer.inFrame) watchFrame();
    flow();
  });
  socket.on("drain", flow);
  const rest = (): void => {
    clearTimeout(timer);
    const last = framer.end();
    if (last !== undefined && !stopping) take(last);
  };
  socket.on("end", () => {
    rest();
    void answered.then(() => socket.end());
  });
  socket.on("error", (error) => log.info("connection lost", { feed: feed.name, code: (error as NodeJS.ErrnoException).code ?? "unknown" }));
  socket.on("close", rest);
  return { discardedBytes: () => framer.discardedBytes, finish };
}
