import type { DocumentReference } from "@medplum/fhirtypes";

/** One content of a document, as the sender sent it. */
export interface SentContent {
  /** Place in `DocumentReference.content`. */
  readonly index: number;
  /** Media type as sent; `application/octet-stream` when it is none. */
  readonly contentType: string;
  readonly title?: string;
  /** The whole of it; absent when the sender sent an address, or nothing. */
  readonly bytes?: Buffer;
  readonly url?: string;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]{0,60}\/[a-z0-9][a-z0-9.+-]{0,100}$/;

/** The contents of a document in their order. */
export const contentsOf = (document: DocumentReference): readonly SentContent[] =>
  document.content.map(({ attachment }, index) => {
    const type = (attachment.contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    return {
      index,
      contentType: MEDIA_TYPE.test(type) ? type : "application/octet-stream",
      ...(attachment.title === undefined ? {} : { title: attachment.title }),
      ...(attachment.data === undefined ? {} : { bytes: Buffer.from(attachment.data, "base64") }),
      ...(attachment.url === undefined ? {} : { url: attachment.url }),
    };
  });

/** Media types that a browser may show in a frame of no rights; anything else is given to be saved. */
const SHOWN: ReadonlySet<string> = new Set(["application/pdf", "text/plain", "image/jpeg", "image/png", "image/gif"]);

/**
 * Headers under which a sender's bytes are given out: no script of theirs runs, no type is guessed, nothing is kept by a cache, and
 * markup is never a page of ours.
 */
export const safeHeaders = ({ contentType, index }: Pick<SentContent, "contentType" | "index">): Readonly<Record<string, string>> => ({
  "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "content-disposition": `${SHOWN.has(contentType) ? "inline" : "attachment"}; filename="document-${index + 1}"`,
});
