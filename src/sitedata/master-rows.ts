import { fail, ok, type Result } from "#src/base/result.ts";
import { readCsv } from "./csv.ts";
import { type SiteFile, SITE_FILES } from "./parse.ts";

/** A row for one of the site data files, by column. */
export interface MasterRow {
  readonly file: SiteFile;
  /** `end`: the entry is right until the day before `from` and no longer. */
  readonly what: "put" | "end";
  /** First day of the change, YYYY-MM-DD; absent = it always was so. */
  readonly from?: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Columns that together name an entry. */
const KEYS: Readonly<Record<SiteFile, readonly string[]>> = {
  "facilities.csv": ["facility"],
  "departments.csv": ["facility", "department"],
  "practitioners.csv": ["authority", "local_id"],
  "payers.csv": ["payer_id"],
  "plans.csv": ["payer_id", "plan_id"],
  "charge-master.csv": ["facility", "charge_code"],
};
const DAYS = (file: SiteFile): readonly [from: string, to: string] =>
  file === "charge-master.csv" ? ["effective_from", "effective_to"] : ["valid_from", "valid_to"];
/** A charge needs a first day. */
const ALWAYS = "1900-01-01";

const dayBefore = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
const cell = (text: string): string => (/[",\r\n]|^\s|\s$|^#/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Puts changes into the text of a site data file. The row that was right before a change ends on the day before it; a change of the same day takes its
 * place; columns that the change does not speak of stay as they were. Pure. Fails when the file cannot be read.
 */
export function mergeRows(file: SiteFile, text: string, changes: readonly MasterRow[]): Result<string, readonly string[]> {
  const required = SITE_FILES[file];
  const read = readCsv(text === "" ? required.join(",") : text, required);
  if (read.faults.length > 0) return fail(read.faults.map(({ line, text: what }) => `${file}:${line}: ${what}`));
  const rows = read.rows.map(({ values }) => ({ ...values }) as Record<string, string>);
  const columns = [
    ...new Set([
      ...read.columns,
      ...changes.flatMap(({ values }) => Object.keys(values)),
      ...(changes.some(({ from }) => from !== undefined) ? DAYS(file) : []),
    ]),
  ];
  const [first, last] = DAYS(file);
  for (const { what, from, values } of changes) {
    const same = (row: Readonly<Record<string, string>>): boolean => KEYS[file].every((key) => (row[key] ?? "") === (values[key] ?? ""));
    const begun = (row: Readonly<Record<string, string>>): string => row[first] ?? "";
    const start = from ?? (file === "charge-master.csv" ? ALWAYS : "");
    const current = rows
      .filter((row) => same(row) && begun(row) <= start && ((row[last] ?? "") === "" || (row[last] ?? "") >= start))
      .sort((a, b) => (begun(a) < begun(b) ? 1 : -1))[0];
    if (what === "end") {
      if (current !== undefined && start !== "") current[last] = dayBefore(start);
      continue;
    }
    if (current !== undefined && begun(current) === start) {
      Object.assign(current, values);
      continue;
    }
    const next: Record<string, string> = { ...current, ...values, ...(start === "" ? {} : { [first]: start }) };
    if (current !== undefined) {
      next[last] = current[last] ?? "";
      current[last] = dayBefore(start);
    }
    rows.push(next);
  }
  return ok(
    `${[columns, ...rows.map((row) => columns.map((name) => row[name] ?? ""))].map((cells) => cells.map(cell).join(",")).join("\n")}\n`,
  );
}
