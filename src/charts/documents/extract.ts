import { textOfRtf } from "./rtf.ts";
import { textOfXml } from "./xml.ts";

/** Why a document has no text to search. */
export const NO_TEXT_REASONS = {
  ELSEWHERE: "the sender sent an address, not the document",
  EMPTY: "the sender sent no content",
  ENCRYPTED: "the document needs a password",
  IMAGE: "the document has no text: it is an image or a scan",
  NOT_READABLE: "the document is damaged, or not of the kind it says",
  KIND_NOT_READ: "documents of this kind are kept and shown, not searched",
  TOO_LARGE: "the document is too large to be searched",
  TOO_SLOW: "the text could not be drawn out in time",
} as const;
export type NoTextReason = keyof typeof NO_TEXT_REASONS;

export type Extracted = { readonly text: string } | { readonly reason: NoTextReason };

/** Raised when the readers change: text drawn out by an older one is drawn out again. */
export const EXTRACTOR = 1;
/** C-CDA in C-CDA in …: no further. */
const WRAPS_MAX = 3;

const tidy = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    .replace(/[^\S\n\t]+/g, " ")
    .replace(/ *\n */g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();

const asText = (text: string): Extracted => {
  const tidied = tidy(text);
  return tidied === "" ? { reason: "EMPTY" } : { text: tidied };
};

async function textOfPdf(bytes: Uint8Array): Promise<Extracted> {
  const { extractText } = await import("unpdf");
  try {
    const { text } = await extractText(new Uint8Array(bytes), { mergePages: true });
    const tidied = tidy(text);
    return tidied === "" ? { reason: "IMAGE" } : { text: tidied };
  } catch (error) {
    return { reason: error instanceof Error && error.name === "PasswordException" ? "ENCRYPTED" : "NOT_READABLE" };
  }
}

/** What the bytes themselves say they are, before what the sender says. */
function kindOf(contentType: string, bytes: Uint8Array): "pdf" | "rtf" | "xml" | "text" | "image" | "other" {
  const head = Buffer.from(bytes.subarray(0, 300)).toString("latin1").trimStart();
  if (head.startsWith("%PDF-")) return "pdf";
  if (head.startsWith("{\\rtf")) return "rtf";
  if (contentType === "application/pdf") return "pdf";
  if (contentType === "application/rtf" || contentType === "text/rtf") return "rtf";
  if (contentType === "text/html") return "other";
  if (contentType.endsWith("/xml") || contentType.endsWith("+xml") || head.includes("<?xml")) return "xml";
  if (contentType === "text/plain") return "text";
  return contentType.startsWith("image/") ? "image" : "other";
}

/** The text of one content, or why it has none. Reads what others made: use it where it may be stopped. */
export async function extractText(bytes: Uint8Array, contentType: string, wraps = 0): Promise<Extracted> {
  if (bytes.length === 0) return { reason: "EMPTY" };
  switch (kindOf(contentType, bytes)) {
    case "pdf":
      return textOfPdf(bytes);
    case "rtf": {
      const text = textOfRtf(bytes);
      return text === undefined ? { reason: "NOT_READABLE" } : asText(text);
    }
    case "xml": {
      const found = textOfXml(bytes);
      if (found === undefined || (found.kind === "wrapped" && wraps >= WRAPS_MAX)) return { reason: "NOT_READABLE" };
      return found.kind === "text" ? asText(found.text) : extractText(found.bytes, found.contentType, wraps + 1);
    }
    case "text":
      return asText(new TextDecoder().decode(bytes));
    case "image":
      return { reason: "IMAGE" };
    case "other":
      return { reason: "KIND_NOT_READ" };
  }
}
