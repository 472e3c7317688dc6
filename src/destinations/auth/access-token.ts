import { fail, ok, type Result } from "#src/base/result.ts";
import type { Classified } from "../classify.ts";

export interface IssuedToken {
  readonly token: string;
  /** Life in seconds, as the server says (RFC 6749, 5.1); SMART asks for at most 300. */
  readonly expiresIn: number | undefined;
}

export interface AccessToken {
  /** The token to use now: the one kept, or a new one when four fifths of its life are over. Many callers at once ask the server once. */
  current(): Promise<Result<string, Classified>>;
  /** The server did not take this one: the next call of `current` asks for another. One that was replaced meanwhile is let be. */
  refused(token: string): void;
}

/** Where the server does not say how long. */
const UNKNOWN_LIFE_S = 60;
/** Renewed at this share of its life, so that none runs out on its way. */
const USED = 0.8;

export function createAccessToken(issue: () => Promise<Result<IssuedToken, Classified>>, now: () => number): AccessToken {
  let kept: { readonly token: string; readonly renewAt: number } | undefined;
  let asking: Promise<Result<string, Classified>> | undefined;
  const renew = async (): Promise<Result<string, Classified>> => {
    const asked = now();
    const issued = await issue();
    if (!issued.ok) return fail(issued.failure);
    const { token, expiresIn = UNKNOWN_LIFE_S } = issued.value;
    kept = { token, renewAt: asked + Math.max(0, expiresIn) * 1_000 * USED };
    return ok(token);
  };
  return {
    current: () => {
      if (kept !== undefined && now() < kept.renewAt) return Promise.resolve(ok(kept.token));
      asking ??= renew().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    refused: (token) => {
      if (kept?.token === token) kept = undefined;
    },
  };
}
