/** MLLP block characters (MLLP release 1): start of block, end of block, and the carriage return that follows it. */
export const START_OF_BLOCK = 0x0b;
export const END_OF_BLOCK = 0x1c;
export const CARRIAGE_RETURN = 0x0d;

/** What a stretch of the byte stream turned out to be. */
export type Frame =
  | { readonly kind: "message"; readonly bytes: Buffer; readonly unterminated: boolean; readonly unframed?: boolean }
  /** Bytes outside of any block that are worth keeping: somebody speaks another language to this port. */
  | { readonly kind: "stray"; readonly bytes: Buffer; readonly reason: "UNFRAMED" | "TLS_ON_PLAIN_PORT" | "PLAIN_ON_TLS_PORT" }
  /** A start byte came before the end of the block: the end was lost, and the two are never joined. */
  | { readonly kind: "malformed"; readonly bytes: Buffer }
  /** The head of a frame larger than the limit; the rest was read and thrown away. */
  | { readonly kind: "too-large"; readonly bytes: Buffer; readonly length: number }
  | { readonly kind: "incomplete"; readonly bytes: Buffer };

/** Kept of a frame that is over the limit, in bytes: enough for its MSH, so that it can be answered. */
const HEAD_BYTES = 4_096;

/** Kept of bytes outside of any block, and how many such stretches of one stream are kept; beyond that they are counted only. */
const STRAY_BYTES = 4_096;
const MOST_STRAYS = 20;
/** Line ends, blanks, NUL, and the commit and negative bytes of other peers (06, 15) mean nothing between blocks. */
const NOISE = new Set([0x00, 0x06, 0x09, 0x0a, 0x0d, 0x15, 0x1c, 0x20]);

export interface FramerOptions {
  /** Text that starts with MSH outside of any block is a message, ended by the next start byte, the end of the stream or its time. */
  readonly unframed?: boolean;
}

/**
 * Cuts a byte stream into MLLP blocks. Each byte is looked at once, whatever the chunks are; content is never decoded here.
 * An end byte that no carriage return follows is content, unless a start byte follows: then the block ended without its CR.
 */
export class Framer {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;
  #open = false;
  #endSeen = false;
  #overflow = false;
  #discarded = 0;

  readonly #unframed: boolean;
  #stray: Buffer[] = [];
  #strayLength = 0;
  #strays = 0;

  constructor(maxBytes: number, { unframed = false }: FramerOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#unframed = unframed;
  }

  /** Whether bytes outside of any block wait to be told what they are. */
  get hasStray(): boolean {
    return this.#strayLength > 0;
  }

  /** Whether a block is begun and not ended. */
  get inFrame(): boolean {
    return this.#open;
  }

  /** Bytes seen between blocks so far. */
  get discardedBytes(): number {
    return this.#discarded;
  }

  push(chunk: Buffer): readonly Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#open) {
        const start = chunk.indexOf(START_OF_BLOCK, at);
        const end = start < 0 ? chunk.length : start;
        this.#keepStray(chunk, at, end);
        if (start < 0) break;
        const stray = this.#takeStray();
        if (stray !== undefined) frames.push(stray);
        this.#open = true;
        from = start + 1;
        at = start;
        continue;
      }
      const byte = chunk[at];
      if (this.#endSeen) {
        this.#endSeen = false;
        if (byte === CARRIAGE_RETURN) {
          this.#keep(chunk, from, at);
          frames.push(this.#close(1, false));
          continue;
        }
        if (byte === START_OF_BLOCK) {
          this.#keep(chunk, from, at);
          frames.push(this.#close(1, true));
          this.#open = true;
          from = at + 1;
          continue;
        }
      }
      if (byte === END_OF_BLOCK) this.#endSeen = true;
      else if (byte === START_OF_BLOCK) {
        this.#keep(chunk, from, at);
        frames.push({ kind: "malformed", bytes: this.#take(0) });
        this.#open = true;
        from = at + 1;
      }
    }
    if (this.#open) this.#keep(chunk, from, chunk.length);
    return frames;
  }

  /** The stream has ended, or its time is up: what is left of an open block, or outside of one. A block that only misses its last CR is a message. */
  end(): Frame | undefined {
    if (!this.#open) return this.#takeStray();
    return this.#endSeen ? this.#close(1, true) : { kind: "incomplete", bytes: this.#take(0) };
  }

  #keepStray(chunk: Buffer, from: number, to: number): void {
    if (to <= from) return;
    this.#discarded += to - from;
    let first = from;
    // What begins with noise is noise up to its first byte that is not.
    if (this.#strayLength === 0) while (first < to && NOISE.has(chunk[first] ?? 0)) first++;
    if (first === to || this.#strays >= MOST_STRAYS) return;
    const most = this.#unframed ? this.#maxBytes : STRAY_BYTES;
    if (this.#strayLength < most) this.#stray.push(Buffer.from(chunk.subarray(first, Math.min(to, first + most - this.#strayLength))));
    this.#strayLength += to - first;
  }

  #takeStray(): Frame | undefined {
    if (this.#strayLength === 0) return undefined;
    const bytes = Buffer.concat(this.#stray);
    const length = this.#strayLength;
    this.#stray = [];
    this.#strayLength = 0;
    const isMessage = bytes.toString("latin1", 0, 3) === "MSH";
    if (this.#unframed && isMessage && length === bytes.length) return { kind: "message", bytes, unterminated: false, unframed: true };
    this.#strays++;
    return { kind: "stray", bytes, reason: "UNFRAMED" };
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (to <= from) return;
    this.#length += to - from;
    if (this.#overflow) return;
    this.#parts.push(chunk.subarray(from, to));
    if (this.#length <= this.#maxBytes + 1) return;
    this.#overflow = true;
    this.#parts = [Buffer.from(Buffer.concat(this.#parts).subarray(0, HEAD_BYTES))];
  }

  /** @param tail bytes of the end mark that were kept as content. */
  #close(tail: number, unterminated: boolean): Frame {
    const length = this.#length - tail;
    if (this.#overflow) return { kind: "too-large", bytes: this.#take(0), length };
    return { kind: "message", bytes: this.#take(tail), unterminated };
  }

  #take(tail: number): Buffer {
    const whole = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#open = false;
    this.#endSeen = false;
    this.#overflow = false;
    return tail === 0 ? whole : whole.subarray(0, whole.length - tail);
  }
}

/** The bytes of one MLLP block around `content`. */
export const block = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.of(START_OF_BLOCK), content, Buffer.of(END_OF_BLOCK, CARRIAGE_RETURN)]);
