import type { Pool } from "pg";
import { inTransaction } from "#src/database/pool.pg.ts";
import type { CodeData, CodeSystemName } from "./code-data.ts";
import { loadCodeData } from "./load.pg.ts";
import { createCodeData } from "./memory.ts";
import { createSearchIndex, type SearchIndex } from "./search-index.ts";
import { SYSTEM_NAMES } from "./systems.ts";
import type { Version } from "./versions.ts";
import { listVersions, readRevision } from "./versions.pg.ts";

/** The code sets in use, in memory, for a process that edits claims or answers coders. */
export interface CodeStore {
  /** As of the last refresh; before the first one every answer is "no data". */
  data(): CodeData;
  /** Made when first asked for, and anew after a change. */
  index(): Promise<SearchIndex>;
  /** Reads anew when something was imported or activated since. True when it did. */
  refresh(): Promise<boolean>;
}

/** Days kept in memory around now. Claims may be filed for a year and appealed for longer; next year's set is known in July. */
const YEARS = { back: 3, ahead: 1 } as const;
const FETCH = 5_000;

export function createCodeStore({ pool, now }: { readonly pool: Pool; readonly now: () => Date }): CodeStore {
  let revision = -1;
  let data = createCodeData([]);
  let index: Promise<SearchIndex> | undefined;
  let reading: Promise<boolean> | undefined;
  const refresh = async (): Promise<boolean> => {
    const newest = await readRevision(pool);
    if (newest === revision) return false;
    const day = (years: number): string =>
      `${now().getUTCFullYear() + years}${now().toISOString().slice(4, 10).replace("-02-29", "-02-28")}`;
    data = await loadCodeData(pool, { from: day(-YEARS.back), to: day(YEARS.ahead) });
    revision = newest;
    index = undefined;
    return true;
  };
  return {
    data: () => data,
    index: () => {
      index ??= buildIndex(pool).catch((error: unknown) => {
        index = undefined;
        throw error;
      });
      return index;
    },
    // Two at once would read everything twice.
    refresh: () =>
      (reading ??= refresh().finally(() => {
        reading = undefined;
      })),
  };
}

/** An index of every code that a version in use has, each under its newest title, with the inclusion terms as more names. */
async function buildIndex(pool: Pool): Promise<SearchIndex> {
  const versions = (await listVersions(pool)).filter(({ state }) => state === "active");
  const building = createSearchIndex();
  await inTransaction(pool, async (client) => {
    const terms = new Map<string, string[]>();
    const { rows } = await client.query<{ code: string; terms: string[] }>(
      "select code, array_agg(note) as terms from code_set_fact where version_id = any($1) and fact in ('inclusionTerm', 'includes') and other = 'code' group by code",
      [idsOf(versions, "icd-10-cm", "notes")],
    );
    for (const row of rows) terms.set(row.code, row.terms);
    for (const system of SYSTEM_NAMES) {
      // Ids are our own whole numbers; a cursor takes no parameters.
      const ids = idsOf(versions, system, "codes");
      if (ids.length === 0) continue;
      await client.query(
        `declare titles no scroll cursor for
         select distinct on (c.code) c.code, c.long from code_set_code c join code_set_version v on v.id = c.version_id
         where c.version_id in (${ids.join(", ")}) order by c.code, coalesce(c.valid_from, v.valid_from) desc`,
      );
      for (;;) {
        const titles = await client.query<{ code: string; long: string }>(`fetch ${FETCH} from titles`);
        for (const { code, long } of titles.rows)
          building.add({ system, code, title: long }, system === "icd-10-cm" ? (terms.get(code) ?? []) : []);
        if (titles.rows.length < FETCH) break;
      }
      await client.query("close titles");
    }
  });
  return building.build();
}

const idsOf = (versions: readonly Version[], set: CodeSystemName, part: string): readonly number[] =>
  versions.filter((one) => one.set === set && one.part === part).map(({ id }) => id);
