import { connect, type Socket } from "node:net";
import { END_OF_BLOCK } from "#src/hl7v2/framer.ts";
import { planFor, share, type Turn } from "./plan.ts";
import { ID_BYTES, makeTemplates, stamp, type Template } from "./templates.ts";

/** What to send where. */
export interface Load {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  /** Begins every id of this run, at most six characters, so that runs never share ids. */
  readonly mark: string;
  /** Longest wait for one answer, in ms. */
  readonly timeoutMs: number;
}

/** Running counts, and the time of each answer in ms in the order they came. */
export interface Tally {
  /** Answered AA or CA for the id that was sent. */
  accepted: number;
  /** Answered with another code. */
  refused: number;
  /** Answered for another id, not answered in time, or the connection was lost. */
  mismatched: number;
  answered: number;
  readonly tookMs: Float64Array;
}

const MSA = Buffer.from("\rMSA", "latin1");
/** `|` and CR: MSA-2 must end where the sent id ends. */
const ENDS_FIELD: ReadonlySet<number | undefined> = new Set([0x7c, 0x0d]);
const FIRST_ANSWER_BYTES = 4_096;

/** One connection with one message in flight; resolves when its share is sent, or it is lost. */
class Line {
  readonly #socket: Socket;
  readonly #turns: readonly Turn[];
  readonly #templates: readonly (readonly Template[])[];
  readonly #prefix: string;
  readonly #tally: Tally;
  #answer = Buffer.alloc(FIRST_ANSWER_BYTES);
  #answerLength = 0;
  #turn = 0;
  #sentId = Buffer.alloc(ID_BYTES);
  #sentAt = 0;
  #finish: () => void = () => undefined;

  constructor(
    socket: Socket,
    templates: readonly (readonly Template[])[],
    turns: readonly Turn[],
    prefix: string,
    load: Load,
    tally: Tally,
  ) {
    this.#socket = socket;
    // In-place stamping needs buffers no other connection writes to.
    this.#templates = templates.map((steps) => steps.map((template) => ({ ...template, bytes: Buffer.from(template.bytes) })));
    this.#turns = turns;
    this.#prefix = prefix;
    this.#tally = tally;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#lost());
    socket.setTimeout(load.timeoutMs, () => socket.destroy());
  }

  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#next();
    });
  }

  #next(): void {
    const turn = this.#turns[this.#turn];
    const patient = turn === undefined ? undefined : this.#templates[turn.account % this.#templates.length];
    const template = turn === undefined ? undefined : patient?.[turn.step];
    if (turn === undefined || template === undefined) {
      this.#socket.removeAllListeners("close");
      this.#socket.end();
      this.#finish();
      return;
    }
    const { bytes } = template;
    const account = `${this.#prefix}${String(turn.account).padStart(ID_BYTES - this.#prefix.length - 1, "0")}`;
    const controlId = `${this.#prefix}M${String(this.#turn).padStart(ID_BYTES - this.#prefix.length - 1, "0")}`;
    stamp(bytes, template.controlIdAt, controlId);
    stamp(bytes, template.accountAt, `A${account}`);
    stamp(bytes, template.visitAt, `V${account}`);
    stamp(bytes, template.mrnAt, `P${account}`);
    this.#sentId.write(controlId, 0, "latin1");
    this.#turn++;
    this.#sentAt = performance.now();
    this.#socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    if (this.#answerLength + chunk.length > this.#answer.length) {
      this.#answer = Buffer.concat([this.#answer.subarray(0, this.#answerLength)], 2 * (this.#answerLength + chunk.length));
    }
    chunk.copy(this.#answer, this.#answerLength);
    this.#answerLength += chunk.length;
    if (this.#answer[this.#answerLength - 2] !== END_OF_BLOCK) return;
    const tally = this.#tally;
    tally.tookMs[tally.answered++] = performance.now() - this.#sentAt;
    this.#check(this.#answer.subarray(0, this.#answerLength));
    this.#answerLength = 0;
    this.#next();
  }

  #check(answer: Buffer): void {
    const at = answer.indexOf(MSA);
    const idAt = at + 8;
    const right =
      at > 0 && answer.compare(this.#sentId, 0, ID_BYTES, idAt, idAt + ID_BYTES) === 0 && ENDS_FIELD.has(answer[idAt + ID_BYTES]);
    if (!right) this.#tally.mismatched++;
    else if (answer[at + 6] === 0x41 && (answer[at + 5] === 0x41 || answer[at + 5] === 0x43)) this.#tally.accepted++;
    else this.#tally.refused++;
  }

  #lost(): void {
    this.#tally.mismatched += this.#turns.length - this.#turn + (this.#turn > 0 ? 1 : 0);
    this.#finish();
  }
}

const open = (load: Load): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: load.host, port: load.port, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });

const TALLY_OF = (messages: number): Tally => ({ accepted: 0, refused: 0, mismatched: 0, answered: 0, tookMs: new Float64Array(messages) });

/** A load with its connections made and its messages built; nothing is sent before `run`. */
export async function prepareLoad(load: Load, now: Date): Promise<{ readonly tally: Tally; run(): Promise<void> }> {
  const tally = TALLY_OF(load.messages);
  const templates = makeTemplates(now);
  const shares = share(load.messages, load.connections);
  const lines: Line[] = [];
  for (const [index, count] of shares.entries()) {
    const prefix = `${load.mark}${index.toString(36).padStart(2, "0")}`.toUpperCase();
    lines.push(new Line(await open(load), templates, planFor(count), prefix, load, tally));
  }
  const run = async (): Promise<void> => {
    await Promise.all(lines.map((line) => line.run()));
  };
  return { tally, run };
}
