import pg from "pg";
import { inject } from "vitest";
import { migrate } from "#src/database/migrate.pg.ts";
import { openPool } from "#src/database/pool.pg.ts";

export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  drop(): Promise<void>;
}

/** An empty database with this version's tables. */
export async function freshDatabase(): Promise<TestDatabase> {
  const admin = new pg.Client(inject("databaseUrl"));
  await admin.connect();
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await admin.query(`create database ${name}`);
  const url = new URL(inject("databaseUrl"));
  url.pathname = `/${name}`;
  const pool = openPool(url.href, { max: 10, name: "test" }, () => undefined);
  await migrate(pool);
  return {
    url: url.href,
    pool,
    drop: async () => {
      await pool.end();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
