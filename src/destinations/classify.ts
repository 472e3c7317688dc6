import type { FailureCode } from "#src/base/failures.ts";
import type { Answered, NoAnswer } from "./exchange.net.ts";

/** What a peer's answer, or the lack of one, means for a delivery. */
export interface Classified {
  readonly code: FailureCode;
  /** Asked by the peer, in ms. */
  readonly retryAfterMs?: number;
}

/** `Retry-After` as seconds or as an HTTP date (RFC 9110, 10.2.3), else the reset of `RateLimit`; undefined when neither can be read. */
export function retryAfterMs(header: (name: string) => string | null, now: number): number | undefined {
  const text = header("retry-after")?.trim() ?? "";
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return Math.max(0, at - now);
  const reset = /\bt=(\d{1,6})/.exec(header("ratelimit") ?? "")?.[1];
  return reset === undefined ? undefined : Number(reset) * 1_000;
}

/** Sorts an HTTP status of a write. Statuses below 300 are no failure and are not asked here. */
export function classifyStatus(status: number): FailureCode {
  if (status < 400) return "PEER_MISCONFIGURED";
  if (status === 429) return "PEER_THROTTLED";
  if (status === 401 || status === 403) return "PEER_FORBIDS";
  if (status === 405 || status === 501) return "PEER_NOT_OFFERED";
  if (status === 409) return "PEER_CONFLICT";
  if (status === 412) return "PEER_HAS_SEVERAL";
  // 408 and 504: a gateway gave up waiting; whether the server behind it wrote is not known.
  if (status === 408 || status === 504) return "PEER_NO_ANSWER";
  if (status === 503) return "PEER_UNAVAILABLE";
  // It had the request: an error after the commit looks the same as one before.
  return status >= 500 ? "PEER_FAILED" : "PEER_REFUSED";
}

/** What concerns the destination as a whole, not this claim: it opens the breaker, and is no try of the claim. */
const OF_THE_PEER: ReadonlySet<FailureCode> = new Set([
  "PEER_UNAVAILABLE",
  "PEER_THROTTLED",
  "PEER_FORBIDS",
  "PEER_NOT_OFFERED",
  "PEER_MISCONFIGURED",
]);
export const isOfThePeer = (code: FailureCode): boolean => OF_THE_PEER.has(code);

/** No answer: before the connection nothing can have happened, after it anything may have. */
export const classifyNoAnswer = ({ mayHaveArrived }: NoAnswer): Classified => ({
  code: mayHaveArrived ? "PEER_NO_ANSWER" : "PEER_UNAVAILABLE",
});

/** An answer that is a failure, with the wait it asks for. */
export function classifyAnswer({ status, header }: Answered, now: number): Classified {
  const wait = retryAfterMs(header, now);
  return { code: classifyStatus(status), ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/**
 * When to try again: doubling from one second to a quarter of an hour, or what the peer asked if that is longer.
 * @param spread 0 to 1, so that many deliveries do not come back at the same instant
 */
export function waitBefore(attempt: number, asked: number | undefined, spread: number): number {
  const doubled = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 20), LONGEST_WAIT_MS);
  return Math.max(Math.round(doubled * (0.75 + spread / 2)), asked ?? 0);
}
