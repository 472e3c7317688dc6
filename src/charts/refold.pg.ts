import type pg from "pg";
import type { Failure } from "#src/base/failures.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { chartedRecords, type JournalRecord, type RecordOutcome, writeOutcomes } from "#src/journal/journal-reader.pg.ts";
import { lockMerges, writeAliases } from "./alias-store.pg.ts";
import { applyMapped, type Book, mergesIn } from "./apply.ts";
import type { OpenChart } from "./open-chart.ts";
import { writeCharts } from "./chart-store.pg.ts";
import { changeIn, type FoldNeeds, type MappedRecord, openBook, toWrite, transaction } from "./fold.pg.ts";
import { type ChartDelta, emptyChart, refOf, standingResources } from "./merge.ts";

/** What a re-fold found. */
export interface Refolded {
  /** Accounts that were made again: the one asked for and those it was brought together with. */
  readonly accounts: readonly string[];
  /** Those of them whose chart is another now, with their new version. */
  readonly changed: readonly { readonly accountId: string; readonly version: number }[];
  readonly records: number;
}

/** The record that the maps of now cannot read: nothing was changed. */
export interface RefoldFailure extends Failure {
  readonly recordId?: string;
}

/** More accounts than one patient's mistakes ever bring together. */
const ACCOUNTS_MAX = 500;

/** Accounts that merges and moves brought together with these. */
async function related(client: pg.PoolClient, ids: ReadonlySet<string>): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from account where merged_into = any($1::uuid[]) union select merged_into from account where id = any($1::uuid[]) and merged_into is not null
     union select o.account_id from record_account a join record_account o on o.record_id = a.record_id
       where a.account_id = any($1::uuid[]) and a.structural and o.structural`,
    [[...ids]],
  );
  return rows.map(({ id }) => id);
}

type Read = MappedRecord & { readonly record: JournalRecord };

/** The records of an account and of all it was brought together with, mapped by the maps of now. */
async function gather(
  client: pg.PoolClient,
  needs: FoldNeeds,
  accountId: string,
): Promise<{ readonly ids: ReadonlySet<string>; readonly read: readonly Read[] }> {
  const ids = new Set([accountId]);
  for (;;) {
    const before = ids.size;
    for (const id of await related(client, ids)) ids.add(id);
    const read = (await chartedRecords(client, needs.sealer, [...ids])).map((record) => ({ record, ...needs.map(record) }));
    // A merge that the maps of then did not know brings further accounts in now.
    for (const { mapped, account, accounts = [] } of read)
      if (mapped.ok && mergesIn(mapped.value).length > 0)
        for (const key of account === undefined ? accounts : [account, ...accounts]) ids.add(key.accountId);
    if (ids.size === before || ids.size > ACCOUNTS_MAX) return { ids, read };
  }
}

/**
 * Makes an account's chart again from its journal records under the maps of now, as a new version when anything differs. Coder
 * work and released claims stay; the work list is told what changed. Fails, and changes nothing, with the first record that
 * cannot be mapped any more.
 */
export async function refold(needs: FoldNeeds, accountId: string): Promise<Result<Refolded, RefoldFailure>> {
  return transaction(needs, async (client): Promise<Result<Refolded, RefoldFailure>> => {
    await lockMerges(client, true);
    const { ids, read } = await gather(client, needs, accountId);
    for (const { record, mapped, filtered } of read) if (!mapped.ok && !filtered) return fail({ ...mapped.failure, recordId: record.id });
    const stored = await openBook(client, needs, read, [...ids]);
    if (!stored.charts.has(accountId)) return fail({ code: "NOT_FOUND" });
    const book: Book = { aliases: stored.aliases, charts: new Map([...stored.charts].map(([id, chart]) => [id, afresh(chart)])) };
    const outcomes = read.flatMap((one) => applyAgain(one, book));
    const changed: OpenChart[] = [];
    const written: OpenChart[] = [];
    for (const [id, old] of stored.charts) {
      const made = book.charts.get(id);
      // Charts that a record of these only touched (a patient's other accounts) have records of their own.
      if (made === undefined || !ids.has(id)) continue;
      if (replace(old, made)) changed.push(old);
      written.push(old);
    }
    const withFacts = written.map((chart) => toWrite(needs, chart));
    await writeCharts(client, needs.sealer, withFacts);
    await writeAliases(client, stored.aliases);
    await writeOutcomes(client, outcomes);
    await needs.trace?.(client, read);
    const changes = withFacts.flatMap(({ chart, facts }) =>
      changed.includes(chart) ? [changeIn(chart, facts, { eventType: REFOLD })] : [],
    );
    if (changes.length > 0) await needs.onChanges(client, changes);
    for (const chart of written) needs.cache.put(chart.accountId, chart.edit, chart.content);
    return ok({
      accounts: [...ids],
      changed: changed.map(({ accountId: id, version }) => ({ accountId: id, version })),
      records: read.length,
    });
  });
}

/** What a version made by a re-fold names as its cause. */
export const REFOLD = "refold";

const afresh = (chart: OpenChart): OpenChart => ({
  ...chart,
  interfaceFailed: false,
  content: emptyChart(),
  deltas: [],
  dirty: new Set(),
  retimed: new Set(),
  shownAt: new Map(),
  absorbed: [],
});

function applyAgain({ record, mapped, filtered, mapVersion, account }: Read, book: Book): readonly RecordOutcome[] {
  if (filtered || !mapped.ok) return [];
  const effect = applyMapped(mapped.value, book, record.id);
  if (effect.kind === "waits") return [];
  const accountId = effect.account?.accountId ?? account?.accountId;
  return [{ seq: record.seq, id: record.id, mapVersion, outcome: "applied", ...(accountId === undefined ? {} : { accountId }) }];
}

/** Puts what was made again in the place of what is stored. @returns whether readers see a difference. */
function replace(old: OpenChart, made: OpenChart): boolean {
  const was = new Map([...standingResources(old.content)].map((resource) => [refOf(resource), JSON.stringify(resource)]));
  const is = new Map([...standingResources(made.content)].map((resource) => [refOf(resource), resource]));
  const delta: ChartDelta = {
    messageType: REFOLD,
    changed: [...is].flatMap(([key, resource]) => (was.get(key) === JSON.stringify(resource) ? [] : [resource])),
    removed: [...was.keys()].filter((key) => !is.has(key)),
  };
  for (const key of [...old.content.resources.keys(), ...made.content.resources.keys()]) old.dirty.add(key);
  old.content.resources.clear();
  for (const [key, charted] of made.content.resources) old.content.resources.set(key, charted);
  old.content.setAt.clear();
  for (const [set, time] of made.content.setAt) old.content.setAt.set(set, time);
  old.setsMoved = true;
  old.mergedInto ??= made.mergedInto;
  old.emptiedInto = made.emptiedInto;
  old.number = made.number;
  old.absorbed.push(...made.absorbed);
  if (delta.changed.length === 0 && delta.removed.length === 0) return false;
  old.version++;
  old.deltas.push({ version: old.version, recordId: undefined, delta });
  for (const { resourceType, id } of delta.changed) old.shownAt.set(`${resourceType}/${id}`, old.version);
  return true;
}
