import iconv from "iconv-lite";
import { fail, ok, type Result } from "#src/base/result.ts";

/**
 * MSH-18 names (HL7 table 0211) to decoders. `ASCII` is decoded as UTF-8, of which it is a part. Maps, not objects: senders write
 * the names, and an object also answers to `constructor`.
 */
const DECODERS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ASCII: "utf8",
    "UNICODE UTF-8": "utf8",
    UNICODE: "utf8",
    "UTF-8": "utf8",
    UTF8: "utf8",
    "8859/1": "latin1",
    "8859/2": "iso-8859-2",
    "8859/3": "iso-8859-3",
    "8859/4": "iso-8859-4",
    "8859/5": "iso-8859-5",
    "8859/6": "iso-8859-6",
    "8859/7": "iso-8859-7",
    "8859/8": "iso-8859-8",
    "8859/9": "iso-8859-9",
    "8859/15": "iso-8859-15",
    "UNICODE UTF-16": "utf-16",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc-kr",
  }),
);

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface Decoded {
  readonly text: string;
  /** The bytes are not what the header says: Windows-1252 was read in place of UTF-8. */
  readonly contradicted: boolean;
}

/** The table 0211 name of a MIME charset; undefined for one we cannot decode. */
export function charsetOfMime(name: string): string | undefined {
  const plain = name.replaceAll('"', "").trim().toLowerCase();
  const match = /^iso[-_]?8859[-_](\d{1,2})$/.exec(plain);
  const hl7 = match === null ? MIME.get(plain) : `8859/${match[1] ?? ""}`;
  return hl7 !== undefined && isKnownCharset(hl7) ? hl7 : undefined;
}

const MIME: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "us-ascii": "ASCII",
    "utf-8": "UNICODE UTF-8",
    utf8: "UNICODE UTF-8",
    "utf-16": "UNICODE UTF-16",
    gb18030: "GB 18030-2000",
    big5: "BIG-5",
  }),
);

/** Whether text under this MSH-18 name is read as UTF-8, so that bytes which are none contradict it. */
export const isReadAsUtf8 = (name: string): boolean => DECODERS.get(name.trim().toUpperCase()) === "utf8";

export const isKnownCharset = (name: string): boolean => DECODERS.has(name.trim().toUpperCase());

/**
 * Decodes a message by its first MSH-18 name; no name means UTF-8. The stored bytes are never changed by this.
 * Fails with `CHARSET_NOT_SUPPORTED` on a name outside HL7 table 0211.
 */
export function decode(bytes: Uint8Array, charsets: readonly string[]): Result<Decoded, "CHARSET_NOT_SUPPORTED"> {
  const name = (charsets[0] ?? "ASCII").trim().toUpperCase();
  const decoder = DECODERS.get(name);
  if (decoder === undefined) return fail("CHARSET_NOT_SUPPORTED");
  if (decoder !== "utf8")
    // Half a UTF-16 pair is no character, and nothing behind this could write it.
    return ok({ text: iconv.decode(Buffer.from(bytes), decoder).toWellFormed(), contradicted: false });
  try {
    return ok({ text: strictUtf8.decode(bytes), contradicted: false });
  } catch {
    return ok({ text: iconv.decode(Buffer.from(bytes), "windows-1252"), contradicted: true });
  }
}
