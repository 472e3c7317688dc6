import type { Chance } from "../demo/random.ts";

/** Random bytes; with `plain` no block characters among them, and no MSH in front. */
export function randomBytes(chance: Chance, most: number, plain: boolean): Buffer {
  const bytes = Buffer.alloc(chance.whole(1, most));
  for (let at = 0; at < bytes.length; at++) {
    const byte = chance.whole(0, 255);
    bytes[at] = plain && (byte === 0x0b || byte === 0x1c) ? 0x2e : byte;
  }
  // 16 03 at the start of a connection is a TLS hello, and M may begin MSH.
  if (bytes[0] === 0x16 || bytes[0] === 0x4d) bytes[0] = 0x2e;
  return bytes;
}

/** Most bytes hit by one damage: few enough that much of the message is still read. */
const MOST_HITS = 6;

/** Some bytes replaced by others, or by bytes that mean something. */
export function flip(chance: Chance, bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  for (let hits = chance.whole(1, MOST_HITS); hits > 0; hits--) out[chance.whole(0, out.length - 1)] = meaningful(chance);
  return out;
}

/** One or two stretches taken out. */
export function shorten(chance: Chance, bytes: Buffer): Buffer {
  let out = bytes;
  for (let cuts = chance.whole(1, 2); cuts > 0; cuts--) {
    const at = chance.whole(0, Math.max(0, out.length - 1));
    out = Buffer.concat([out.subarray(0, at), out.subarray(at + chance.whole(1, 40))]);
  }
  return out;
}

/** Some bytes put in. */
export function lengthen(chance: Chance, bytes: Buffer): Buffer {
  let out = bytes;
  for (let hits = chance.whole(1, MOST_HITS); hits > 0; hits--) {
    const at = chance.whole(0, out.length);
    const put = Buffer.from(Array.from({ length: chance.whole(1, 3) }, () => meaningful(chance)));
    out = Buffer.concat([out.subarray(0, at), put, out.subarray(at)]);
  }
  return out;
}

/** Half of the time a byte that some layer gives a meaning: blocks, segments, delimiters, NUL, halves of UTF-8 characters. */
const MEANINGFUL = [0x00, 0x0a, 0x0b, 0x0d, 0x1c, 0x20, 0x22, 0x26, 0x5c, 0x5e, 0x7c, 0x7e, 0x80, 0xc3, 0xef, 0xff] as const;
const meaningful = (chance: Chance): number => (chance.whole(0, 1) === 0 ? chance.pick(MEANINGFUL) : chance.whole(0, 255));
