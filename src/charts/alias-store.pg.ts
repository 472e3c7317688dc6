import type pg from "pg";
import type { Mapped } from "#src/mapping/types.ts";
import { type Alias, type AliasKind, type Aliases, aliasable, createAliases, follows } from "./aliases.ts";

const EVERYWHERE = "00000000-0000-0000-0000-000000000000";
/** Advisory lock of what brings charts together: folds share it, a fold with a merge has it alone. */
const MERGE_LOCK = 7_145_003;

interface Row {
  scope: string;
  kind: AliasKind;
  from_id: string;
  to_id: string;
  retired: boolean;
  record_id: string;
}

/**
 * Makes a merge a barrier: while it is folded nobody else folds, and what it finds stays so until it is committed. Taken before
 * anything is read that a merge may change.
 */
export async function lockMerges(client: pg.PoolClient, alone: boolean): Promise<void> {
  await client.query(alone ? "select pg_advisory_xact_lock($1)" : "select pg_advisory_xact_lock_shared($1)", [MERGE_LOCK]);
}

/** What stands for the ids of these messages. */
export async function readAliases(client: pg.PoolClient, messages: readonly Mapped[]): Promise<Aliases> {
  const ids = new Set<string>();
  for (const one of messages) aliasable(one, ids);
  const { rows } = await client.query<Row>({
    name: "read-aliases",
    text: "select scope, kind, from_id, to_id, retired, record_id from identifier_alias where from_id = any($1::uuid[])",
    values: [[...ids]],
  });
  return createAliases(
    rows.map(
      (row): Alias => ({
        ...(row.scope === EVERYWHERE ? {} : { scope: row.scope }),
        kind: row.kind,
        from: row.from_id,
        to: row.to_id,
        retired: row.retired,
        recordId: row.record_id,
      }),
    ),
  );
}

/** Ids of patients, visits and accounts that today's ids of an account stand for. */
export async function formerIds(pool: pg.Pool, accountId: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ from_id: string; to_id: string }>(
    `select from_id, to_id from identifier_alias
     where to_id = any($1::uuid[]) and kind in ('Patient', 'Encounter', 'Account') and scope in ($2, $3)`,
    [ids, EVERYWHERE, accountId],
  );
  return new Map(rows.map(({ from_id: from, to_id: to }) => [from, to]));
}

/** Accounts whose charts hold one of these patients or visits: what a merge has to reach. */
export async function accountsHolding(client: pg.PoolClient, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select distinct account_id as id from chart_resource where id = any($1::uuid[]) and type in ('Patient', 'Encounter')",
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** In the order they were made: a later one may speak of what an earlier one made. */
export async function writeAliases(client: pg.PoolClient, { added }: Aliases): Promise<void> {
  for (const { scope, kind, from, to, retired, recordId } of added) {
    if (scope === undefined && retired)
      await client.query("update identifier_alias set to_id = $2, retired = true where to_id = $1 and kind = any($3)", [
        from,
        to,
        follows(kind),
      ]);
    await client.query(
      `insert into identifier_alias (scope, kind, from_id, to_id, retired, record_id) values ($1, $2, $3, $4, $5, $6)
       on conflict (from_id, kind, scope) do update set to_id = excluded.to_id, retired = excluded.retired, record_id = excluded.record_id, made_at = now()`,
      [scope ?? EVERYWHERE, kind, from, to, retired, recordId],
    );
  }
}

/** Which accounts a record about several concerned, so that each can be made again from its records. */
export async function writeRecordAccounts(
  client: pg.PoolClient,
  rows: readonly { readonly accountId: string; readonly recordId: string; readonly seq: number; readonly structural: boolean }[],
): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `insert into record_account (account_id, record_id, seq, structural)
     select distinct on (a, r) * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[]) as v (a, r, s, t)
     on conflict do nothing`,
    [rows.map((r) => r.accountId), rows.map((r) => r.recordId), rows.map((r) => r.seq), rows.map((r) => r.structural)],
  );
}
