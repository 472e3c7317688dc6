import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { DestinationTls } from "#src/config/destination.ts";
import { Framer, block } from "#src/hl7v2/framer.ts";
import { firstSegment, readHeader } from "#src/hl7v2/header.ts";

/** Where to send, and how long to wait for the connection and for each answer, in ms. */
export interface MllpTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Absent: plain text. Empty: TLS with the authorities of the system. */
  readonly tls?: DestinationTls;
}

/** What the receiver said. Texts are Latin-1, one character a byte. */
export interface Acknowledgement {
  /** MSA-1: AA, AE, AR, CA, CE, CR. */
  readonly code: string;
  /** MSA-2: the control id that is answered. */
  readonly controlId: string;
  /** MSA-3 and what ERR says, in words; empty for an accept. */
  readonly text: string;
  readonly tookMs: number;
}

/** Why there is no usable answer. After each of these the connection is closed: the next answer could belong to anything. */
export type SendFailure =
  | { readonly kind: "not-connected"; readonly detail: string }
  | { readonly kind: "no-answer" }
  | { readonly kind: "closed" }
  | { readonly kind: "unreadable-answer" }
  /** An answer came, for another control id than the one sent. */
  | { readonly kind: "other-control-id"; readonly acknowledgement: Acknowledgement };

/** One connection to an MLLP receiver, with one message in flight. */
export interface MllpConnection {
  /** Sends one message (segments ended by CR, without framing) and waits for its answer. */
  send(message: Buffer): Promise<Result<Acknowledgement, SendFailure>>;
  readonly open: boolean;
  close(): void;
}

/** Largest answer read, in bytes: an ACK with many ERR segments stays far below. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** MSA and ERR of an answer; undefined when it has no readable MSH or no MSA. */
export function readAcknowledgement(bytes: Buffer, tookMs: number): Acknowledgement | undefined {
  const header = readHeader(bytes);
  if (!header.ok) return undefined;
  const msa = firstSegment(bytes, header.value, "MSA");
  if (msa === undefined) return undefined;
  const err = firstSegment(bytes, header.value, "ERR") ?? [];
  const words = [msa[3], err[2], err[3]?.split(header.value.componentSeparator)[1], err[5], err[8]];
  const said = words.filter((word): word is string => word !== undefined && word !== "");
  return { code: msa[1] ?? "", controlId: msa[2] ?? "", text: [...new Set(said)].join(" | "), tookMs };
}

/** One message of its sender: a readable answer to it, or why there is none. */
function judge(bytes: Buffer, sentId: string | undefined, tookMs: number): Result<Acknowledgement, SendFailure> {
  const acknowledgement = readAcknowledgement(bytes, tookMs);
  if (acknowledgement === undefined) return fail({ kind: "unreadable-answer" });
  if (sentId !== undefined && acknowledgement.controlId !== sentId) return fail({ kind: "other-control-id", acknowledgement });
  return ok(acknowledgement);
}

interface Waiting {
  readonly sentId: string | undefined;
  readonly sentAt: number;
  readonly settle: (answer: Result<Acknowledgement, SendFailure>) => void;
}

function connectionOver(socket: Socket, timeoutMs: number): MllpConnection {
  const framer = new Framer(MAX_ANSWER_BYTES);
  let waiting: Waiting | undefined;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  const settle = (answer: Result<Acknowledgement, SendFailure>): void => {
    clearTimeout(timer);
    const { settle: tell } = waiting ?? {};
    waiting = undefined;
    if (!answer.ok) close();
    tell?.(answer);
  };
  const close = (): void => {
    open = false;
    socket.destroy();
  };
  socket.on("data", (chunk) => {
    for (const frame of framer.push(chunk)) {
      // An answer nobody waits for: whatever comes next cannot be matched with certainty any more.
      if (waiting === undefined) return close();
      const tookMs = performance.now() - waiting.sentAt;
      settle(frame.kind === "message" ? judge(frame.bytes, waiting.sentId, tookMs) : fail({ kind: "unreadable-answer" }));
    }
  });
  socket.on("error", () => settle(fail({ kind: "closed" })));
  socket.on("close", () => {
    open = false;
    settle(fail({ kind: "closed" }));
  });

  const send = (message: Buffer): Promise<Result<Acknowledgement, SendFailure>> => {
    if (!open) return Promise.resolve(fail({ kind: "closed" }));
    if (waiting !== undefined) throw new Error("one message is in flight already");
    const header = readHeader(message);
    return new Promise((resolve) => {
      // A message without a readable MSH-10 is answered with an empty or invented MSA-2: there is nothing to match.
      const sentId = header.ok && header.value.controlId !== "" ? header.value.controlId : undefined;
      waiting = { sentId, sentAt: performance.now(), settle: resolve };
      timer = setTimeout(() => settle(fail({ kind: "no-answer" })), timeoutMs);
      socket.write(block(message));
    });
  };
  return {
    send,
    close,
    get open() {
      return open;
    },
  };
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "connection failed";

const tlsOptions = (host: string, { certificate, key, authorities }: DestinationTls): ConnectionOptions => ({
  ...(isIP(host) === 0 ? { servername: host } : {}),
  ...(certificate === undefined ? {} : { cert: readFileSync(certificate) }),
  ...(key === undefined ? {} : { key: readFileSync(key) }),
  ...(authorities === undefined ? {} : { ca: readFileSync(authorities) }),
  // IHE ATNA (ITI-19): nothing older.
  minVersion: "TLSv1.2",
});

/** Connects to an MLLP receiver; the answer never rejects. */
export const connectMllp = ({ host, port, timeoutMs, tls }: MllpTarget): Promise<Result<MllpConnection, SendFailure>> =>
  new Promise((resolve) => {
    let socket: Socket;
    try {
      socket = tls === undefined ? connect({ host, port, noDelay: true }) : connectTls({ host, port, ...tlsOptions(host, tls) });
    } catch (error) {
      // A file of the certificate cannot be read, or is none.
      return resolve(fail({ kind: "not-connected", detail: codeOf(error) }));
    }
    const refuse = (detail: string): void => {
      socket.destroy();
      resolve(fail({ kind: "not-connected", detail }));
    };
    const onError = (error: NodeJS.ErrnoException): void => refuse(codeOf(error));
    const timer = setTimeout(() => refuse("ETIMEDOUT"), timeoutMs);
    socket.once("error", onError);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      resolve(ok(connectionOver(socket, timeoutMs)));
    });
    socket.once("close", () => clearTimeout(timer));
  });

/** A failure to send in words for a person. */
export function describeSendFailure(failure: SendFailure): string {
  switch (failure.kind) {
    case "not-connected":
      return `cannot connect (${failure.detail})`;
    case "no-answer":
      return "no answer in time";
    case "closed":
      return "the receiver closed the connection without an answer";
    case "unreadable-answer":
      return "the answer is not an HL7 acknowledgement";
    case "other-control-id":
      return `answer ${failure.acknowledgement.code} for another message: MSA-2 is "${failure.acknowledgement.controlId}"`;
  }
}
