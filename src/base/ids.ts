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

/** Text of an id while it is put together. */
const written = Buffer.alloc(36, "-");
const DASHES: ReadonlySet<number> = new Set([8, 12, 16, 20]);
const [VERSION_AT, VARIANT_AT] = [14, 19];

/** Written byte by byte and read once: a text in one piece, for it is looked up, compared and written out again and again. */
function asUuidV8(hex: string): string {
  let at = 0;
  for (let digit = 0; digit < 32; digit++) {
    if (DASHES.has(digit)) at++;
    written[at++] = hex.charCodeAt(digit);
  }
  written[VERSION_AT] = "8".charCodeAt(0);
  written[VARIANT_AT] = "89ab".charCodeAt(Number.parseInt(hex[16] ?? "0", 16) & 3);
  return written.toString("latin1");
}

/**
 * A stable id over what identifies a thing: type, assigning authority, value.
 * @returns a UUIDv8 (RFC 9562): the same parts and key always give the same id.
 */
export function stableId(key: IdKey, ...parts: readonly string[]): string {
  let text: string = key;
  // Parts told apart by their lengths: whatever is in them, no two lists give the same text.
  for (const part of parts) text += `\u0000${part.length}:${part}`;
  return asUuidV8(hash("sha256", text, "hex"));
}

/** `stableId` of what message after message names: a patient, a visit, a ward. It is looked up before it is digested again. */
export function recurringId(key: IdKey, type: string, authority: string, ...rest: readonly string[]): string {
  const known = lately.idsOf(key, rest.length, type, authority);
  // One number is most of them.
  const [only = ""] = rest;
  const within = rest.length === 1 ? only : rest.map((part) => `${part.length}:${part}`).join("");
  const before = known.get(within);
  if (before !== undefined) return before;
  const id = stableId(key, type, authority, ...rest);
  known.set(within, id);
  lately.count();
  return id;
}

/** Ids by the parts behind type and authority. */
type Ids = Map<string, string>;

/** Ids made lately, by key, number of parts, type and authority. */
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
