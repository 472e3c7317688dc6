import { createPrivateKey, createPublicKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from "jose";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { Destination } from "#src/config/destination.ts";

/** Algorithms of SMART App Launch 2.2 (Backend Services): a client does both. */
type Algorithm = "RS384" | "ES384";

export interface SigningKey {
  readonly algorithm: Algorithm;
  /** RFC 7638 thumbprint: the same key has the same name everywhere. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Public part, as published in our JWKS. */
  readonly publicJwk: JWK;
}

/** An assertion is good for five minutes at most; less leaves room for clocks that differ. */
const ASSERTION_LIFE_S = 240;

const FORM = "must be a private key as PKCS #8 PEM or JWK: EC on P-384 (ES384), or RSA of 2048 bits or more (RS384)";

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithm | undefined {
  if (asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "secp384r1") return "ES384";
  return asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048 ? "RS384" : undefined;
}

/** Reads a private key. Fails with what it must be, never with a part of it. */
export async function readSigningKey(text: string): Promise<Result<SigningKey, string>> {
  try {
    const jwk = text.trimStart().startsWith("{") ? (JSON.parse(text) as JsonWebKeyInput["key"]) : undefined;
    const privateKey = jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk, format: "jwk" });
    const algorithm = algorithmOf(privateKey);
    if (algorithm === undefined) return fail(FORM);
    const publicJwk = await exportJWK(createPublicKey(privateKey));
    const named = (jwk as { kid?: unknown } | undefined)?.kid;
    const kid = typeof named === "string" ? named : await calculateJwkThumbprint(publicJwk);
    return ok({ algorithm, kid, privateKey, publicJwk: { ...publicJwk, kid, alg: algorithm, use: "sig", key_ops: ["verify"] } });
  } catch {
    return fail(FORM);
  }
}

/** The signed statement of who we are (RFC 7523; SMART Backend Services, "Authentication JWT"). @param jti never used before */
export const signAssertion = (
  { algorithm, kid, privateKey }: SigningKey,
  { clientId, tokenUrl, jti, now }: { readonly clientId: string; readonly tokenUrl: string; readonly jti: string; readonly now: Date },
): Promise<string> => {
  const seconds = Math.floor(now.getTime() / 1_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: algorithm, kid, typ: "JWT" })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenUrl)
    .setJti(jti)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ASSERTION_LIFE_S)
    .sign(privateKey);
};

/** The public keys of every destination that knows us by one, for its server to fetch (RFC 7517). Keys that cannot be read are left out: `check` names them. */
export async function publicKeysOf(destinations: readonly Destination[]): Promise<readonly JWK[]> {
  const texts = destinations.flatMap((one) => (one.kind === "fhir" && one.auth.kind === "private-key-jwt" ? one.auth.keys : []));
  const keys = await Promise.all(texts.map(readSigningKey));
  const byKid = new Map(keys.flatMap((key) => (key.ok ? [[key.value.kid, key.value.publicJwk] as const] : [])));
  return [...byKid.values()];
}

/** A sentence for each key of a destination that cannot sign. */
export async function keyFaults(destinations: readonly Destination[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const destination of destinations)
    if (destination.kind === "fhir" && destination.auth.kind === "private-key-jwt")
      for (const [at, text] of destination.auth.keys.entries()) {
        const key = await readSigningKey(text);
        if (!key.ok) faults.push(`destinations.${destination.name}.auth.keys.${at}: ${key.failure}`);
      }
  return faults;
}
