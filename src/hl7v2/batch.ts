import type { Failure } from "#src/base/failures.ts";
import { CARRIAGE_RETURN, END_OF_BLOCK, START_OF_BLOCK } from "./framer.ts";

/** One message of a file. */
export interface BatchMessage {
  /** Exactly as in the file, without MLLP block characters: from MSH to the next message, header or trailer. */
  readonly bytes: Buffer;
  /** Where it begins in the file, in bytes and as a line counted from 1. */
  readonly offset: number;
  readonly line: number;
  /** An MLLP block whose end byte is missing: the rest of the message may be missing too. */
  readonly unfinished: boolean;
}

/** A header segment (FHS or BHS) as raw Latin-1 fields: index n is field n, index 1 the separator that the line itself declares. */
export type EnvelopeFields = readonly string[];

/** BHS, messages, BTS. Header and trailer may be missing. */
export interface MessageBatch {
  readonly header: EnvelopeFields | undefined;
  /** BHS-11; empty when there is none. */
  readonly controlId: string;
  readonly messages: readonly BatchMessage[];
  /** BTS-1; undefined when it is absent or no number. */
  readonly stated: number | undefined;
}

/** FHS, batches, FTS. Header and trailer may be missing. */
export interface BatchFile {
  readonly header: EnvelopeFields | undefined;
  /** FHS-11; empty when there is none. */
  readonly controlId: string;
  readonly batches: readonly MessageBatch[];
  /** FTS-1, the number of batches; undefined when it is absent or no number. */
  readonly stated: number | undefined;
}

/** What the envelope says wrongly; the messages are read all the same. `line` is where it says so. */
export type BatchFault = Failure & { readonly line: number } & (
    | { readonly code: "BATCH_COUNT_WRONG"; readonly place: "BTS-1" | "FTS-1"; readonly stated: number; readonly found: number }
    | { readonly code: "BATCH_UNFINISHED"; readonly place: "BTS" | "FTS" }
  );

/** Lines that belong to no message and are no envelope. */
export interface Outside {
  readonly offset: number;
  readonly line: number;
  readonly length: number;
}

/** What the bytes of a file hold. */
export interface Batch {
  /** One as a rule; several when files were joined. */
  readonly files: readonly BatchFile[];
  /** Of all batches, in the order of the file. */
  readonly messages: readonly BatchMessage[];
  readonly faults: readonly BatchFault[];
  readonly outside: readonly Outside[];
}

type Tag = "FHS" | "BHS" | "MSH" | "BTS" | "FTS";
type Open<T> = { -readonly [K in keyof T]: T[K] };
type OpenBatch = Open<Omit<MessageBatch, "messages">> & { messages: BatchMessage[]; line: number };
type OpenFile = Open<Omit<BatchFile, "batches">> & { batches: MessageBatch[]; line: number };

/** Bytes between line ends or start bytes. */
interface Piece {
  /** With the block character and byte order mark before it, if any. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly line: number;
  /** A start of block is right before it. */
  readonly framed: boolean;
}

const LF = 0x0a;
const TAGS: ReadonlySet<string> = new Set(["FHS", "BHS", "MSH", "BTS", "FTS"]);
const hasMark = (bytes: Buffer, at: number): boolean => bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
const isAlphanumeric = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

function tagOf(bytes: Buffer, { from, to }: Piece): Tag | undefined {
  const first = bytes[from];
  if (first !== 0x46 && first !== 0x42 && first !== 0x4d) return undefined;
  const name = bytes.toString("latin1", from, Math.min(from + 3, to));
  if (!TAGS.has(name)) return undefined;
  const separator = from + 3 < to ? bytes[from + 3] : undefined;
  if (name === "MSH") return separator !== undefined && !isAlphanumeric(separator) ? name : undefined;
  // A trailer may stand alone. A blank is no separator: a line of free text may begin with any word.
  const alone = separator === undefined || separator === END_OF_BLOCK;
  return alone || (separator > 0x20 && separator < 0x7f && !isAlphanumeric(separator)) ? (name as Tag) : undefined;
}

/** Nothing but blanks and control characters, among them block characters and the end-of-file mark of DOS (1A). */
function isBlank(bytes: Buffer, { from, to }: Piece): boolean {
  for (let at = from; at < to; at++) if ((bytes[at] ?? 0) > 0x20) return false;
  return true;
}

const asCount = (field: string | undefined): number | undefined =>
  field !== undefined && /^\s*\d{1,10}\s*$/.test(field) ? Number(field) : undefined;

class Reader {
  readonly #bytes: Buffer;
  readonly files: BatchFile[] = [];
  readonly messages: BatchMessage[] = [];
  readonly faults: BatchFault[] = [];
  readonly outside: Open<Outside>[] = [];
  #file: OpenFile | undefined;
  #batch: OpenBatch | undefined;
  #message: { readonly from: number; readonly line: number; readonly framed: boolean } | undefined;
  #stray: Open<Outside> | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(piece: Piece): void {
    const tag = tagOf(this.#bytes, piece);
    if (tag !== undefined) this.#envelope(tag, piece);
    else if (this.#message === undefined && !isBlank(this.#bytes, piece)) this.#keepStray(piece);
    // An end byte in free text is content, as it is on the wire; one alone on its line ends a message even when no start byte was sent.
    if (this.#message !== undefined && piece.to > piece.from && this.#bytes[piece.to - 1] === END_OF_BLOCK)
      if (this.#message.framed || piece.to - piece.from === 1) this.#endMessage(piece.to - 1, true);
  }

  end(): void {
    this.#endMessage(this.#bytes.length, false);
    this.#endFile();
  }

  #envelope(tag: Tag, piece: Piece): void {
    this.#endMessage(piece.start, false);
    this.#stray = undefined;
    if (tag === "MSH") {
      this.#message = { from: piece.from, line: piece.line, framed: piece.framed };
      return;
    }
    // One block may be around the whole file: its end byte then follows the last trailer.
    const to = this.#bytes[piece.to - 1] === END_OF_BLOCK ? piece.to - 1 : piece.to;
    const text = this.#bytes.toString("latin1", piece.from, to);
    const separator = text[3];
    const fields = separator === undefined ? [tag] : [tag, separator, ...text.slice(4).split(separator)];
    if (tag === "FHS") {
      this.#endFile();
      this.#file = { header: fields, controlId: fields[11] ?? "", batches: [], stated: undefined, line: piece.line };
    } else if (tag === "BHS") {
      this.#endBatch();
      this.#batch = { header: fields, controlId: fields[11] ?? "", messages: [], stated: undefined, line: piece.line };
    } else if (tag === "BTS") {
      this.#openBatch(piece.line).stated = asCount(fields[2]);
      this.#endBatch(piece.line);
    } else {
      this.#endBatch();
      this.#openFile(piece.line).stated = asCount(fields[2]);
      this.#endFile(piece.line);
    }
  }

  #openFile(line: number): OpenFile {
    this.#file ??= { header: undefined, controlId: "", batches: [], stated: undefined, line };
    return this.#file;
  }

  #openBatch(line: number): OpenBatch {
    this.#batch ??= { header: undefined, controlId: "", messages: [], stated: undefined, line };
    return this.#batch;
  }

  #endMessage(to: number, ended: boolean): void {
    if (this.#message === undefined) return;
    const { from, line, framed } = this.#message;
    this.#message = undefined;
    const message = { bytes: this.#bytes.subarray(from, to), offset: from, line, unfinished: framed && !ended };
    this.messages.push(message);
    this.#openBatch(line).messages.push(message);
  }

  /** @param trailer line of the BTS; undefined when something else ended the batch. */
  #endBatch(trailer?: number): void {
    if (this.#batch === undefined) return;
    const { line, ...batch } = this.#batch;
    this.#batch = undefined;
    this.#openFile(line).batches.push(batch);
    this.#check("BTS", { line, trailer, hasHeader: batch.header !== undefined, stated: batch.stated, found: batch.messages.length });
  }

  #endFile(trailer?: number): void {
    this.#endBatch();
    if (this.#file === undefined) return;
    const { line, ...file } = this.#file;
    this.#file = undefined;
    this.files.push(file);
    this.#check("FTS", { line, trailer, hasHeader: file.header !== undefined, stated: file.stated, found: file.batches.length });
  }

  #check(
    tag: "BTS" | "FTS",
    {
      line,
      trailer,
      hasHeader,
      stated,
      found,
    }: { line: number; trailer: number | undefined; hasHeader: boolean; stated: number | undefined; found: number },
  ): void {
    if (trailer === undefined && hasHeader) this.faults.push({ code: "BATCH_UNFINISHED", place: tag, line });
    if (trailer === undefined || stated === undefined || stated === found) return;
    const detail = `the trailer states ${stated}, and there ${found === 1 ? "is" : "are"} ${found}`;
    this.faults.push({ code: "BATCH_COUNT_WRONG", place: `${tag}-1`, detail, line: trailer, stated, found });
  }

  #keepStray({ from, to, line }: Piece): void {
    if (this.#stray === undefined) {
      this.#stray = { offset: from, line, length: 0 };
      this.outside.push(this.#stray);
    }
    this.#stray.length = to - this.#stray.offset;
  }
}

/**
 * Splits a file into its messages by the batch protocol (v2.5.1 ch. 2.10.3): FHS { BHS { MSH … } BTS } FTS, each part of the envelope
 * optional, lines ended by CR, LF or CRLF, messages plain or in MLLP blocks. Each byte is looked at a fixed number of times.
 *
 * @returns every line that begins with MSH and a separator as a message, whatever is in it; nothing of the file is left unnamed
 *   but blank lines, block characters and byte order marks. Never throws.
 */
export function readBatch(bytes: Buffer): Batch {
  const reader = new Reader(bytes);
  let line = 1;
  for (let at = 0; at < bytes.length; ) {
    let to = at;
    while (to < bytes.length && bytes[to] !== CARRIAGE_RETURN && bytes[to] !== LF && bytes[to] !== START_OF_BLOCK) to++;
    const framed = bytes[at - 1] === START_OF_BLOCK;
    // Files that were joined carry a mark in the middle.
    reader.take({ start: framed ? at - 1 : at, from: hasMark(bytes, at) ? at + 3 : at, to, line, framed });
    if (bytes[to] !== START_OF_BLOCK) line++;
    at = bytes[to] === CARRIAGE_RETURN && bytes[to + 1] === LF ? to + 2 : to + 1;
  }
  reader.end();
  const { files, messages, faults, outside } = reader;
  return { files, messages, faults, outside };
}
