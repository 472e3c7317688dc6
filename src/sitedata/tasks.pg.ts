import type { Pool } from "pg";
import { inTransaction } from "#src/database/pool.pg.ts";
import { isAnswered, type Lookup, type SiteKind } from "./lineage.ts";
import type { SiteData } from "./site-data.ts";

/** Something the site data does not know, and what waits for it. */
export interface SiteDataTask {
  readonly kind: SiteKind;
  readonly key: string;
  readonly openedAt: string;
  readonly accounts: number;
  /** Charges of the waiting accounts, whole US cents. */
  readonly cents: number;
}

/** What one account's look-ups did not find. */
export interface Missed {
  readonly accountId: string;
  /** The account's charges, whole US cents. */
  readonly cents: number;
  readonly lookups: readonly Lookup[];
}

/** Opens one task for each key that was not found, or adds the account to the task there is; what an account no longer misses is taken off. */
export async function recordMisses(pool: Pool, misses: readonly Missed[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    for (const { accountId, cents, lookups } of misses) {
      const open = [...new Set(lookups.filter(({ file }) => file === undefined).map(({ kind, key }) => `${kind} ${key}`))].sort();
      const kinds = open.map((one) => one.slice(0, one.indexOf(" ")));
      const keys = open.map((one) => one.slice(one.indexOf(" ") + 1));
      await client.query("delete from site_data_waiting where account_id = $1", [accountId]);
      await client.query(
        `insert into site_data_task (kind, key) select * from unnest($1::text[], $2::text[])
         on conflict (kind, key) do update set last_at = now(), closed_at = null`,
        [kinds, keys],
      );
      await client.query(
        "insert into site_data_waiting (kind, key, account_id, cents) select kind, key, $3, $4 from unnest($1::text[], $2::text[]) as missed (kind, key)",
        [kinds, keys, accountId, cents],
      );
    }
  });
}

/** Open tasks, those with the most money waiting first. */
export async function readTasks(pool: Pool): Promise<readonly SiteDataTask[]> {
  const { rows } = await pool.query<{ kind: SiteKind; key: string; opened_at: Date; accounts: number; cents: number }>(
    `select t.kind, t.key, t.opened_at, count(w.account_id)::int as accounts, coalesce(sum(w.cents), 0)::bigint as cents
     from site_data_task t left join site_data_waiting w using (kind, key)
     where t.closed_at is null group by t.kind, t.key order by cents desc, t.kind, t.key`,
  );
  return rows.map(({ opened_at, ...row }) => ({ ...row, openedAt: opened_at.toISOString() }));
}

/** Closes the tasks that the site data of now answers. Returns how many. */
export async function closeAnswered(pool: Pool, site: SiteData, today: string): Promise<number> {
  const answered = (await readTasks(pool)).filter((task) => isAnswered(site, task, today));
  for (const { kind, key } of answered)
    await inTransaction(pool, async (client) => {
      await client.query("update site_data_task set closed_at = now() where kind = $1 and key = $2", [kind, key]);
      await client.query("delete from site_data_waiting where kind = $1 and key = $2", [kind, key]);
    });
  return answered.length;
}
