import { readDelimiters } from "#src/hl7v2/delimiters.ts";
import { START_OF_BLOCK, block } from "#src/hl7v2/framer.ts";
import { STANDARD_DELIMITERS } from "#src/hl7v2/serialise.ts";
import { chanceOf, type Chance } from "../demo/random.ts";
import { flip, lengthen, randomBytes, shorten } from "./damage.ts";
import { type Expected, type Kind, LOTS, type Shot } from "./kinds.ts";
import { fullMessages, small, visit, write } from "./messages.ts";

const OPEN = Buffer.of(START_OF_BLOCK);
const END_WITHOUT_CR = Buffer.of(0x1c);

const accepted = (controlId: string): Expected => ({ controlId, codes: ["AA"] });
const together = (...parts: readonly Buffer[]): Buffer => Buffer.concat(parts);

/** Ids of shots whose answers are certain begin otherwise than those of damaged messages, so that no damage makes one of the other. */
type IdOf = (certain: boolean) => string;

interface Made {
  readonly bytes: Buffer;
  readonly frames?: number;
  readonly expects?: readonly Expected[];
  readonly cutAt?: number;
  readonly ends?: true;
}

/** Messages kept to be sent again. */
const KEPT = 200;

/**
 * The shots of one connection, the same for the same seed and number of connection.
 * @returns a function that makes the next one; the first is a sound message, so that the connection is not taken for TLS.
 */
export function shotsOf(seed: number, connection: number): () => Shot {
  const chance = chanceOf(seed * 64 + connection);
  const line = connection.toString(36).toUpperCase().padStart(2, "0");
  const run = (seed % 36 ** 5).toString(36).toUpperCase().padStart(5, "0");
  let count = 0;
  const id: IdOf = (certain) => `${certain ? "C" : "~"}${run}${line}${(count++).toString(36).toUpperCase().padStart(8, "0")}`;
  const full = fullMessages();
  const kept: { readonly controlId: string; readonly bytes: Buffer }[] = [];

  const sound = (): { readonly controlId: string; readonly bytes: Buffer } => {
    const controlId = id(true);
    const one = { controlId, bytes: small(chance, line, controlId) };
    kept[count % KEPT] = one;
    return one;
  };
  const earlier = (): { readonly controlId: string; readonly bytes: Buffer } => kept[chance.whole(0, KEPT - 1)] ?? sound();
  const one = (): Made => {
    const { controlId, bytes } = sound();
    return { bytes: block(bytes), expects: [accepted(controlId)] };
  };
  /** A message behind something that has no answer, or one of its own. */
  const behind = (before: Buffer, expects: readonly Expected[] = []): Made => {
    const { controlId, bytes } = sound();
    return { bytes: together(before, block(bytes)), frames: 2, expects: [...expects, accepted(controlId)] };
  };
  const damaged = (damage: (chance: Chance, bytes: Buffer) => Buffer): Made => {
    const controlId = id(false);
    const bytes = chance.whole(0, 9) === 0 ? full(chance, line, controlId) : small(chance, line, controlId);
    return { bytes: damage(chance, block(bytes)) };
  };

  const makers: Readonly<Record<Kind, () => Made>> = {
    valid: one,
    full: () => {
      const controlId = id(true);
      return { bytes: block(full(chance, line, controlId)), expects: [accepted(controlId)] };
    },
    pipelined: () => {
      const burst = Array.from({ length: chance.whole(5, 20) }, sound);
      return {
        bytes: together(...burst.map(({ bytes }) => block(bytes))),
        frames: burst.length,
        expects: burst.map(({ controlId }) => accepted(controlId)),
      };
    },
    "in-parts": () => {
      const made = one();
      return { ...made, cutAt: chance.whole(1, made.bytes.length - 1) };
    },
    doubled: () => {
      const { controlId, bytes } = sound();
      return { bytes: together(block(bytes), block(bytes)), frames: 2, expects: [accepted(controlId), accepted(controlId)] };
    },
    duplicate: () => {
      const { controlId, bytes } = earlier();
      return { bytes: block(bytes), expects: [accepted(controlId)] };
    },
    // The shipped setting takes another message under a used id as new (duplicates.onReuse: accept).
    "reused-id": () => {
      const { controlId } = earlier();
      return {
        bytes: block(write(controlId, { segments: [...visit(chance, line), ["NTE", { 3: id(false) }]] })),
        expects: [accepted(controlId)],
      };
    },
    wrong: () => (chance.whole(0, 9) === 0 ? zeroInType(chance, line, id(true)) : wrong(chance, line, id(true))),
    "other-delimiters": () => {
      const controlId = id(true);
      const delimiters = readDelimiters(`MSH${chance.pick(["$%*@!#", "#^~\\&", "+:/?;", "|~^\\&", "|^~\\&#"])}`) ?? STANDARD_DELIMITERS;
      const bytes = write(controlId, { segments: visit(chance, line), delimiters });
      return { bytes: block(bytes), expects: [accepted(controlId)] };
    },
    "no-delimiters": () => {
      const head = chance.pick(["MSH|||||", "MSH|^^\\&|", "MSH|^~\\&#$|", "MSH", "MSHA^~\\&A"]);
      return { bytes: block(Buffer.from(`${head}FUZZ|NORTH|||||ADT^A08|${id(false)}|P|2.5.1\rPID|1\r`, "latin1")) };
    },
    binary: () => {
      const controlId = id(true);
      const field = Buffer.from(randomBytes(chance, 200, true).map((byte) => (byte === 0x0d || byte === 0x0a ? 0x00 : byte)));
      const noise = together(Buffer.from("OBX|1|ED|||", "latin1"), field, Buffer.from("\x1c|\x1c\x1cx\r", "latin1"));
      return { bytes: block(together(write(controlId, { segments: visit(chance, line) }), noise)), expects: [accepted(controlId)] };
    },
    "huge-field": () => {
      const controlId = id(true);
      const huge = "x".repeat(chance.whole(20_000, 200_000));
      return {
        bytes: block(write(controlId, { segments: [...visit(chance, line), ["NTE", { 3: huge }]] })),
        expects: [accepted(controlId)],
      };
    },
    "lost-end": () => behind(together(OPEN, small(chance, line, id(false)))),
    "lost-cr": () => {
      const { controlId, bytes } = sound();
      return behind(together(OPEN, bytes, END_WITHOUT_CR), [accepted(controlId)]);
    },
    empty: () => ({ bytes: block(Buffer.alloc(0)) }),
    acknowledgement: () => ({
      bytes: block(write(id(false), { msh: { 9: chance.pick(["ACK", "MCF"]) }, segments: [["MSA", { 1: "AA", 2: "1" }]] })),
    }),
    "cut-off": () => {
      const bytes = small(chance, line, id(false));
      return { bytes: together(OPEN, bytes.subarray(0, chance.whole(0, bytes.length))), ends: true };
    },
    "header-bytes": () => ({ bytes: block(headerBytes(chance, line, id(false))) }),
    "lost-start": () => ({ bytes: block(small(chance, line, id(false))).subarray(1) }),
    unframed: () => ({ bytes: small(chance, line, id(false)) }),
    "random-framed": () => ({ bytes: block(randomBytes(chance, 300, true)) }),
    random: () => ({ bytes: randomBytes(chance, 300, false) }),
    flipped: () => damaged(flip),
    shortened: () => damaged(shorten),
    lengthened: () => damaged(lengthen),
  };

  return () => {
    const kind = count === 0 ? "valid" : (LOTS[chance.whole(0, LOTS.length - 1)] ?? "valid");
    return { kind, frames: 1, expects: [], ...makers[kind]() };
  };
}

/** Messages in a sound frame that must be refused. */
function wrong(chance: Chance, line: string, controlId: string): Made {
  const segments = visit(chance, line);
  const evil = chance.pick([
    { code: "AR", draft: { msh: { 9: ["QQQ", "A01"] }, segments } },
    { code: "AR", draft: { msh: { 9: ["ADT", "A99"] }, segments } },
    { code: "AR", draft: { msh: { 9: "" }, segments } },
    { code: "AR", draft: { msh: { 11: "X" }, segments } },
    { code: "AR", draft: { msh: { 12: "9.9" }, segments } },
    { code: "AR", draft: { msh: { 10: "" }, segments } },
    { code: "AE", draft: { msh: { 18: "KLINGON" }, segments } },
    { code: "AE", draft: { segments: segments.filter(([name]) => name !== "PID") } },
    { code: "AE", draft: {} },
    { code: "AE", draft: { msh: { 9: ["DFT", "P03"] }, segments } },
  ]);
  const answered = "msh" in evil.draft && 10 in evil.draft.msh ? "" : controlId;
  return { bytes: block(write(controlId, evil.draft)), expects: [{ controlId: answered, codes: [evil.code] }] };
}

/** A zero byte in the message type, which is kept as text and which databases do not take. */
function zeroInType(chance: Chance, line: string, controlId: string): Made {
  const text = write(controlId, { segments: visit(chance, line) })
    .toString("latin1")
    .replace("|ADT^", "|AD\u0000T^");
  return { bytes: block(Buffer.from(text, "latin1")), expects: [{ controlId, codes: ["AR"] }] };
}

/** MSH-n ends in a byte that means something elsewhere. */
function headerBytes(chance: Chance, line: string, controlId: string): Buffer {
  const fields = write(controlId, { msh: { 18: "UNICODE UTF-8" }, segments: visit(chance, line) })
    .toString("latin1")
    .split("|");
  const n = chance.pick([2, 3, 4, 5, 8, 9, 10, 11, 17]);
  // The last field of MSH goes on to the end of the segment.
  fields[n] = (fields[n] ?? "").replace(/(?=\r|$)/, chance.pick(["\u001c", "\u001c\u001c", "\u0000", "\u001f", "\u0085", "\u00ff"]));
  return Buffer.from(fields.join("|"), "latin1");
}
