import type { AccountId } from "#src/base/ids.ts";
import type { NamedThing } from "#src/mapping/types.ts";
import type { ChartContent, ChartDelta } from "./merge.ts";

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

export function createChartCache(most: number): ChartCache {
  const held = new Map<string, { edit: number; content: ChartContent }>();
  return {
    get: (accountId, edit) => {
      const one = held.get(accountId);
      if (one?.edit !== edit) return undefined;
      held.delete(accountId);
      return one.content;
    },
    clear: () => held.clear(),
    put: (accountId, edit, content) => {
      held.delete(accountId);
      held.set(accountId, { edit, content });
      for (const oldest of held.keys()) {
        if (held.size <= most) break;
        held.delete(oldest);
      }
    },
  };
}
