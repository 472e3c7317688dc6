/** Answers that are certain of a frame: MSA-2, and the codes MSA-1 may have. */
export interface Expected {
  readonly controlId: string;
  readonly codes: readonly string[];
}

/** What is written in one go. */
export interface Shot {
  readonly kind: Kind;
  readonly bytes: Buffer;
  /** Messages or attempts at one in it. */
  readonly frames: number;
  /** Answers that must come, in this order. Of a kind that is `certain` no other comes. */
  readonly expects: readonly Expected[];
  /** Written in two parts, cut here. */
  readonly cutAt?: number;
  /** The connection ends behind these bytes. */
  readonly ends?: true;
}

/**
 * What is sent: how often among 1,000 shots, and whether the fate of each is certain. Of the kinds that are not, each answer
 * must be a valid one; how many come is told by the journal.
 */
export const KINDS = {
  /** A small ADT. */
  valid: { weight: 240, certain: true },
  /** A whole message of the bench: A01, P03, A08, A03 with insurance and diagnoses. */
  full: { weight: 30, certain: true },
  /** A burst of small messages in one write. */
  pipelined: { weight: 8, certain: true },
  /** A small message in two writes. */
  "in-parts": { weight: 20, certain: true },
  /** The same message twice in one write. */
  doubled: { weight: 20, certain: true },
  /** A message of some time ago, byte for byte. */
  duplicate: { weight: 40, certain: true },
  /** The control id of another message. */
  "reused-id": { weight: 20, certain: true },
  /** Sound framing around what must be refused, with the letter of the refusal known. */
  wrong: { weight: 130, certain: true },
  /** Five or six other delimiters. */
  "other-delimiters": { weight: 20, certain: true },
  /** Delimiters that cannot be told apart. */
  "no-delimiters": { weight: 20, certain: true },
  /** Zero bytes, FS and other control bytes in a field. */
  binary: { weight: 30, certain: true },
  /** A field of 20 to 200 kB. */
  "huge-field": { weight: 1, certain: true },
  /** No end block; the next message follows. */
  "lost-end": { weight: 40, certain: true },
  /** FS without CR; the next message follows. */
  "lost-cr": { weight: 40, certain: true },
  /** Nothing between start and end block. */
  empty: { weight: 40, certain: true },
  /** An acknowledgement, which is never answered. */
  acknowledgement: { weight: 20, certain: true },
  /** The connection ends within a frame. */
  "cut-off": { weight: 5, certain: true },
  /** An end byte or another control byte at the end of a header field, which an answer may repeat. */
  "header-bytes": { weight: 10, certain: false },
  /** No start block. */
  "lost-start": { weight: 20, certain: false },
  /** A message without any frame. */
  unframed: { weight: 20, certain: false },
  /** Random bytes in a frame. */
  "random-framed": { weight: 60, certain: false },
  /** Random bytes, block characters among them. */
  random: { weight: 20, certain: false },
  /** A message with bytes changed. */
  flipped: { weight: 60, certain: false },
  /** A message with bytes taken out. */
  shortened: { weight: 60, certain: false },
  /** A message with bytes put in. */
  lengthened: { weight: 26, certain: false },
} as const satisfies Readonly<Record<string, { readonly weight: number; readonly certain: boolean }>>;

export type Kind = keyof typeof KINDS;

/** Every kind as often as its weight says: a choice among them is a choice by weight. */
export const LOTS: readonly Kind[] = (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
  Array.from({ length: KINDS[kind].weight }, () => kind),
);
