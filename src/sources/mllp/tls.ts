import { readFileSync } from "node:fs";
import type { Feed } from "#src/config/feed.ts";

type ListenTls = NonNullable<NonNullable<Feed["mllp"]>["tls"]>;
type DialTls = NonNullable<NonNullable<Feed["connect"]>["tls"]>;

export interface TlsContext {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: "TLSv1.2";
}

/** Reads the files of a TLS setting. Throws, naming the file, when one cannot be read. */
export function readTls(tls: ListenTls | DialTls): TlsContext {
  return {
    ...("certificate" in tls ? { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) } : {}),
    ...(tls.authorities === undefined ? {} : { ca: readFileSync(tls.authorities) }),
    // IHE ATNA (ITI-19): nothing older.
    minVersion: "TLSv1.2",
  };
}

/** Handshake record of TLS (RFC 8446, 5.1): type 22, version 3.x. */
export const looksLikeTls = (bytes: Buffer): boolean => bytes[0] === 0x16 && bytes[1] === 0x03;
