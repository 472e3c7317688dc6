import { createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";
import { fail, ok, type Result } from "#src/base/result.ts";

/** What a signed file is named for; another form gets another name. */
const FORMAT = "chartbridge-packet-1";

export interface Signed<T> {
  readonly format: typeof FORMAT;
  readonly content: T;
  readonly signature: {
    readonly algorithm: "Ed25519";
    /** SPKI, base64. */
    readonly publicKey: string;
    /** SHA-256 of the public key, hexadecimal: what people compare. */
    readonly keyFingerprint: string;
    /** Over the JSON text of `content` as written here, UTF-8. Base64. */
    readonly value: string;
  };
}

const bytesOf = (content: unknown): Buffer => Buffer.from(JSON.stringify(content), "utf8");
const fingerprint = (spki: Buffer): string => hash("sha256", spki, "hex");

/** Signs content with Ed25519 (RFC 8032). Whatever is changed in it later, the signature no longer fits. */
export function signContent<T>(
  content: T,
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): Signed<T> {
  // As it will be read: dates are texts, what is undefined is not there.
  const written = JSON.parse(JSON.stringify(content)) as T;
  const spki = publicKey.export({ type: "spki", format: "der" });
  return {
    format: FORMAT,
    content: written,
    signature: {
      algorithm: "Ed25519",
      publicKey: spki.toString("base64"),
      keyFingerprint: fingerprint(spki),
      value: sign(null, bytesOf(written), privateKey).toString("base64"),
    },
  };
}

export interface Verified {
  readonly keyFingerprint: string;
  readonly content: unknown;
}

/**
 * Checks a signed file. Without `trusted` it says only that the file is as its signer, whoever that is, left it.
 * @param trusted the key one has from the signer, PEM.
 */
export function verifyFile(text: string, trusted?: string): Result<Verified, string> {
  let file: Partial<Signed<unknown>>;
  try {
    file = JSON.parse(text) as Partial<Signed<unknown>>;
  } catch {
    return fail("the file is not JSON: it was cut off or is another file");
  }
  const { format, content, signature } = file;
  if (format !== FORMAT || signature === undefined || content === undefined) return fail(`the file is no ${FORMAT}`);
  try {
    const spki = Buffer.from(signature.publicKey, "base64");
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    if (trusted !== undefined) {
      const known = createPublicKey(trusted).export({ type: "spki", format: "der" });
      if (!known.equals(spki)) return fail(`the file is signed with another key (${fingerprint(spki)})`);
    }
    if (!verify(null, bytesOf(content), key, Buffer.from(signature.value, "base64")))
      return fail("the signature does not fit: the file was changed");
    return ok({ keyFingerprint: fingerprint(spki), content });
  } catch {
    return fail("the signature or a key cannot be read");
  }
}
