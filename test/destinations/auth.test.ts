import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Destination, type DestinationAuth, type FhirDestination, makeDestination } from "#src/config/destination.ts";
import { createAccessToken } from "#src/destinations/auth/access-token.ts";
import { keyFaults, publicKeysOf, readSigningKey } from "#src/destinations/auth/signing-keys.ts";
import { type BillingServer, type BillingServerOptions, startBillingServer } from "#src/destinations/stand-in/server.http.ts";
import { ok } from "#src/base/result.ts";
import { waitFor } from "#test/journey/engine-process.ts";
import { type DeliveryLine, deliveryLine } from "./line.ts";

const pem = (kind: "ec" | "rsa"): string =>
  (kind === "ec" ? generateKeyPairSync("ec", { namedCurve: "P-384" }) : generateKeyPairSync("rsa", { modulusLength: 2_048 })).privateKey
    .export({ type: "pkcs8", format: "pem" })
    .toString();

/** A destination whose secrets are in place of their names, as the configuration gives it. */
const fhir = (url: string, settings: Partial<Pick<FhirDestination, "auth" | "tls">>, name = "billing"): Destination => ({
  ...(makeDestination(name, { url, timeoutMs: 2_000 }) as FhirDestination),
  ...settings,
});

describe("a server that wants to know who we are", () => {
  let line: DeliveryLine;
  let billing: BillingServer;
  beforeEach(async () => {
    line = await deliveryLine();
  });
  afterEach(async () => {
    await billing.close();
    await line.close();
  });
  const start = async (options: Partial<BillingServerOptions>, settings: Parameters<typeof fhir>[1]): Promise<void> => {
    billing = await startBillingServer({ host: "127.0.0.1", port: 0, ...options });
    line.start([fhir(billing.url, settings)]);
    await line.release();
  };

  it.each([
    ["a fixed token", { kind: "bearer", token: "s3cret" }],
    ["nothing, where it wants nothing", { kind: "none" }],
  ] as const)("is told by %s", async (_how, auth: DestinationAuth) => {
    await start(auth.kind === "bearer" ? { token: auth.token } : {}, { auth });
    expect(await line.inState("confirmed")).toHaveLength(1);
  });

  it("that another token is for takes nothing, and the claims are kept", async () => {
    await start({ token: "another" }, { auth: { kind: "bearer", token: "s3cret" } });
    await line.withCode("PEER_FORBIDS");
    expect(await line.ledger()).toMatchObject([{ state: "pending", person: false }]);
    expect(billing.writes()).toBe(0);
  });

  it("is told by a client secret, for a token that is used for all of them", async () => {
    const auth = { kind: "client-secret", clientId: "chartbridge", clientSecret: "a secret: x", scope: "system/Claim.c" } as const;
    await start({ oauth: { clientId: "chartbridge", secret: "a secret: x", lifeSeconds: 300 } }, { auth });
    await line.release();
    await waitFor(async () => ((await line.ledger()).every(({ state }) => state === "confirmed") ? true : undefined));
    expect(billing.tokens?.issued()).toBe(1);
  });

  it.each(["ec", "rsa"] as const)(
    "is told by an assertion signed with a private key (%s), found by its smart-configuration",
    async (kind) => {
      const key = pem(kind);
      const signing = await readSigningKey(key);
      const jwks = { keys: signing.ok ? [signing.value.publicJwk] : [] };
      const auth = { kind: "private-key-jwt", clientId: "chartbridge", keys: [key], scope: "system/Claim.c" } as const;
      await start({ oauth: { clientId: "chartbridge", jwks, lifeSeconds: 300 } }, { auth });
      await line.inState("confirmed");
      // Withdrawn before its time: another one is had, once, and nothing is lost.
      billing.tokens?.revoke();
      await line.release();
      await waitFor(async () => ((await line.ledger()).every(({ state }) => state === "confirmed") ? true : undefined));
      expect(billing.tokens?.issued()).toBe(2);
    },
  );

  it("that does not know our key opens the breaker, and the claims are kept", async () => {
    const auth = { kind: "client-secret", clientId: "chartbridge", clientSecret: "wrong", scope: "system/Claim.c" } as const;
    await start({ oauth: { clientId: "chartbridge", secret: "right", lifeSeconds: 300 } }, { auth });
    await line.withCode("PEER_FORBIDS");
    expect(await line.ledger()).toMatchObject([{ state: "pending" }]);
    expect(billing.writes()).toBe(0);
  });

  it("is told by a certificate of ours (mTLS), and we know it by its authority", async () => {
    const folder = mkdtempSync(join(tmpdir(), "chartbridge-tls-"));
    try {
      const names = [{ name: "commonName", value: "127.0.0.1" }];
      const extensions = [{ name: "subjectAltName" as const, altNames: [{ type: 7 as const, ip: "127.0.0.1" }] }];
      const server = await generate(names, { extensions });
      const client = await generate([{ name: "commonName", value: "chartbridge" }]);
      const write = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      const tls = {
        certificate: write("c.pem", client.cert),
        key: write("c.key", client.private),
        authorities: write("ca.pem", server.cert),
      };
      const options = { key: server.private, cert: server.cert, ca: client.cert, requestCert: true, rejectUnauthorized: true };
      await start({ tls: options }, { tls });
      expect(await line.inState("confirmed")).toHaveLength(1);
      // Without a certificate nothing gets through, and nothing counts as sent.
      line.start([fhir(billing.url, { tls: { authorities: tls.authorities } }, "stranger")]);
      await line.release({ destinations: ["stranger"] });
      await line.withCode("PEER_UNAVAILABLE");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("an access token", () => {
  it("is renewed at four fifths of its life, once for all who ask", async () => {
    let now = 0;
    let issued = 0;
    const token = createAccessToken(
      () => Promise.resolve(ok({ token: `t${++issued}`, expiresIn: 300 })),
      () => now,
    );
    const all = await Promise.all([token.current(), token.current(), token.current()]);
    expect(all).toEqual([ok("t1"), ok("t1"), ok("t1")]);
    now = 239_999;
    expect(await token.current()).toEqual(ok("t1"));
    now = 240_000;
    expect(await token.current()).toEqual(ok("t2"));
    token.refused("t1");
    expect(await token.current()).toEqual(ok("t2"));
    token.refused("t2");
    expect(await token.current()).toEqual(ok("t3"));
  });
});

describe("our keys", () => {
  const destination = (keys: readonly string[]): Destination =>
    fhir("https://x.example", { auth: { kind: "private-key-jwt", clientId: "c", keys, scope: "s" } }, "ehr");

  it("are published without their private part, the old one beside the new", async () => {
    const keys = await publicKeysOf([destination([pem("ec"), pem("rsa")])]);
    expect(keys.map(({ alg }) => alg)).toEqual(["ES384", "RS384"]);
    for (const key of keys) for (const secret of ["d", "p", "q", "dp", "dq", "qi"]) expect(key).not.toHaveProperty(secret);
  });

  it("of another kind are a fault that says which", async () => {
    const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(await keyFaults([destination([pem("ec"), p256, "no key at all"])])).toEqual([
      expect.stringContaining("destinations.ehr.auth.keys.1:"),
      expect.stringContaining("destinations.ehr.auth.keys.2:"),
    ]);
  });
});
