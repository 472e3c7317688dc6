import type pg from "pg";
import type { Resource } from "@medplum/fhirtypes";
import type { AccountId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readDeltas } from "./chart-versions.pg.ts";
import { readChart } from "./chart-store.pg.ts";
import { chartContext } from "./open-chart.ts";
import type { ChartSnapshot } from "./snapshot.ts";

/** One version of a chart: when it was made, by which record or what else. */
export interface ChartVersion {
  readonly version: number;
  /** The journal record that made it; absent when a person or a new map did. */
  readonly recordId?: string;
  /** `ADT^A01`; `refold`. */
  readonly cause: string;
  readonly madeAt: Date;
}

export interface ChartHistory {
  readonly accountId: AccountId;
  readonly version: number;
  readonly feed: string;
  /** The account that took this one in. */
  readonly mergedInto?: AccountId;
  /** Accounts that this one took in. */
  readonly absorbed: readonly string[];
  readonly versions: readonly ChartVersion[];
}

/** The versions of an account's chart, oldest first; undefined when there is no such account. */
export async function readHistory(pool: pg.Pool, accountId: string): Promise<ChartHistory | undefined> {
  const [account, versions, absorbed] = await Promise.all([
    pool.query<{ chart_version: number; feed: string; merged_into: string | null }>(
      "select chart_version, feed, merged_into from account where id = $1",
      [accountId],
    ),
    pool.query<{ version: number; record_id: string | null; cause: string; made_at: Date }>(
      "select version, record_id, cause, made_at from chart_version where account_id = $1 order by version",
      [accountId],
    ),
    pool.query<{ id: string }>("select id from account where merged_into = $1 order by id", [accountId]),
  ]);
  const [row] = account.rows;
  if (row === undefined) return undefined;
  return {
    accountId: accountId as AccountId,
    version: row.chart_version,
    feed: row.feed,
    ...(row.merged_into === null ? {} : { mergedInto: row.merged_into as AccountId }),
    absorbed: absorbed.rows.map(({ id }) => id),
    versions: versions.rows.map(({ version, record_id: recordId, cause, made_at: madeAt }) => ({
      version,
      ...(recordId === null ? {} : { recordId }),
      cause,
      madeAt,
    })),
  };
}

/**
 * The chart as it stood at any version: the nearest whole chart kept before it, and the changes since. Version 0 is empty.
 * @returns undefined when there is no such account or version.
 */
export async function readChartAt(pool: pg.Pool, sealer: Sealer, accountId: string, version: number): Promise<ChartSnapshot | undefined> {
  const now = await readChart(pool, sealer, accountId);
  if (now === undefined || version < 0 || version > now.version) return undefined;
  if (version === now.version) return now;
  const kept = await pool.query<{ version: number; sealed: Buffer }>(
    "select version, sealed from chart_pin where account_id = $1 and version <= $2 order by version desc limit 1",
    [accountId, version],
  );
  const pin = kept.rows[0];
  const start = pin === undefined ? undefined : (sealer.openJson(pin.sealed, chartContext(accountId)) as ChartSnapshot);
  const deltas = await readDeltas(pool, sealer, accountId, pin?.version ?? 0, version);
  const resources = new Map<string, Resource>(
    (start?.resources ?? []).map((resource) => [`${resource.resourceType}/${resource.id ?? ""}`, resource]),
  );
  for (const { changed, removed } of deltas) {
    for (const resource of changed) {
      const key = `${resource.resourceType}/${resource.id}`;
      // Last changed, last shown: as the current chart is read.
      resources.delete(key);
      resources.set(key, resource);
    }
    for (const key of removed) resources.delete(key);
  }
  return { ...now, version, resources: [...resources.values()] };
}

/** The accounts of a number, whoever assigned it. Exact: numbers are kept as blind indexes. */
export async function findAccounts(
  pool: pg.Pool,
  sealer: Sealer,
  number: string,
): Promise<
  readonly {
    readonly id: string;
    readonly facility: string;
    readonly feed: string;
    readonly version: number;
    readonly mergedInto: string | null;
  }[]
> {
  const { rows } = await pool.query(
    `select id, facility, feed, chart_version as version, merged_into as "mergedInto" from account where account_key = $1 order by id limit 50`,
    [sealer.blindIndex("account", number)],
  );
  return rows as never;
}

/** Ids of all accounts that stand for themselves, a page at a time: what a re-fold of everything goes through. */
export async function* accountsToRefold(pool: pg.Pool): AsyncGenerator<string> {
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const { rows } = await pool.query<{ id: string }>(
      "select id from account where merged_into is null and id > $1 order by id limit 1000",
      [after],
    );
    if (rows.length === 0) return;
    for (const { id } of rows) yield id;
    after = rows.at(-1)?.id ?? after;
  }
}
