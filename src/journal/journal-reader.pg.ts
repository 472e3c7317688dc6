import type pg from "pg";
import type { Failure, FailureCode } from "#src/base/failures.ts";
import type { MessageId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { Outcome, Protocol } from "./journal.ts";
import { recordContext } from "./journal-writer.pg.ts";

/** One accepted record as the fold reads it. */
export interface JournalRecord {
  readonly seq: number;
  readonly xid: string;
  readonly lane: number;
  readonly id: MessageId;
  readonly feed: string;
  readonly protocol: Protocol;
  readonly bytes: Buffer;
  /** Named by the transport: wins over MSH-18. */
  readonly charset?: string;
  /** Decided before the fold: the outcome to record in place of applying the message. */
  readonly foldAs?: { readonly outcome: "filtered" | "failed"; readonly failure: Failure };
}

/** What the fold did with one record. */
export interface RecordOutcome {
  readonly seq: number;
  readonly id: MessageId;
  readonly accountId?: string;
  readonly outcome: Outcome;
  readonly code?: string;
  readonly place?: string;
  readonly mapVersion?: string;
}

/**
 * The transaction id below which no appending transaction still runs. Taken in a statement of its own, before the rows are
 * read: every append below it is then visible to the next statement's snapshot, so a cursor never passes a gap. Appenders hold
 * the shared lock 7145002; other long transactions (imports, migrations) do not hold the fold up.
 */
export async function appendHorizon(client: pg.PoolClient): Promise<string> {
  const { rows } = await client.query<{ horizon: string }>({
    name: "append-horizon",
    // backend_xid has 32 bits; its distance from the newest id gives the 64 bits back. One above the newest began after us.
    text: `with newest as (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xmax),
      running as (
        select ((n.xmax % 4294967296) - a.backend_xid::text::bigint + 4294967296) % 4294967296 as distance
        from newest n, pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.classid = 0 and l.objid = 7145002 and a.backend_xid is not null
      )
      select (n.xmax - coalesce((select max(distance) from running where distance < 2147483648), 0))::text as horizon from newest n`,
  });
  return rows[0]?.horizon ?? "0";
}

/** Every `of`-th lane from `index` on: what one of several folds looks after. */
export interface LaneShare {
  readonly index: number;
  readonly of: number;
}

const ALL_LANES: LaneShare = { index: 0, of: 1 };

/** Takes the lanes of a share that nobody else is folding, for the length of the transaction. */
export async function lockLanes(client: pg.PoolClient, { index, of }: LaneShare = ALL_LANES): Promise<readonly number[]> {
  const { rows } = await client.query<{ lane: number }>({
    name: "lock-lanes",
    text: "select lane from lane_cursor where lane % $2 = $1 order by lane for update skip locked",
    values: [index, of],
  });
  return rows.map((row) => row.lane);
}

/** Whether any record waits behind a cursor of a share. Reads only: an engine with nothing to do writes nothing. */
export async function hasWaiting(pool: pg.Pool, { index, of }: LaneShare = ALL_LANES): Promise<boolean> {
  const { rows } = await pool.query<{ waiting: boolean }>({
    name: "has-waiting",
    text: `select exists (select from lane_cursor c where exists (
        select from journal_record j where j.lane = c.lane and j.verdict = 'accepted' and (j.xid, j.seq) > (c.xid, c.seq)) and c.lane % $2 = $1) as waiting`,
    values: [index, of],
  });
  return rows[0]?.waiting ?? false;
}

interface Row {
  seq: number;
  xid: string;
  lane: number;
  id: string;
  feed: string;
  protocol: Protocol;
  sealed: Buffer;
  charset: string | null;
  fold_as: "filtered" | "failed" | null;
  fold_code: FailureCode | null;
  fold_place: string | null;
}

function foldAsOf({ fold_as: outcome, fold_code: code, fold_place: place }: Row): Pick<JournalRecord, "foldAs"> {
  if (outcome === null || code === null) return {};
  return { foldAs: { outcome, failure: { code, ...(place === null ? {} : { place }) } } };
}

const asRecord = (row: Row, sealer: Sealer): JournalRecord => ({
  seq: row.seq,
  xid: row.xid,
  lane: row.lane,
  id: row.id as MessageId,
  feed: row.feed,
  protocol: row.protocol,
  bytes: sealer.open(row.sealed, recordContext(row.id)),
  ...(row.charset === null ? {} : { charset: row.charset }),
  ...foldAsOf(row),
});

/** Most bytes of messages read at once; a single message may be larger. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;

/** The next accepted records of these lanes behind their cursors and below the horizon, in order within each lane. */
export async function nextRecords(
  client: pg.PoolClient,
  sealer: Sealer,
  {
    lanes,
    horizon,
    perLane,
    most,
  }: { readonly lanes: readonly number[]; readonly horizon: string; readonly perLane: number; readonly most: number },
): Promise<readonly JournalRecord[]> {
  const { rows } = await client.query<Row>({
    name: "next-records",
    text: `select n.seq, n.xid::text as xid, n.lane, n.id, n.feed, n.protocol, n.sealed, n.charset, n.fold_as, n.fold_code, n.fold_place from (
        select r.*, sum(r.byte_length::bigint) over (order by r.xid, r.seq rows between unbounded preceding and current row) - r.byte_length as before
        from (
          select w.* from lane_cursor c cross join lateral (
            select seq, xid, lane, id, feed, protocol, sealed, charset, fold_as, fold_code, fold_place, byte_length from journal_record j
            where j.lane = c.lane and j.verdict = 'accepted' and (j.xid, j.seq) > (c.xid, c.seq) and j.xid < $2::text::xid8
            order by j.xid, j.seq limit $3
          ) w where c.lane = any($1::smallint[]) order by w.xid, w.seq limit $4
        ) r
      ) n where n.before < $5 order by n.xid, n.seq`,
    values: [lanes, horizon, perLane, most, BYTES_AT_ONCE],
  });
  return rows.map((row) => asRecord(row, sealer));
}

/** Moves each lane's cursor to the last record folded. Same transaction as what the fold wrote. */
export async function moveCursors(client: pg.PoolClient, folded: readonly JournalRecord[]): Promise<void> {
  const last = new Map<number, JournalRecord>();
  for (const record of folded) last.set(record.lane, record);
  const ends = [...last.values()];
  await client.query({
    name: "move-cursors",
    text: `update lane_cursor c set xid = v.xid::xid8, seq = v.seq
      from unnest($1::smallint[], $2::text[], $3::bigint[]) as v (lane, xid, seq) where c.lane = v.lane`,
    values: [ends.map((r) => r.lane), ends.map((r) => r.xid), ends.map((r) => r.seq)],
  });
}

export async function writeOutcomes(client: pg.PoolClient, outcomes: readonly RecordOutcome[]): Promise<void> {
  await client.query({
    name: "write-outcomes",
    text: `insert into journal_outcome (seq, record_id, account_id, outcome, failure_code, failure_place, map_version)
      select * from unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
      on conflict (seq) do update set outcome = excluded.outcome, failure_code = excluded.failure_code,
        failure_place = excluded.failure_place, map_version = excluded.map_version, account_id = excluded.account_id, folded_at = now()`,
    values: [
      outcomes.map((o) => o.seq),
      outcomes.map((o) => o.id),
      outcomes.map((o) => o.accountId ?? null),
      outcomes.map((o) => o.outcome),
      outcomes.map((o) => o.code ?? null),
      outcomes.map((o) => o.place ?? null),
      outcomes.map((o) => o.mapVersion ?? null),
    ],
  });
}

/** Which of these records have had their effect already: a cursor that was set back must not give it twice. */
export async function alreadyFolded(client: pg.PoolClient, records: readonly JournalRecord[]): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ seq: number }>({
    name: "already-folded",
    text: "select seq from journal_outcome where seq = any($1::bigint[])",
    values: [records.map((record) => record.seq)],
  });
  return new Set(rows.map((row) => row.seq));
}

/**
 * The failed and parked records of one account (all accounts when absent), or one of no account, in the order they came: what a
 * retry folds again. A person decided, so `foldAs` no longer counts.
 */
export async function troubledRecords(
  client: pg.PoolClient,
  sealer: Sealer,
  accountId: string | undefined,
  recordId?: string,
): Promise<readonly JournalRecord[]> {
  const { rows } = await client.query<Row>(
    `select j.seq, j.xid::text as xid, j.lane, j.id, j.feed, j.protocol, j.sealed, j.charset, null as fold_as, null as fold_code, null as fold_place from journal_outcome o
     join journal_record j on j.id = o.record_id
     where o.outcome in ('failed', 'parked') and ($1::uuid is null or o.account_id = $1) and ($2::uuid is null or o.record_id = $2)
     order by j.xid, j.seq`,
    [accountId ?? null, recordId ?? null],
  );
  return rows.map((row) => asRecord(row, sealer));
}

/**
 * The records that made the charts of these accounts, in order, and those that no map handled then: what a chart is made of again.
 * What was given up stays so.
 */
export async function chartedRecords(
  client: pg.PoolClient,
  sealer: Sealer,
  accountIds: readonly string[],
): Promise<readonly JournalRecord[]> {
  const { rows } = await client.query<Row>(
    `select j.seq, j.xid::text as xid, j.lane, j.id, j.feed, j.protocol, j.sealed, j.charset, j.fold_as, j.fold_code, j.fold_place
     from journal_outcome o join journal_record j on j.id = o.record_id
     where (o.outcome = 'applied' or (o.outcome = 'filtered' and o.failure_code is null))
       and (o.account_id = any($1::uuid[]) or o.record_id in (select record_id from record_account where account_id = any($1::uuid[])))
     order by j.xid, j.seq`,
    [accountIds],
  );
  return rows.map((row) => asRecord(row, sealer));
}

/**
 * Gives a failed record up: it stays in the journal with its reason, and its account no longer waits for it.
 * @returns the account; undefined when there is no failed record of that id.
 */
export async function giveUpRecord(
  pool: pg.Pool | pg.PoolClient,
  id: string,
): Promise<{ readonly accountId: string | undefined } | undefined> {
  const { rows } = await pool.query<{ account_id: string | null }>(
    "update journal_outcome set outcome = 'filtered', folded_at = now() where record_id = $1 and outcome = 'failed' returning account_id",
    [id],
  );
  return rows[0] === undefined ? undefined : { accountId: rows[0].account_id ?? undefined };
}

/** One record with its bytes; undefined when the journal has none of that id. */
export async function readRecord(pool: pg.Pool | pg.PoolClient, sealer: Sealer, id: string): Promise<JournalRecord | undefined> {
  const { rows } = await pool.query<Row>(
    "select seq, xid::text as xid, lane, id, feed, protocol, sealed, charset, fold_as, fold_code, fold_place from journal_record where id = $1",
    [id],
  );
  return rows[0] === undefined ? undefined : asRecord(rows[0], sealer);
}

/** Waits until a record has its outcome, at most `waitMs`; undefined when it has none by then. */
export async function outcomeOf(
  pool: pg.Pool,
  id: MessageId,
  waitMs: number,
): Promise<{ readonly outcome: Outcome; readonly code?: string; readonly place?: string } | undefined> {
  const until = Date.now() + waitMs;
  for (;;) {
    const { rows } = await pool.query<{ outcome: Outcome; failure_code: string | null; failure_place: string | null }>(
      "select outcome, failure_code, failure_place from journal_outcome where record_id = $1",
      [id],
    );
    const row = rows[0];
    if (row !== undefined)
      return {
        outcome: row.outcome,
        ...(row.failure_code === null ? {} : { code: row.failure_code }),
        ...(row.failure_place === null ? {} : { place: row.failure_place }),
      };
    if (Date.now() >= until) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
