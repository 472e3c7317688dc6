import type { Pool, PoolClient } from "pg";
import { inTransaction } from "#src/database/pool.pg.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import type { DataSet } from "./code-data.ts";
import { dayBefore, isDay } from "./periods.ts";
import type { CodeRow } from "./rows.ts";
import { covers, countsBefore, type Version } from "./versions.ts";

interface Row {
  readonly id: number;
  readonly data_set: DataSet;
  readonly part: string;
  readonly name: string;
  readonly state: Version["state"];
  readonly edition: string;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly not_covered: string | null;
  readonly file_name: string;
  readonly file_rows: number;
  readonly stored_rows: number;
  readonly imported_at: Date;
  readonly activated_at: Date | null;
}

const versionOf = (row: Row): Version => ({
  id: row.id,
  set: row.data_set,
  part: row.part,
  name: row.name,
  state: row.state,
  edition: row.edition,
  from: row.valid_from,
  ...(row.valid_to === null ? {} : { to: row.valid_to }),
  ...(row.not_covered === null ? {} : { notCovered: row.not_covered }),
  fileName: row.file_name,
  fileRows: row.file_rows,
  storedRows: row.stored_rows,
  importedAt: row.imported_at.toISOString(),
  ...(row.activated_at === null ? {} : { activatedAt: row.activated_at.toISOString() }),
});

/** Every version there is, those of one part together, newest first. */
export async function listVersions(pool: Pool | PoolClient): Promise<readonly Version[]> {
  const { rows } = await pool.query<Row>(
    `select id, data_set, part, name, state, edition::text, valid_from::text, valid_to::text, not_covered, file_name, file_rows, stored_rows,
            imported_at, activated_at
     from code_set_version order by data_set, part, valid_from desc, edition desc, id desc`,
  );
  return rows.map(versionOf);
}

/** A number that grows with every change of what is in use. */
export async function readRevision(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ revision: number | null }>("select max(revision) as revision from code_set_change");
  return rows[0]?.revision ?? 0;
}

export const recordChange = (
  client: PoolClient,
  change: {
    readonly name: string;
    readonly what: "imported" | "activated" | "staged" | "retired";
    readonly from?: string;
    readonly to?: string;
  },
  actor: string,
): Promise<unknown> =>
  client.query("insert into code_set_change (version_name, what, valid_from, valid_to, actor) values ($1, $2, $3, $4, $5)", [
    change.name,
    change.what,
    change.from ?? null,
    change.to ?? null,
    actor,
  ]);

/**
 * Puts a version in use from a day on. Sets that were in use answer for the days before, as they did.
 * @param to the last day, or `open`; the one the version has when absent.
 * Fails with a sentence when there is no such version or the days are none.
 */
export async function activate(
  pool: Pool,
  name: string,
  { from, to, actor }: { readonly from?: string; readonly to?: string; readonly actor: string },
): Promise<Result<Version, string>> {
  if (from !== undefined && !isDay(from)) return fail("--from is not a day (YYYY-MM-DD)");
  if (to !== undefined && to !== "open" && !isDay(to)) return fail("--to is neither a day (YYYY-MM-DD) nor open");
  return inTransaction(pool, async (client) => {
    const found = (await listVersions(client)).find((one) => one.name === name);
    if (found === undefined) return fail(`there is no version ${name}; chartbridge codesets list shows what there is`);
    const first = from ?? found.from;
    const last = to === "open" ? undefined : (to ?? found.to);
    if (last !== undefined && last < first) return fail(`${name} ends on ${last}, before ${first}; give --to as well`);
    await client.query("update code_set_version set state = 'active', valid_from = $2, valid_to = $3, activated_at = now() where id = $1", [
      found.id,
      first,
      last ?? null,
    ]);
    await retireStarter(client, found, actor);
    await recordChange(client, { name, what: "activated", from: first, ...(last === undefined ? {} : { to: last }) }, actor);
    const after = (await listVersions(client)).find(({ id }) => id === found.id);
    return after === undefined ? fail(`there is no version ${name}`) : ok(after);
  });
}

/** Takes a version out of use; it stays stored. */
export async function retire(pool: Pool, name: string, actor: string): Promise<Result<void, string>> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query("update code_set_version set state = 'retired' where name = $1 and state <> 'retired'", [name]);
    if (rowCount === 0) return fail(`there is no version ${name} in use; chartbridge codesets list shows what there is`);
    await recordChange(client, { name, what: "retired" }, actor);
    return ok(undefined);
  });
}

/** The starter codes end where real ones begin: what they do not name must not look as if it were covered. */
export async function retireStarter(
  client: PoolClient,
  { set, part, id }: Pick<Version, "set" | "part" | "id">,
  actor: string,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "update code_set_version set state = 'retired' where data_set = $1 and part = $2 and id <> $3 and not_covered = '' and state = 'active' returning name",
    [set, part, id],
  );
  for (const { name } of rows) await recordChange(client, { name, what: "retired" }, actor);
}

/** The codes of a part as they stood on a day, over all versions that are not retired; undefined when none answers for it. */
export async function codesOn(client: PoolClient, set: DataSet, part: string, day: string): Promise<readonly CodeRow[] | undefined> {
  const version = (await listVersions(client))
    .filter((one) => one.set === set && one.part === part && one.state !== "retired" && one.notCovered !== "" && covers(one, day))
    .reduce<Version | undefined>((best, one) => (best === undefined || countsBefore(one, best) ? one : best), undefined);
  if (version === undefined) return undefined;
  const { rows } = await client.query<CodeRow>(
    `select code, billable, short, long from code_set_code
     where version_id = $1 and coalesce(valid_from, $2) <= $2 and (valid_to is null or valid_to >= $2) order by code`,
    [version.id, day],
  );
  return rows;
}

/** One difference between two versions of a part. */
export interface VersionDifference {
  readonly what: "added" | "removed" | "became a header" | "became billable" | "retitled" | "changed";
  readonly code: string;
  readonly text: string;
}

/** What differs between two versions, on the first day of the second and the last day before it of the first. Fails with a sentence. */
export async function diffVersions(pool: Pool, a: string, b: string): Promise<Result<readonly VersionDifference[], string>> {
  const versions = await listVersions(pool);
  const [one, two] = [versions.find(({ name }) => name === a), versions.find(({ name }) => name === b)];
  if (one === undefined || two === undefined) return fail(`there is no version ${one === undefined ? a : b}`);
  if (one.set !== two.set) return fail(`${a} and ${b} are of different sets`);
  const dayOf = ({ from, to }: Version, other: Version): string => {
    const wanted = other.from > from ? dayBefore(other.from) : from;
    return to !== undefined && wanted > to ? to : wanted;
  };
  const { rows } = await pool.query<VersionDifference>(
    `with one as (select * from code_set_code where version_id = $1 and coalesce(valid_from, $3) <= $3 and (valid_to is null or valid_to >= $3)),
          two as (select * from code_set_code where version_id = $2 and coalesce(valid_from, $4) <= $4 and (valid_to is null or valid_to >= $4))
     select case when one.code is null then 'added' when two.code is null then 'removed'
                 when one.billable and not two.billable then 'became a header'
                 when not one.billable and two.billable then 'became billable' else 'retitled' end as what,
            coalesce(two.code, one.code) as code, coalesce(two.long, one.long) as text
     from one full join two using (code)
     where one.code is null or two.code is null or one.billable <> two.billable or one.long <> two.long
     union all
     select case when f1.code is null then 'added' when f2.code is null then 'removed' else 'changed' end,
            trim(coalesce(f2.code, f1.code) || ' ' || coalesce(f2.other, f1.other)),
            coalesce(f2.fact, f1.fact) || coalesce(' ' || f1.value::text || ' -> ' || f2.value::text, '')
     from (select * from code_set_fact where version_id = $1) f1
     full join (select * from code_set_fact where version_id = $2) f2 using (fact, code, other)
     where f1.code is null or f2.code is null or f1.value is distinct from f2.value or f1.flag is distinct from f2.flag or f1.note <> f2.note
     order by 1, 2`,
    [one.id, two.id, dayOf(one, two), dayOf(two, one)],
  );
  return ok(rows);
}
