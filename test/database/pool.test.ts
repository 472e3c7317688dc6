import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inTransaction } from "#src/database/pool.pg.ts";
import { freshDatabase, type TestDatabase } from "#test/setup/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

describe("a connection of the pool", () => {
  it("answers a statement in each form in which it may be asked", async () => {
    const client = await database.pool.connect();
    try {
      const two = { rows: [{ n: 2 }] };
      expect(await client.query("select 2 as n")).toMatchObject(two);
      expect(await client.query("select $1::int as n", [2])).toMatchObject(two);
      expect(await client.query({ name: "two", text: "select $1::int as n", values: [2] })).toMatchObject(two);
      expect(await client.query({ name: "two", text: "select $1::int as n" }, [2])).toMatchObject(two);
      const answered = Promise.withResolvers<unknown>();
      client.query("select $1::int as n", [2], (error, result) => answered.resolve(error ?? result));
      expect(await answered.promise).toMatchObject(two);
      expect(await Promise.all([database.pool.query("select 2 as n"), database.pool.query("select 2 as n")])).toMatchObject([two, two]);
    } finally {
      client.release();
    }
  });

  it("says of a failed statement why it failed and who asked for it, and goes on", async () => {
    const askAmiss = (): Promise<unknown> => inTransaction(database.pool, async (client) => client.query("select nothing_of_the_kind"));
    const failed = await askAmiss().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "42703" });
    expect(failed).toHaveProperty("stack", expect.stringContaining("inTransaction"));
    expect(await inTransaction(database.pool, async (client) => client.query("select 2 as n"))).toMatchObject({ rows: [{ n: 2 }] });
  });
});
