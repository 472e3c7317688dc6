import type { OurAccount } from "./parallel-list.pg.ts";

/** One line of the old system's list: what it has of an account. Columns it does not have are undefined. */
export interface TheirAccount {
  readonly line: number;
  readonly account: string;
  readonly class?: string;
  /** Local dates, `2026-03-01`. */
  readonly admitted?: string;
  readonly discharged?: string;
  /** In cents. */
  readonly cents?: number;
  readonly queue?: string;
}

/** One difference between the two systems. */
export interface Difference {
  readonly account: string;
  /** Line of the list; undefined for what is not on it. */
  readonly line: number | undefined;
  readonly what:
    | "not here"
    | "not on the list"
    | "twice on the list"
    | "still open here"
    | "class"
    | "admitted"
    | "discharged"
    | "charges"
    | "queue";
  readonly theirs: string;
  readonly ours: string;
}

const money = (cents: number): string => (cents / 100).toFixed(2);
const plain = (text: string): string => text.trim().toUpperCase();

/**
 * Compares the old system's list of accounts to be coded with ours, account by account and column by column.
 * @param dayOf a point in time as a local date of the feed's zone.
 * @returns every difference, in the order of the list, then what only we have.
 */
export function compareLists(
  theirs: readonly TheirAccount[],
  ours: readonly OurAccount[],
  dayOf: (at: Date) => string,
): readonly Difference[] {
  const have = new Map(ours.map((one) => [plain(one.number), one]));
  const seen = new Set<string>();
  const differences: Difference[] = [];
  for (const their of theirs) {
    const key = plain(their.account);
    const differ = (what: Difference["what"], theirValue = "", ourValue = ""): void =>
      void differences.push({ account: their.account, line: their.line, what, theirs: theirValue, ours: ourValue });
    if (seen.has(key)) {
      differ("twice on the list");
      continue;
    }
    seen.add(key);
    const our = have.get(key);
    if (our === undefined) {
      differ("not here");
      continue;
    }
    if (!our.toCode) differ("still open here", their.discharged);
    const days = { admitted: our.admitted && dayOf(our.admitted), discharged: our.discharged && dayOf(our.discharged) };
    if (their.class !== undefined && plain(their.class) !== plain(our.class ?? "")) differ("class", their.class, our.class);
    if (their.admitted !== undefined && their.admitted !== (days.admitted ?? "")) differ("admitted", their.admitted, days.admitted);
    if (their.discharged !== undefined && their.discharged !== (days.discharged ?? ""))
      differ("discharged", their.discharged, days.discharged);
    if (their.cents !== undefined && their.cents !== our.cents) differ("charges", money(their.cents), money(our.cents));
    if (their.queue !== undefined && plain(their.queue) !== plain(our.queue ?? "")) differ("queue", their.queue, our.queue);
  }
  for (const our of ours)
    if (our.toCode && !seen.has(plain(our.number)))
      differences.push({
        account: our.number,
        line: undefined,
        what: "not on the list",
        theirs: "",
        ours: our.discharged ? dayOf(our.discharged) : "",
      });
  return differences;
}
