import type { FailureCode } from "#src/base/failures.ts";

/** HL7 table 0357: the condition of ERR-3. */
export interface ErrorCondition {
  readonly code: string;
  readonly text: string;
}

const condition = (code: string, text: string): ErrorCondition => ({ code, text });
const INTERNAL = condition("207", "Application internal error");

/** What an answer says of one failure. */
export interface RefusalRow {
  /** R: type, version, processing id, sender, or trouble of ours; the message itself may be in order. E: its content (v2.5.1 ch. 2.9.2.2). */
  readonly letter: "E" | "R";
  readonly condition: ErrorCondition;
}

const SEQUENCE = condition("100", "Segment sequence error");
const REQUIRED = condition("101", "Required field missing");
const DATA_TYPE = condition("102", "Data type error");
const UNKNOWN_KEY = condition("204", "Unknown key identifier");

/** The one table of refusals: every answer but an accept comes from here, and so does its page in the documentation. */
export const REFUSALS: Partial<Readonly<Record<FailureCode, RefusalRow>>> = {
  REQUIRED_FIELD_MISSING: { letter: "R", condition: REQUIRED },
  MESSAGE_NOT_SUPPORTED: { letter: "R", condition: condition("200", "Unsupported message type") },
  EVENT_NOT_SUPPORTED: { letter: "R", condition: condition("201", "Unsupported event code") },
  PROCESSING_ID_NOT_ACCEPTED: { letter: "R", condition: condition("202", "Unsupported processing id") },
  VERSION_NOT_SUPPORTED: { letter: "R", condition: condition("203", "Unsupported version id") },
  SENDER_NOT_EXPECTED: { letter: "R", condition: UNKNOWN_KEY },
  RECEIVER_NOT_OURS: { letter: "R", condition: UNKNOWN_KEY },
  CONTROL_ID_REUSED: { letter: "R", condition: condition("205", "Duplicate key identifier") },
  FRAME_TOO_LARGE: { letter: "R", condition: INTERNAL },
  STORE_DOWN: { letter: "R", condition: INTERNAL },
  FRAME_EMPTY: { letter: "E", condition: SEQUENCE },
  FRAME_UNTERMINATED: { letter: "E", condition: SEQUENCE },
  SEGMENT_MISSING: { letter: "E", condition: SEQUENCE },
  SEGMENT_REPEATED: { letter: "E", condition: SEQUENCE },
  MESSAGE_TRUNCATED: { letter: "E", condition: SEQUENCE },
  CHARSET_NOT_SUPPORTED: { letter: "E", condition: DATA_TYPE },
  VALUE_NOT_VALID: { letter: "E", condition: DATA_TYPE },
  CODE_UNMAPPED: { letter: "E", condition: condition("103", "Table value not found") },
  ACCOUNT_UNKNOWN: { letter: "E", condition: UNKNOWN_KEY },
};

/** What an answer says of a failure; trouble without a row of its own is ours. */
export const refusalRow = (code: FailureCode): RefusalRow => REFUSALS[code] ?? { letter: "E", condition: INTERNAL };

/** How a feed wants refusals written: by their row, or one letter for all or for those about content. */
export type RefuseWith = "by-condition" | "E" | "R" | "content-E" | "content-R";

/** The letter of a refusal under a feed's setting. Trouble of our store is never E: senders file E as final. */
export function letterOf(code: FailureCode, refuseWith: RefuseWith): "E" | "R" {
  const { letter } = refusalRow(code);
  if (code === "STORE_DOWN") return "R";
  if (refuseWith === "E" || refuseWith === "R") return refuseWith;
  if (letter === "E" && refuseWith === "content-R") return "R";
  return letter;
}
