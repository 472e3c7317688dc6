import { freshId } from "#src/base/ids.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { FhirDestination, OauthSettings } from "#src/config/destination.ts";
import { type Classified, classifyAnswer, classifyNoAnswer } from "../classify.ts";
import type { HttpExchange } from "../exchange.net.ts";
import { createAccessToken, type IssuedToken } from "./access-token.ts";
import { readSigningKey, signAssertion } from "./signing-keys.ts";

/** How requests to one server say who we are. */
export interface Credentials {
  /** The Authorization header; none where the server wants none. */
  header(): Promise<Result<string | undefined, Classified>>;
  /** The server answered 401 to this header. @returns whether another can be had: then the request is made once more. */
  refused(header: string | undefined): boolean;
}

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const fixed = (header: string | undefined): Credentials => ({ header: () => Promise.resolve(ok(header)), refused: () => false });
const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** One JSON object asked for with a form or a GET; a token server's own words are never kept: they may repeat what was sent. */
async function askJson(
  exchange: HttpExchange,
  url: string,
  form: URLSearchParams | undefined,
  headers: Readonly<Record<string, string>>,
  now: number,
): Promise<Result<Record<string, unknown>, Classified>> {
  const answered = await exchange.ask({
    method: form === undefined ? "GET" : "POST",
    url,
    headers: {
      accept: "application/json",
      ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      ...headers,
    },
    ...(form === undefined ? {} : { body: form.toString() }),
  });
  // No token was had, so nothing was written: it is tried again whatever happened.
  if (!answered.ok) return fail({ ...classifyNoAnswer(answered.failure), code: "PEER_UNAVAILABLE" });
  const { status, text } = answered.value;
  if (status >= 300) {
    const { code, ...wait } = classifyAnswer(answered.value, now);
    if (code === "PEER_THROTTLED" || code === "PEER_MISCONFIGURED") return fail({ code, ...wait });
    return fail({ code: status >= 500 ? "PEER_UNAVAILABLE" : "PEER_FORBIDS", ...wait });
  }
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? ok(body as Record<string, unknown>) : fail({ code: "PEER_MISCONFIGURED" });
  } catch {
    return fail({ code: "PEER_MISCONFIGURED" });
  }
}

const loopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/;

/** The token endpoint: as configured, else as the server's smart-configuration says. Over https, or on this machine. */
async function tokenUrlOf(exchange: HttpExchange, url: string, auth: OauthSettings, now: number): Promise<Result<string, Classified>> {
  if (auth.tokenUrl !== undefined) return ok(auth.tokenUrl);
  const found = await askJson(exchange, `${url.replace(/\/+$/, "")}/.well-known/smart-configuration`, undefined, {}, now);
  if (!found.ok) return found;
  const { token_endpoint: endpoint } = found.value;
  const usable = typeof endpoint === "string" && (endpoint.startsWith("https://") || loopback.test(endpoint));
  return usable ? ok(endpoint) : fail({ code: "PEER_MISCONFIGURED" });
}

/**
 * What a destination's `auth` comes to. A client secret is sent as HTTP Basic (RFC 6749, 2.3.1), a private key never leaves: it signs a
 * statement. Tokens are kept to four fifths of their life, and renewed once when the server refuses one before.
 */
export function createCredentials({ url, auth }: FhirDestination, exchange: HttpExchange, now: () => number): Credentials {
  if (auth.kind === "none") return fixed(undefined);
  if (auth.kind === "basic") return fixed(basic(auth.user, auth.password));
  if (auth.kind === "bearer") return fixed(`Bearer ${auth.token}`);
  const key = auth.kind === "private-key-jwt" ? readSigningKey(auth.keys[0] ?? "") : undefined;

  const issue = async (): Promise<Result<IssuedToken, Classified>> => {
    const tokenUrl = await tokenUrlOf(exchange, url, auth, now());
    if (!tokenUrl.ok) return tokenUrl;
    const form = new URLSearchParams({ grant_type: "client_credentials", scope: auth.scope });
    const headers: Record<string, string> = {};
    if (auth.kind === "client-secret")
      headers["authorization"] = basic(encodeURIComponent(auth.clientId), encodeURIComponent(auth.clientSecret));
    else {
      const signing = await key;
      if (signing?.ok !== true) return fail({ code: "PEER_FORBIDS" });
      form.set("client_assertion_type", ASSERTION_TYPE);
      form.set(
        "client_assertion",
        await signAssertion(signing.value, { clientId: auth.clientId, tokenUrl: tokenUrl.value, jti: freshId(), now: new Date(now()) }),
      );
    }
    const issued = await askJson(exchange, tokenUrl.value, form, headers, now());
    if (!issued.ok) return issued;
    const { access_token: token, expires_in: life } = issued.value;
    if (typeof token !== "string" || token === "") return fail({ code: "PEER_FORBIDS" });
    const expiresIn = typeof life === "number" || (typeof life === "string" && /^\d+$/.test(life)) ? Number(life) : undefined;
    return ok({ token, expiresIn });
  };
  const token = createAccessToken(issue, now);
  return {
    header: async () => {
      const current = await token.current();
      return current.ok ? ok(`Bearer ${current.value}`) : current;
    },
    refused: (header) => {
      if (header?.startsWith("Bearer ") === true) token.refused(header.slice("Bearer ".length));
      return true;
    },
  };
}
