/** What a rehearsal has to know of an item besides what is evaluated. */
export interface RehearsedItem {
  readonly id: string;
  /** Identifier of the first payer; empty = the patient pays. */
  readonly payer: string;
  /** Charges of its account, whole US cents. */
  readonly cents: number;
}

/** What an evaluation found; any shape of finding has at least these. */
export interface RehearsedFinding {
  readonly rule: string;
  readonly severity: string;
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

export interface RehearsedChange {
  readonly itemId: string;
  readonly what: "new" | "gone" | "changed";
  readonly finding: RehearsedFinding;
}

/** Changes of one rule at one payer. */
export interface ChangeGroup {
  readonly rule: string;
  readonly payer: string;
  readonly appeared: number;
  readonly gone: number;
  readonly changed: number;
  readonly items: number;
  /** Charges of those items' accounts, whole US cents. */
  readonly cents: number;
}

export interface Rehearsal {
  readonly items: number;
  /** Items with at least one change. */
  readonly affected: number;
  readonly changes: readonly RehearsedChange[];
  /** Those with the most dollars first. */
  readonly groups: readonly ChangeGroup[];
}

const keyOf = ({ rule, path }: RehearsedFinding): string => `${rule} ${path}`;

function differences(itemId: string, before: readonly RehearsedFinding[], after: readonly RehearsedFinding[]): readonly RehearsedChange[] {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const now = new Map(after.map((one) => [keyOf(one), one]));
  return [
    ...after.flatMap((finding): readonly RehearsedChange[] => {
      const was = old.get(keyOf(finding));
      if (was === undefined) return [{ itemId, what: "new", finding }];
      return was.severity === finding.severity && was.message === finding.message ? [] : [{ itemId, what: "changed", finding }];
    }),
    ...before.filter((one) => !now.has(keyOf(one))).map((finding): RehearsedChange => ({ itemId, what: "gone", finding })),
  ];
}

/** What an item is found to have under one state of code sets and edits. Pure. */
export type Evaluate<T> = (item: T) => readonly RehearsedFinding[];

/** Evaluates every item under the code sets and edits in use and under those that are to come, and says what would differ. Nothing is written. */
export async function rehearse<T extends RehearsedItem>(
  items: AsyncIterable<T> | Iterable<T>,
  before: Evaluate<T>,
  after: Evaluate<T>,
): Promise<Rehearsal> {
  const changes: RehearsedChange[] = [];
  const groups = new Map<
    string,
    { rule: string; payer: string; appeared: number; gone: number; changed: number; items: Map<string, number> }
  >();
  let count = 0;
  let affected = 0;
  for await (const item of items) {
    count++;
    const own = differences(item.id, before(item), after(item));
    if (own.length > 0) affected++;
    changes.push(...own);
    for (const { what, finding } of own) {
      const key = `${finding.rule} ${item.payer}`;
      const group = groups.get(key) ?? { rule: finding.rule, payer: item.payer, appeared: 0, gone: 0, changed: 0, items: new Map() };
      groups.set(key, group);
      group[what === "new" ? "appeared" : what]++;
      group.items.set(item.id, item.cents);
    }
  }
  return {
    items: count,
    affected,
    changes,
    groups: [...groups.values()]
      .map(({ items: own, ...group }) => ({ ...group, items: own.size, cents: [...own.values()].reduce((sum, cents) => sum + cents, 0) }))
      .sort((a, b) => b.cents - a.cents || a.rule.localeCompare(b.rule) || a.payer.localeCompare(b.payer)),
  };
}
