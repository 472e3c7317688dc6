/** MLLP block characters (MLLP release 1): start of block, end of block, and the carriage return that follows it. */
export const START_OF_BLOCK = 0x0b;
export const END_OF_BLOCK = 0x1c;
export const CARRIAGE_RETURN = 0x0d;

/** What a stretch of the byte stream turned out to be. */
export type Frame =
  | { readonly kind: "message"; readonly bytes: Buffer; readonly unterminated: boolean }
  /** A start byte came before the end of the block: the end was lost, and the two are never joined. */
  | { readonly kind: "malformed"; readonly bytes: Buffer }
  /** The head of a frame larger than the limit; the rest was read and thrown away. */
  | { readonly kind: "too-large"; readonly bytes: Buffer; readonly length: number }
  | { readonly kind: "incomplete"; readonly bytes: Buffer };

/** Kept of a frame that is over the limit, in bytes: enough for its MSH, so that it can be answered. */
const HEAD_BYTES = 4_096;

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

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
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
      const byte = chunk[at];
      if (!this.#open) {
        if (byte === START_OF_BLOCK) {
          this.#open = true;
          from = at + 1;
        } else this.#discarded++;
        continue;
      }
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

  /** The stream has ended, or its time is up: what is left of an open block. A block that only misses its last CR is a message. */
  end(): Frame | undefined {
    if (!this.#open) return undefined;
    return this.#endSeen ? this.#close(1, true) : { kind: "incomplete", bytes: this.#take(0) };
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
