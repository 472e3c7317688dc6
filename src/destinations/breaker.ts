import { FAILURES, type FailureCode } from "#src/base/failures.ts";
import { isOfThePeer } from "./classify.ts";

export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open at first, in ms. */
  readonly openMs: number;
}

/** closed: everything is sent. open: nothing is. half-open: one delivery probes whether the destination is back. */
export type BreakerState = "closed" | "open" | "half-open";

/** Keeps a destination that is away from being asked again and again, by every claim that waits for it. Instants in ms since the epoch. */
export interface Breaker {
  /** How many deliveries there is room for now: all, one probe, or none. Takes nothing. */
  room(now: number): number;
  /** Whether one delivery may begin now. One that begins half-open is the probe: its outcome is to be told, or that it never began. */
  admit(now: number): boolean;
  succeeded(): void;
  /** @param askedMs a wait the destination asked for (Retry-After): nothing is sent before it has passed. */
  failed(code: FailureCode, now: number, askedMs?: number): void;
  /** A delivery that was allowed and never began. */
  unused(): void;
  readonly status: () => {
    readonly state: BreakerState;
    readonly since: number | undefined;
    readonly code: FailureCode | undefined;
    readonly until: number | undefined;
  };
}

/** Longest it stays open, in multiples of `openMs`. */
const LONGEST = 10;
/** A probe of which nothing was heard for so long is given up; far above every destination's time-out. */
const PROBE_LOST_MS = 10 * 60_000;

/** What a person at the other side must mend: each claim would meet the same. */
const AT_ONCE: ReadonlySet<FailureCode> = new Set(["PEER_FORBIDS", "PEER_NOT_OFFERED", "PEER_MISCONFIGURED"]);

export function createBreaker({ failures, openMs }: BreakerSettings): Breaker {
  let state: BreakerState = "closed";
  let inARow = 0;
  let opened = 0;
  let since: number | undefined;
  let until: number | undefined;
  let probeAt: number | undefined;
  let last: FailureCode | undefined;

  const open = (now: number, forMs: number): void => {
    if (state === "closed") since = now;
    state = "open";
    until = now + forMs;
    probeAt = undefined;
  };
  const close = (): void => {
    [state, inARow, opened] = ["closed", 0, 0];
    since = until = probeAt = last = undefined;
  };
  const room = (now: number): number => {
    // A pause that the destination asked for is not a fault of it: afterwards everything goes on at once.
    if (state === "closed") return until !== undefined && now < until ? 0 : Number.POSITIVE_INFINITY;
    if (state === "open" && now < (until ?? 0)) return 0;
    return probeAt !== undefined && now - probeAt < PROBE_LOST_MS ? 0 : 1;
  };
  return {
    room,
    admit: (now) => {
      if (room(now) === 0) return false;
      if (state === "closed") return true;
      state = "half-open";
      probeAt = now;
      return true;
    },
    succeeded: close,
    failed: (code, now, askedMs) => {
      // What it says about one claim it can only say while it works.
      if (!isOfThePeer(code) && FAILURES[code].class !== "ambiguous") return close();
      last = code;
      if (code === "PEER_THROTTLED" && state === "closed") {
        until = Math.max(until ?? 0, now + (askedMs ?? openMs));
        return;
      }
      inARow++;
      if (state === "closed" && inARow < failures && !AT_ONCE.has(code)) return;
      const forMs = Math.min(openMs * 2 ** Math.min(opened, 10), openMs * LONGEST);
      // Those under way when it opened fail too; they make it no longer.
      if (state !== "open") opened++;
      open(now, Math.max(forMs, askedMs ?? 0));
    },
    unused: () => {
      probeAt = undefined;
    },
    status: () => ({ state, since, code: last, until }),
  };
}
