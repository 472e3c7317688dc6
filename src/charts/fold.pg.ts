import type { Resource } from "@medplum/fhirtypes";
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
  type LaneShare,
  lockLanes,
  moveCursors,
  nextRecords,
  type RecordOutcome,
  troubledRecords,
  writeOutcomes,
} from "#src/journal/journal-reader.pg.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { address } from "./aliases.ts";
import { accountsHolding, lockMerges, readAliases, writeAliases, writeRecordAccounts } from "./alias-store.pg.ts";
import { applyMapped, type Book, mergesIn } from "./apply.ts";
import { openCharts, readChart, writeCharts } from "./chart-store.pg.ts";
import type { AccountKey, ChartCache, OpenChart } from "./open-chart.ts";
import type { Trace } from "./trace.pg.ts";
import { type ChartFacts, factsOf } from "./facts.ts";
import { type ChartDelta, standingResources } from "./merge.ts";

/** What mapping one record gave, and which account it is of, as far as that can be told. */
export interface MappedRecord {
  readonly mapped: Result<Mapped, Failure>;
  /** No map handles this message type: it is kept and has no effect. */
  readonly filtered: boolean;
  readonly mapVersion: string;
  /** Known even when the map failed: the account that has to wait. */
  readonly account?: AccountKey;
  /** Further accounts that it names: of a merge, of the other patient of a swap. */
  readonly accounts?: readonly AccountKey[];
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
  /** What each new version changed, oldest first; absent when a person did something. */
  readonly deltas?: readonly ChartDelta[];
  /** Another account took this one in: its work goes there. */
  readonly mergedInto?: AccountId;
  /** The last visit of this account is in that one now. */
  readonly emptiedInto?: AccountId;
  /** Accounts that this one took in, or took a visit of. */
  readonly absorbed?: readonly AccountId[];
  /** The chart as it stands now; absent where it was not at hand, and then read when it is needed. */
  readonly resources?: readonly Resource[];
}

export interface FoldNeeds {
  /** Keeps lineage and unmapped codes; without it nothing of them is kept. */
  readonly trace?: Trace;
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly cache: ChartCache;
  /** The lanes to fold; all when absent. */
  readonly share?: LaneShare;
  /** Pure: same record, same result. Never throws for bad data. */
  readonly map: (record: JournalRecord) => MappedRecord;
  /** Whether an account of a feed is confidential as a whole; none is when absent. */
  readonly restricted?: (feed: string, resources: Iterable<Resource>) => boolean;
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
  if (!(await hasWaiting(needs.pool, needs.share))) return 0;
  return transaction(needs, async (client) => {
    const lanes = await lockLanes(client, needs.share);
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

/** One transaction; what the cache holds is forgotten when it does not commit. */
export async function transaction<T>({ pool, cache }: FoldNeeds, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(pool, work);
  } catch (error) {
    cache.clear();
    throw error;
  }
}

/**
 * Folds the failed and parked records of one account (all accounts when absent), or the one record named, again, in order, under the
 * maps of now.
 * @returns how many were tried.
 */
export async function retryTroubled(needs: FoldNeeds, accountId: string | undefined, recordId?: string): Promise<number> {
  return transaction(needs, async (client) => {
    await lockLanes(client);
    return foldAgain(client, needs, await troubledRecords(client, needs.sealer, accountId, recordId), accountId);
  });
}

/** Folds records that waited, or the ones that stand for them. The account no longer waits, unless one of them fails again. */
export async function foldAgain(
  client: pg.PoolClient,
  needs: FoldNeeds,
  records: readonly JournalRecord[],
  accountId: string | undefined,
): Promise<number> {
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
    resources: chart.resources,
  };
}

async function foldRecords(client: pg.PoolClient, needs: FoldNeeds, records: readonly JournalRecord[]): Promise<void> {
  const mapped = records.map((record) => ({ record, ...needs.map(record) }));
  const book = await openBook(client, needs, mapped);
  const outcomes: RecordOutcome[] = [];
  const seen = new Map<OpenChart, Cause>();
  const touched = new Set<OpenChart>();
  const links: Parameters<typeof writeRecordAccounts>[1][number][] = [];
  for (const one of mapped) outcomes.push(applyRecord(one, book, { seen, touched, links }));
  const written = [...touched].map((chart) => toWrite(needs, chart));
  if (written.length > 0) await writeCharts(client, needs.sealer, written);
  await writeAliases(client, book.aliases);
  await writeRecordAccounts(client, links);
  const changes = written.flatMap(({ chart, facts }) => {
    const cause = seen.get(chart);
    return cause === undefined ? [] : [changeIn(chart, facts, cause)];
  });
  if (changes.length > 0) await needs.onChanges(client, changes);
  await writeOutcomes(client, outcomes);
  await needs.trace?.(client, mapped);
  for (const chart of book.charts.values()) needs.cache.put(chart.accountId, chart.edit, chart.content);
}

export interface Cause {
  readonly recordId?: string;
  readonly eventType: string;
}

/** Opens every chart that a batch may touch, all locked in one order. */
export async function openBook(
  client: pg.PoolClient,
  needs: FoldNeeds,
  mapped: readonly MappedRecord[],
  also: readonly string[] = [],
): Promise<Book> {
  const messages = mapped.flatMap((one) => (one.mapped.ok ? [one.mapped.value] : []));
  const merges = messages.flatMap(mergesIn);
  await lockMerges(client, merges.length > 0);
  const aliases = await readAliases(client, messages);
  const keys = new Map<string, AccountKey>();
  const ids = new Set<string>(also);
  for (const { mapped: result, account, accounts = [] } of mapped) {
    for (const key of account === undefined ? accounts : [account, ...accounts]) {
      const id = aliases.resolve("Account", key.accountId);
      // Under a number that stands for another account nothing is begun.
      if (id === key.accountId) keys.set(id, key);
      else ids.add(id);
    }
    if (result.ok) for (const one of [result.value, ...(result.value.others ?? [])]) ids.add(address(one, aliases).accountId ?? "");
  }
  if (merges.length > 0) {
    const whose = merges.flatMap(({ prior, surviving }) =>
      [prior, surviving].flatMap(({ resourceId }) => [
        resourceId,
        aliases.resolve("Patient", resourceId),
        aliases.resolve("Encounter", resourceId),
      ]),
    );
    for (const id of await accountsHolding(client, [...new Set(whose)])) ids.add(id);
  }
  ids.delete("");
  return { aliases, charts: await openCharts(client, needs.sealer, needs.cache, [...keys.values()], [...ids]) };
}

/** The facts of a chart that another took in, or took the last visit of, are that there is nothing to do any more. */
function factsOfChart({ content, mergedInto, emptiedInto }: OpenChart): ChartFacts {
  const facts = factsOf(standingResources(content));
  return mergedInto === undefined && emptiedInto === undefined ? facts : { ...facts, cancelled: true };
}

/** A chart with what is written beside it in clear. */
export const toWrite = ({ restricted }: FoldNeeds, chart: OpenChart) => ({
  chart,
  facts: factsOfChart(chart),
  confidential: restricted?.(chart.feed, standingResources(chart.content)) ?? false,
});

export const changeIn = (chart: OpenChart, facts: ChartFacts, { recordId, eventType }: Cause): AccountChange => ({
  accountId: chart.accountId,
  feed: chart.feed,
  facility: chart.facility,
  chartVersion: chart.version,
  ...(recordId === undefined ? {} : { recordId }),
  eventType,
  interfaceFailed: chart.interfaceFailed,
  facts,
  resources: [...standingResources(chart.content)],
  deltas: chart.deltas.map(({ delta }) => delta),
  ...(chart.mergedInto === undefined ? {} : { mergedInto: chart.mergedInto }),
  ...(chart.emptiedInto === undefined ? {} : { emptiedInto: chart.emptiedInto }),
  ...(chart.absorbed.length === 0 ? {} : { absorbed: chart.absorbed }),
});

interface Notes {
  /** Charts whose readers are told, and by what they changed last. */
  readonly seen: Map<OpenChart, Cause>;
  /** Charts to write. */
  readonly touched: Set<OpenChart>;
  readonly links: Parameters<typeof writeRecordAccounts>[1][number][];
}

function applyRecord(
  { record, mapped, filtered, mapVersion, account }: MappedRecord & { readonly record: JournalRecord },
  book: Book,
  { seen, touched, links }: Notes,
): RecordOutcome {
  const id = account === undefined ? undefined : book.aliases.resolve("Account", account.accountId);
  const of = (accountId: string | undefined) => ({
    seq: record.seq,
    id: record.id,
    mapVersion,
    ...(accountId === undefined ? {} : { accountId }),
  });
  if (filtered) return { ...of(id), outcome: "filtered" };
  if (!mapped.ok) {
    const chart = book.charts.get(id ?? "");
    if (chart !== undefined && !chart.interfaceFailed) {
      chart.interfaceFailed = true;
      touched.add(chart);
      seen.set(chart, { recordId: record.id, eventType: "interface-failure" });
    }
    const { code, place } = mapped.failure;
    return { ...of(id), outcome: "failed", code, ...(place === undefined ? {} : { place }) };
  }
  const { value } = mapped;
  // A person-level message has no account of its own, and is charted where a merge says whose charts it concerns.
  if (value.account === undefined && mergesIn(value).length === 0) return { ...of(id), outcome: "filtered" };
  const effect = applyMapped(value, book, record.id);
  if (effect.kind === "waits") return { ...of(effect.account.accountId), outcome: "parked" };
  for (const chart of effect.written) touched.add(chart);
  for (const chart of effect.changed) seen.set(chart, { recordId: record.id, eventType: value.messageType });
  if (effect.severalAccounts)
    for (const chart of effect.written)
      links.push({
        accountId: chart.accountId,
        recordId: record.id,
        seq: record.seq,
        structural: chart.mergedInto !== undefined || chart.absorbed.length > 0 || chart.emptiedInto !== undefined,
      });
  return { ...of(effect.account?.accountId ?? id), outcome: "applied" };
}
