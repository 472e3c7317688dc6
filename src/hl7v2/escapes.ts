import type { Delimiters } from "./delimiters.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes written as `\X…\`: UTF-8 when they are that, else one character a byte. */
function textOfBytes(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}

/** Formatting commands of FT (v2.5.1 ch. 2.7.6). Indents and fill modes say nothing to a reader of plain text. */
function formatting(command: string): string | undefined {
  const match = /^\.(br|sp|ce|sk|in|ti|fi|nf)([+-]?\d{0,4})$/.exec(command);
  if (match === null) return undefined;
  const times = Math.min(Math.max(Number.parseInt(match[2] ?? "", 10) || 1, 1), 100);
  if (match[1] === "sp") return "\n".repeat(times);
  if (match[1] === "br" || match[1] === "ce") return "\n";
  return match[1] === "sk" ? " ".repeat(times) : "";
}

function meaning(body: string, d: Delimiters): string | undefined {
  switch (body) {
    case "F":
      return d.field;
    case "S":
      return d.component;
    case "T":
      return d.subcomponent;
    case "R":
      return d.repetition;
    case "E":
      return d.escape;
    case "P":
      return d.truncation;
    case "H":
    case "N":
      return "";
    default:
      return formatting(body);
  }
}

/** Longest escape looked for, in characters: a longer one is text with a stray escape character in it. */
const LONGEST_ESCAPE = 4_096;

/**
 * Decodes the escapes of one leaf value, once (v2.5.1 ch. 2.7). Adjacent hexadecimal escapes are one run of bytes.
 * An escape that is not known, or has no end, stays as written: nothing is eaten up to the next escape character.
 */
export function unescape(text: string, d: Delimiters): string {
  if (d.escape === "" || !text.includes(d.escape)) return text;
  let out = "";
  let hex = "";
  let at = 0;
  const flush = (): void => {
    if (hex !== "") out += textOfBytes(hex);
    hex = "";
  };
  while (at < text.length) {
    const start = text.indexOf(d.escape, at);
    if (start < 0) break;
    if (start > at) {
      flush();
      out += text.slice(at, start);
    }
    const end = text.indexOf(d.escape, start + 1);
    const body = end < 0 || end - start > LONGEST_ESCAPE ? undefined : text.slice(start + 1, end);
    if (body !== undefined && /^X(?:[0-9A-Fa-f]{2})+$/.test(body)) {
      hex += body.slice(1);
      at = end + 1;
      continue;
    }
    flush();
    const decoded = body === undefined ? undefined : meaning(body, d);
    out += decoded ?? d.escape;
    at = decoded === undefined ? start + 1 : end + 1;
  }
  flush();
  return out + text.slice(at);
}

/** What no text may hold on the wire: line ends split segments, VT and FS end MLLP blocks, the others are not text (v2.5.1 ch. 2.7). */
// oxlint-disable-next-line no-control-regex -- these are the control characters
const NOT_TEXT = /[\x00-\x08\x0a-\x1f]/;

/**
 * Writes text so that `unescape` reads it back (v2.5.1 ch. 2.7.1): delimiters as `\F\`, `\S\`, `\T\`, `\R\`, `\E\`, and `\P\` where the
 * message has a truncation character. Control characters but tab are written as `\Xhh\`: it is an escape of every text type and keeps CR and
 * LF apart, while `\.br\` is a formatting command of FT alone. In a message that declares no escape character they cannot be written;
 * a space takes the place of each.
 */
export function escape(text: string, d: Delimiters): string {
  const letters = new Map([
    [d.field, "F"],
    [d.component, "S"],
    [d.repetition, "R"],
    [d.escape, "E"],
    [d.subcomponent, "T"],
    [d.truncation, "P"],
  ]);
  // One that was not declared is the empty string; no character of the text equals it.
  const written = (body: string): string => (d.escape === "" ? " " : d.escape + body + d.escape);
  let out = "";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    const letter = letters.get(char);
    if (letter !== undefined) out += written(letter);
    else if (NOT_TEXT.test(char)) out += written(`X${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
    else out += char;
  }
  return out;
}
