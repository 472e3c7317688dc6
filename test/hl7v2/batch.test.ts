import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Batch, readBatch } from "#src/hl7v2/batch.ts";
import { batchAcknowledgement } from "#src/hl7v2/batch-acknowledgement.ts";

const msg = (id: string): string => `MSH|^~\\&|EHR|NORTH|CB|US|20260101||ADT^A08|${id}|P|2.5.1\rPID|1||77\r`;
const FHS = "FHS|^~\\&|EHR|NORTH|CB|US|20260101||NIGHT||F-1\r";
const BHS = "BHS|^~\\&|EHR|NORTH|CB|US|20260101||DAY||B-1\r";
const read = (text: string): Batch => readBatch(Buffer.from(text, "latin1"));
const texts = ({ messages }: Batch): string[] => messages.map(({ bytes }) => bytes.toString("latin1"));
const shape = ({ files }: Batch): unknown => files.map(({ batches }) => batches.map(({ messages }) => messages.length));
const faults = (batch: Batch): string[] => batch.faults.map(({ code, place, line }) => `${code} ${place} line ${line}`);

describe("a file of messages", () => {
  it("gives the messages of a whole file in order, with its envelope", () => {
    const batch = read(`${FHS}${BHS}${msg("1")}${msg("2")}BTS|2\rFTS|1\r`);
    expect(texts(batch)).toEqual([msg("1"), msg("2")]);
    expect(batch.files[0]).toMatchObject({ controlId: "F-1", stated: 1 });
    expect(batch.files[0]?.batches[0]).toMatchObject({ controlId: "B-1", stated: 2 });
    expect({ faults: batch.faults, outside: batch.outside }).toEqual({ faults: [], outside: [] });
  });

  it.each([
    ["messages only", `${msg("1")}${msg("2")}`, [[2]]],
    ["a batch without a file header", `${BHS}${msg("1")}BTS|1\r`, [[1]]],
    ["a file header and messages without a batch", `${FHS}${msg("1")}FTS|1\r`, [[1]]],
    ["several batches of one file", `${FHS}${BHS}${msg("1")}BTS|1\r${BHS}${msg("2")}${msg("3")}BTS|2\rFTS|2\r`, [[1, 2]]],
    ["a trailer without a header", `${msg("1")}BTS|1\r`, [[1]]],
    ["an empty batch", `${BHS}BTS|0\r`, [[0]]],
    ["two files joined", `${FHS}${BHS}${msg("1")}BTS|1\rFTS|1\r${FHS}${BHS}${msg("2")}BTS\rFTS\r`, [[1], [1]]],
    ["messages behind a batch", `${BHS}${msg("1")}BTS|1\r${msg("2")}`, [[1, 1]]],
    ["nothing", "", []],
  ])("is read with whatever envelope it has: %s", (_, text, expected) => {
    const batch = read(text);
    expect(shape(batch)).toEqual(expected);
    expect(batch.faults).toEqual([]);
  });

  it.each(["\r", "\n", "\r\n"])("is read with lines ended by %j, behind a byte order mark and blank lines", (end) => {
    const batch = read(`\xef\xbb\xbf\r\r${BHS}\r${msg("1")}\r${msg("2")}BTS|2\r`.replaceAll("\r", end));
    expect(texts(batch)).toEqual([`${msg("1")}\r`, msg("2")].map((text) => text.replaceAll("\r", end)));
    expect(batch.messages.map(({ line }) => line)).toEqual([5, 8]);
    expect({ faults: batch.faults, outside: batch.outside }).toEqual({ faults: [], outside: [] });
  });

  it("reads MLLP blocks, with or without line ends between them", () => {
    const batch = read(`\x0b${msg("1")}\x1c\r\x0b${msg("2")}\x1c\x0b${msg("3")}\x1c\r\n\r\n\x0bMSH|^~\\&|one line\x1c\r`);
    expect(texts(batch)).toEqual([msg("1"), msg("2"), msg("3"), "MSH|^~\\&|one line"]);
    expect(batch.outside).toEqual([]);
  });

  it("reads one MLLP block around a whole batch", () => {
    const batch = read(`\x0b${BHS}${msg("1")}BTS|1\x1c\r`);
    expect(texts(batch)).toEqual([msg("1")]);
    expect(batch.faults).toEqual([]);
  });

  it("reads files that were joined, each with its byte order mark", () => {
    const mark = "\xef\xbb\xbf";
    expect(texts(read(`${mark}${msg("1")}${mark}${msg("2")}\x0b${mark}${msg("3")}\x1c\r`))).toEqual([msg("1"), msg("2"), msg("3")]);
  });

  it("tells of a block whose end is missing, for the rest of the message may be missing too", () => {
    const batch = read(`\x0b${msg("1")}\x0b${msg("2")}\x1c\r\x0bMSH|^~\\&|cut of`);
    expect(batch.messages.map(({ unfinished }) => unfinished)).toEqual([true, false, true]);
    expect(texts(batch)).toEqual([msg("1"), msg("2"), "MSH|^~\\&|cut of"]);
  });

  it("keeps an end byte and words like trailers within free text", () => {
    const text = `${msg("1")}OBX|1|TX|||scan\x1c\rBTS and FTS were ordered\rMSHA|not a header\r`;
    expect(texts(read(text))).toEqual([text]);
  });

  it("reads the delimiters off each header itself", () => {
    const { files } = read(`FHS#*~\\&#EHR\rBHS$^~\\&$A$B$C$D$1$$T$$b|1\r${msg("1")}BTS$1\rFTS#1\r`);
    expect(files[0]?.header?.slice(0, 4)).toEqual(["FHS", "#", "*~\\&", "EHR"]);
    expect(files[0]?.batches[0]).toMatchObject({ controlId: "b|1", stated: 1 });
  });

  it("says which count is wrong, what was stated and what is there", () => {
    const batch = read(`${FHS}${BHS}${msg("1")}${msg("2")}BTS|3\rFTS|2\r`);
    expect(batch.faults).toMatchObject([
      { code: "BATCH_COUNT_WRONG", place: "BTS-1", line: 7, stated: 3, found: 2 },
      { code: "BATCH_COUNT_WRONG", place: "FTS-1", line: 8, stated: 2, found: 1 },
    ]);
  });

  it("compares no count that is absent or no number", () => {
    expect(read(`${BHS}${msg("1")}BTS\r${BHS}${msg("2")}BTS|two\r${BHS}${msg("3")}BTS||note\r`).faults).toEqual([]);
  });

  it("names every header without a trailer", () => {
    expect(faults(read(`${FHS}${BHS}${msg("1")}${BHS}${msg("2")}`))).toEqual([
      "BATCH_UNFINISHED BTS line 2",
      "BATCH_UNFINISHED BTS line 5",
      "BATCH_UNFINISHED FTS line 1",
    ]);
  });

  it("names lines that belong to no message", () => {
    const batch = read(`report of today\rpage 1\r${BHS}remark\r${msg("1")}BTS|1\r\x1a`);
    expect(batch.outside.map(({ line, length }) => [line, length])).toEqual([
      [1, "report of today\rpage 1".length],
      [4, "remark".length],
    ]);
    expect(batch.messages).toHaveLength(1);
  });

  it("reads any bytes without throwing, and leaves none of them unnamed", () => {
    const part = fc.oneof(
      fc.constantFrom(FHS, BHS, msg("1"), "BTS|1\r", "FTS|1\r", "\r", "\n", "\x0b", "\x1c", "MSH", "MSH|", "\xef\xbb\xbf", "text"),
      fc.string({ unit: "binary-ascii", maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const bytes = Buffer.from(parts.join(""), "latin1");
        const batch = readBatch(bytes);
        expect(batch.files.flatMap(({ batches }) => batches.flatMap(({ messages }) => messages))).toEqual(batch.messages);
        let behind = 0;
        const named = Buffer.from(bytes);
        for (const { bytes: message, offset } of batch.messages) {
          expect(offset).toBeGreaterThanOrEqual(behind);
          expect(message.equals(bytes.subarray(offset, offset + message.length))).toBe(true);
          behind = offset + message.length;
          named.fill(0x20, offset, behind);
        }
        for (const { offset, length } of batch.outside) named.fill(0x20, offset, offset + length);
        const rest = named.toString("latin1").replaceAll("\xef\xbb\xbf", "");
        const lines = rest.split(/[\r\n\v]/).filter((line) => /[!-\xff]/.test(line));
        expect(lines.filter((line) => !/^\s*(FHS|BHS|BTS|FTS)/.test(line))).toEqual([]);
      }),
    );
  });

  it("gives back what was put in, whatever the envelope and the line ends", () => {
    const envelope = fc.record({ fhs: fc.boolean(), bhs: fc.boolean(), trailers: fc.boolean(), end: fc.constantFrom("\r", "\n", "\r\n") });
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(999), { maxLength: 5 }), { maxLength: 5 }), envelope, (batches, { fhs, bhs, trailers, end }) => {
        const all = batches.map((ids) => ids.map((id) => msg(String(id))));
        const text = all.map((one) => `${bhs ? BHS : ""}${one.join("")}${bhs && trailers ? `BTS|${one.length}\r` : ""}`).join("");
        const batch = read(`${fhs ? FHS : ""}${text}${fhs && trailers && bhs ? `FTS|${all.length}\r` : ""}`.replaceAll("\r", end));
        expect(texts(batch)).toEqual(all.flat().map((one) => one.replaceAll("\r", end)));
        expect(batch.faults.every(({ code }) => code === "BATCH_UNFINISHED")).toBe(true);
        expect(batch.outside).toEqual([]);
      }),
    );
  });

  it("reads a file of one very long line and one of very many short ones in time linear in its bytes", () => {
    const started = performance.now();
    expect(read(`${msg("1")}OBX|1|ED|||${"A".repeat(8_000_000)}\r`).messages).toHaveLength(1);
    expect(read("BTS\r".repeat(500_000)).files[0]?.batches).toHaveLength(500_000);
    expect(read("x\r".repeat(2_000_000)).outside).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe("the answer to a file", () => {
  const at = new Date("2026-02-03T04:05:06Z");
  const answer = (text: string, errorsOnly = false): string[] => {
    const batch = read(text);
    const answers = new Map(
      batch.messages.map((message, n) => {
        const refused = message.bytes.includes("bad");
        return [message, { bytes: Buffer.from(`MSH|ack\rMSA|${refused ? "AE" : "AA"}|${n + 1}\r`), refused }];
      }),
    );
    return batchAcknowledgement(batch, answers, { at, controlId: "CB", errorsOnly }).toString("latin1").split("\r").slice(0, -1);
  };

  it("has sender and receiver changed over, echoes the control ids in BHS-12 and FHS-12, and counts its acknowledgements", () => {
    expect(answer(`${FHS}${BHS}${msg("1")}${msg("bad")}BTS|2\rFTS|1\r`)).toEqual([
      "FHS|^~\\&|CB|US|EHR|NORTH|20260203040506+0000||||CB|F-1",
      "BHS|^~\\&|CB|US|EHR|NORTH|20260203040506+0000||||CB-1|B-1",
      "MSH|ack",
      "MSA|AA|1",
      "MSH|ack",
      "MSA|AE|2",
      "BTS|2",
      "FTS|1",
    ]);
  });

  it("holds the refusals only when that is wanted, and is an empty batch when there are none", () => {
    expect(answer(`${BHS}${msg("1")}${msg("bad")}BTS|2\r`, true).slice(1)).toEqual(["MSH|ack", "MSA|AE|2", "BTS|1"]);
    expect(answer(`${BHS}${msg("1")}BTS|1\r`, true).slice(1)).toEqual(["BTS|0"]);
  });

  it("has a batch for each batch, in the delimiters of each", () => {
    const lines = answer(`BHS$*~\\&$A$B$C$D$1$$T$$x1\r${msg("1")}BTS$1\r${BHS}${msg("2")}BTS|1\r`);
    expect(lines.filter((line) => /^B[HT]S/.test(line))).toEqual([
      "BHS$*~\\&$C$D$A$B$20260203040506+0000$$$$CB-1$x1",
      "BTS$1",
      "BHS|^~\\&|CB|US|EHR|NORTH|20260203040506+0000||||CB-2|B-1",
      "BTS|1",
    ]);
  });

  it("goes to the sender of the first message when the file has no batch header", () => {
    expect(answer(msg("1"))[0]).toBe("BHS|^~\\&|CB|US|EHR|NORTH|20260203040506+0000||||CB-1|");
  });
});
