import type { Pool } from "pg";
import { inTransaction } from "#src/database/pool.pg.ts";
import type { CodeData } from "./code-data.ts";
import { createLoadedVersion, type LoadedVersion, SharedTexts } from "./loaded-version.ts";
import { createCodeData } from "./memory.ts";
import { dayBefore } from "./periods.ts";
import type { CodeRow, FactRow } from "./rows.ts";
import { covers, countsBefore, type Version } from "./versions.ts";
import { listVersions } from "./versions.pg.ts";

export interface LoadRange {
  /** Days that will be asked for. */
  readonly from: string;
  readonly to: string;
}

/** Rows fetched at once; between two fetches the process does other things. */
const FETCH = 5_000;
/** Facts that the edits do not ask for; the look-up page reads them from the database. */
const NOT_LOADED = [
  "includes",
  "inclusionTerm",
  "excludes2",
  "codeFirst",
  "useAdditionalCode",
  "codeAlso",
  "notes",
  "chapter",
  "section",
  "seventh",
  "row",
  "indicator",
  "age",
];

/** The versions that answer for at least one day of the range. */
export function versionsInRange(versions: readonly Version[], { from, to }: LoadRange): readonly Version[] {
  const inUse = versions.filter((one) => one.from <= to && (one.to === undefined || one.to >= from));
  const days = new Set([from, to, ...inUse.flatMap((one) => [one.from, ...(one.to === undefined ? [] : [one.to])])]);
  for (const { from: first } of inUse) days.add(dayBefore(first));
  for (const { to: last } of inUse)
    if (last !== undefined) days.add(new Date(Date.parse(`${last}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10));
  const asked = [...days].filter((day) => day >= from && day <= to);
  return inUse.filter((one) => {
    const rivals = inUse.filter((other) => other !== one && other.set === one.set && other.part === one.part && countsBefore(other, one));
    return asked.some((day) => covers(one, day) && !rivals.some((other) => covers(other, day)));
  });
}

/** Reads one version into memory. */
async function loadVersion(pool: Pool, version: Version, texts: SharedTexts): Promise<LoadedVersion> {
  const into = createLoadedVersion(version, texts);
  await inTransaction(pool, async (client) => {
    const each = async <T extends object>(sql: string, take: (row: T) => void): Promise<void> => {
      await client.query(`declare code_rows no scroll cursor for ${sql}`);
      for (;;) {
        const { rows } = await client.query<T>(`fetch ${FETCH} from code_rows`);
        for (const row of rows) take(row);
        if (rows.length < FETCH) break;
      }
      await client.query("close code_rows");
    };
    // A cursor takes no parameters; the id is our own whole number. Long titles tell the sides of diagnoses and are not kept.
    await each<Nullable<CodeRow>>(
      `select code, billable, short, ${version.set === "icd-10-cm" ? "long" : "'' as long"}, valid_from::text as "from", valid_to::text as "to"
       from code_set_code where version_id = ${version.id} order by code collate "C"`,
      ({ from, to, ...row }) => into.code({ ...row, ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) }),
    );
    await each<Nullable<FactRow>>(
      `select fact, code, other, value, flag, note, valid_from::text as "from", valid_to::text as "to" from code_set_fact
       where version_id = ${version.id} and fact not in (${NOT_LOADED.map((one) => `'${one}'`).join(", ")})
       ${version.set === "ptp" ? 'order by code collate "C", other collate "C"' : ""}`,
      ({ fact, code, other, note, value, flag, from, to }) =>
        into.fact({
          fact,
          code,
          other,
          note,
          ...(value === null ? {} : { value }),
          ...(flag === null ? {} : { flag }),
          ...(from === null ? {} : { from }),
          ...(to === null ? {} : { to }),
        }),
    );
  });
  return into.build();
}

/** Postgres says null where a row of ours has nothing. */
type Nullable<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Exclude<T[K], undefined> | (K extends "other" | "note" ? never : null) : T[K];
};

/**
 * The code data for a range of days, in memory.
 * @param staged names of staged versions to be counted as in use, for a rehearsal.
 */
export async function loadCodeData(pool: Pool, range: LoadRange, staged: readonly string[] = []): Promise<CodeData> {
  const versions = (await listVersions(pool))
    .filter(({ state, name }) => state === "active" || staged.includes(name))
    .map((one): Version => (staged.includes(one.name) ? { ...one, activatedAt: "9999" } : one));
  const texts = new SharedTexts();
  const loaded: LoadedVersion[] = [];
  for (const version of versionsInRange(versions, range)) loaded.push(await loadVersion(pool, version, texts));
  return createCodeData(loaded);
}
