import type { AccountId } from "#src/base/ids.ts";
import type { NamedThing } from "#src/mapping/types.ts";
import type { ChartContent, ChartDelta, Charted } from "./merge.ts";

/** A chart in memory while its account's row is locked by the fold. */
export interface OpenChart {
  readonly accountId: AccountId;
  readonly feed: string;
  readonly facility: string;
  version: number;
  /** Writes so far, those included that readers do not see. */
  edit: number;
  /** A record of this account failed: later ones wait behind it. */
  interfaceFailed: boolean;
  readonly content: ChartContent;
  /** Versions made since it was opened. */
  readonly deltas: { readonly version: number; readonly recordId: string | undefined; readonly delta: ChartDelta }[];
  /** Keys of `content` to write or delete, shown or not. */
  readonly dirty: Set<string>;
  /** Keys that say what they said, and when they were said is another time. */
  readonly retimed: Set<string>;
  /** The version that last changed what is shown of a key. */
  readonly shownAt: Map<string, number>;
  /** `content.setAt` differs from what is stored. */
  setsMoved: boolean;
  /** The account that took this one in. */
  mergedInto: AccountId | undefined;
  /** Accounts that this one took in, or took a visit of, since it was opened. */
  readonly absorbed: AccountId[];
  /** The account that took the last visit of this one. */
  emptiedInto: AccountId | undefined;
  /** The account's number from now on. */
  number: NamedThing | undefined;
}

export interface AccountKey {
  readonly accountId: AccountId;
  readonly feed: string;
  readonly facility: string;
  readonly authority: string;
  readonly accountNumber: string;
}

/** What binds sealed bytes of a chart to its account. */
export const chartContext = (accountId: string): string => `chart ${accountId}`;

/** Charts most recently folded, by account and edit; saves reading them again for the next message. */
export interface ChartCache {
  get(accountId: string, edit: number): ChartContent | undefined;
  put(accountId: string, edit: number, content: ChartContent): void;
  /** After a transaction that did not commit: what is held may be ahead of the database. */
  clear(): void;
}

/** About what a resource takes in memory, in bytes, long texts apart. */
const USUAL_BYTES = 2_000;
/** Documents of a few charts may be as large as all else: without this bound a cache of so many charts could take all memory there is. */
const MOST_BYTES = 64 * 1024 * 1024;

function bytesOf({ resource }: Charted): number {
  if (resource.resourceType === "DocumentReference")
    return resource.content.reduce((sum, { attachment }) => sum + (attachment.data?.length ?? 0), USUAL_BYTES);
  return USUAL_BYTES + (resource.resourceType === "Observation" ? (resource.valueString?.length ?? 0) : 0);
}

/**
 * @param most charts kept
 * @param mostBytes what they may take in all, about
 */
export function createChartCache(most: number, mostBytes = MOST_BYTES): ChartCache {
  const held = new Map<string, { readonly edit: number; readonly content: ChartContent; readonly bytes: number }>();
  let bytes = 0;
  const drop = (accountId: string): void => {
    bytes -= held.get(accountId)?.bytes ?? 0;
    held.delete(accountId);
  };
  return {
    get: (accountId, edit) => {
      const one = held.get(accountId);
      if (one?.edit !== edit) return undefined;
      drop(accountId);
      return one.content;
    },
    clear: () => {
      held.clear();
      bytes = 0;
    },
    put: (accountId, edit, content) => {
      drop(accountId);
      let own = 0;
      for (const charted of content.resources.values()) own += bytesOf(charted);
      held.set(accountId, { edit, content, bytes: own });
      bytes += own;
      for (const oldest of held.keys()) {
        if (held.size <= most && bytes <= mostBytes) break;
        drop(oldest);
      }
    },
  };
}
