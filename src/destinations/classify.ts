import type { FailureCode } from "#src/base/failures.ts";

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
  if (status === 429) return "PEER_THROTTLED";
  if (status === 401 || status === 403) return "PEER_FORBIDS";
  if (status === 412) return "PEER_HAS_SEVERAL";
  // 408 and 504: a gateway gave up waiting; whether the server behind it wrote is not known.
  if (status === 408 || status === 504) return "PEER_NO_ANSWER";
  return status >= 500 ? "PEER_UNAVAILABLE" : "PEER_REFUSED";
}

/** The connection was never made, so nothing was written. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** Sorts an error of a request: before the connection nothing can have happened, after it anything may have. */
export function classifyError(error: unknown): FailureCode {
  const cause = error instanceof Error ? ((error as { cause?: unknown }).cause ?? error) : error;
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === "string" && NOT_CONNECTED.has(code) ? "PEER_UNAVAILABLE" : "PEER_NO_ANSWER";
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
