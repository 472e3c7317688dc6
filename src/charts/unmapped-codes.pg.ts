import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import type { UnmappedCode } from "#src/mapping/types.ts";

/** One code of a message that a table has no entry for, and whose chart it is in. */
export interface UnmappedIn extends UnmappedCode {
  /** `EPIC|NORTH`: MSH-3 and MSH-4. */
  readonly sender: string;
  readonly accountId: string | undefined;
  readonly recordId: string;
}

/** A code that waits for a meaning. */
export interface UnmappedTask {
  readonly id: string;
  readonly sender: string;
  readonly table: string;
  readonly code: string;
  /** How often it came. */
  readonly times: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly accounts: number;
  /** `PV1-36` of a record, for an example. */
  readonly place: string | undefined;
  readonly recordId: string | undefined;
}

const sealContext = (sender: string, table: string): string => `unmapped-code ${sender} ${table}`;
const keyOf = (sealer: Sealer, code: string): Buffer => sealer.blindIndex("unmapped-code", code.toUpperCase());

/** Counts unmapped codes and remembers whose charts they are in. Runs in the transaction of the fold. */
export async function writeUnmapped(client: pg.PoolClient, sealer: Sealer, found: readonly UnmappedIn[]): Promise<void> {
  const tasks = new Map<string, { readonly one: UnmappedIn; readonly key: Buffer; times: number; readonly in: UnmappedIn[] }>();
  for (const one of found) {
    const key = keyOf(sealer, one.code);
    const name = `${one.sender}\n${one.table}\n${key.toString("hex")}`;
    const known = tasks.get(name);
    if (known === undefined) tasks.set(name, { one, key, times: 1, in: [one] });
    else {
      known.times++;
      known.in.push(one);
    }
  }
  // In one order, so that two folds never wait for each other.
  for (const [, { one, key, times, in: places }] of [...tasks].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { rows } = await client.query<{ id: string }>(
      `insert into unmapped_code as u (sender, table_name, code_key, code_sealed, times) values ($1, $2, $3, $4, $5)
       on conflict (sender, table_name, code_key) do update
         set times = u.times + excluded.times, last_at = now(), resolved_at = null, resolved_by = null, resolution = null
       returning id`,
      [one.sender, one.table, key, sealer.seal(Buffer.from(one.code), sealContext(one.sender, one.table)), times],
    );
    const id = rows[0]?.id;
    for (const { accountId, recordId, place } of places)
      if (id !== undefined && accountId !== undefined)
        await client.query(
          "insert into unmapped_code_account (task, account_id, record_id, place) values ($1, $2, $3, $4) on conflict do nothing",
          [id, accountId, recordId, place],
        );
  }
}

/** The codes that wait for a meaning, the most frequent first. */
export async function unmappedTasks(pool: pg.Pool, sealer: Sealer): Promise<readonly UnmappedTask[]> {
  const { rows } = await pool.query<{
    id: string;
    sender: string;
    table_name: string;
    code_sealed: Buffer;
    times: string;
    first_at: Date;
    last_at: Date;
    accounts: string;
    place: string | null;
    record_id: string | null;
  }>(
    `select u.id, u.sender, u.table_name, u.code_sealed, u.times, u.first_at, u.last_at,
       (select count(*) from unmapped_code_account a where a.task = u.id) as accounts, e.place, e.record_id
     from unmapped_code u left join lateral (select place, record_id from unmapped_code_account a where a.task = u.id limit 1) e on true
     where u.resolved_at is null order by u.times desc, u.sender, u.table_name, u.id`,
  );
  return rows.map((row) => ({
    id: row.id,
    sender: row.sender,
    table: row.table_name,
    code: sealer.open(row.code_sealed, sealContext(row.sender, row.table_name)).toString(),
    times: Number(row.times),
    firstAt: row.first_at,
    lastAt: row.last_at,
    accounts: Number(row.accounts),
    place: row.place ?? undefined,
    recordId: row.record_id ?? undefined,
  }));
}

/** Ends a task. @returns the accounts to fold again; undefined when there is no such task, or it has ended. */
export async function endUnmappedTask(pool: pg.Pool, id: string, by: string, resolution: string): Promise<readonly string[] | undefined> {
  const { rowCount } = await pool.query(
    "update unmapped_code set resolved_at = now(), resolved_by = $2, resolution = $3 where id = $1 and resolved_at is null",
    [id, by, resolution],
  );
  if (rowCount === 0) return undefined;
  const { rows } = await pool.query<{ account_id: string }>(
    "select account_id from unmapped_code_account where task = $1 order by account_id",
    [id],
  );
  return rows.map(({ account_id }) => account_id);
}
