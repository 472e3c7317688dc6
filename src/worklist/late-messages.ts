import type { Progress } from "./states.ts";

/** How much a change matters: cosmetic, billing only, a coder must look, identity or structure. */
export const SIGNIFICANCES = ["C0", "C1", "C2", "C3"] as const;
export type Significance = (typeof SIGNIFICANCES)[number];

/** Where an item is, as far as a late message is concerned. */
export const PHASES = {
  before: "EXPECTED, OPEN",
  waiting: "AWAITING, READY, HELD",
  leased: "IN_PROGRESS, IN_REVIEW",
  coded: "FINAL_CODED, RECODE before a claim",
  out: "RELEASED, ACCEPTED, REWORK, RECODE with a claim out",
} as const;
export type Phase = keyof typeof PHASES;

/** What a late message does. */
export const EFFECTS = {
  apply: "the chart takes it, the item stays",
  follow: "the item goes where the chart says: open, awaiting",
  reroute: "queue, score, bill hold and document holds are decided anew; holds that it answers are lifted",
  cancel: "CANCELLED",
  reopen: "OPEN; codes are kept as a draft",
  notice: "the coder is told, with the difference",
  acknowledge: "a submit is refused until the coder has taken the difference",
  settle: "waits for the queue's debounce: a discharge that comes again undoes it",
  "ask-supervisor": "hold STATUS",
  rebuild: "the claim is made of the chart of now",
  recode: "RECODE with the reason",
  "propose-replacement": "a proposal to replace the claim (7)",
  "propose-void": "a proposal to void the claim (8)",
  "propose-void-and-new": "a proposal to void the claim (8) and make a new one: never a replacement across claim types",
  "propose-late-charge": "a proposal to bill the late charge by replacing the claim (D1, or D2 when codes changed)",
  combine: "hold COMBINE",
  absorb: "MERGED; what it has goes to the survivor",
  "merge-pending": "hold MERGE-PENDING: nobody writes until HIM has decided",
  note: "noted in the history only",
  alert: "noted as an alert for the interface team",
} as const;
export type Effect = keyof typeof EFFECTS;

/** What an effect may depend on. */
export const GUARDS = {
  charges: "the account has charges",
  "on-claim": "the element is on the claim",
  "drg-relevant": "disposition, length of stay or class changed",
  "coded-family": "the charge is of a family that coders code, or of a day without charges",
  "other-charge": "the charge is of no such family",
  "above-floor": "the amount is at least the queue's floor",
  "below-floor": "the amount is under the queue's floor",
  "net-changed": "the charges add up to another sum",
  evidence: "the document is of a type that codes rest on, and its text is new",
  other: "the document is of another type or has the same text",
  "in-window": "within the queue's days for changes after the claim",
  late: "those days are over",
  foreign: "another coding system's codes came",
  candidate: "the patient has another open item close by",
  "both-leased": "both accounts' items are in coders' hands",
  regression: "the codes have a hard finding now",
} as const;
export type Guard = keyof typeof GUARDS;
export type Step = Effect | `${Effect} if ${Guard}`;

type Row = { readonly message: string; readonly significance: Significance } & { readonly [P in Phase]: readonly Step[] };

/** The kinds of late change and what each does to an item, by where the item is: every cell is decided here and nowhere else. */
export const LATE_MESSAGES = {
  cosmetic: {
    message: "A08 of a cosmetic element (phone, bed)",
    significance: "C0",
    before: ["apply"],
    waiting: ["apply"],
    leased: ["apply"],
    coded: ["apply"],
    out: ["apply"],
  },
  billing: {
    message: "A08 of a billing element (insurance, address, name, attending)",
    significance: "C1",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice"],
    coded: ["rebuild"],
    out: ["propose-replacement if on-claim", "note"],
  },
  clinical: {
    message: "A08 of an element that coding rests on (birth date, sex, dates, disposition, registered diagnoses)",
    significance: "C2",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode"],
    out: ["recode"],
  },
  discharge: {
    message: "A03 again, or A08 with another discharge time",
    significance: "C2",
    before: ["follow"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode if drg-relevant", "rebuild"],
    out: ["recode"],
  },
  "cancel-discharge": {
    message: "A13 cancel discharge",
    significance: "C3",
    before: ["apply"],
    waiting: ["reopen"],
    leased: ["notice", "ask-supervisor", "settle", "reopen"],
    coded: ["ask-supervisor", "settle", "reopen"],
    out: ["ask-supervisor", "settle", "propose-void", "reopen"],
  },
  "cancel-visit": {
    message: "A11 cancel admit or visit",
    significance: "C3",
    before: ["cancel"],
    waiting: ["ask-supervisor if charges", "cancel"],
    leased: ["notice", "ask-supervisor", "cancel"],
    coded: ["cancel"],
    out: ["propose-void", "ask-supervisor", "cancel"],
  },
  "delete-visit": {
    message: "A23 delete visit, A38 cancel pre-admit, A27 cancel pending admit",
    significance: "C3",
    before: ["cancel"],
    waiting: ["ask-supervisor if charges", "cancel"],
    leased: ["notice", "ask-supervisor", "cancel"],
    coded: ["cancel"],
    out: ["propose-void", "ask-supervisor", "cancel"],
  },
  class: {
    message: "A06, A07, or A08 with another class",
    significance: "C3",
    before: ["reroute"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode", "reroute"],
    out: ["recode", "reroute", "propose-void-and-new"],
  },
  transfer: {
    message: "A02, A12 transfer, A20 bed status",
    significance: "C0",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice"],
    coded: ["apply"],
    out: ["note"],
  },
  charge: {
    message: "DFT^P03 CG new charge",
    significance: "C2",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode if coded-family", "rebuild"],
    out: ["recode if coded-family", "propose-late-charge if above-floor", "note if below-floor"],
  },
  credit: {
    message: "DFT^P03 CD credit, or a charge changed; PY, AJ and CO (payment, adjustment, copayment) are no charges and change nothing",
    significance: "C1",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice"],
    coded: ["rebuild"],
    out: ["propose-replacement if net-changed", "note"],
  },
  document: {
    message: "MDM^T02, T04, T06, T08, T10, T11",
    significance: "C2",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode if evidence", "note if other"],
    out: ["recode if in-window", "note"],
  },
  result: {
    message: "ORU^R01 pathology final",
    significance: "C2",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode"],
    out: ["recode"],
  },
  "billing-account": {
    message: "BAR^P01, P05, P06, P12",
    significance: "C1",
    before: ["apply"],
    waiting: ["note"],
    leased: ["notice"],
    coded: ["combine if foreign", "note"],
    out: ["alert"],
  },
  "merge-patient": {
    message: "A40 merge patient",
    significance: "C3",
    before: ["apply"],
    waiting: ["combine if candidate", "note"],
    leased: ["merge-pending if both-leased", "notice"],
    coded: ["rebuild"],
    out: ["propose-replacement"],
  },
  "merge-account": {
    message: "A41 merge account, A42 merge visit, A18, A30, A34 to A36: the account that goes",
    significance: "C3",
    before: ["absorb"],
    waiting: ["absorb"],
    leased: ["merge-pending if both-leased", "absorb"],
    coded: ["absorb"],
    out: ["propose-void", "absorb"],
  },
  move: {
    message: "A44, A45, A47, A49 to A51 move or change of an identifier",
    significance: "C1",
    before: ["apply"],
    waiting: ["apply"],
    leased: ["notice"],
    coded: ["rebuild"],
    out: ["propose-replacement"],
  },
  link: {
    message: "A24 link, A37 unlink",
    significance: "C0",
    before: ["note"],
    waiting: ["note"],
    leased: ["note"],
    coded: ["note"],
    out: ["note"],
  },
  person: {
    message: "A28, A31 person",
    significance: "C1",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice"],
    coded: ["rebuild"],
    out: ["propose-replacement if on-claim", "note"],
  },
  answer: {
    message: "the answer to a question, by any way",
    significance: "C2",
    before: ["apply"],
    waiting: ["reroute"],
    leased: ["notice", "acknowledge"],
    coded: ["recode"],
    out: ["recode"],
  },
  rules: {
    message: "new code sets or edits",
    significance: "C2",
    before: ["apply"],
    waiting: ["apply"],
    leased: ["notice if regression"],
    coded: ["recode if regression"],
    out: ["note if regression"],
  },
  evidence: {
    message: "what a code rests on is gone from the chart: words, a charge, a field",
    significance: "C2",
    before: ["apply"],
    waiting: ["apply"],
    leased: ["notice", "acknowledge"],
    coded: ["recode"],
    out: ["recode"],
  },
} as const satisfies Record<string, Row>;
export type LateKind = keyof typeof LATE_MESSAGES;
export const LATE_KINDS = Object.keys(LATE_MESSAGES) as readonly LateKind[];
export const PHASE_NAMES = Object.keys(PHASES) as readonly Phase[];

/** Where an item is in the table's columns. */
export function phaseOf(item: { readonly progress: Progress; readonly leased: boolean; readonly claimOut: boolean }): Phase {
  if (item.progress === "expected" || item.progress === "open" || item.progress === "cancelled") return "before";
  if (item.leased || item.progress === "in-review") return "leased";
  if (item.progress === "awaiting") return "waiting";
  return item.claimOut ? "out" : "coded";
}

/** The effects of one cell that hold now, in order. */
export function effectsOf(kind: LateKind, phase: Phase, holds: (guard: Guard) => boolean): readonly Effect[] {
  const steps: readonly Step[] = LATE_MESSAGES[kind][phase];
  return steps.flatMap((step) => {
    const [effect, guard] = step.split(" if ") as [Effect, Guard?];
    return guard === undefined || holds(guard) ? [effect] : [];
  });
}
