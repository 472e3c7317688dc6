import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdKey } from "#src/base/ids.ts";

/** The two secrets of an installation. Kept apart from each other and from the database's folder. */
export interface Keys {
  readonly idKey: IdKey;
  readonly encryptionKey: Buffer;
}

function readOrMake(path: string, given: string | undefined): string {
  if (given !== undefined && given !== "") return given;
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  const made = randomBytes(32).toString("hex");
  // `wx`: two engines that start at once must not each make a key.
  try {
    writeFileSync(path, `${made}\n`, { mode: 0o600, flag: "wx" });
  } catch {
    return readFileSync(path, "utf8").trim();
  }
  return made;
}

/**
 * Reads the keys, from the environment (64 hexadecimal digits each) or from `<dataDir>/keys` (0600), and makes them at the first start.
 * Throws when a key is not 32 bytes: with a wrong key nothing stored could be read again.
 */
export function loadKeys(dataDir: string, env: Readonly<Record<string, string | undefined>>): Keys {
  const folder = join(dataDir, "keys");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const idKey = readOrMake(join(folder, "id.key"), env["CHARTBRIDGE_ID_KEY"]);
  const encryption = readOrMake(join(folder, "encryption.key"), env["CHARTBRIDGE_ENCRYPTION_KEY"]);
  for (const [name, key] of [
    ["id", idKey],
    ["encryption", encryption],
  ] as const)
    if (!/^[0-9a-f]{64}$/i.test(key)) throw new Error(`the ${name} key is not 64 hexadecimal digits`);
  return { idKey: idKey as IdKey, encryptionKey: Buffer.from(encryption, "hex") };
}
