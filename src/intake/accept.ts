import type { Failure } from "#src/base/failures.ts";
import { freshId, type MessageId } from "#src/base/ids.ts";
import type { Feed } from "#src/config/types.ts";
import { acceptAcknowledgement, refusal } from "#src/hl7v2/acknowledgement.ts";
import type { Frame } from "#src/hl7v2/framer.ts";
import { firstSegment, type Header, readHeader, readIdentifier } from "#src/hl7v2/header.ts";
import type { Journal, JournalEntry, Journaled, Protocol, Verdict } from "#src/journal/journal.ts";
import { checkHeader } from "./check-header.ts";

export interface Needs {
  readonly journal: Journal;
  readonly now: () => Date;
}

export interface Origin {
  readonly feed: Feed;
  readonly protocol: Protocol;
  readonly peer: string;
}

/** What to do with the sender: write these bytes, or (the store being down) close without an answer. */
export type Reply =
  | { readonly kind: "answer"; readonly bytes: Buffer; readonly verdict: Verdict }
  | { readonly kind: "none" }
  | { readonly kind: "close" };

/** The patient (PID-3), else the account (PID-18), else the visit (PV1-19), with its authority: messages of one patient stay in order. */
export function orderKeyOf(bytes: Buffer, header: Header, feed: Feed): string | undefined {
  const pid = firstSegment(bytes, header, "PID");
  const visit = (): string | undefined => firstSegment(bytes, header, "PV1")?.[19];
  const id = readIdentifier(pid?.[3], header) ?? readIdentifier(pid?.[18], header) ?? readIdentifier(visit(), header);
  if (id === undefined) return undefined;
  const authority = id.authority || feed.defaultAuthority || (header.sendingFacility.split(header.componentSeparator)[0] ?? "");
  return `${authority}|${id.value}`;
}

/**
 * Takes one frame: reads its header, checks it, appends it to the journal, and only then makes the answer.
 * Never throws: a store that cannot be written gives what the feed's `onStoreDown` says, and never an accept.
 */
export async function acceptFrame({ journal, now }: Needs, { feed, protocol, peer }: Origin, frame: Frame): Promise<Reply> {
  const receivedAt = now();
  const base = { id: freshId() as MessageId, feed: feed.name, protocol, peer, receivedAt, bytes: frame.bytes };
  const context = { at: receivedAt, controlId: base.id.replaceAll("-", "").slice(0, 20).toUpperCase() };
  const keep = async (entry: Pick<JournalEntry, "verdict"> & Partial<JournalEntry>): Promise<Journaled | undefined> => {
    try {
      return await journal.append({ ...base, ...entry });
    } catch {
      return undefined;
    }
  };

  if (frame.bytes.length === 0 && frame.kind === "message") {
    await keep({ verdict: "refused", failure: { code: "MESSAGE_UNREADABLE", place: "MSH" } });
    return { kind: "none" };
  }
  if (frame.kind === "incomplete" || frame.kind === "malformed") {
    await keep({ verdict: "incomplete", failure: { code: "FRAME_INCOMPLETE" } });
    return { kind: "none" };
  }
  const read = readHeader(frame.bytes);
  if (!read.ok) {
    // Without a readable MSH there is nothing to build an answer from; an invented one would acknowledge another message.
    const stored = await keep({ verdict: "refused", failure: read.failure });
    return stored === undefined ? { kind: "close" } : { kind: "none" };
  }
  const header = read.value;
  // An acknowledgement is never acknowledged: two engines would answer each other for ever.
  if (header.messageType.startsWith("ACK") || header.messageType.startsWith("MCF")) {
    await keep({ verdict: "refused", messageType: header.messageType, failure: { code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" } });
    return { kind: "none" };
  }
  const orderKey = orderKeyOf(frame.bytes, header, feed);
  const known = { messageType: header.messageType, controlId: controlIdentity(header), ...(orderKey === undefined ? {} : { orderKey }) };
  const tooLarge: Failure = { code: "FRAME_TOO_LARGE" };
  const refused = frame.kind === "too-large" ? { code: "AR" as const, failure: tooLarge } : checkHeader(frame.bytes, header, feed);
  if (refused !== undefined) {
    const stored = await keep({ ...known, verdict: "refused", answer: refused.code, failure: refused.failure });
    if (stored === undefined) return storeDown(feed, header, context);
    return { kind: "answer", bytes: refusal(header, refused.code, refused.failure, context), verdict: "refused" };
  }
  const proof = await keep({ ...known, verdict: "accepted", answer: "AA" });
  if (proof === undefined) return storeDown(feed, header, context);
  if (proof.verdict === "refused")
    return { kind: "answer", bytes: refusal(header, "AR", { code: "CONTROL_ID_REUSED", place: "MSH-10" }, context), verdict: "refused" };
  return { kind: "answer", bytes: acceptAcknowledgement(header, proof, context), verdict: proof.verdict };
}

/** What identifies a message among those of its feed: sender and MSH-10. */
const controlIdentity = (header: Header): string => `${header.sendingApplication}|${header.sendingFacility}|${header.controlId}`;

function storeDown(feed: Feed, header: Header, context: { readonly at: Date; readonly controlId: string }): Reply {
  if (feed.onStoreDown === "AR207")
    return { kind: "answer", bytes: refusal(header, "AR", { code: "STORE_DOWN" }, context), verdict: "refused" };
  return { kind: "close" };
}
