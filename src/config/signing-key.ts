import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The Ed25519 key an installation signs files with. The public half lies beside it, to be given to whoever checks them. */
const PRIVATE_FILE = "signing.key.pem";
export const PUBLIC_FILE = "signing.pub.pem";

/** Reads the key from `<dataDir>/keys` (0600), and makes it at its first use. Kept apart from the other keys: it may be renewed without losing anything stored. */
export function loadSigningKey(dataDir: string): SigningKey {
  const folder = join(dataDir, "keys");
  const path = join(folder, PRIVATE_FILE);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const made = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
    try {
      // `wx`: two that sign at once must not each make a key.
      writeFileSync(path, made, { mode: 0o600, flag: "wx" });
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  }
  const privateKey = createPrivateKey(readFileSync(path));
  const publicKey = createPublicKey(privateKey);
  const shown = join(folder, PUBLIC_FILE);
  if (!existsSync(shown)) writeFileSync(shown, publicKey.export({ type: "spki", format: "pem" }));
  return { privateKey, publicKey };
}
