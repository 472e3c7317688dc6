/** transient: a retry is safe. ambiguous: it may have happened, look first. permanent: a person decides. */
export type FailureClass = "transient" | "ambiguous" | "permanent";

interface FailureRow {
  readonly class: FailureClass;
  /** HTTP status of an answer that reports it. */
  readonly http: number;
  /** OperationOutcome.issue.code (R4 IssueType). */
  readonly fhir: string;
  /** What a person is told. Never a patient's data. */
  readonly text: string;
}

/** Closed and stable: stored in the journal, shown to people, counted in metrics. */
export const FAILURES = {
  // the message as it came
  MESSAGE_UNREADABLE: { class: "permanent", http: 400, fhir: "structure", text: "the message has no readable MSH segment" },
  MESSAGE_NOT_SUPPORTED: { class: "permanent", http: 422, fhir: "not-supported", text: "this message type or event is not known" },
  EVENT_NOT_SUPPORTED: { class: "permanent", http: 422, fhir: "not-supported", text: "HL7 defines no such event for this message type" },
  REQUIRED_FIELD_MISSING: { class: "permanent", http: 422, fhir: "required", text: "a required field is empty" },
  SEGMENT_MISSING: {
    class: "permanent",
    http: 422,
    fhir: "required",
    text: "a segment is missing without which the message means nothing",
  },
  SEGMENT_REPEATED: { class: "permanent", http: 422, fhir: "structure", text: "a second MSH: two messages were joined" },
  MESSAGE_TRUNCATED: { class: "permanent", http: 422, fhir: "incomplete", text: "the message ends in the middle of a segment's name" },
  SENDER_NOT_EXPECTED: { class: "permanent", http: 403, fhir: "forbidden", text: "this feed does not expect that sender" },
  RECEIVER_NOT_OURS: { class: "permanent", http: 422, fhir: "business-rule", text: "the message is addressed to somebody else" },
  PROCESSING_ID_NOT_ACCEPTED: {
    class: "permanent",
    http: 422,
    fhir: "business-rule",
    text: "this feed does not take the processing id in MSH-11",
  },
  VERSION_NOT_SUPPORTED: { class: "permanent", http: 422, fhir: "not-supported", text: "this HL7 version is not known" },
  CHARSET_NOT_SUPPORTED: { class: "permanent", http: 422, fhir: "not-supported", text: "the character set in MSH-18 is not known" },
  FRAME_TOO_LARGE: { class: "permanent", http: 413, fhir: "too-long", text: "the message is larger than this feed allows" },
  FRAME_EMPTY: { class: "permanent", http: 400, fhir: "structure", text: "the frame has nothing in it" },
  FRAME_UNTERMINATED: { class: "permanent", http: 400, fhir: "structure", text: "the end byte has no carriage return after it" },
  FRAME_MALFORMED: { class: "permanent", http: 400, fhir: "structure", text: "a start byte came before the end of the frame" },
  UNFRAMED: { class: "permanent", http: 400, fhir: "structure", text: "bytes outside of any frame: the start byte 0B is missing" },
  TLS_ON_PLAIN_PORT: { class: "permanent", http: 400, fhir: "security", text: "the peer speaks TLS, and this port does not" },
  PLAIN_ON_TLS_PORT: { class: "permanent", http: 400, fhir: "security", text: "the peer sends plain text, and this port wants TLS" },
  PEER_NOT_ALLOWED: { class: "permanent", http: 403, fhir: "forbidden", text: "this address or certificate may not connect to the feed" },
  ACKNOWLEDGEMENT_RECEIVED: { class: "permanent", http: 400, fhir: "business-rule", text: "an acknowledgement is never acknowledged" },
  FRAME_INCOMPLETE: { class: "permanent", http: 400, fhir: "incomplete", text: "the frame was not finished" },
  CONTROL_ID_REUSED: { class: "permanent", http: 409, fhir: "duplicate", text: "the same control id came with different content" },
  // the file it came in
  BATCH_COUNT_WRONG: { class: "permanent", http: 422, fhir: "value", text: "a trailer states another count than there is" },
  BATCH_UNFINISHED: {
    class: "permanent",
    http: 422,
    fhir: "incomplete",
    text: "a batch or file header has no trailer: the file may have been cut off",
  },
  FILE_TAKEN_BEFORE: { class: "permanent", http: 409, fhir: "duplicate", text: "a file with exactly this content was taken before" },
  // kept and not charted, by the feed's settings
  EVENT_NOT_USED: { class: "permanent", http: 422, fhir: "business-rule", text: "this feed does not use that event" },
  TEST_MESSAGE: {
    class: "permanent",
    http: 422,
    fhir: "business-rule",
    text: "a test or debugging message (MSH-11 T or D) is never charted",
  },
  ARCHIVED_MESSAGE: { class: "permanent", http: 422, fhir: "business-rule", text: "a message of an archive (MSH-11.2 A) is never charted" },
  FEED_IN_TEST: { class: "permanent", http: 422, fhir: "business-rule", text: "the feed is in test: nothing of it is charted" },
  // mapping and folding
  VALUE_NOT_VALID: { class: "permanent", http: 422, fhir: "value", text: "a field's value does not have the form of its data type" },
  CODE_UNMAPPED: { class: "permanent", http: 422, fhir: "code-invalid", text: "a code is not in the table of its map" },
  MAP_ERROR: { class: "permanent", http: 422, fhir: "processing", text: "the map gave a resource that is not valid" },
  MAP_NOT_VALID: { class: "permanent", http: 422, fhir: "invalid", text: "the maps have a fault" },
  ACCOUNT_UNKNOWN: { class: "permanent", http: 422, fhir: "not-found", text: "the message names no account and no visit" },
  FOLD_ERROR: { class: "permanent", http: 500, fhir: "exception", text: "the message could not be applied to its chart" },
  // work list and coding
  NOT_FOUND: { class: "permanent", http: 404, fhir: "not-found", text: "there is no such thing here" },
  NOTHING_READY: { class: "transient", http: 404, fhir: "not-found", text: "no item is ready on these queues" },
  LEASE_LOST: { class: "permanent", http: 409, fhir: "conflict", text: "the lease has ended or belongs to somebody else" },
  SNAPSHOT_STALE: { class: "permanent", http: 409, fhir: "conflict", text: "the chart has changed since the item was opened" },
  FINDINGS_OPEN: {
    class: "permanent",
    http: 422,
    fhir: "business-rule",
    text: "edits are open: a hard one, or a soft one without a reason",
  },
  TRANSITION_NOT_ALLOWED: { class: "permanent", http: 409, fhir: "conflict", text: "the item's state does not allow this" },
  REVISION_STALE: { class: "permanent", http: 409, fhir: "conflict", text: "somebody changed this since it was read" },
  HOLD_NOT_YOURS: {
    class: "permanent",
    http: 403,
    fhir: "forbidden",
    text: "this hold is lifted by what it waits for, or by a supervisor",
  },
  QUERY_NOT_COMPLIANT: { class: "permanent", http: 422, fhir: "business-rule", text: "the question would not be compliant" },
  // requests
  REQUEST_INVALID: { class: "permanent", http: 400, fhir: "invalid", text: "the request is not of the form this route takes" },
  METHOD_NOT_ALLOWED: { class: "permanent", http: 405, fhir: "not-supported", text: "this path does not take that method" },
  BODY_TOO_LARGE: { class: "permanent", http: 413, fhir: "too-long", text: "the body is larger than the 10 MiB that the API takes" },
  RESOURCE_INVALID: { class: "permanent", http: 422, fhir: "invalid", text: "the resource is not valid FHIR R4" },
  NOT_SIGNED_IN: { class: "permanent", http: 401, fhir: "login", text: "sign in first" },
  NOT_ALLOWED: { class: "permanent", http: 403, fhir: "forbidden", text: "your role may not do this" },
  NOT_IMPLEMENTED: { class: "permanent", http: 501, fhir: "not-supported", text: "this server does not offer that interaction" },
  CLAIM_NOT_VALID: { class: "permanent", http: 422, fhir: "invalid", text: "the claim would not be valid" },
  // stores and peers
  STORE_DOWN: { class: "transient", http: 503, fhir: "transient", text: "the journal cannot be written now" },
  PEER_UNAVAILABLE: { class: "transient", http: 503, fhir: "transient", text: "the destination cannot be reached" },
  PEER_THROTTLED: { class: "transient", http: 429, fhir: "throttled", text: "the destination asks to wait" },
  PEER_CONFLICT: { class: "transient", http: 409, fhir: "conflict", text: "somebody else changed it at the destination meanwhile" },
  PEER_NO_ANSWER: { class: "ambiguous", http: 504, fhir: "timeout", text: "the destination did not answer, or not in time" },
  PEER_FAILED: { class: "ambiguous", http: 502, fhir: "exception", text: "the destination failed while it had the request" },
  PEER_REFUSED: { class: "permanent", http: 422, fhir: "business-rule", text: "the destination refused it" },
  PEER_FORBIDS: { class: "permanent", http: 403, fhir: "forbidden", text: "the destination does not let us write" },
  PEER_HAS_SEVERAL: { class: "permanent", http: 412, fhir: "multiple-matches", text: "the destination holds several with this identifier" },
  PEER_LACKS_TARGET: { class: "permanent", http: 422, fhir: "not-found", text: "the destination does not know what the claim refers to" },
  PEER_NOT_OFFERED: {
    class: "permanent",
    http: 501,
    fhir: "not-supported",
    text: "the destination does not offer what the strategy needs",
  },
  STRATEGY_UNFIT: { class: "permanent", http: 422, fhir: "not-supported", text: "the destination's strategy cannot carry such a claim" },
  PEER_MISCONFIGURED: { class: "permanent", http: 502, fhir: "exception", text: "what answers at the address is not the destination" },
} as const satisfies Record<string, FailureRow>;

export type FailureCode = keyof typeof FAILURES;

/** An expected failure: which, and where (`PID-5`, `Claim.diagnosis[0]`), never the value found there. */
export interface Failure {
  readonly code: FailureCode;
  readonly place?: string;
  /** Ours, in plain words; no text of the sender's. */
  readonly detail?: string;
}

/** Whether a text, of a person or of the database, is one of our codes. */
export const isFailureCode = (text: string): text is FailureCode => Object.hasOwn(FAILURES, text);

export const mayRetryUnattended = (code: FailureCode): boolean => FAILURES[code].class === "transient";

/** One line for a person: `SEGMENT_MISSING at PID: a segment is missing …`. */
export const describe = (failure: Failure): string =>
  `${failure.code}${failure.place === undefined ? "" : ` at ${failure.place}`}: ${failure.detail ?? FAILURES[failure.code].text}`;
