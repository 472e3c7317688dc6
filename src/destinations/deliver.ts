import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import { type Classified, isOfThePeer, waitBefore } from "./classify.ts";
import type { Taken, Way } from "./sender.ts";

/** What a try came to. */
export type Delivered =
  | { readonly kind: "confirmed"; readonly location: string | undefined }
  | {
      readonly kind: "postponed";
      readonly state: "pending" | "unconfirmed" | "rejected";
      readonly code: FailureCode;
      readonly waitMs: number;
      /** Nothing more by itself. */
      readonly needsPerson: boolean;
      /** It counts against the limit of tries. */
      readonly strike: boolean;
      /** This try itself may have arrived. */
      readonly mayHaveArrived: boolean;
      /** The peer asked for a wait of so many ms. */
      readonly retryAfterMs: number | undefined;
    };

export interface Limits {
  /** Tries of one claim before a person decides. */
  readonly attempts: number;
  /** With a look-up as the only guard: how long an unanswered send may still take effect, in ms. */
  readonly settleMs: number;
}

/** A person's mistake at the peer's side (an expired token) is mended without us: it is tried again, only slowly. */
const MENDED_WAIT_MS = 60_000;
const SLOW: ReadonlySet<FailureCode> = new Set(["PEER_FORBIDS", "PEER_NOT_OFFERED", "PEER_MISCONFIGURED"]);

/** What a failure means for the delivery. @param unsure an earlier try may have arrived, and this one did not find out */
export function postponed(
  { code, retryAfterMs }: Classified,
  { attempt, strikes }: Pick<Taken, "attempt" | "strikes">,
  { attempts, guard, unsure }: { readonly attempts: number; readonly guard: Way["guard"] | undefined; readonly unsure: boolean },
  spread: number,
): Delivered {
  const strike = !isOfThePeer(code);
  const ambiguous = FAILURES[code].class === "ambiguous";
  const wait = waitBefore(strike ? strikes + 1 : attempt, retryAfterMs, spread);
  const common = { kind: "postponed", code, strike, retryAfterMs, waitMs: SLOW.has(code) ? Math.max(wait, MENDED_WAIT_MS) : wait } as const;
  const tooMany = strike && strikes + 1 >= attempts;
  if (ambiguous) return { ...common, state: "unconfirmed", mayHaveArrived: true, needsPerson: guard === "none" || tooMany };
  if (FAILURES[code].class === "permanent" && strike) return { ...common, state: "rejected", mayHaveArrived: false, needsPerson: true };
  return { ...common, state: unsure ? "unconfirmed" : "pending", mayHaveArrived: false, needsPerson: tooMany };
}

/** Still not known whether an earlier try arrived: nothing new was sent. */
const stillUnsure = (code: FailureCode, waitMs: number, needsPerson: boolean): Delivered => ({
  kind: "postponed",
  state: "unconfirmed",
  code,
  waitMs,
  needsPerson,
  strike: false,
  mayHaveArrived: false,
  retryAfterMs: undefined,
});

/**
 * One try to deliver a claim: never a second time on a guess. After an answer that never came, what the destination offers decides:
 * look, then send; or send, for it makes no second one; or wait for a person.
 * @param spread 0 to 1: scatters the next try
 */
export async function deliverClaim(
  { guard, find, certain, send }: Way,
  taken: Taken,
  { attempts, settleMs }: Limits,
  now: () => number,
  spread: number,
): Promise<Delivered> {
  let unsure = taken.unsureSince !== undefined;
  if (unsure && certain !== undefined && (await certain())) unsure = false;
  if (unsure && guard === "none") return stillUnsure("PEER_NO_ANSWER", 0, true);
  const put = (failure: Classified): Delivered => postponed(failure, taken, { attempts, guard, unsure }, spread);
  // Where looking is the only guard it is done before the first send, too: our ledger may have been put back to an earlier day.
  if (find !== undefined && (unsure || guard === "search")) {
    const found = await find();
    if (!found.ok) return put(found.failure);
    if (found.value !== undefined) return { kind: "confirmed", location: found.value };
    const since = taken.unsureSince?.getTime();
    const settled = since === undefined ? undefined : since + settleMs;
    // What the server is still working on cannot be found yet.
    if (unsure && guard === "search" && settled !== undefined && now() < settled)
      return stillUnsure("PEER_NO_ANSWER", settled - now(), false);
    unsure = false;
  }
  const sent = await send();
  return sent.ok ? { kind: "confirmed", location: sent.value.location } : put(sent.failure);
}
