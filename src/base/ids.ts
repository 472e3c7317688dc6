import { hash, randomUUID } from "node:crypto";
import type { Brand } from "./brand.ts";

/** The journal's own number of one received message; also what a person quotes to support. */
export type MessageId = Brand<string, "MessageId">;
/** One account (PID-18 within its assigning authority): the thing a facility claim is made of. */
export type AccountId = Brand<string, "AccountId">;
/** One coding work item: account x stream. */
export type ItemId = Brand<string, "ItemId">;
export type ClaimId = Brand<string, "ClaimId">;

/**
 * Secret that makes ids of patients, accounts and visits. A plain hash of a medical record number could be reversed by trial.
 * Made once for an installation, backed up, never rotated: another key would give every resource another id.
 */
export type IdKey = Brand<string, "IdKey">;

/** Fixed and public: `chartbridge map` works without an installation and must give everyone the same ids. */
export const OFFLINE_ID_KEY = "chartbridge-offline-map" as IdKey;

const asUuidV8 = (hex: string): string => {
  const variant = "89ab"[Number.parseInt(hex[16] ?? "0", 16) & 3] ?? "8";
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  // In one piece: it is looked up, compared and written out again and again.
  return Buffer.from(id, "latin1").toString("latin1");
};

/**
 * A stable id over what identifies a thing: type, assigning authority, value.
 * @returns a UUIDv8 (RFC 9562): the same parts and key always give the same id.
 */
export function stableId(key: IdKey, ...parts: readonly string[]): string {
  const [type = "", scope = "", only = ""] = parts;
  const rest = parts.length === 3 ? only : lengthsAnd(parts, 2);
  const known = lately.idsOf(key, parts.length, type, scope);
  const before = known.get(rest);
  if (before !== undefined) return before;
  const id = asUuidV8(hash("sha256", key + lengthsAnd(parts, 0), "hex"));
  known.set(rest, id);
  lately.count();
  return id;
}

/** Parts told apart by their lengths: whatever is in them, no two lists give the same text. */
function lengthsAnd(parts: readonly string[], from: number): string {
  let text = "";
  for (let at = from; at < parts.length; at++) text += `\u0000${parts[at]?.length ?? 0}:${parts[at] ?? ""}`;
  return text;
}

/** Ids by the parts behind the first two. */
type Ids = Map<string, string>;

/**
 * Ids made lately: a patient, visit or ward is named by many messages one after the other, and looking an id up takes a fifth of digesting it again.
 * They are found by key, number of parts, type, and the account or authority that they lie within.
 */
class Lately {
  static readonly #most = 20_000;
  #ids = 0;
  #byKey = new Map<IdKey, Map<string, Map<string, Ids>>[]>();

  idsOf(key: IdKey, count: number, type: string, scope: string): Ids {
    let byCount = this.#byKey.get(key);
    if (byCount === undefined) this.#byKey.set(key, (byCount = []));
    const byType = (byCount[count] ??= new Map<string, Map<string, Ids>>());
    let byScope = byType.get(type);
    if (byScope === undefined) byType.set(type, (byScope = new Map<string, Ids>()));
    let ids = byScope.get(scope);
    if (ids === undefined) byScope.set(scope, (ids = new Map()));
    return ids;
  }

  /** One more was made. When there are too many all are forgotten. */
  count(): void {
    if (++this.#ids < Lately.#most) return;
    this.#ids = 0;
    this.#byKey = new Map();
  }
}

const lately = new Lately();

/** For things that have no identity of their own in the source: journal records, leases, tokens. Never used in mapping. */
export const freshId = (): string => randomUUID();
