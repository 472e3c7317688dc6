import type { ChartFacts } from "#src/charts/facts.ts";
import { blocksCoding, type HeldBy, isAwaited } from "./holds.ts";

/** What people see, and what each state means for what is discharged and not billed. */
export const STATES = {
  EXPECTED: { meaning: "registered before the visit, the patient has not come", counts: "no" },
  OPEN: { meaning: "the visit goes on", counts: "no" },
  AWAITING: { meaning: "the visit is over, and what coding needs has not all come", counts: "DNFB" },
  READY: { meaning: "in its queue", counts: "DNFB and DNFC" },
  IN_PROGRESS: { meaning: "in a coder's hands until the lease ends", counts: "DNFB and DNFC" },
  HELD: { meaning: "something keeps it from being coded, and nobody has it; the draft is kept", counts: "DNFB and DNFC" },
  IN_REVIEW: { meaning: "coded, and looked at by a second person before it counts", counts: "DNFB and DNFC" },
  FINAL_CODED: { meaning: "the codes are frozen; the claim waits for what still keeps it", counts: "DNFB" },
  RELEASED: { meaning: "a claim is out", counts: "no" },
  ACCEPTED: { meaning: "the payer took the claim", counts: "no" },
  REWORK: { meaning: "rejected or denied, and coding has to act", counts: "no" },
  RECODE: { meaning: "something changed after the coding: a coder confirms or codes again", counts: "DNFB while no claim is out" },
  NO_CODE: { meaning: "nothing to bill; the end", counts: "no" },
  CANCELLED: { meaning: "the visit was cancelled; the end", counts: "no" },
  MERGED: { meaning: "went into another account's item; the end", counts: "no" },
  CLOSED: { meaning: "accepted, and nothing can come any more; the end", counts: "no" },
} as const satisfies Record<string, { readonly meaning: string; readonly counts: string }>;
export type ItemState = keyof typeof STATES;

/** How far an item has come, whatever holds it or has it. `recode` and `rework` are coded work that came back. */
export const PROGRESS = [
  "expected",
  "open",
  "awaiting",
  "in-review",
  "final-coded",
  "released",
  "accepted",
  "recode",
  "rework",
  "cancelled",
  "no-code",
  "merged",
  "closed",
] as const;
export type Progress = (typeof PROGRESS)[number];

const FIXED: Partial<Record<Progress, ItemState>> = {
  expected: "EXPECTED",
  open: "OPEN",
  "in-review": "IN_REVIEW",
  "final-coded": "FINAL_CODED",
  released: "RELEASED",
  accepted: "ACCEPTED",
  cancelled: "CANCELLED",
  "no-code": "NO_CODE",
  merged: "MERGED",
  closed: "CLOSED",
};
const WAITING: Partial<Record<Progress, ItemState>> = { awaiting: "READY", recode: "RECODE", rework: "REWORK" };

/** The state of an item: a set of holds never needs transitions of its own. */
export function stateOf(progress: Progress, { leased, holds }: { readonly leased: boolean; readonly holds: readonly HeldBy[] }): ItemState {
  const fixed = FIXED[progress];
  if (fixed !== undefined) return fixed;
  if (leased) return "IN_PROGRESS";
  const stopping = holds.filter(blocksCoding);
  if (stopping.length > 0) return progress === "awaiting" && stopping.every(isAwaited) ? "AWAITING" : "HELD";
  return WAITING[progress] ?? "READY";
}

/** States in which a coder may pull an item, and Redis has a ticket for it. */
export const PULLABLE: readonly ItemState[] = ["READY", "RECODE", "REWORK"];
export const isPullable = (state: ItemState): boolean => PULLABLE.includes(state);

/** What is in a coder's hands or may come there. */
export const isCodable = (progress: Progress): boolean => progress === "awaiting" || progress === "recode" || progress === "rework";

/** From here on a coder's work stands: what comes later goes through the table of late messages. */
export const isCoded = (progress: Progress): boolean =>
  progress === "in-review" ||
  progress === "final-coded" ||
  progress === "released" ||
  progress === "accepted" ||
  progress === "recode" ||
  progress === "rework";

/** Nothing moves it any more. */
export const isEnded = (progress: Progress): boolean => progress === "no-code" || progress === "merged" || progress === "closed";

/** How far a chart has brought an item that is not coded yet. A discharge taken back (A13) opens it again. */
export function progressOf(facts: Pick<ChartFacts, "cancelled" | "expected" | "dischargedAt">): Progress {
  if (facts.cancelled) return "cancelled";
  if (facts.expected) return "expected";
  return facts.dischargedAt === undefined ? "open" : "awaiting";
}
