import type { ChartFacts } from "#src/charts/facts.ts";

/** How far an item has come, whatever holds it. */
export const PROGRESS = ["expected", "open", "awaiting", "final-coded", "released", "accepted", "cancelled", "no-code"] as const;
export type Progress = (typeof PROGRESS)[number];

/** What people see. Never stored by hand: always derived from progress, holds and lease. */
export type ItemState =
  | "EXPECTED"
  | "OPEN"
  | "READY"
  | "IN_PROGRESS"
  | "HELD"
  | "FINAL_CODED"
  | "RELEASED"
  | "ACCEPTED"
  | "CANCELLED"
  | "NO_CODE";

/** What a hold stops: the coding, the release of the claim, or nothing (a note). */
export type Blocks = "coding" | "release" | "nothing";

/** Holds that the engine itself sets and lifts. */
export const AUTOMATIC_HOLDS = {
  /** A message of this account could not be applied: the chart may lack something. */
  INTERFACE: { owner: "interface team", blocks: "coding" },
  /** No insurance: registration looks for one before a self-pay claim leaves. */
  REG: { owner: "registration", blocks: "release" },
  /** The visit was cancelled, or its discharge taken back, after it was coded: nobody may bill it unseen. */
  STATUS: { owner: "coding supervisor", blocks: "release" },
  /** The claim would not be valid. */
  CLAIM: { owner: "billing", blocks: "release" },
} as const satisfies Record<string, { readonly owner: string; readonly blocks: Blocks }>;
export type AutomaticHold = keyof typeof AUTOMATIC_HOLDS;

const FIXED: Partial<Record<Progress, ItemState>> = {
  expected: "EXPECTED",
  open: "OPEN",
  "final-coded": "FINAL_CODED",
  released: "RELEASED",
  accepted: "ACCEPTED",
  cancelled: "CANCELLED",
  "no-code": "NO_CODE",
};

/** The state of an item: a set of holds never needs transitions of its own. */
export function stateOf(progress: Progress, { leased, holds }: { readonly leased: boolean; readonly holds: readonly Blocks[] }): ItemState {
  const fixed = FIXED[progress];
  if (fixed !== undefined) return fixed;
  if (leased) return "IN_PROGRESS";
  return holds.includes("coding") ? "HELD" : "READY";
}

/** From here on the coder's work stands: inbound messages no longer move the item. */
export const isCoded = (progress: Progress): boolean =>
  progress === "final-coded" || progress === "released" || progress === "accepted" || progress === "no-code";

/** How far a chart has brought an item that is not coded yet. A discharge taken back (A13) opens it again. */
export function progressOf(facts: Pick<ChartFacts, "cancelled" | "expected" | "dischargedAt">): Progress {
  if (facts.cancelled) return "cancelled";
  if (facts.expected) return "expected";
  return facts.dischargedAt === undefined ? "open" : "awaiting";
}
