import type { ItemState } from "./states.ts";

interface TransitionRow {
  readonly id: string;
  /** `none`: there is no item yet. */
  readonly from: readonly (ItemState | "none")[];
  readonly event: string;
  readonly who: "message" | "coder" | "auditor" | "supervisor" | "engine" | "payer" | "provider";
  readonly guard?: string;
  readonly to: readonly ItemState[];
  readonly effect: string;
}

const BEFORE_CODING = ["EXPECTED", "OPEN", "AWAITING", "READY", "HELD"] as const;
const CODED = ["IN_REVIEW", "FINAL_CODED", "RELEASED", "ACCEPTED", "REWORK", "RECODE"] as const;

/**
 * The whole life of a coding item. An item is in one state because of its progress, its holds and its lease; these are the
 * changes that may come of anybody's doing. A change that is not here does not happen.
 */
export const TRANSITIONS = [
  { id: "T1", from: ["none"], event: "pre-registered (A05, A14)", who: "message", to: ["EXPECTED"], effect: "the item exists" },
  {
    id: "T2",
    from: ["none", "EXPECTED"],
    event: "admitted or registered (A01, A04)",
    who: "message",
    to: ["OPEN"],
    effect: "the visit goes on",
  },
  {
    id: "T3",
    from: ["OPEN"],
    event: "discharged or completed (A03, PV1-45, or quiet for the feed's hours)",
    who: "message",
    to: ["AWAITING", "READY", "HELD"],
    effect: "the bill hold and the holds of the queue's documents are put",
  },
  {
    id: "T4",
    from: ["AWAITING"],
    event: "the last awaited document came",
    who: "message",
    guard: "no hold stops the coding; the bill hold does not",
    to: ["READY", "HELD"],
    effect: "scored and put on its queue",
  },
  {
    id: "T5",
    from: ["READY", "RECODE", "REWORK"],
    event: "pulled",
    who: "coder",
    guard: "role, credential, facility, payer, no conflict of interest, the day's cap, no other lease",
    to: ["IN_PROGRESS"],
    effect: "leased; the chart is pinned",
  },
  {
    id: "T6",
    from: ["IN_PROGRESS"],
    event: "given back, or the lease ran out",
    who: "coder",
    to: ["READY", "HELD", "AWAITING", "RECODE", "REWORK"],
    effect: "the draft is kept, and its coder gets it first",
  },
  {
    id: "T7",
    from: ["IN_PROGRESS", "READY", "RECODE", "REWORK"],
    event: "a hold is put or a question is sent",
    who: "coder",
    to: ["HELD"],
    effect: "the lease ends; the draft is kept",
  },
  {
    id: "T8",
    from: ["HELD"],
    event: "the last hold that stops the coding is lifted",
    who: "message",
    to: ["READY", "AWAITING", "RECODE", "REWORK"],
    effect: "scored with the unblocked part; its coder gets it first",
  },
  {
    id: "T9",
    from: ["IN_PROGRESS"],
    event: "submitted",
    who: "coder",
    guard:
      "no hard finding, no hold that stops coding, the chart as pinned (cosmetic changes apart), answers of providers closed, no review due",
    to: ["FINAL_CODED"],
    effect: "the codes are frozen as a version",
  },
  {
    id: "T10",
    from: ["IN_PROGRESS"],
    event: "submitted",
    who: "coder",
    guard: "a review rule holds, the audit sample takes it, or the coder asks",
    to: ["IN_REVIEW"],
    effect: "a review is opened",
  },
  {
    id: "T11",
    from: ["IN_REVIEW"],
    event: "review ended",
    who: "auditor",
    guard: "the auditor is not the coder",
    to: ["FINAL_CODED", "READY", "HELD", "RECODE"],
    effect: "agreed, changed to a version of the auditor's, or returned with the worksheet",
  },
  {
    id: "T12",
    from: ["FINAL_CODED"],
    event: "released",
    who: "engine",
    guard: "the bill hold is over and no hold stops the release",
    to: ["RELEASED"],
    effect: "a claim is made",
  },
  { id: "T13", from: ["RELEASED"], event: "delivery failed", who: "engine", to: ["RELEASED"], effect: "tried again; its age counts" },
  { id: "T14", from: ["RELEASED"], event: "the payer queued it", who: "payer", to: ["RELEASED"], effect: "noted" },
  { id: "T15", from: ["RELEASED", "REWORK"], event: "the payer took it", who: "payer", to: ["ACCEPTED"], effect: "noted" },
  {
    id: "T16",
    from: ["RELEASED", "ACCEPTED"],
    event: "rejected or denied, and coding owns the reason",
    who: "payer",
    to: ["REWORK", "HELD"],
    effect: "back on its queue with the reasons",
  },
  {
    id: "T17",
    from: ["IN_PROGRESS"],
    event: "rework corrected",
    who: "coder",
    guard: "the codes differ",
    to: ["FINAL_CODED"],
    effect: "a new version; its claim replaces the one that is out",
  },
  {
    id: "T18",
    from: ["IN_PROGRESS", "REWORK"],
    event: "rework without change: appealed or accepted",
    who: "coder",
    to: ["ACCEPTED"],
    effect: "the appeal is noted",
  },
  {
    id: "T19",
    from: ["FINAL_CODED", "RELEASED", "ACCEPTED"],
    event: "a change that a coder must see came late",
    who: "message",
    to: ["RECODE", "HELD"],
    effect: "back on its queue with the reasons; nothing is sent meanwhile",
  },
  {
    id: "T20",
    from: ["IN_PROGRESS", "RECODE"],
    event: "confirmed: the codes stand",
    who: "coder",
    to: ["FINAL_CODED", "RELEASED", "ACCEPTED", "REWORK"],
    effect: "the state before, or REWORK where a denial came meanwhile; the difference counts as judged",
  },
  {
    id: "T21",
    from: ["IN_PROGRESS"],
    event: "coded again",
    who: "coder",
    to: ["FINAL_CODED", "IN_REVIEW"],
    effect: "a new version; its claim replaces the one that is out, or is the first",
  },
  {
    id: "T22",
    from: [...BEFORE_CODING, "IN_PROGRESS", "RECODE", "REWORK"],
    event: "no code",
    who: "coder",
    guard: "no billable charge, or a supervisor says so; no claim is out",
    to: ["NO_CODE"],
    effect: "the end, with its reason",
  },
  {
    id: "T23",
    from: ["ACCEPTED"],
    event: "the time of late charges and of filing is over",
    who: "engine",
    to: ["CLOSED"],
    effect: "the end",
  },
  {
    id: "L1",
    from: ["none", "EXPECTED"],
    event: "the first message says that the visit is over",
    who: "message",
    to: ["AWAITING", "READY", "HELD"],
    effect: "as T3",
  },
  {
    id: "L2",
    from: ["AWAITING", "READY", "HELD", "IN_PROGRESS", ...CODED],
    event: "the discharge is taken back (A13)",
    who: "message",
    guard: "it does not come again within the queue's debounce, where somebody has worked on it",
    to: ["OPEN"],
    effect: "codes are kept as a draft",
  },
  {
    id: "L3",
    from: ["none", ...BEFORE_CODING, "IN_PROGRESS", ...CODED],
    event: "the visit is cancelled (A11, A23, A27, A38)",
    who: "message",
    guard: "a supervisor confirms where there are charges, a lease or a claim",
    to: ["CANCELLED"],
    effect: "a claim that is out gets a proposal to void it",
  },
  {
    id: "L4",
    from: ["CANCELLED"],
    event: "the visit stands again",
    who: "message",
    to: ["EXPECTED", "OPEN", "AWAITING", "READY", "HELD"],
    effect: "as if it were new; its codes are a draft",
  },
  {
    id: "L5",
    from: ["none", ...BEFORE_CODING, "IN_PROGRESS", ...CODED, "CANCELLED", "NO_CODE", "CLOSED"],
    event: "the account is merged into another (A41, A42, A18, A30, A35, A36)",
    who: "message",
    to: ["MERGED"],
    effect: "holds, documents, charges and draft go to the survivor",
  },
  {
    id: "L6",
    from: ["READY", "AWAITING", "HELD"],
    event: "a message failed, a document was cancelled, or a rule asks for one more",
    who: "message",
    to: ["AWAITING", "HELD", "READY"],
    effect: "holds as the chart wants them",
  },
  {
    id: "L7",
    from: ["OPEN", "AWAITING", "READY", "HELD"],
    event: "registered as not yet arrived again (A05 after a correction)",
    who: "message",
    to: ["EXPECTED"],
    effect: "as the chart says",
  },
] as const satisfies readonly TransitionRow[];
export type TransitionId = (typeof TRANSITIONS)[number]["id"];

/** The transitions that lead from one state to another. */
export const transitionsBetween = (from: ItemState | "none", to: ItemState): readonly TransitionId[] =>
  (TRANSITIONS as readonly (TransitionRow & { readonly id: TransitionId })[]).flatMap((row) =>
    row.from.includes(from) && row.to.includes(to) ? [row.id] : [],
  );
