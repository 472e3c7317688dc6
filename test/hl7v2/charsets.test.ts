import { describe, expect, it } from "vitest";
import { decode, isKnownCharset } from "#src/hl7v2/charsets.ts";

describe("a character set", () => {
  it.each([
    ["ASCII", "41", "A"],
    ["8859/1", "e9", "é"],
    ["8859/2", "b1", "ą"],
    ["8859/3", "f8", "ĝ"],
    ["8859/4", "b9", "š"],
    ["8859/5", "b0", "А"],
    ["8859/6", "c7", "ا"],
    ["8859/7", "c1", "Α"],
    ["8859/8", "e0", "א"],
    ["8859/9", "f0", "ğ"],
    ["8859/15", "a4", "€"],
    ["GB 18030-2000", "d6d0", "中"],
    ["KS X 1001", "b0a1", "가"],
    ["BIG-5", "a4a4", "中"],
    ["UNICODE", "c3a9", "é"],
    ["UNICODE UTF-8", "e282ac", "€"],
    ["UNICODE UTF-16", "fffee900", "é"],
  ])("%s of table 0211 is decoded", (name, hex, text) => {
    expect(isKnownCharset(name)).toBe(true);
    expect(decode(Buffer.from(hex, "hex"), [name])).toMatchObject({ ok: true, value: { text, contradicted: false } });
  });

  it.each(["ISO IR14", "ISO IR87", "ISO IR159", "CNS 11643-1992", "UNICODE UTF-32", "8859/10", "constructor", "__proto__"])(
    "%s is not known, and nothing is guessed",
    (name) => {
      expect(decode(Buffer.from("41", "hex"), [name])).toEqual({ ok: false, failure: "CHARSET_NOT_SUPPORTED" });
    },
  );
});
