import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import { charsetOfMime, decode, isKnownCharset } from "#src/hl7v2/charsets.ts";
import { readDelimiters } from "#src/hl7v2/delimiters.ts";
import { unescape } from "#src/hl7v2/escapes.ts";
import { firstSegment, readHeader, readIdentifiers, readShape } from "#src/hl7v2/header.ts";
import { parseMessage, type Value } from "#src/hl7v2/message.ts";
import { offsetIn, plusMinutes, toDate, toDateTime, toInstant } from "#src/hl7v2/times.ts";
import { offsetOf } from "#src/hl7v2/zones.ts";

const MESSAGE =
  "MSH|^~\\&|EHR^1.2.3^ISO|NORTH|CB|HIM|20260131235959.12-0500||ADT^A01^ADT_A01|42|P|2.5.1||||||UNICODE UTF-8\r" +
  'PID|1||77^^^NORTH&1.9&ISO^MR~78^^^SOUTH||Quill^A\\T\\da\\X4A\\||19700203|F|||""\r\nPV1|1|I|3N^301\nZZZ|\\.br\\~~^^&&\r';

/** A message with some bytes changed, removed and put in: most of it is still read, so the readers get far. */
const damaged = fc
  .array(fc.record({ at: fc.nat(MESSAGE.length), cut: fc.nat(4), put: fc.uint8Array({ maxLength: 4 }) }), { maxLength: 8 })
  .map((edits) =>
    edits.reduce(
      (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
      Buffer.from(MESSAGE, "latin1"),
    ),
  );
const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const headed = random.map((bytes) => Buffer.concat([Buffer.from("MSH"), bytes]));
const anyBytes = fc.oneof(damaged, random, headed);
const RUNS = { numRuns: 1_500 };

/** The failure's code, or `read`. */
const codeOf = (result: Result<unknown, Failure>): string => (result.ok ? "read" : result.failure.code);

/** Reads a value and everything below it. */
function walk(value: Value, depth: number): number {
  let length = value.text.length + (value.valued ? 1 : 0) + (value.isNull ? 1 : 0);
  if (depth > 0) for (let n = 1; n <= 4; n++) length += walk(value.part(n), depth - 1);
  return length;
}

describe("whatever the bytes are", () => {
  it("the header is read or refused with a code, never with an exception", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const header = readHeader(bytes);
        expect(codeOf(header)).toMatch(/^(read|MESSAGE_UNREADABLE)$/);
        if (!header.ok) return;
        readShape(bytes, header.value);
        for (const name of ["PID", "PV1", "MSH"]) readIdentifiers(firstSegment(bytes, header.value, name)?.[3], header.value);
      }),
      RUNS,
    );
  });

  it("the message is read to its last leaf, or refused with a code", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const decoded = decode(bytes, []);
        const message = parseMessage(decoded.ok ? decoded.value.text : "");
        expect(codeOf(message)).toMatch(/^(read|MESSAGE_UNREADABLE)$/);
        for (const segment of message.ok ? message.value.segments : [])
          for (let n = 0; n <= 20; n++) for (const repetition of segment.repetitions(n)) walk(repetition, 2);
      }),
      RUNS,
    );
  });

  it("they decode under every character set that is known, and no other name is taken", () => {
    const name = fc.oneof(
      fc.constantFrom("ASCII", "UNICODE UTF-8", "8859/1", "8859/15", "UNICODE UTF-16", "GB 18030-2000", "BIG-5", "8859/10", "__proto__"),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(random, name, (bytes, charset) => {
        expect(decode(bytes, [charset]).ok).toBe(isKnownCharset(charset));
        charsetOfMime(charset);
      }),
      RUNS,
    );
  });

  it("delimiters and escapes are read or left as they are", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("|^~\\&", "|^~\\&#", "$%*@!", "|^")),
        fc.string({ unit: "binary", maxLength: 60 }),
        (head, text) => {
          const delimiters = readDelimiters(`MSH${head}`);
          expect(delimiters === undefined ? "" : unescape(text, delimiters)).toBeTypeOf("string");
        },
      ),
      RUNS,
    );
  });
});

describe("whatever the text of a time is", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789.+-"), maxLength: 26 });
  const plausible = fc
    .tuple(
      fc.nat(9999),
      fc.nat(13),
      fc.nat(32),
      fc.nat(25),
      fc.nat(61),
      fc.nat(61),
      fc.constantFrom("", ".1", "-0500", "+1400", ".25+0530"),
    )
    .map(([year, ...rest]) => {
      const tail = rest.pop();
      return `${String(year).padStart(4, "0")}${rest.map((n) => String(n).padStart(2, "0")).join("")}${tail ?? ""}`;
    });
  const text = fc.oneof(digits, plausible, fc.string());
  const zone = fc.constantFrom("America/Chicago", "UTC", "Pacific/Kiritimati", "Asia/Kathmandu", "no/zone", "");

  it("becomes a date and time of FHIR, or is refused", () => {
    const R4 = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d)?)?)?$/;
    fc.assert(
      fc.property(text, zone, (time, where) => {
        const date = toDate(time);
        const dateTime = toDateTime(time, { zone: where });
        const instant = toInstant(time, { zone: where });
        expect(date.ok ? date.value : "2026").toMatch(/^\d{4}(-\d\d(-\d\d)?)?$/);
        expect(dateTime.ok ? dateTime.value : "2026").toMatch(R4);
        expect(Date.parse(instant.ok ? instant.value : "2026")).not.toBeNaN();
        expect(dateTime.ok).toBe(date.ok);
        offsetIn(time);
      }),
      RUNS,
    );
  });

  it("minutes are added, or there is nothing to add to", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: -1_000_000, max: 1_000_000 }), (time, minutes) => {
        const later = plusMinutes(time, minutes);
        expect(Date.parse(later ?? "2026")).not.toBeNaN();
      }),
      RUNS,
    );
  });

  it("every hour of every day has an offset in every zone", () => {
    const day = fc.date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.nat(23), zone, (date, hour, where) => {
        expect(offsetOf(where, date.toISOString().slice(0, 10), String(hour).padStart(2, "0"))).toMatch(/^[+-]\d\d:\d\d$/);
      }),
    );
  });
});
