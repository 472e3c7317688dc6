import type pg from "pg";
import type { AccountId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { ChartFacts } from "./facts.ts";
import { type ChartContent, type ChartDelta, type Charted, contentHash } from "./merge.ts";
import type { ChartSnapshot } from "./snapshot.ts";

/** A chart in memory while its account's row is locked by the fold. */
export interface OpenChart {
  readonly accountId: AccountId;
  readonly feed: string;
  readonly facility: string;
  readonly accountNumber: string;
  version: number;
  /** A record of this account failed: later ones wait behind it. */
  interfaceFailed: boolean;
  readonly content: ChartContent;
  /** Versions made since it was opened. */
  readonly deltas: { readonly version: number; readonly recordId: string; readonly delta: ChartDelta }[];
  /** Keys of `content` to write or delete, with the version that last changed each. */
  readonly dirty: Map<string, number>;
}

export interface AccountKey {
  readonly accountId: AccountId;
  readonly feed: string;
  readonly facility: string;
  readonly authority: string;
  readonly accountNumber: string;
}

const chartContext = (accountId: string): string => `chart ${accountId}`;

/** The number of an account as its sender wrote it. */
export const openAccountNumber = (sealer: Sealer, accountId: string, sealed: Buffer): string =>
  sealer.open(sealed, chartContext(accountId)).toString();

/** Charts most recently folded, by account and version; saves reading them again for the next message. */
export interface ChartCache {
  get(accountId: string, version: number): ChartContent | undefined;
  put(accountId: string, version: number, content: ChartContent): void;
  /** After a transaction that did not commit: what is held may be ahead of the database. */
  clear(): void;
}

export function createChartCache(most: number): ChartCache {
  const held = new Map<string, { version: number; content: ChartContent }>();
  return {
    get: (accountId, version) => {
      const one = held.get(accountId);
      if (one?.version !== version) return undefined;
      held.delete(accountId);
      return one.content;
    },
    clear: () => held.clear(),
    put: (accountId, version, content) => {
      held.delete(accountId);
      held.set(accountId, { version, content });
      for (const oldest of held.keys()) {
        if (held.size <= most) break;
        held.delete(oldest);
      }
    },
  };
}

/** Creates the accounts that are new, locks all of them in id order, and reads their charts. */
export async function openCharts(
  client: pg.PoolClient,
  sealer: Sealer,
  cache: ChartCache,
  keys: readonly AccountKey[],
): Promise<Map<string, OpenChart>> {
  const sorted = [...keys].sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
  await client.query({
    name: "create-accounts",
    text: `insert into account (id, feed, facility, account_key, sealed_number)
      select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) on conflict (id) do nothing`,
    values: [
      sorted.map((k) => k.accountId),
      sorted.map((k) => k.feed),
      sorted.map((k) => k.facility),
      sorted.map((k) => sealer.blindIndex("account", k.accountNumber)),
      sorted.map((k) => sealer.seal(Buffer.from(k.accountNumber), chartContext(k.accountId))),
    ],
  });
  const { rows } = await client.query<{ id: string; chart_version: number; interface_failed: boolean; feed: string; facility: string }>({
    name: "lock-accounts",
    text: "select id, chart_version, interface_failed, feed, facility from account where id = any($1::uuid[]) order by id for update",
    values: [sorted.map((k) => k.accountId)],
  });
  const numbers = new Map(sorted.map((k) => [k.accountId as string, k.accountNumber]));
  const open = new Map<string, OpenChart>();
  const unread: string[] = [];
  for (const row of rows) {
    const known = row.chart_version === 0 ? new Map<string, Charted>() : cache.get(row.id, row.chart_version);
    if (known === undefined) unread.push(row.id);
    open.set(row.id, {
      accountId: row.id as AccountId,
      feed: row.feed,
      facility: row.facility,
      accountNumber: numbers.get(row.id) ?? "",
      version: row.chart_version,
      interfaceFailed: row.interface_failed,
      content: known ?? new Map(),
      deltas: [],
      dirty: new Map(),
    });
  }
  if (unread.length > 0) {
    const stored = await client.query<{ account_id: string; type: string; id: string; sealed: Buffer }>({
      name: "read-charts",
      text: "select account_id, type, id, sealed from chart_resource where account_id = any($1::uuid[]) order by version, type, id",
      values: [unread],
    });
    for (const row of stored.rows)
      open.get(row.account_id)?.content.set(`${row.type}/${row.id}`, sealer.openJson(row.sealed, chartContext(row.account_id)) as Charted);
  }
  return open;
}

/** Writes what changed: current rows, one delta per version, and the account's clear facts. Same transaction as the cursor. */
export async function writeCharts(
  client: pg.PoolClient,
  sealer: Sealer,
  changed: readonly { readonly chart: OpenChart; readonly facts: ChartFacts }[],
): Promise<void> {
  const put: { account: string; type: string; id: string; version: number; hash: Buffer; sealed: Buffer }[] = [];
  const gone: { account: string; type: string; id: string }[] = [];
  for (const { chart } of changed)
    for (const [key, version] of chart.dirty) {
      const [type = "", id = ""] = key.split("/");
      const charted = chart.content.get(key);
      if (charted === undefined) gone.push({ account: chart.accountId, type, id });
      else {
        const sealed = sealer.sealJson(charted, chartContext(chart.accountId));
        put.push({ account: chart.accountId, type, id, version, hash: contentHash(charted), sealed });
      }
    }
  if (put.length > 0)
    await client.query({
      name: "put-chart-resources",
      text: `insert into chart_resource (account_id, type, id, version, content_hash, sealed)
        select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::bytea[], $6::bytea[])
        on conflict (account_id, type, id) do update set version = excluded.version, content_hash = excluded.content_hash, sealed = excluded.sealed`,
      values: [
        put.map((p) => p.account),
        put.map((p) => p.type),
        put.map((p) => p.id),
        put.map((p) => p.version),
        put.map((p) => p.hash),
        put.map((p) => p.sealed),
      ],
    });
  if (gone.length > 0)
    await client.query(
      `delete from chart_resource c using unnest($1::uuid[], $2::text[], $3::uuid[]) as g (account_id, type, id)
       where c.account_id = g.account_id and c.type = g.type and c.id = g.id`,
      [gone.map((g) => g.account), gone.map((g) => g.type), gone.map((g) => g.id)],
    );
  const deltas = changed.flatMap(({ chart }) => chart.deltas.map((made) => ({ account: chart.accountId, ...made })));
  if (deltas.length > 0)
    await client.query({
      name: "write-chart-versions",
      text: `insert into chart_version (account_id, version, record_id, cause, sealed_delta)
        select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::bytea[])`,
      values: [
        deltas.map((d) => d.account),
        deltas.map((d) => d.version),
        deltas.map((d) => d.recordId),
        deltas.map((d) => d.delta.messageType),
        deltas.map((d) => sealer.sealJson(d.delta, chartContext(d.account))),
      ],
    });
  await client.query({
    name: "update-accounts",
    text: `update account a set chart_version = v.version, class = v.class, admitted_at = v.admitted, discharged_at = v.discharged,
        cancelled = v.cancelled, payer_id = v.payer, total_cents = v.total, interface_failed = v.failed, updated_at = now()
      from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bool[], $7::text[], $8::bigint[], $9::bool[])
        as v (id, version, class, admitted, discharged, cancelled, payer, total, failed) where a.id = v.id`,
    values: [
      changed.map(({ chart }) => chart.accountId),
      changed.map(({ chart }) => chart.version),
      changed.map(({ facts }) => facts.class ?? null),
      changed.map(({ facts }) => facts.admittedAt ?? null),
      changed.map(({ facts }) => facts.dischargedAt ?? null),
      changed.map(({ facts }) => facts.cancelled),
      changed.map(({ facts }) => facts.payerId ?? null),
      changed.map(({ facts }) => facts.totalCents),
      changed.map(({ chart }) => chart.interfaceFailed),
    ],
  });
}

/** The chart as it stands now, or as a lease, coding version or claim pinned it; undefined when there is no such account or version. */
export async function readChart(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  accountId: string,
  version?: number,
): Promise<ChartSnapshot | undefined> {
  const found = await client.query<{ chart_version: number; feed: string; facility: string; sealed_number: Buffer; pin: Buffer | null }>(
    `select a.chart_version, a.feed, a.facility, a.sealed_number, p.sealed as pin from account a
     left join chart_pin p on p.account_id = a.id and p.version = $2 where a.id = $1`,
    [accountId, version ?? null],
  );
  const account = found.rows[0];
  if (account === undefined) return undefined;
  if (version !== undefined && version !== account.chart_version)
    return account.pin === null ? undefined : (sealer.openJson(account.pin, chartContext(accountId)) as ChartSnapshot);
  const { rows } = await client.query<{ sealed: Buffer }>(
    "select sealed from chart_resource where account_id = $1 order by version, type, id",
    [accountId],
  );
  return {
    accountId: accountId as AccountId,
    version: account.chart_version,
    feed: account.feed,
    facility: account.facility,
    accountNumber: openAccountNumber(sealer, accountId, account.sealed_number),
    resources: rows.map((row) => (sealer.openJson(row.sealed, chartContext(accountId)) as Charted).resource),
  };
}

/** Keeps the whole chart of the current version, so that what a coder or a claim saw can be shown again. */
export async function pinChart(client: pg.PoolClient, sealer: Sealer, accountId: string, version: number): Promise<void> {
  const chart = await readChart(client, sealer, accountId);
  if (chart === undefined || chart.version !== version) return;
  await client.query("insert into chart_pin (account_id, version, sealed) values ($1, $2, $3) on conflict do nothing", [
    accountId,
    version,
    sealer.sealJson(chart, chartContext(accountId)),
  ]);
}

/** What each version after `after` changed, oldest first. */
export async function readDeltas(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  accountId: string,
  after: number,
): Promise<readonly ChartDelta[]> {
  const { rows } = await client.query<{ sealed_delta: Buffer }>(
    "select sealed_delta from chart_version where account_id = $1 and version > $2 order by version",
    [accountId, after],
  );
  return rows.map((row) => sealer.openJson(row.sealed_delta, chartContext(accountId)) as ChartDelta);
}
