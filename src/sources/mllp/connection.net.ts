import type { Socket } from "node:net";
import type { Feed } from "#src/config/feed.ts";
import { block, type Frame, Framer } from "#src/hl7v2/framer.ts";
import type { LaterAnswer, Reply } from "#src/intake/accept.ts";
import type { Log } from "#src/telemetry/log.ts";
import { looksLikeTls } from "./tls.ts";

export interface ConnectionNeeds {
  /** Takes one frame and says what to answer; never rejects. */
  readonly accept: (frame: Frame, peer: string) => Promise<Reply>;
  readonly log: Log;
}

/** Live facts of one connection. */
export interface ConnectionStatus {
  readonly peer: string;
  /** Common name of the peer's certificate. */
  readonly certificate?: string;
  readonly since: Date;
  readonly frames: number;
  readonly lastAnswerAt?: Date;
  /** MSA-1 of the last answer. */
  readonly lastAnswer?: string;
  /** Bytes outside of any block. */
  readonly discardedBytes: number;
}

export interface Connection {
  status(): ConnectionStatus;
  /** Takes no more, answers what is in hand, closes. */
  finish(): Promise<void>;
  readonly closed: Promise<void>;
}

/** Frames of one connection that may wait for their answer before we stop reading from it. */
const IN_HAND_MAX = 64;
/** How long a connection in hand may take to finish while stopping, in ms. */
const STOP_GRACE_MS = 5_000;
/** MLLP release 2: the commit and the negative commit. */
const COMMIT = block(Buffer.of(0x06));
const NOT_COMMITTED = block(Buffer.of(0x15));

const answerCode = (bytes: Buffer): string | undefined => /\rMSA.(\w\w)/.exec(bytes.toString("latin1", 0, 2_048))?.[1];

/**
 * Reads MLLP from one socket and writes the answers in the order the frames came, whatever order their commits end in.
 * A peer that does not read its answers is not read from.
 */
export function serveConnection(socket: Socket, feed: Feed, { accept, log }: ConnectionNeeds, certificate?: string): Connection {
  const framer = new Framer(feed.maxFrameBytes, { unframed: feed.framing.unframed === "accept" });
  const peer = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
  const since = new Date();
  let frames = 0;
  let inHand = 0;
  let stopping = false;
  let first = true;
  let lastAnswerAt: Date | undefined;
  let lastAnswer: string | undefined;
  let answered: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;

  const flow = (): void => {
    if (stopping || inHand >= IN_HAND_MAX || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  const stayAwake = (): void => {
    clearTimeout(idle);
    if (feed.idleTimeoutMs === undefined || inHand > 0) return;
    idle = setTimeout(() => {
      log.info("connection closed: nothing came for the feed's idle time", { feed: feed.name });
      socket.end();
    }, feed.idleTimeoutMs).unref();
  };
  const writeLater = async ({ bytes, ended }: LaterAnswer): Promise<void> => {
    const answer = await bytes;
    if (answer === undefined) return;
    const delivered = socket.writable && !stopping;
    if (delivered) socket.write(block(answer));
    ended(delivered);
  };
  const write = (reply: Reply, frame: Frame): void => {
    if (reply.kind === "close") {
      log.warn("connection closed without an answer: the journal cannot be written", { feed: feed.name });
      if (feed.framing.commitBytes && socket.writable) socket.end(NOT_COMMITTED);
      else socket.destroy();
      return;
    }
    const { later } = reply;
    if (feed.framing.commitBytes && reply.verdict !== "incomplete" && socket.writable) socket.write(COMMIT);
    if (reply.kind === "answer") {
      lastAnswerAt = new Date();
      lastAnswer = answerCode(reply.bytes);
      // Who sends without a frame reads without one.
      const unframed = frame.kind === "message" && frame.unframed === true;
      if (socket.writable) socket.write(unframed ? reply.bytes : block(reply.bytes));
    }
    if (later !== undefined) void writeLater(later);
  };
  const take = (frame: Frame): void => {
    frames++;
    inHand++;
    const reply = accept(frame, peer);
    answered = answered
      .then(async () => write(await reply, frame))
      .finally(() => {
        inHand--;
        flow();
        stayAwake();
      });
  };
  const finish = async (): Promise<void> => {
    stopping = true;
    clearTimeout(timer);
    clearTimeout(idle);
    socket.pause();
    await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, STOP_GRACE_MS).unref())]);
    if (!socket.destroyed) await new Promise<void>((resolve) => socket.end(() => resolve(socket.destroySoon())));
  };
  const watchFrame = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!framer.inFrame && !framer.hasStray) return;
    timer = setTimeout(() => {
      const wasOpen = framer.inFrame;
      const rest = framer.end();
      if (rest !== undefined) take(rest);
      if (!wasOpen || rest?.kind === "message") return;
      log.warn("frame not finished in time", { feed: feed.name });
      void answered.then(() => socket.destroy());
    }, feed.frameTimeoutMs).unref();
  };

  socket.on("data", (chunk) => {
    if (stopping) return;
    if (first && looksLikeTls(chunk)) {
      take({ kind: "stray", bytes: Buffer.from(chunk.subarray(0, 4_096)), reason: "TLS_ON_PLAIN_PORT" });
      log.warn("connection closed: the peer speaks TLS, and this port does not", { feed: feed.name });
      stopping = true;
      void answered.then(() => socket.destroy());
      return;
    }
    first = false;
    const before = framer.inFrame || framer.hasStray;
    const taken = framer.push(chunk);
    for (const frame of taken) take(frame);
    // The limit is for the whole frame, so more of the same frame does not start it anew.
    if (taken.length > 0 || before !== (framer.inFrame || framer.hasStray)) watchFrame();
    stayAwake();
    flow();
  });
  socket.on("drain", flow);
  const rest = (): void => {
    clearTimeout(timer);
    clearTimeout(idle);
    const last = framer.end();
    if (last !== undefined && !stopping) take(last);
  };
  socket.on("end", () => {
    rest();
    void answered.then(() => socket.end());
  });
  socket.on("error", (error) => log.info("connection lost", { feed: feed.name, code: (error as NodeJS.ErrnoException).code ?? "unknown" }));
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      rest();
      resolve();
    });
  });
  stayAwake();
  return {
    status: () => ({
      peer,
      since,
      frames,
      discardedBytes: framer.discardedBytes,
      ...(certificate === undefined ? {} : { certificate }),
      ...(lastAnswerAt === undefined ? {} : { lastAnswerAt }),
      ...(lastAnswer === undefined ? {} : { lastAnswer }),
    }),
    finish,
    closed,
  };
}
