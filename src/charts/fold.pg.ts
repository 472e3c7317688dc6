import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import type { AccountId } from "#src/base/ids.ts";
import { fail, type Result } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import {
  alreadyFolded,
  appendHorizon,
  hasWaiting,
  type JournalRecord,
  lockLanes,
  moveCursors,
  nextRecords,
  type RecordOutcome,
  troubledRecords,
  writeOutcomes,
} from "#src/journal/journal-reader.pg.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { type AccountKey, type ChartCache, type OpenChart, openCharts, readChart, writeCharts } from "./chart-store.pg.ts";
import { type ChartFacts, factsOf } from "./facts.ts";
import { applyToChart } from "./merge.ts";

/** What mapping one record gave, and which account it is of, as far as that can be told. */
export interface MappedRecord {
  readonly mapped: Result<Mapped, Failure>;
  /** No map handles this message type: it is kept and has no effect. */
  readonly filtered: boolean;
  readonly mapVersion: string;
  /** Known even when the map failed: the account that has to wait. */
  readonly account?: AccountKey;
}

export interface AccountChange {
  readonly accountId: AccountId;
  readonly feed: string;
  readonly facility: string;
  readonly chartVersion: number;
  /** The message that made it; absent when a person did. */
  readonly recordId?: string;
  readonly eventType: string;
  readonly interfaceFailed: boolean;
  readonly facts: ChartFacts;
}

export interface FoldNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly cache: ChartCache;
  /** Pure: same record, same result. Never throws for bad data. */
  readonly map: (record: JournalRecord) => MappedRecord;
  /** Makes the work items agree with the charts, in the same transaction. */
  readonly onChanges: (client: pg.PoolClient, changes: readonly AccountChange[]) => Promise<void>;
}

/** Most records in one transaction: enough to share its costs, few enough to keep locks short. */
const BATCH = 400;
const PER_LANE = 40;

/**
 * Folds the next batch of journal records into charts and work items, and moves the cursors, in one transaction: every record
 * takes effect exactly once, whenever the process ends.
 * @param poisoned a record that alone stopped a fold before: it is recorded as `failed` (FOLD_ERROR) instead of applied.
 * @returns how many records were folded; 0 = nothing to do, or another process has the lanes.
 */
export async function foldOnce(needs: FoldNeeds, most: number = BATCH, poisoned?: (record: JournalRecord) => boolean): Promise<number> {
  const map: FoldNeeds["map"] = (record) => {
    const mapped = needs.map(record);
    return poisoned?.(record) === true ? { ...mapped, filtered: false, mapped: fail({ code: "FOLD_ERROR" }) } : mapped;
  };
  if (!(await hasWaiting(needs.pool))) return 0;
  return transaction(needs, async (client) => {
    const lanes = await lockLanes(client);
    if (lanes.length === 0) return 0;
    const horizon = await appendHorizon(client);
    const records = await nextRecords(client, needs.sealer, { lanes, horizon, perLane: Math.min(PER_LANE, most), most });
    if (records.length === 0) return 0;
    const folded = await alreadyFolded(client, records);
    const fresh = folded.size === 0 ? records : records.filter((record) => !folded.has(record.seq));
    if (fresh.length > 0) await foldRecords(client, { ...needs, map }, fresh);
    await moveCursors(client, records);
    return records.length;
  });
}

async function transaction<T>({ pool, cache }: FoldNeeds, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(pool, work);
  } catch (error) {
    cache.clear();
    throw error;
  }
}

/**
 * Folds the failed and parked records of one account (all accounts when absent) again, in order, under the maps of now.
 * @returns how many were tried.
 */
export async function retryTroubled(needs: FoldNeeds, accountId: string | undefined): Promise<number> {
  return transaction(needs, async (client) => {
    await lockLanes(client);
    const records = await troubledRecords(client, needs.sealer, accountId);
    const cleared = await client.query<{ id: string }>(
      "update account set interface_failed = false where interface_failed and ($1::uuid is null or id = $1) returning id",
      [accountId ?? null],
    );
    if (records.length > 0) await foldRecords(client, needs, records);
    // A message that changes nothing, or one that was given up, says nothing to the work items: they must learn that nothing waits any more.
    const mended: AccountChange[] = [];
    for (const { id } of cleared.rows) {
      const change = await changeOf(client, needs.sealer, id);
      if (change !== undefined) mended.push(change);
    }
    if (mended.length > 0) await needs.onChanges(client, mended);
    return records.length;
  });
}

/** An account as it stands, as a change to tell the work items. */
async function changeOf(client: pg.PoolClient, sealer: Sealer, id: string): Promise<AccountChange | undefined> {
  const chart = await readChart(client, sealer, id);
  const { rows } = await client.query<{ failed: boolean }>("select interface_failed as failed from account where id = $1", [id]);
  if (chart === undefined) return undefined;
  const { accountId, feed, facility, version: chartVersion } = chart;
  return {
    accountId,
    feed,
    facility,
    chartVersion,
    eventType: "interface-mended",
    interfaceFailed: rows[0]?.failed ?? false,
    facts: factsOf(chart.resources),
  };
}

async function foldRecords(client: pg.PoolClient, needs: FoldNeeds, records: readonly JournalRecord[]): Promise<void> {
  const mapped = records.map((record) => ({ record, ...needs.map(record) }));
  const keys = new Map<string, AccountKey>();
  for (const { account } of mapped) if (account !== undefined) keys.set(account.accountId, account);
  const charts = await openCharts(client, needs.sealer, needs.cache, [...keys.values()]);
  const outcomes: RecordOutcome[] = [];
  const touched = new Map<string, { chart: OpenChart; recordId: string; eventType: string }>();
  for (const one of mapped) outcomes.push(applyRecord(one, charts, touched));
  const changed = [...touched.values()].map(({ chart, recordId, eventType }) => ({
    chart,
    recordId,
    eventType,
    facts: factsOf([...chart.content.values()].map((charted) => charted.resource)),
  }));
  if (changed.length > 0) {
    await writeCharts(client, needs.sealer, changed);
    await needs.onChanges(
      client,
      changed.map(({ chart, facts, recordId, eventType }) => ({
        accountId: chart.accountId,
        feed: chart.feed,
        facility: chart.facility,
        chartVersion: chart.version,
        recordId,
        eventType,
        interfaceFailed: chart.interfaceFailed,
        facts,
      })),
    );
  }
  await writeOutcomes(client, outcomes);
  for (const chart of charts.values()) needs.cache.put(chart.accountId, chart.version, chart.content);
}

function applyRecord(
  { record, mapped, filtered, mapVersion, account }: MappedRecord & { readonly record: JournalRecord },
  charts: ReadonlyMap<string, OpenChart>,
  touched: Map<string, { chart: OpenChart; recordId: string; eventType: string }>,
): RecordOutcome {
  const base = { seq: record.seq, id: record.id, mapVersion, ...(account === undefined ? {} : { accountId: account.accountId }) };
  if (filtered) return { ...base, outcome: "filtered" };
  const chart = account === undefined ? undefined : charts.get(account.accountId);
  const touch = (eventType: string): void => {
    if (chart !== undefined) touched.set(chart.accountId, { chart, recordId: record.id, eventType });
  };
  if (!mapped.ok) {
    if (chart !== undefined && !chart.interfaceFailed) {
      chart.interfaceFailed = true;
      touch("interface-failure");
    }
    const { code, place } = mapped.failure;
    return { ...base, outcome: "failed", code, ...(place === undefined ? {} : { place }) };
  }
  // Person-level messages have no account of their own: nothing is charted from them here.
  if (chart === undefined) return { ...base, outcome: "filtered" };
  if (chart.interfaceFailed) return { ...base, outcome: "parked" };
  const delta = applyToChart(chart.content, mapped.value);
  if (delta.changed.length === 0 && delta.removed.length === 0) return { ...base, outcome: "applied" };
  chart.version++;
  chart.deltas.push({ version: chart.version, recordId: record.id, delta });
  for (const resource of delta.changed) chart.dirty.set(`${resource.resourceType}/${resource.id}`, chart.version);
  for (const key of delta.removed) chart.dirty.set(key, chart.version);
  touch(mapped.value.messageType);
  return { ...base, outcome: "applied" };
}
