import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { block, type Frame, Framer } from "#src/hl7v2/framer.ts";

/** The stretches a stream is made of, with what each must be read as. */
type Stretch =
  | { readonly kind: "message" | "lost-cr" | "lost-end"; readonly content: readonly number[] }
  | { readonly kind: "noise"; readonly content: readonly number[] };

const [VT, FS, CR] = [0x0b, 0x1c, 0x0d];
/** Every byte that means something to the framer or to its neighbours, and some that do not. */
const contentByte = fc.constantFrom(0x41, 0x4d, 0x7c, FS, CR, 0x0a, 0x00, 0xff);
/** FS followed by CR would end the block. */
// oxlint-disable-next-line no-control-regex -- the end byte is what this is about
const ENDS_BLOCK = /\x1c\r+/g;
const content = fc
  .array(contentByte, { maxLength: 30 })
  .map((bytes) => [...Buffer.from(bytes).toString("latin1").replace(ENDS_BLOCK, "\x1c")].map((one) => one.charCodeAt(0)));
const noise = fc.array(fc.constantFrom(0x00, 0x06, 0x0a, CR, 0x15, FS, 0x20), { maxLength: 6 });
const stretch: fc.Arbitrary<Stretch> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("message", "lost-cr", "lost-end"), content }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("noise"), content: noise }) },
);
/** What lost its end is followed by a start byte, or by the end of the stream: else the noise is part of it. */
const stretches = fc
  .array(stretch, { maxLength: 12 })
  .map((list) => list.filter((one, at) => one.kind !== "noise" || at === 0 || list[at - 1]?.kind === "message"));

function wireOf(list: readonly Stretch[]): Buffer {
  const parts = list.map(({ kind, content: bytes }) => {
    if (kind === "noise") return Buffer.from(bytes);
    if (kind === "message") return block(Buffer.from(bytes));
    return Buffer.from(kind === "lost-cr" ? [VT, ...bytes, FS] : [VT, ...bytes]);
  });
  return Buffer.concat(parts);
}

/** One line a frame: its kind and its bytes in hexadecimal. */
const lines = (frames: readonly Frame[]): string[] => frames.map(({ kind, bytes }) => `${kind} ${bytes.toString("hex")}`);

function expectedOf(list: readonly Stretch[]): string[] {
  const cut = list.flatMap(({ kind, content: bytes }, at): string[] => {
    if (kind === "noise") return [];
    const isLast = at === list.length - 1;
    const hex = Buffer.from(bytes).toString("hex");
    if (kind !== "lost-end") return [`message ${hex}`];
    // An end byte as the last of the content cannot be told from a block that lost its carriage return.
    if (bytes.at(-1) === FS) return [`message ${hex.slice(0, -2)}`];
    return [`${isLast ? "incomplete" : "malformed"} ${hex}`];
  });
  return cut;
}

function readIn(wire: Buffer, sizes: readonly number[], maxBytes = 1_000): readonly Frame[] {
  const framer = new Framer(maxBytes);
  const frames: Frame[] = [];
  let from = 0;
  for (const size of sizes) {
    frames.push(...framer.push(wire.subarray(from, from + size)));
    from += size;
  }
  frames.push(...framer.push(wire.subarray(from)));
  const last = framer.end();
  return last === undefined ? frames : [...frames, last];
}

const sizes = fc.array(fc.nat(9), { maxLength: 80 });

describe("any stream of frames", () => {
  it("is cut into the frames it is made of, whatever the chunks are", () => {
    fc.assert(
      fc.property(stretches, sizes, (list, cuts) => {
        expect(lines(readIn(wireOf(list), cuts))).toEqual(expectedOf(list));
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives the same frames for any chunks of any bytes, over the size limit too", () => {
    const wire = fc.array(fc.oneof(contentByte, fc.constant(VT)), { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(wire, sizes, fc.constantFrom(8, 1_000), (bytes, cuts, most) => {
        expect(lines(readIn(bytes, cuts, most))).toEqual(lines(readIn(bytes, [], most)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("loses no byte: what is in no frame is a block character or counted as discarded", () => {
    const wire = fc.array(fc.oneof(contentByte, fc.constant(VT)), { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(wire, (bytes) => {
        const framer = new Framer(1_000);
        const frames = [...framer.push(bytes)];
        const last = framer.end();
        if (last !== undefined) frames.push(last);
        const inFrames = frames.filter(({ kind }) => kind !== "stray").reduce((sum, frame) => sum + frame.bytes.length, 0);
        const marks = bytes.length - inFrames - framer.discardedBytes;
        const opened = frames.filter(({ kind }) => kind !== "stray").length;
        expect(marks).toBeGreaterThanOrEqual(opened);
        expect(marks).toBeLessThanOrEqual(3 * opened);
      }),
    );
  });
});
