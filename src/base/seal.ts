import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, randomFillSync } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Seals what may identify a patient before it is written to disk, and finds it again by exact value only. */
export interface Sealer {
  /** AES-256-GCM; `context` (what the bytes are and whose) must be given again to open. Compressed first when that pays. */
  seal(plain: Uint8Array, context: string): Buffer;
  /** Throws when the bytes, the key or the context are not those of `seal`. */
  open(sealed: Uint8Array, context: string): Buffer;
  sealJson(value: unknown, context: string): Buffer;
  openJson(sealed: Uint8Array, context: string): unknown;
  /** Keyed digest for look-up of an identifier: equal values give equal digests, and no digest gives its value back. */
  blindIndex(kind: string, value: string): Buffer;
}

const PLAIN = 1;
const DEFLATED = 2;
/** Below this many bytes compression costs more time than it saves space. */
const COMPRESS_FROM_BYTES = 2_048;

/** A small window is made ready faster, and values are small. */
const COMPRESSION = { level: 1, memLevel: 7, windowBits: 13 };

const NONCE_BYTES = 12;
/** Nonces drawn at once: asking the system for each costs more than using it. */
const NONCES_DRAWN = 1_024;

/** A fresh random nonce at each call. */
function nonces(): () => Buffer {
  const pool = Buffer.alloc(NONCE_BYTES * NONCES_DRAWN);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += NONCE_BYTES;
    return Buffer.from(pool.subarray(at - NONCE_BYTES, at));
  };
}

const BLOCK_BYTES = 64;

/**
 * HMAC-SHA-256 (RFC 2104) of texts under one key of at most 64 bytes, by two one-shot hashes: every message has half a dozen, and an Hmac
 * object costs five times as much to make as the digest.
 */
export function keyedDigest(key: Uint8Array): (text: string) => Buffer {
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);
  key.forEach((byte, n) => {
    inner[n] = 0x36 ^ byte;
    outer[n] = 0x5c ^ byte;
  });
  return (text) => {
    hash("sha256", Buffer.concat([inner, Buffer.from(text)]), "buffer").copy(outer, BLOCK_BYTES);
    return hash("sha256", outer, "buffer");
  };
}

/** Layout of a sealed value: 1 byte format, 12 bytes nonce, 16 bytes tag, the rest ciphertext. */
export function createSealer(key: Uint8Array): Sealer {
  const indexKey = createHmac("sha256", key).update("chartbridge blind index").digest();

  // A key object is prepared once; raw bytes would be imported anew for every value, which costs four times as much as sealing.
  const secret = createSecretKey(key);
  const nonce = nonces();
  const index = keyedDigest(indexKey);

  const seal = (plain: Uint8Array, context: string): Buffer => {
    const deflate = plain.length >= COMPRESS_FROM_BYTES;
    const body = deflate ? deflateRawSync(plain, COMPRESSION) : plain;
    const once = nonce();
    const cipher = createCipheriv("aes-256-gcm", secret, once);
    cipher.setAAD(Buffer.from(context));
    const sealed = cipher.update(body);
    cipher.final();
    return Buffer.concat([Buffer.of(deflate ? DEFLATED : PLAIN), once, cipher.getAuthTag(), sealed]);
  };
  const open = (sealed: Uint8Array, context: string): Buffer => {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const decipher = createDecipheriv("aes-256-gcm", secret, bytes.subarray(1, 13));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(13, 29));
    const body = Buffer.concat([decipher.update(bytes.subarray(29)), decipher.final()]);
    return bytes[0] === DEFLATED ? inflateRawSync(body) : body;
  };
  return {
    seal,
    open,
    sealJson: (value, context) => seal(Buffer.from(JSON.stringify(value)), context),
    openJson: (sealed, context): unknown => JSON.parse(open(sealed, context).toString()),
    blindIndex: (kind, value) => index(`${kind}\u0000${value}`),
  };
}
