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
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/**
 * A stable id over what identifies a thing: type, assigning authority, value.
 * @returns a UUIDv8 (RFC 9562): the same parts and key always give the same id.
 */
export function stableId(key: IdKey, ...parts: readonly string[]): string {
  let text: string = key;
  for (const part of parts) text += `\u0000${part.length}:${part}`;
  const known = lately.get(text);
  if (known !== undefined) return known;
  const id = asUuidV8(hash("sha256", text, "hex"));
  if (lately.size >= LATELY) lately.clear();
  lately.set(text, id);
  return id;
}

/** A patient, visit or ward is named by many messages one after the other: looking an id up takes a fifth of digesting it again. */
const LATELY = 20_000;
const lately = new Map<string, string>();

/** For things that have no identity of their own in the source: journal records, leases, tokens. Never used in mapping. */
export const freshId = (): string => randomUUID();
