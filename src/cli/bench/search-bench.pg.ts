import { randomBytes } from "node:crypto";
import type pg from "pg";
import { createSealer, type Sealer } from "#src/base/seal.ts";
import { openPool } from "#src/database/pool.pg.ts";
import { searchKey } from "#src/journal/search-keys.ts";
import { searchMessages, searchStatement } from "#src/journal/search.pg.ts";
import type { Print } from "../send.ts";
import { type Engine, startEngine } from "./engine-process.ts";

export interface SearchBenchOptions {
  /** Records of the journal that is searched. */
  readonly records: number;
  /** Folder in which the engine's data directory is made. */
  readonly dir?: string;
}

/** Messages of one patient, about as many as a stay has. */
const OF_ONE_PATIENT = 10;
const BATCH = 20_000;
const SEARCHES = 500;
/** Days over which the records lie: the journal has one partition a day. */
const DAYS = 7;
const PAGE = 50;

const mrn = (patient: number): string => `MRN${String(patient).padStart(8, "0")}`;

/** Fills the journal as intake would, but for the bytes: what is searched are keys and rows. */
async function fill(pool: pg.Pool, sealer: Sealer, records: number, err: Print): Promise<void> {
  const sealed = sealer.seal(randomBytes(1_500), "journal bench");
  for (let from = 0; from < records; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, records - from) }, (_, n) => from + n);
    const patients = numbers.map((n) => n % Math.max(1, Math.floor(records / OF_ONE_PATIENT)));
    await pool.query(
      `with record as (
         insert into journal_record (day, id, received_at, feed, protocol, lane, message_type, byte_length, sha256, verdict, answer, sealed)
         select (at at time zone 'UTC')::date, gen_random_uuid(), at, 'local', 'mllp', 0, 'ADT^A08', 1500, '\\x00', 'accepted', 'AA', $2
         from (select now() - (i % ${DAYS}) * interval '1 day' as at, i from generate_series(1, $1::int) i) d order by i
         returning day, seq
       ), outcome as (
         insert into journal_outcome (seq, record_id, outcome) select seq, gen_random_uuid(), 'applied' from record
       ), numbered as (
         select day, seq, row_number() over (order by seq) as n from record
       )
       insert into search_key (key, day, seq)
       select k.key, r.day, r.seq from numbered r
       join unnest($3::bigint[], $4::bigint[], $5::bigint[]) with ordinality as keys (mrn, control, account, n) on keys.n = r.n
       cross join lateral (values (keys.mrn), (keys.control), (keys.account)) as k (key)
       on conflict do nothing`,
      [
        numbers.length,
        sealed,
        patients.map((patient) => searchKey(sealer, "mrn", mrn(patient)).toString()),
        numbers.map((n) => searchKey(sealer, "control", `C${n}`).toString()),
        patients.map((patient) => searchKey(sealer, "account", `A${patient}`).toString()),
      ],
    );
    if ((from / BATCH) % 10 === 9) err(`${from + numbers.length} records`);
  }
  await pool.query("analyze");
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/**
 * Searches a journal of `records` records by patient, each time another one, and prints the times as one JSON line on `out`, the
 * plan of PostgreSQL on `err`.
 * @returns the exit code: 0 when every search found what was put in.
 */
export async function runSearchBench(
  { records, dir }: SearchBenchOptions,
  { env, out, err }: { readonly env: Readonly<Record<string, string | undefined>>; readonly out: Print; readonly err: Print },
): Promise<0 | 1> {
  let engine: Engine | undefined;
  const undo: (() => Promise<void>)[] = [];
  try {
    err("starting an engine on a data directory of its own …");
    engine = await startEngine({ env, err, ...(dir === undefined ? {} : { parent: dir }) });
    const pool = openPool(engine.databaseUrl, { max: 2, name: "search bench" }, () => undefined);
    undo.push(() => pool.end());
    const sealer = createSealer(randomBytes(32));
    // Days that are over have no partition in a database this young; one for each, as a journal that has run for a week.
    for (let day = 1; day < DAYS; day++) {
      const name = new Date(Date.now() - day * 86_400_000).toISOString().slice(0, 10);
      const next = new Date(Date.parse(name) + 86_400_000).toISOString().slice(0, 10);
      await pool.query(
        `create table if not exists journal_record_${name.replaceAll("-", "")} partition of journal_record for values from ('${name}') to ('${next}')`,
      );
    }
    await fill(pool, sealer, records, err);
    const patients = Math.max(1, Math.floor(records / OF_ONE_PATIENT));
    const times: number[] = [];
    let wrong = 0;
    for (let n = 0; n < SEARCHES; n++) {
      // A step that is coprime to round numbers: patients from all over, none twice in a row.
      const patient = (n * 7_919) % patients;
      const began = performance.now();
      const { messages } = await searchMessages(pool, sealer, { mrn: mrn(patient), limit: PAGE });
      times.push(performance.now() - began);
      if (messages.length !== Math.min(PAGE, Math.ceil((records - patient) / patients))) wrong++;
    }
    const { text, values } = searchStatement(sealer, { mrn: mrn(7), limit: PAGE });
    const plan = await pool.query<{ "QUERY PLAN": string }>(`explain (analyze, buffers) ${text}`, [...values]);
    for (const row of plan.rows) err(row["QUERY PLAN"]);
    const sorted = [...times].sort((a, b) => a - b);
    const ms = (value: number): number => Math.round(value * 100) / 100;
    const first = ms(times[0] ?? 0);
    out(
      JSON.stringify({
        records,
        searches: SEARCHES,
        first_ms: first,
        p50_ms: ms(at(sorted, 0.5)),
        p99_ms: ms(at(sorted, 0.99)),
        max_ms: ms(at(sorted, 1)),
        wrong,
      }),
    );
    return wrong === 0 ? 0 : 1;
  } catch (error) {
    err(error instanceof Error ? error.message : "the bench failed");
    return 1;
  } finally {
    for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last();
    await engine?.stop();
  }
}
