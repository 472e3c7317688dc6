import type { Sealer } from "#src/base/seal.ts";

/** What a message can be found by. */
export type SearchKind = "control" | "mrn" | "visit" | "account";

/** An identifier of a message, in clear only until the journal has made its key. */
export interface Findable {
  readonly kind: SearchKind;
  readonly value: string;
}

/**
 * The number under which an identifier is kept and looked for: the first 64 bits of its blind index. Case and outer blanks do
 * not count, nor who assigned it: a person who searches types the number alone.
 */
export const searchKey = (sealer: Sealer, kind: SearchKind, value: string): bigint =>
  sealer.blindIndex(`search ${kind}`, value.trim().toUpperCase()).readBigInt64BE(0);
