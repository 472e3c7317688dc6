import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";

const FOLDER = new URL("./migrations/", import.meta.url);
/** Advisory lock number: two engines that start at once migrate one after the other. */
const MIGRATION_LOCK = 7_145_001;

/**
 * Brings the database to this version's tables; each file of `migrations/` runs once, in name order, in its own transaction.
 * Throws when a file that ran before has another content now: an installation's history is never rewritten.
 */
export async function migrate(pool: pg.Pool): Promise<readonly string[]> {
  const client = await pool.connect();
  const applied: string[] = [];
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(
      "create table if not exists schema_migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ name: string; sha256: string }>("select name, sha256 from schema_migration");
    const done = new Map(rows.map((row) => [row.name, row.sha256]));
    for (const name of readdirSync(FOLDER)
      .filter((file) => file.endsWith(".sql"))
      .sort()) {
      const sql = readFileSync(new URL(name, FOLDER), "utf8");
      const sha256 = createHash("sha256").update(sql).digest("hex");
      const before = done.get(name);
      if (before !== undefined && before !== sha256) throw new Error(`migration ${name} differs from the one this database was made with`);
      if (before !== undefined) continue;
      await client.query("begin");
      try {
        await client.query(sql);
        await client.query("insert into schema_migration (name, sha256) values ($1, $2)", [name, sha256]);
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw error;
      }
      applied.push(name);
    }
    return applied;
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]).catch(() => undefined);
    client.release();
  }
}
