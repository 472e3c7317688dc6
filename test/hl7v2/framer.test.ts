import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { block, type Frame, Framer } from "#src/hl7v2/framer.ts";

const MESSAGE = "MSH|^~\\&|LAB|NORTH|||20260101||ADT^A01|1|P|2.5\rPID|1||77\r";
const read = (chunks: readonly Buffer[], maxBytes = 1_000_000): Frame[] => {
  const framer = new Framer(maxBytes);
  const frames = chunks.flatMap((chunk) => framer.push(chunk));
  const last = framer.end();
  return last === undefined ? frames : [...frames, last];
};
const texts = (frames: readonly Frame[]): string[] => frames.map((frame) => `${frame.kind}:${frame.bytes.toString("latin1")}`);

describe("the MLLP framer", () => {
  it("gives the same message wherever the stream is cut", () => {
    const wire = block(Buffer.from(MESSAGE));
    for (let at = 0; at <= wire.length; at++)
      expect(texts(read([wire.subarray(0, at), wire.subarray(at)]))).toEqual([`message:${MESSAGE}`]);
  });

  it("gives the same frames for any chunks of any bytes", () => {
    const bytes = fc.array(fc.constantFrom(0x0b, 0x1c, 0x0d, 0x41, 0x42), { maxLength: 200 }).map((list) => Buffer.from(list));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(20), { maxLength: 50 }), (wire, sizes) => {
        const chunks: Buffer[] = [];
        let from = 0;
        for (const size of sizes) {
          chunks.push(wire.subarray(from, from + size));
          from += size;
        }
        chunks.push(wire.subarray(from));
        expect(texts(read(chunks))).toEqual(texts(read([wire])));
      }),
    );
  });

  it("handles two messages of one chunk in order", () => {
    expect(texts(read([Buffer.concat([block(Buffer.from("one")), block(Buffer.from("two"))])]))).toEqual(["message:one", "message:two"]);
  });

  it("never joins two messages when the end of the first was lost", () => {
    expect(texts(read([Buffer.from("\x0bfirst\x0bsecond\x1c\r")]))).toEqual(["malformed:first", "message:second"]);
  });

  it("takes a block whose carriage return is missing when the next one starts", () => {
    const frames = read([Buffer.from("\x0bfirst\x1c\x0bsecond\x1c\r")]);
    expect(texts(frames)).toEqual(["message:first", "message:second"]);
    expect(frames[0]).toMatchObject({ unterminated: true });
  });

  it("keeps an end byte inside the content", () => {
    expect(texts(read([Buffer.from("\x0bscan\x1cned\x1c\r")]))).toEqual(["message:scan\x1cned"]);
  });

  it("counts what lies between blocks and keeps none of it", () => {
    const framer = new Framer(1000);
    framer.push(Buffer.from("\r\n  \x0bone\x1c\r\n"));
    expect(framer.discardedBytes).toBe(5);
  });

  it("keeps only the head of a frame over the limit, and reads on behind it", () => {
    const frames = read([Buffer.from(`\x0bMSH${"x".repeat(9000)}\x1c\r`), block(Buffer.from("next"))], 5000);
    expect(frames[0]).toMatchObject({ kind: "too-large", length: 9003 });
    expect(frames[0]?.bytes.length).toBe(4096);
    expect(texts(frames.slice(1))).toEqual(["message:next"]);
  });

  it("gives back what was begun and never finished", () => {
    expect(texts(read([Buffer.from("\x0bMSH|half")]))).toEqual(["incomplete:MSH|half"]);
  });
});
