import type pg from "pg";

/** How many days ahead partitions are made: a weekend without anybody looking. */
const DAYS_AHEAD = 7;

/** Makes the journal's partitions of today and the coming days. A day without one would go to the default partition. */
export async function makePartitions(pool: pg.Pool): Promise<void> {
  for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
    const day = new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
    const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
    const name = `journal_record_${day.replaceAll("-", "")}`;
    await pool
      .query(`create table if not exists ${name} partition of journal_record for values from ('${day}') to ('${next}')`)
      .catch((error: unknown) => {
        // Rows of that day already lie in the default partition: they stay there, and nothing is lost.
        if ((error as { code?: string }).code !== "23514") throw error;
      });
  }
}

/** Forgets control ids older than the feed's duplicate window: from then on their use again is legitimate. */
export async function forgetControlIds(pool: pg.Pool, feed: string, windowHours: number): Promise<void> {
  await pool.query("delete from control_id_seen where feed = $1 and seen_at < now() - $2 * interval '1 hour'", [feed, windowHours]);
}

/** Settings without which an acknowledgement would promise more than the disk holds. */
const DURABLE = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" } as const;

/** @returns each setting that is not what durability needs; empty when all is well. */
export async function durabilityFaults(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string; setting: string }>("select name, setting from pg_settings where name = any($1)", [
    Object.keys(DURABLE),
  ]);
  const wanted: Readonly<Record<string, string>> = DURABLE;
  // A stricter synchronous_commit (remote_apply, remote_write) is as good.
  return rows
    .filter((row) => row.setting !== wanted[row.name] && !(row.name === "synchronous_commit" && row.setting.startsWith("remote")))
    .map((row) => `Postgres ${row.name} is ${row.setting}, and must be ${wanted[row.name] ?? "on"}`);
}

/** PostgreSQL's own folder, as it names it; none where we may not know. Whether it is on this machine is another question. */
export async function dataDirectory(pool: pg.Pool): Promise<readonly string[]> {
  try {
    const { rows } = await pool.query<{ data_directory: string }>("show data_directory");
    return rows.map((row) => row.data_directory);
  } catch {
    return [];
  }
}
