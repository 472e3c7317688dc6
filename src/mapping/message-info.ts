import { readHeader } from "#src/hl7v2/header.ts";

/** What a message says of itself, mapped or not. */
export interface MessageInfo {
  /** `ADT^A01`. */
  readonly messageType: string;
  /** MSH-10. */
  readonly controlId: string;
  /** MSH-3. */
  readonly sendingApplication: string;
  /** MSH-4. */
  readonly sendingFacility?: string;
}

/** Reads it off the header; empty texts when there is none. */
export function infoOf(bytes: Buffer): MessageInfo {
  const header = readHeader(bytes);
  if (!header.ok) return { messageType: "", controlId: "", sendingApplication: "" };
  const { messageType, controlId, sendingApplication, sendingFacility } = header.value;
  return { messageType, controlId, sendingApplication, sendingFacility };
}
