import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type Frame, Framer } from "#src/hl7v2/framer.ts";
import { readHeader } from "#src/hl7v2/header.ts";
import { Judge } from "./judge.ts";
import type { Shot } from "./kinds.ts";
import { count, note, type Tally } from "./tally.ts";

/** What one connection needs to send. */
export interface Sending {
  readonly host: string;
  readonly port: number;
  readonly nextShot: () => Shot;
  /** Whether another shot is wanted. */
  readonly goOn: () => boolean;
  /** Largest frame the engine takes, in bytes. */
  readonly maxFrameBytes: number;
  readonly tally: Tally;
}

/** Answers that may be owed before we wait for one: as much as the engine keeps in hand of a connection. */
const WINDOW = 64;
const ANSWER_WITHIN_MS = 60_000;
/** Lets the first part of a message reach the engine on its own. */
const BETWEEN_PARTS_MS = 1;
/** Largest answer read, in bytes. An answer repeats fields of MSH, however large they are. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
function open({ host, port }: Sending): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.on("error", () => resolve(undefined));
  });
}

/** One connection from its first byte to its close. */
class Line {
  readonly #socket: Socket;
  readonly #sending: Sending;
  readonly #judge: Judge;
  /** Reads what we write as the engine must: tells how many frames of which kind it gets. */
  readonly #mirror: Framer;
  readonly #answers = new Framer(MAX_ANSWER_BYTES);
  readonly #closed: Promise<void>;
  /** Every MSH-10 of this connection so far. */
  readonly #sent = new Set<string>();
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, sending: Sending) {
    this.#socket = socket;
    this.#sending = sending;
    this.#judge = new Judge(sending.tally, (controlId) => this.#sent.has(controlId));
    this.#mirror = new Framer(sending.maxFrameBytes);
    socket.on("data", (chunk) => {
      for (const frame of this.#answers.push(chunk)) this.#judge.hear(frame);
      this.#wake();
    });
    socket.on("drain", () => this.#wake());
    this.#closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#isClosed = true;
        resolve();
        this.#wake();
      });
    });
  }

  /** Sends until a shot ends the connection, no more is wanted, or the engine closes. */
  async run(): Promise<void> {
    const { nextShot, goOn, tally } = this.#sending;
    while (!this.#isClosed && goOn()) {
      if (!(await this.#mayWrite())) break;
      const shot = nextShot();
      this.#judge.expect(shot.kind, shot.expects);
      count(tally.framesByKind, shot.kind, shot.frames);
      tally.frames += shot.frames;
      await this.#write(shot);
      if (shot.ends === true) break;
    }
    await this.#finish();
  }

  async #mayWrite(): Promise<boolean> {
    const until = performance.now() + ANSWER_WITHIN_MS;
    while (!this.#isClosed && (this.#judge.owed >= WINDOW || this.#socket.writableNeedDrain)) {
      const left = until - performance.now();
      if (left <= 0) {
        note(this.#sending.tally, "no answer in time", `${this.#judge.owed} owed`);
        this.#socket.destroy();
        return false;
      }
      await this.#untilWoken(left);
    }
    return !this.#isClosed;
  }

  async #untilWoken(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  async #write({ bytes, cutAt }: Shot): Promise<void> {
    this.#see(bytes);
    if (cutAt === undefined) {
      this.#socket.write(bytes);
      return;
    }
    this.#socket.write(bytes.subarray(0, cutAt));
    await wait(BETWEEN_PARTS_MS);
    if (!this.#isClosed) this.#socket.write(bytes.subarray(cutAt));
  }

  #see(bytes: Buffer): void {
    for (const frame of this.#mirror.push(bytes)) this.#note(frame);
  }

  /** Counts a frame, and remembers its control id as the engine must read it, damaged or not. */
  #note(frame: Frame): void {
    count(this.#sending.tally.cutByKind, frame.kind);
    const header = readHeader(frame.bytes);
    if (header.ok) this.#sent.add(header.value.controlId);
  }

  async #finish(): Promise<void> {
    const { tally } = this.#sending;
    if (this.#isClosed) note(tally, "connection closed by the engine", `${this.#judge.owed} answers were owed`);
    else {
      this.#socket.end();
      const last = this.#mirror.end();
      if (last !== undefined) this.#note(last);
      const timer = setTimeout(() => {
        note(tally, "no answer in time", `${this.#judge.owed} owed at the end of a connection`);
        this.#socket.destroy();
      }, ANSWER_WITHIN_MS);
      await this.#closed;
      clearTimeout(timer);
    }
    const rest = this.#answers.end();
    if (rest !== undefined) this.#judge.hear(rest);
    if (this.#answers.discardedBytes > 0) note(tally, "bytes between answers", `${this.#answers.discardedBytes} bytes`);
    this.#judge.end();
  }
}

/** Sends over one connection after another until no more is wanted. */
export async function send(sending: Sending): Promise<void> {
  let failed = 0;
  while (sending.goOn()) {
    const socket = await open(sending);
    if (socket === undefined) {
      note(sending.tally, "engine does not take connections", `${sending.host}:${sending.port}`);
      if (++failed > 20) return;
      await wait(500);
      continue;
    }
    sending.tally.connections++;
    await new Line(socket, sending).run();
  }
}

/** Begins a frame on a connection of its own and resets it: what the engine saw of it is not known. */
export async function resetMidFrame({ host, port }: Pick<Sending, "host" | "port">, bytes: Buffer): Promise<void> {
  const socket = connect({ host, port, noDelay: true });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  socket.once("connect", () => socket.write(bytes, () => socket.resetAndDestroy()));
  await closed;
}
