import express, { type Router } from "express";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";

/** A client of the stand-in's token endpoint: known by a secret, or by its public keys. */
export interface OauthClient {
  readonly clientId: string;
  readonly secret?: string;
  readonly jwks?: JSONWebKeySet;
  /** Life of the tokens, in seconds. */
  readonly lifeSeconds: number;
}

export interface TokenEndpoint {
  readonly router: Router;
  /** Whether a header carries a token that is good now. */
  accepts(authorization: string | undefined): boolean;
  /** Ends every token before its time. */
  revoke(): void;
  /** How many tokens were given out. */
  readonly issued: () => number;
}

/** SMART App Launch 2.2: an assertion ends at most five minutes ahead. */
const LONGEST_ASSERTION_S = 300;

/** OAuth 2 client credentials (RFC 6749, 4.4), with a secret or with a signed assertion (RFC 7523) that is taken once. */
export function createTokenEndpoint({ clientId, secret, jwks, lifeSeconds }: OauthClient, url: () => string): TokenEndpoint {
  const good = new Map<string, number>();
  const seen = new Set<string>();
  let issued = 0;
  const byAssertion = async (assertion: string): Promise<boolean> => {
    if (jwks === undefined) return false;
    try {
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
        issuer: clientId,
        subject: clientId,
        audience: url(),
        algorithms: ["RS384", "ES384"],
        requiredClaims: ["exp", "jti"],
      });
      const { jti = "", exp = 0 } = payload;
      if (seen.has(jti) || exp - Date.now() / 1_000 > LONGEST_ASSERTION_S) return false;
      seen.add(jti);
      return true;
    } catch {
      return false;
    }
  };
  const router = express.Router();
  router.use(express.urlencoded({ extended: false }));
  router.post("/token", async (request, response) => {
    const form = request.body as Readonly<Record<string, string | undefined>>;
    const expected = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret ?? "")}`).toString("base64")}`;
    const known =
      form["client_assertion"] === undefined
        ? secret !== undefined && request.get("authorization") === expected
        : await byAssertion(form["client_assertion"]);
    if (!known || form["grant_type"] !== "client_credentials") return void response.status(400).json({ error: "invalid_client" });
    issued++;
    const token = crypto.randomUUID();
    good.set(token, Date.now() + lifeSeconds * 1_000);
    response.json({ access_token: token, token_type: "bearer", expires_in: lifeSeconds, scope: form["scope"] });
  });
  return {
    router,
    accepts: (authorization) => (good.get(authorization?.slice("Bearer ".length) ?? "") ?? 0) > Date.now(),
    revoke: () => good.clear(),
    issued: () => issued,
  };
}
