/** Ways an answer comes in. */
export const ANSWER_SOURCES = ["fhir", "message", "csv", "835", "277CA"] as const;
export type AnswerSource = (typeof ANSWER_SOURCES)[number];

/** ClaimResponse.outcome (R4 remittance-outcome). */
export const OUTCOMES = ["queued", "complete", "error", "partial"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Whose list a reason's code is of: claim adjustment reasons, remarks, 277 status, or another list (errors of a ClaimResponse). */
export type CodeList = "CARC" | "RARC" | "STC" | "ERROR";

/** Money that was not paid, and why (835 CAS; ClaimResponse adjudication with a reason). */
export interface Adjustment {
  readonly list: CodeList;
  readonly code: string;
  /** CO contractual, PR the patient's, OA other, PI the payer's. */
  readonly group?: string;
  /** Whole cents; what was not paid for this reason. Absent when the answer does not say. */
  readonly cents?: number;
}

/** What was said of the claim as a whole, or of one line. */
export interface Answered {
  readonly adjustments: readonly Adjustment[];
  /** Remark codes (RARC). */
  readonly remarks: readonly string[];
}

export interface AnsweredLine extends Answered {
  /** Claim.item.sequence. */
  readonly sequence?: number;
  /** The line control number (837 REF*6R). */
  readonly control?: string;
  /** Procedure code and charge in cents: by these a line is found that has no number. */
  readonly procedure?: string;
  readonly chargedCents?: number;
}

/** A request for documents. */
export interface DocumentRequest {
  /** YYYY-MM-DD; absent when the payer named no day. */
  readonly due?: string;
  readonly codes: readonly string[];
}

/** What a payer, or a billing system for it, said of one claim; the same whichever way it came. */
export interface ClaimAnswer {
  readonly source: AnswerSource;
  /** Claim id of ours, where the answer has it. */
  readonly claimId?: string;
  /** Our number of the claim (Claim.identifier, CLM01). */
  readonly claimNumber?: string;
  /** The payer's number of it (ICN, DCN; 835 CLP07, 277 REF*1K). */
  readonly payerNumber?: string;
  readonly insurer?: string;
  readonly outcome: Outcome;
  /** Day or moment at which it was made. */
  readonly created: string;
  readonly paidCents?: number;
  readonly whole: Answered;
  readonly lines: readonly AnsweredLine[];
  readonly requests: readonly DocumentRequest[];
}

export const NOTHING_SAID: Answered = { adjustments: [], remarks: [] };

/** Remark codes have a form of their own: M12, MA63, N657. */
export const isRemark = (code: string): boolean => /^(MA?|N)\d{1,4}$/.test(code);

/** Adjustment reasons and status categories: 11, 252, A8, B15, P12, A7. */
export const isReason = (code: string): boolean => /^[A-Z]?\d{1,3}$/.test(code);

/** Stands for a reason that is no code. */
export const NO_CODE = "other";

/** A code that may stand in clear: whoever writes words into a coded field may have written a name. */
export const clearCode = (code: string): string =>
  isReason(code) || isRemark(code) || /^(?=.*\d)[A-Z0-9]{1,8}$/.test(code) ? code : NO_CODE;
