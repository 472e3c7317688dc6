/** What a hold stops: every write, the coding (and so the release), the release of the claim, or nothing (a note). */
export const BLOCKS = ["everything", "coding", "release", "nothing"] as const;
export type Blocks = (typeof BLOCKS)[number];

interface HoldRow {
  readonly reason: string;
  /** Whose clock runs. */
  readonly owner: string;
  readonly blocks: Blocks;
  /** What lifts it. */
  readonly clears: string;
  /** Who may set it: the engine by a message or rule, a person, or both. */
  readonly setBy: "engine" | "person" | "both";
  /** Awaited at discharge: while nothing else holds the item it is AWAITING and not HELD. */
  readonly awaited?: true;
}

/** Every reason to wait that the engine knows. A person may set others of their own; these have rules. */
export const HOLDS = {
  INTERFACE: {
    reason: "a message of this account could not be applied: the chart may lack something",
    owner: "interface team",
    blocks: "coding",
    clears: "the message is applied or given up",
    setBy: "engine",
  },
  PARALLEL: {
    reason: "the feed runs beside the old system: its work is computed and nobody does it",
    owner: "interface team",
    blocks: "coding",
    clears: "the feed goes live",
    setBy: "engine",
  },
  MINDAYS: { reason: "the bill hold is open", owner: "system", blocks: "release", clears: "the clock", setBy: "engine" },
  "DOC-DS": {
    reason: "the discharge summary is missing",
    owner: "attending",
    blocks: "coding",
    clears: "the document (MDM^T02, T04)",
    setBy: "engine",
    awaited: true,
  },
  "DOC-DS-UNSIGNED": {
    reason: "the discharge summary is not signed",
    owner: "attending",
    blocks: "coding",
    clears: "the signed document (TXA-17 = AU or LA)",
    setBy: "engine",
    awaited: true,
  },
  "DOC-OP": {
    reason: "the operative note is missing",
    owner: "surgeon",
    blocks: "coding",
    clears: "the document",
    setBy: "engine",
    awaited: true,
  },
  "DOC-OP-UNSIGNED": {
    reason: "the operative note is not signed",
    owner: "surgeon",
    blocks: "coding",
    clears: "the signed document",
    setBy: "engine",
    awaited: true,
  },
  PATH: {
    reason: "pathology is pending",
    owner: "laboratory",
    blocks: "coding",
    clears: "the final report (ORU^R01, OBR-25 = F)",
    setBy: "both",
    awaited: true,
  },
  "DOC-HP": {
    reason: "the history and physical is missing",
    owner: "provider",
    blocks: "coding",
    clears: "the document",
    setBy: "engine",
    awaited: true,
  },
  "DOC-CONSULT": {
    reason: "a consultation is missing",
    owner: "provider",
    blocks: "coding",
    clears: "the document",
    setBy: "engine",
    awaited: true,
  },
  "DOC-ANES": {
    reason: "the anesthesia record is missing",
    owner: "provider",
    blocks: "coding",
    clears: "the document",
    setBy: "engine",
    awaited: true,
  },
  "DOC-ED": {
    reason: "the emergency provider's note is missing",
    owner: "provider",
    blocks: "coding",
    clears: "the document",
    setBy: "engine",
    awaited: true,
  },
  "DOC-ATTEST": {
    reason: "the teaching or split-shared attestation is missing",
    owner: "provider",
    blocks: "coding",
    clears: "the document",
    setBy: "both",
    awaited: true,
  },
  QUERY: { reason: "a question to a provider is open", owner: "provider", blocks: "coding", clears: "the answer", setBy: "engine" },
  "CHG-MISSING": {
    reason: "a procedure is documented and not charged, or the reverse",
    owner: "department",
    blocks: "release",
    clears: "the charge (DFT^P03)",
    setBy: "both",
  },
  "CHG-REVIEW": {
    reason: "an implant without its device code, or units of a drug, are in doubt",
    owner: "charge master",
    blocks: "release",
    clears: "a charge, or a person",
    setBy: "both",
  },
  PATIENT: {
    reason:
      "messages of the account name two patients of one authority and no merge says that they are one: nobody knows whose codes these would be",
    owner: "HIM",
    blocks: "everything",
    clears: "a merge (A18, A34, A40), or a supervisor",
    setBy: "engine",
  },
  REG: {
    reason: "no insurance: registration looks for one before a self-pay claim leaves",
    owner: "registration",
    blocks: "release",
    clears: "insurance (IN1)",
    setBy: "both",
  },
  STATUS: {
    reason: "the visit was cancelled, its discharge taken back, or its status is under review: nobody may bill it unseen",
    owner: "coding supervisor",
    blocks: "coding",
    clears: "the visit as it was, or a supervisor",
    setBy: "both",
  },
  AUTH: { reason: "the prior authorisation is missing", owner: "patient access", blocks: "release", clears: "a person", setBy: "person" },
  COMBINE: {
    reason: "another visit of the patient may belong on this claim",
    owner: "billing and coding",
    blocks: "release",
    clears: "a decision",
    setBy: "both",
  },
  REVIEW: { reason: "a second-level review is open", owner: "auditor", blocks: "release", clears: "its result", setBy: "engine" },
  "CODE-EDIT": { reason: "an edit is open", owner: "coder", blocks: "coding", clears: "codes without it", setBy: "both" },
  "BILL-RETURN": { reason: "billing gave it back", owner: "coder", blocks: "release", clears: "a person", setBy: "person" },
  DENIAL: { reason: "a denial is under coding review", owner: "coder", blocks: "nothing", clears: "its outcome", setBy: "both" },
  LEGAL: { reason: "legal or risk hold", owner: "compliance", blocks: "release", clears: "a person", setBy: "person" },
  BREAKGLASS: { reason: "restricted chart", owner: "compliance", blocks: "release", clears: "a person", setBy: "person" },
  RESEARCH: { reason: "a study may pay", owner: "compliance", blocks: "release", clears: "a person", setBy: "person" },
  "MERGE-PENDING": {
    reason: "two accounts were merged while both were in coders' hands",
    owner: "HIM",
    blocks: "everything",
    clears: "a supervisor",
    setBy: "engine",
  },
  CORRECTION: {
    reason: "the claim that is out would have to be voided, or replaced after its payer's limit: a person says yes or no to the proposal",
    owner: "billing",
    blocks: "release",
    clears: "the decision on the proposal",
    setBy: "engine",
  },
  CLAIM: { reason: "the claim would not be valid", owner: "billing", blocks: "release", clears: "a person", setBy: "engine" },
} as const satisfies Record<string, HoldRow>;

export type HoldCode = keyof typeof HOLDS;
export const HOLD_CODES = Object.keys(HOLDS) as readonly HoldCode[];

/** The catalogue's row of a code; undefined for a hold of a person's own making. */
export const holdRow = (code: string): HoldRow | undefined => (Object.hasOwn(HOLDS, code) ? HOLDS[code as HoldCode] : undefined);

/** A hold as it is on an item. */
export interface HeldBy {
  readonly code: string;
  readonly blocks: Blocks;
  /** `engine`, or the user who set it. */
  readonly setBy: string;
}

export const blocksCoding = ({ blocks }: { readonly blocks: Blocks }): boolean => blocks === "coding" || blocks === "everything";
export const isAwaited = ({ code, setBy }: HeldBy): boolean => setBy === "engine" && holdRow(code)?.awaited === true;
