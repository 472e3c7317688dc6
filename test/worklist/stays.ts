import type pg from "pg";
import type { AccountId, IdKey } from "#src/base/ids.ts";
import { createSealer } from "#src/base/seal.ts";
import type { ChartFacts } from "#src/charts/facts.ts";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Feed } from "#src/config/types.ts";
import { builtinConfig } from "#src/config/builtin.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues, type QueueRules } from "#src/worklist/queue-rules.ts";
import { createReconcileItems } from "#src/worklist/reconcile-items.pg.ts";

export const ID_KEY = "a key of the tests" as IdKey;
export const sealer = createSealer(Buffer.alloc(32, 3));

const compiled = compileQueues(readQueueFiles("queues"));
if (!compiled.ok) throw new Error(compiled.failure.join("\n"));
export const rules: QueueRules = compiled.value;

const [builtin] = builtinConfig(".", ".", { demo: false, port: 0, mllpPort: 0 }).feeds;
if (builtin === undefined) throw new Error("the built-in configuration has a feed");
export const feed: Feed = { ...builtin, name: "north" };

const FACTS: ChartFacts = {
  class: "IMP",
  status: "finished",
  cancelled: false,
  expected: false,
  hasCoverage: true,
  payerId: "MCARE",
  totalCents: 120_000,
};
export const IN_HOUSE = { ...FACTS, status: "in-progress" as const, admittedAt: "2026-03-01T10:00:00-06:00" };
export const LEFT = { ...IN_HOUSE, status: "finished" as const, dischargedAt: "2026-03-03T10:00:00-06:00" };

/** Says what happened to an account's chart, as the fold does. */
export function changer(pool: pg.Pool, feeds: readonly Feed[] = [feed]) {
  const reconcile = createReconcileItems({
    rules,
    feeds: new Map(feeds.map((one) => [one.name, one])),
    idKey: ID_KEY,
    sealer,
    now: () => new Date("2026-03-04T12:00:00Z"),
  });
  const versions = new Map<string, number>();
  return async (accountId: string, facts: ChartFacts, more: Partial<AccountChange> = {}): Promise<AccountChange> => {
    const chartVersion = more.chartVersion ?? (versions.get(accountId) ?? 0) + 1;
    versions.set(accountId, chartVersion);
    const change: AccountChange = {
      accountId: accountId as AccountId,
      feed: feeds[0]?.name ?? "",
      facility: "NORTH",
      chartVersion,
      recordId: crypto.randomUUID(),
      eventType: "ADT^A08",
      interfaceFailed: false,
      facts,
      ...more,
    };
    await inTransaction(pool, async (client) => {
      await client.query(
        `insert into account (id, feed, facility, account_key, sealed_number, chart_version) values ($1, $2, 'NORTH', '\\x00', $3, $4)
         on conflict (id) do update set chart_version = excluded.chart_version, updated_at = now()`,
        [accountId, change.feed, sealer.seal(Buffer.from("A1"), `chart ${accountId}`), chartVersion],
      );
      await reconcile(client, [change]);
    });
    return change;
  };
}
