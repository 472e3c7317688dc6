import type { Bundle, BundleEntry, MessageHeader, OperationOutcome, Resource } from "@medplum/fhirtypes";
import { type Failure, FAILURES, type FailureCode, isFailureCode } from "#src/base/failures.ts";
import { freshId, type IdKey, type MessageId, stableId } from "#src/base/ids.ts";
import type { Journaled } from "#src/base/journaled.ts";
import type { Feed } from "#src/config/types.ts";
import { outcomeOf } from "#src/fhir/outcome.ts";
import type { Journal, JournalEntry, Outcome } from "#src/journal/journal.ts";
import { type BundleSubject, checkBundle, type ReadSubject } from "./check-bundle.ts";

export interface AcceptBundleNeeds {
  readonly journal: Journal;
  readonly idKey: IdKey;
  readonly now: () => Date;
  /** What a bundle is about, with the feed's settings. */
  readonly subjectOf: (feed: Feed) => ReadSubject;
  /** Waits until a record is folded; undefined when it is not within `waitMs`. */
  readonly awaitOutcome: (id: MessageId, waitMs: number) => Promise<FoldedOutcome | undefined>;
}

export interface FoldedOutcome {
  readonly outcome: Outcome;
  readonly code?: string;
  readonly place?: string;
}

export interface BundleAnswer {
  readonly status: number;
  readonly body?: Bundle | OperationOutcome;
  readonly headers?: Readonly<Record<string, string>>;
  readonly recordId?: MessageId;
}

export type BundleKind = "message" | "transaction";
/** How long a sender waits for the effect of what it wrote, in ms. */
const FOLD_WAIT_MS = 5_000;

const resourcesOf = (bundle: Bundle): readonly Resource[] => (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);

/** What makes two posts the same message: MessageHeader.id, Bundle.identifier, Bundle.id. */
function controlIdOf(bundle: Bundle): string | undefined {
  const header = resourcesOf(bundle).find((resource) => resource.resourceType === "MessageHeader");
  return bundle.identifier?.value ?? header?.id ?? bundle.id;
}

/**
 * Takes one FHIR bundle: what is wrong with it is said before it is accepted; then it is journalled, and answered when it has taken
 * effect, or after 5 s with 202 and where to ask. Never throws.
 */
export function createAcceptBundle({ journal, idKey, now, subjectOf, awaitOutcome }: AcceptBundleNeeds) {
  return async (feed: Feed, kind: BundleKind, body: unknown, bytes: Buffer): Promise<BundleAnswer> => {
    const base: Omit<JournalEntry, "verdict"> = {
      id: freshId() as MessageId,
      feed: feed.name,
      protocol: "fhir",
      receivedAt: now(),
      messageType: `FHIR ${kind}`,
      bytes,
    };
    const keep = async (entry: JournalEntry): Promise<Journaled | undefined> => {
      try {
        return await journal.append(entry);
      } catch {
        return undefined;
      }
    };
    const storeDown: BundleAnswer = { status: 503, body: outcomeOf({ code: "STORE_DOWN" }), headers: { "Retry-After": "5" } };
    const checked = checkBundle(body, kind, subjectOf(feed));
    if (!checked.ok) {
      const [first] = checked.failure;
      const status = FAILURES[first?.code ?? "REQUEST_INVALID"].http;
      const stored = await keep({
        ...base,
        verdict: "refused",
        answer: String(status),
        ...(first === undefined ? {} : { failure: first }),
      });
      return stored === undefined ? storeDown : { status, body: outcomeOf(...checked.failure), recordId: stored.id };
    }
    const { bundle, subject } = checked.value;
    const controlId = controlIdOf(bundle);
    const { orderKey } = subject;
    const proof = await keep({
      ...base,
      verdict: "accepted",
      answer: "200",
      ...(controlId === undefined ? {} : { controlId }),
      ...(orderKey === undefined ? {} : { orderKey }),
      onReuse: "reject",
      ...(feed.life === "test" ? { foldAs: { outcome: "filtered" as const, failure: { code: "FEED_IN_TEST" as const } } } : {}),
    });
    if (proof === undefined) return storeDown;
    if (proof.verdict === "refused")
      return { status: 409, body: outcomeOf({ code: "CONTROL_ID_REUSED", place: "Bundle.identifier" }), recordId: proof.id };
    // A repetition is answered as the message it repeats.
    const recordId = proof.original?.id ?? proof.id;
    const answered = foldedAnswer(await awaitOutcome(recordId, FOLD_WAIT_MS), recordId);
    if (answered !== undefined) return { ...answered, recordId };
    const done = kind === "message" ? messageResponse(bundle, idKey, recordId) : transactionResponse(subject);
    return { status: 200, body: done, headers: statusLocation(recordId), recordId };
  };
}

/** Where a sender can ask later what came of a message. */
const statusLocation = (recordId: MessageId): Readonly<Record<string, string>> => ({
  "Content-Location": `/fhir/R4/$message-status/${recordId}`,
});

/** The answer when a message has not taken effect; undefined when it has. */
function foldedAnswer(folded: FoldedOutcome | undefined, recordId: MessageId): BundleAnswer | undefined {
  if (folded === undefined) return { status: 202, headers: statusLocation(recordId) };
  const refusal = foldedFailure(folded);
  return refusal && { status: FAILURES[refusal.code].http, body: outcomeOf(refusal), headers: statusLocation(recordId) };
}

/** Why a record had no effect, as a failure; undefined when it had. */
export function foldedFailure({ outcome, code, place }: FoldedOutcome): Failure | undefined {
  if (outcome === "applied" || outcome === "filtered") return undefined;
  const known: FailureCode = code !== undefined && isFailureCode(code) ? code : "FOLD_ERROR";
  if (outcome === "parked")
    return { code: "FOLD_ERROR", detail: "an earlier message of this account could not be applied; this one is kept and waits behind it" };
  return { code: known, ...(place === undefined ? {} : { place }) };
}

function messageResponse(bundle: Bundle, idKey: IdKey, recordId: MessageId): Bundle {
  const sent = resourcesOf(bundle).find((resource): resource is MessageHeader => resource.resourceType === "MessageHeader");
  const id = stableId(idKey, "MessageHeader", "response", recordId);
  const header: MessageHeader = {
    resourceType: "MessageHeader",
    id,
    ...(sent?.eventCoding === undefined ? { eventUri: sent?.eventUri ?? "urn:chartbridge:event" } : { eventCoding: sent.eventCoding }),
    source: { name: "Chartbridge", endpoint: "urn:chartbridge:engine" },
    response: { identifier: sent?.id ?? controlIdOf(bundle) ?? recordId, code: "ok" },
  };
  return { resourceType: "Bundle", type: "message", entry: [{ fullUrl: `urn:uuid:${id}`, resource: header }] };
}

const transactionResponse = ({ locations }: BundleSubject): Bundle => ({
  resourceType: "Bundle",
  type: "transaction-response",
  entry: locations.map(
    (location): BundleEntry => ({ response: location === undefined ? { status: "204 No Content" } : { status: "200 OK", location } }),
  ),
});
