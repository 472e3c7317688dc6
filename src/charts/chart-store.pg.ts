import type pg from "pg";
import type { AccountId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { chartedOf, type StoredTimes, writeResources } from "./chart-rows.pg.ts";
import { writeVersions } from "./chart-versions.pg.ts";
import type { ChartFacts } from "./facts.ts";
import { type Charted, emptyChart } from "./merge.ts";
import { type AccountKey, type ChartCache, chartContext, type OpenChart } from "./open-chart.ts";
import { shownResource } from "./registers.ts";
import type { ChartSnapshot } from "./snapshot.ts";

/** The number of an account as its sender wrote it. */
export const openAccountNumber = (sealer: Sealer, accountId: string, sealed: Buffer): string =>
  sealer.open(sealed, chartContext(accountId)).toString();

interface AccountRow {
  id: string;
  chart_version: number;
  edit: number;
  interface_failed: boolean;
  feed: string;
  facility: string;
  set_times: Record<string, string>;
  merged_into: string | null;
}

/** Creates the accounts that are new, locks all of them and those of `ids` in id order, and reads their charts. */
export async function openCharts(
  client: pg.PoolClient,
  sealer: Sealer,
  cache: ChartCache,
  keys: readonly AccountKey[],
  ids: readonly string[] = [],
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
  const { rows } = await client.query<AccountRow>({
    name: "lock-accounts",
    text: `select id, chart_version, interface_failed, edit, feed, facility, set_times, merged_into from account where id = any($1::uuid[])
      order by id for update`,
    values: [[...new Set([...sorted.map((k) => k.accountId), ...ids])]],
  });
  const open = new Map<string, OpenChart>();
  const unread: string[] = [];
  for (const row of rows) {
    const known = cache.get(row.id, row.edit);
    if (known === undefined && row.chart_version > 0) unread.push(row.id);
    open.set(row.id, {
      accountId: row.id as AccountId,
      feed: row.feed,
      facility: row.facility,
      version: row.chart_version,
      edit: row.edit,
      interfaceFailed: row.interface_failed,
      content: known ?? { ...emptyChart(), setAt: new Map(Object.entries(row.set_times)) },
      deltas: [],
      dirty: new Set(),
      retimed: new Set(),
      shownAt: new Map(),
      setsMoved: false,
      mergedInto: row.merged_into === null ? undefined : (row.merged_into as AccountId),
      absorbed: [],
      emptiedInto: undefined,
      number: undefined,
    });
  }
  if (unread.length > 0) {
    const stored = await client.query<{ account_id: string; type: string; id: string; sealed: Buffer; times: StoredTimes | null }>({
      name: "read-charts",
      text: "select account_id, type, id, sealed, times from chart_resource where account_id = any($1::uuid[]) order by version, type, id",
      values: [unread],
    });
    for (const { account_id: account, type, id, sealed, times } of stored.rows)
      open
        .get(account)
        ?.content.resources.set(`${type}/${id}`, chartedOf(sealer.openJson(sealed, chartContext(account)) as Charted, times));
  }
  return open;
}

/** A whole chart is kept this often, so that the one of any version is near. */
const SNAPSHOT_EVERY = 50;

/** Writes what changed: current rows, one row per version, and the account's clear facts. Same transaction as the cursor. */
export async function writeCharts(
  client: pg.PoolClient,
  sealer: Sealer,
  changed: readonly { readonly chart: OpenChart; readonly facts: ChartFacts; readonly confidential?: boolean }[],
): Promise<void> {
  const charts = changed.map(({ chart }) => chart);
  await writeResources(client, sealer, charts);
  await writeVersions(client, sealer, charts);
  await client.query({
    name: "update-accounts",
    text: `update account a set chart_version = v.version, class = v.class, admitted_at = v.admitted, discharged_at = v.discharged,
        cancelled = v.cancelled, payer_id = v.payer, total_cents = v.total, interface_failed = v.failed,
        set_times = coalesce(v.sets, a.set_times), merged_into = v.merged, edit = v.edit, confidential = v.confidential,
        sealed_number = coalesce(v.number, a.sealed_number), account_key = coalesce(v.key, a.account_key), updated_at = now()
      from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bool[], $7::text[], $8::bigint[], $9::bool[],
        $10::jsonb[], $11::uuid[], $12::bytea[], $13::bytea[], $14::int[], $15::bool[])
        as v (id, version, class, admitted, discharged, cancelled, payer, total, failed, sets, merged, number, key, edit, confidential) where a.id = v.id`,
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
      changed.map(({ chart }) => (chart.setsMoved ? JSON.stringify(Object.fromEntries(chart.content.setAt)) : null)),
      changed.map(({ chart }) => chart.mergedInto ?? null),
      changed.map(({ chart }) =>
        chart.number === undefined ? null : sealer.seal(Buffer.from(chart.number.value), chartContext(chart.accountId)),
      ),
      changed.map(({ chart }) => (chart.number === undefined ? null : sealer.blindIndex("account", chart.number.value))),
      changed.map(({ chart }) => ++chart.edit),
      changed.map(({ confidential = false }) => confidential),
    ],
  });
  for (const { chart } of changed)
    if (Math.floor(chart.version / SNAPSHOT_EVERY) > Math.floor((chart.version - chart.deltas.length) / SNAPSHOT_EVERY))
      await pinChart(client, sealer, chart.accountId, chart.version);
}

interface Head {
  id: string;
  chart_version: number;
  feed: string;
  facility: string;
  sealed_number: Buffer;
  pin: Buffer | null;
}

/** What an account says of its chart, and the chart of a version where it was pinned. Those that do not exist are not in the answer. */
async function readHeads(client: pg.Pool | pg.PoolClient, accountIds: readonly string[], version?: number): Promise<readonly Head[]> {
  const { rows } = await client.query<Head>({
    name: "chart-heads",
    text: `select a.id, a.chart_version, a.feed, a.facility, a.sealed_number, p.sealed as pin from account a
     left join chart_pin p on p.account_id = a.id and p.version = $2 where a.id = any($1::uuid[])`,
    values: [accountIds, version ?? null],
  });
  return rows;
}

/** The charts of accounts as they stand now. */
async function readStanding(client: pg.Pool | pg.PoolClient, sealer: Sealer, heads: readonly Head[]): Promise<readonly ChartSnapshot[]> {
  const { rows } = await client.query<{ account_id: string; sealed: Buffer }>({
    name: "charts-standing",
    text: "select account_id, sealed from chart_resource where account_id = any($1::uuid[]) and standing order by version, type, id",
    values: [heads.map(({ id }) => id)],
  });
  const resources = Map.groupBy(rows, (row) => row.account_id);
  return heads.map(({ id, chart_version: version, feed, facility, sealed_number: number }) => ({
    accountId: id as AccountId,
    version,
    feed,
    facility,
    accountNumber: openAccountNumber(sealer, id, number),
    resources: (resources.get(id) ?? []).map(({ sealed }) => shownResource(sealer.openJson(sealed, chartContext(id)) as Charted)),
  }));
}

/** The chart as it stands now, or as a lease, coding version or claim pinned it; undefined when there is no such account or version. */
export async function readChart(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  accountId: string,
  version?: number,
): Promise<ChartSnapshot | undefined> {
  const [head] = await readHeads(client, [accountId], version);
  if (head === undefined) return undefined;
  if (version !== undefined && version !== head.chart_version)
    return head.pin === null ? undefined : (sealer.openJson(head.pin, chartContext(accountId)) as ChartSnapshot);
  return (await readStanding(client, sealer, [head]))[0];
}

/** Keeps the whole chart of the current version, so that what a coder or a claim saw can be shown again. */
export async function pinChart(client: pg.PoolClient, sealer: Sealer, accountId: string, version: number): Promise<void> {
  const chart = await readChart(client, sealer, accountId);
  if (chart?.version === version) await writePins(client, sealer, [chart]);
}

/** Keeps whole charts as they stand. @returns the version of each. */
export async function pinCharts(
  client: pg.PoolClient,
  sealer: Sealer,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const charts = await readStanding(client, sealer, await readHeads(client, accountIds));
  await writePins(client, sealer, charts);
  return new Map(charts.map(({ accountId, version }) => [accountId, version]));
}

async function writePins(client: pg.PoolClient, sealer: Sealer, charts: readonly ChartSnapshot[]): Promise<void> {
  await client.query({
    name: "pin-charts",
    text: `insert into chart_pin (account_id, version, sealed) select * from unnest($1::uuid[], $2::int[], $3::bytea[])
      on conflict do nothing`,
    values: [
      charts.map(({ accountId }) => accountId),
      charts.map(({ version }) => version),
      charts.map((chart) => sealer.sealJson(chart, chartContext(chart.accountId))),
    ],
  });
}
