import type { Pool } from "pg";
import type { CodeData, CodeSystemName } from "./code-data.ts";
import { fiscalYear, fiscalYearOf } from "./periods.ts";
import { covers, countsBefore, type Version } from "./versions.ts";
import { listVersions } from "./versions.pg.ts";

export interface CodeTitle {
  readonly code: string;
  readonly title: string;
  readonly billable: boolean;
}

/** Everything a coder wants to see of a code. Codes without a dot. */
export interface CodeDescription extends CodeTitle {
  readonly system: CodeSystemName;
  readonly date: string;
  /** What it is on the day. */
  readonly state: "valid" | "header" | "not-valid" | "no-data";
  /** Name of the version that said so. */
  readonly version?: string;
  /** From the chapter down to the code above. */
  readonly above: readonly { readonly code: string; readonly title: string }[];
  readonly below: readonly CodeTitle[];
  /** By fiscal year, oldest first; only years that data answer for. */
  readonly life: readonly { readonly year: number; readonly state: "valid" | "header" | "absent" }[];
  readonly successors: readonly string[];
  readonly predecessors: readonly string[];
  /** Notes of the code and of what stands above it. */
  readonly notes: readonly { readonly kind: string; readonly at: string; readonly text: string }[];
  readonly siblings: readonly { readonly code: string; readonly side: string }[];
  /** Seventh characters and what each says, of the nearest code that has them. */
  readonly seventh: readonly { readonly character: string; readonly text: string }[];
  /** Axes 4 to 7 of the rows of its table; ICD-10-PCS. */
  readonly table: readonly unknown[];
  /** Which data the notes are of, when they are of another year. */
  readonly notesVersion?: string;
}

interface Row {
  readonly version_id: number;
  readonly code: string;
  readonly billable: boolean;
  readonly long: string;
  readonly valid_from: string;
  readonly valid_to: string | null;
}

const best = (versions: readonly Version[], part: string, day: string): Version | undefined =>
  versions
    .filter((one) => one.part === part && covers(one, day))
    .reduce<Version | undefined>((chosen, one) => (chosen === undefined || countsBefore(one, chosen) ? one : chosen), undefined);

/** What is known of a code on a day; undefined when no version in use has ever had it. */
export async function describeCode(
  pool: Pool,
  data: CodeData,
  system: CodeSystemName,
  code: string,
  date: string,
): Promise<CodeDescription | undefined> {
  const versions = (await listVersions(pool)).filter((one) => one.state === "active" && one.set === system);
  const codeVersions = versions.filter(({ part }) => part === "codes");
  const prefixes = system === "icd-10-cm" ? Array.from({ length: code.length - 2 }, (_, at) => code.slice(0, at + 3)) : [code];
  const { rows } = await pool.query<Row>(
    `select c.version_id, c.code, c.billable, c.long, coalesce(c.valid_from, v.valid_from)::text as valid_from, c.valid_to::text as valid_to
     from code_set_code c join code_set_version v on v.id = c.version_id
     where c.version_id = any($1) and c.code = any($2) order by 5`,
    [codeVersions.map(({ id }) => id), prefixes],
  );
  const own = rows.filter((row) => row.code === code);
  const newest = own.at(-1);
  if (newest === undefined) return undefined;
  const on = (wanted: string, day: string): Row | undefined => {
    const version = best(codeVersions, "codes", day);
    return rows.find(
      (row) =>
        row.version_id === version?.id && row.code === wanted && row.valid_from <= day && (row.valid_to === null || day <= row.valid_to),
    );
  };
  const current = on(code, date);
  const version = best(codeVersions, "codes", date);
  const covered = version !== undefined;
  const laterality = system === "icd-10-cm" ? data.laterality(code) : undefined;
  const listed = await notesOf(pool, versions, system, code, prefixes, date);
  return {
    system,
    code,
    title: (current ?? newest).long,
    billable: current?.billable ?? false,
    date,
    state: current !== undefined ? (current.billable ? "valid" : "header") : covered ? "not-valid" : "no-data",
    ...(version === undefined ? {} : { version: version.name }),
    above: [
      ...listed.above,
      ...prefixes.slice(0, -1).flatMap((prefix) => {
        const row = on(prefix, date) ?? rows.find((one) => one.code === prefix);
        return row === undefined ? [] : [{ code: prefix, title: row.long }];
      }),
    ],
    below: system === "icd-10-cm" && version !== undefined ? await below(pool, version, code, date) : [],
    life: lifeOf(codeVersions, (day) => on(code, day)),
    successors: current?.billable === true ? [] : data.successors(system, code, date),
    predecessors: listed.predecessors,
    notes: listed.notes,
    siblings: (laterality?.siblings ?? []).map((one) => ({ code: one, side: data.laterality(one)?.side ?? "unspecified" })),
    seventh: listed.seventh,
    table: listed.table,
    ...(listed.version === undefined ? {} : { notesVersion: listed.version }),
  };
}

/** One entry a fiscal year, judged by its first day, and by its last where a code began in between. */
function lifeOf(versions: readonly Version[], on: (day: string) => { readonly billable: boolean } | undefined): CodeDescription["life"] {
  const real = versions.filter(({ notCovered }) => notCovered !== "");
  const first = Math.min(...real.map(({ from }) => fiscalYearOf(from)));
  const last = Math.max(...real.map(({ to, edition }) => fiscalYearOf(to ?? edition)));
  const life: { year: number; state: "valid" | "header" | "absent" }[] = [];
  for (let year = first; year <= last; year++) {
    const { from, to = from } = fiscalYear(year);
    const days = [from, to].filter((day) => best(real, "codes", day) !== undefined);
    if (days.length === 0) continue;
    const found = days.map(on).find((one) => one !== undefined);
    life.push({ year, state: found === undefined ? "absent" : found.billable ? "valid" : "header" });
  }
  return life;
}

/** The codes one step below a header. */
async function below(pool: Pool, version: Version, code: string, date: string): Promise<readonly CodeTitle[]> {
  const { rows } = await pool.query<CodeTitle>(
    `select code, long as title, billable from code_set_code
     where version_id = $1 and code >= $2 and code < $3 and code <> $2 and coalesce(valid_from, $4) <= $4 and (valid_to is null or valid_to >= $4)
     order by code limit 500`,
    [version.id, code, `${code}~`, date],
  );
  // Some steps of a code have no row of their own (a placeholder X): one that no other row stands above is one step below.
  return rows.filter((one) => one.code.startsWith(code) && !rows.some((other) => other !== one && one.code.startsWith(other.code)));
}

interface FactRow {
  readonly fact: string;
  readonly code: string;
  readonly other: string;
  readonly note: string;
}

async function notesOf(
  pool: Pool,
  versions: readonly Version[],
  system: CodeSystemName,
  code: string,
  prefixes: readonly string[],
  date: string,
): Promise<Pick<CodeDescription, "above" | "notes" | "seventh" | "predecessors" | "table"> & { version?: string }> {
  const empty = { above: [], notes: [], seventh: [], predecessors: [], table: [] };
  if (system === "icd-10-pcs") {
    const tables = best(versions, "tables", date);
    if (tables === undefined) return empty;
    const { rows } = await pool.query<FactRow>("select note from code_set_fact where version_id = $1 and code = $2 order by value", [
      tables.id,
      code.slice(0, 3),
    ]);
    return { ...empty, table: rows.map(({ note }) => JSON.parse(note) as unknown) };
  }
  if (system !== "icd-10-cm") return empty;
  const notes = best(versions, "notes", date);
  const conversions = versions.filter(({ part }) => part === "conversion").map(({ id }) => id);
  const { rows } = await pool.query<FactRow>(
    `select fact, code, other, note from code_set_fact where version_id = $1 and (code = any($2) or other in ('chapter', 'section') or fact in ('chapter', 'section'))
     union all select 'previous', code, other, '' from code_set_fact where version_id = any($3) and fact = 'conversion' and code = $4`,
    [notes?.id ?? 0, prefixes, conversions, code],
  );
  const category = code.slice(0, 3);
  const holds = (range: string): boolean => {
    const [from = "", to = from] = range.split("-");
    return category >= from.slice(0, 3) && category <= to.slice(0, 3);
  };
  const above = ["chapter", "section"].flatMap((scope) =>
    rows
      .filter(({ fact, code: at, note }) => fact === scope && holds(scope === "section" ? at : (/\(([^()]+)\)\s*$/.exec(note)?.[1] ?? "")))
      .map(({ code: at, note }) => ({ code: at, title: note })),
  );
  const places = new Set([...above.map(({ code: at }) => at), ...prefixes]);
  const sevenths = rows.filter(({ fact }) => fact === "seventh");
  const nearest = sevenths.map(({ code: at }) => at).sort((a, b) => b.length - a.length)[0];
  return {
    above,
    notes: rows
      .filter(
        ({ fact, code: at, other }) => !["chapter", "section", "seventh", "previous"].includes(fact) && places.has(at) && other !== "",
      )
      .map(({ fact, code: at, note }) => ({ kind: fact, at, text: note })),
    seventh: sevenths.filter(({ code: at }) => at === nearest).map(({ other, note }) => ({ character: other, text: note })),
    predecessors: rows.filter(({ fact }) => fact === "previous").map(({ other }) => other),
    table: [],
    ...(notes === undefined ? {} : { version: notes.name }),
  };
}
