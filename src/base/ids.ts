import { hash, randomUUID } from "node:crypto";
import type { Brand } from "./brand.ts";
import { ownCopy } from "./lately.ts";

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

/** Characters of an id while it is put together. */
const written = Array.from({ length: 36 }, () => "-".charCodeAt(0));
/** Where its 32 digits stand. */
const DIGITS = Array.from(written.keys()).filter((at) => at !== 8 && at !== 13 && at !== 18 && at !== 23);
const [VERSION_AT, VARIANT_AT] = [14, 19];

/** Written digit by digit: a text in one piece, for it is looked up, compared and written out again and again. */
function asUuidV8(hex: string): string {
  for (let digit = 0; digit < DIGITS.length; digit++) written[DIGITS[digit] as number] = hex.charCodeAt(digit);
  written[VERSION_AT] = "8".charCodeAt(0);
  written[VARIANT_AT] = "89ab".charCodeAt(Number.parseInt(hex[16] ?? "0", 16) & 3);
  return String.fromCharCode(...written);
}

/**
 * A stable id over what identifies a thing: type, assigning authority, value.
 * @returns a UUIDv8 (RFC 9562): the same parts and key always give the same id.
 */
export const stableId = (key: IdKey, ...parts: readonly string[]): string => digestOf(key + partsText(parts));

const digestOf = (text: string): string => asUuidV8(hash("sha256", text, "hex"));

/** What stands before a part of some length: written once for those that most have. */
const BEFORE = Array.from({ length: 100 }, (_, length) => `\u0000${length}:`);

/** Parts told apart by their lengths: whatever is in them, no two lists give the same text. */
function partsText(parts: readonly string[]): string {
  let text = "";
  for (const part of parts) text += (BEFORE[part.length] ?? `\u0000${part.length}:`) + part;
  return text;
}

/** Ids kept; as many again that were not asked for since. */
const KEPT = 20_000;

/** Ids of one type that have so many parts: by the first part, below it by the second, and so on. */
type Ids = Map<string, Ids | string>;

/** By type and by how many parts there are. */
type IdsOfTypes = Map<string, Ids[]>;

/** Ids of one key. */
interface Lately {
  readonly key: IdKey;
  ids: IdsOfTypes;
  before: IdsOfTypes;
  count: number;
}

let lately: Lately | undefined;

function find(ids: IdsOfTypes, type: string, parts: readonly string[]): string | undefined {
  let found: Ids | string | undefined = ids.get(type)?.[parts.length];
  for (const part of parts) {
    if (typeof found !== "object") return undefined;
    found = found.get(part);
  }
  return typeof found === "string" ? found : undefined;
}

function put(ids: IdsOfTypes, type: string, parts: readonly string[], id: string): void {
  let ofType = ids.get(type);
  if (ofType === undefined) ids.set(type, (ofType = []));
  let at = (ofType[parts.length] ??= new Map());
  for (const part of parts.slice(0, -1)) {
    let below = at.get(part);
    if (typeof below !== "object") at.set(ownCopy(part), (below = new Map()));
    at = below;
  }
  at.set(ownCopy(parts.at(-1) ?? ""), id);
}

/** Parts longer than this in all do not come again, and there may be many. */
const LONGEST = 400;

function isLong(parts: readonly string[]): boolean {
  let length = 0;
  for (const part of parts) length += part.length;
  return length > LONGEST;
}

/**
 * `stableId` of what message after message names: a patient, a visit, a ward, a diagnosis. It is looked up before it is digested again.
 * @param parts what `stableId` takes after the type
 */
export function recurringId(key: IdKey, type: string, parts: readonly string[]): string {
  if (isLong(parts)) return stableId(key, type, ...parts);
  if (lately?.key !== key) lately = { key, ids: new Map(), before: new Map(), count: 0 };
  const known = find(lately.ids, type, parts);
  if (known !== undefined) return known;
  const id = find(lately.before, type, parts) ?? stableId(key, type, ...parts);
  if (lately.count >= KEPT) {
    lately.before = lately.ids;
    lately.ids = new Map();
    lately.count = 0;
  }
  put(lately.ids, type, parts, id);
  lately.count++;
  return id;
}

/** For things that have no identity of their own in the source: journal records, leases, tokens. Never used in mapping. */
export const freshId = (): string => randomUUID();
