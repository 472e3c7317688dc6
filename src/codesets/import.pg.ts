import { createHash } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { inTransaction } from "#src/database/pool.pg.ts";
import { HEAD_LINES } from "./formats/delimited.ts";
import { formatOf } from "./formats/index.ts";
import type { CodeRow, FactRow, Format, Part, PartRead, Sink } from "./rows.ts";
import { lineBatches, type SourceFile } from "./source-files.ts";
import type { Version } from "./versions.ts";
import { codesOn, listVersions, recordChange, retireStarter } from "./versions.pg.ts";

export interface ImportOptions {
  readonly actor: string;
  /** Beside what is in use, not in its place. */
  readonly stage?: boolean;
  /** The first day, for files that do not say it. */
  readonly from?: string;
  /** Takes a file that has a tenth fewer rows than the version before. */
  readonly acceptFewer?: boolean;
}

/** What became of one file. */
export type Imported = { readonly label: string } & (
  | { readonly outcome: "imported"; readonly format: string; readonly versions: readonly Version[] }
  | { readonly outcome: "known"; readonly format: string; readonly names: readonly string[] }
  | { readonly outcome: "refused"; readonly format: string; readonly faults: readonly { readonly line: number; readonly text: string }[] }
  | { readonly outcome: "not-recognised" }
);

/** Rows sent to Postgres in one statement. */
const BATCH = 4_000;
/** Faults kept of one file; a person mends the first ones and tries again. */
const FAULTS_SHOWN = 20;
/** A file with fewer rows than this share of the version before is taken for a partial one. */
const LEAST_SHARE = 0.9;
/** Advisory lock number: imports run one after the other. */
const IMPORT_LOCK = 7_145_040;

/** A file that is refused, to leave its transaction. */
class Refused extends Error {
  override readonly name = "Refused";
}

interface Looked {
  readonly file: SourceFile;
  readonly format: Format | undefined;
  readonly sha256: Buffer;
  /** The bytes could not be read to their end. */
  readonly broken?: string;
}

async function look(file: SourceFile): Promise<Looked> {
  const hash = createHash("sha256");
  const head: string[] = [];
  let line = 0;
  try {
    const hashed = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of file.open() as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    };
    for await (const { lines } of lineBatches(hashed())) {
      line += lines.length;
      if (head.length < HEAD_LINES) head.push(...lines.slice(0, HEAD_LINES - head.length));
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {
      file,
      format: formatOf(withoutMark(head), file.name),
      sha256: hash.digest(),
      broken: `the data end after line ${line}: ${error.message}`,
    };
  }
  const text = head.some((one) => one.includes("\0")) ? undefined : formatOf(withoutMark(head), file.name);
  return { file, format: text, sha256: hash.digest() };
}

const withoutMark = (head: readonly string[]): readonly string[] =>
  head.map((line, index) => (index === 0 ? line.replace(/^\uFEFF/, "") : line));

/**
 * Imports files, each whole or not at all in a transaction of its own; a file that was imported before changes nothing. Files that change what others
 * bring come last.
 */
export async function importFiles(
  pool: Pool,
  files: readonly SourceFile[],
  options: ImportOptions,
  report: (done: Imported) => void = () => undefined,
): Promise<readonly Imported[]> {
  const looked: Looked[] = [];
  for (const file of files) looked.push(await look(file));
  const done: Imported[] = [];
  for (const one of [...looked].sort((a, b) => Number(a.format?.later ?? false) - Number(b.format?.later ?? false))) {
    const outcome = await importOne(pool, one, options);
    report(outcome);
    done.push(outcome);
  }
  return done;
}

async function importOne(pool: Pool, { file, format, sha256, broken }: Looked, options: ImportOptions): Promise<Imported> {
  const { label } = file;
  if (format === undefined) return { label, outcome: "not-recognised" };
  const kind = format.name;
  if (broken !== undefined) return { label, outcome: "refused", format: kind, faults: [{ line: 1, text: broken }] };
  const faults: { line: number; text: string }[] = [];
  try {
    return await inTransaction(pool, async (client): Promise<Imported> => {
      await client.query("select pg_advisory_xact_lock($1)", [IMPORT_LOCK]);
      const { rows } = await client.query<{ name: string }>("select name from code_set_version where sha256 = $1", [sha256]);
      if (rows.length > 0) return { label, outcome: "known", format: kind, names: rows.map(({ name }) => name) };
      const parts = await readInto(client, format, file, sha256, options, faults);
      if (faults.length > 0) throw new Refused();
      const versions = await finishVersions(client, parts, options, (fault) => faults.push({ line: 1, text: fault }));
      if (faults.length > 0) throw new Refused();
      return { label, outcome: "imported", format: kind, versions };
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { label, outcome: "refused", format: kind, faults };
  }
}

interface Stored {
  readonly id: number;
  readonly part: Part;
  read?: PartRead;
  rows: number;
  codes: CodeRow[];
  facts: FactRow[];
}

/** Streams a file through its reader into the tables. */
async function readInto(
  client: PoolClient,
  format: Format,
  file: SourceFile,
  sha256: Buffer,
  { from }: ImportOptions,
  faults: { line: number; text: string }[],
): Promise<readonly Stored[]> {
  const waiting = new Map<string, { part: Part; codes: CodeRow[]; facts: FactRow[] }>();
  const stored = new Map<string, Stored>();
  const of = (part: Part): { codes: CodeRow[]; facts: FactRow[] } => {
    const key = `${part.set} ${part.part}`;
    const known = waiting.get(key) ?? { part, codes: [], facts: [] };
    waiting.set(key, known);
    return known;
  };
  const sink: Sink = {
    code: (part, row) => void of(part).codes.push(row),
    fact: (part, row) => void of(part).facts.push(row),
    fault: (line, text) => {
      if (faults.length < FAULTS_SHOWN) faults.push({ line, text });
    },
  };
  const flush = async (least: number): Promise<void> => {
    for (const [key, { part, codes, facts }] of waiting) {
      if (codes.length + facts.length < least) continue;
      const into = stored.get(key) ?? { id: await newVersion(client, part, file.label, sha256), part, rows: 0, codes, facts };
      stored.set(key, into);
      into.rows += codes.length + facts.length;
      while (codes.length > 0) await writeCodes(client, into.id, codes.splice(0, BATCH));
      while (facts.length > 0) await writeFacts(client, into.id, facts.splice(0, BATCH));
    }
  };
  const reader = format.reader(
    { name: file.name, ...(from === undefined ? {} : { from }), before: ({ set, part }, day) => codesOn(client, set, part, day) },
    sink,
  );
  for await (const { first, lines } of lineBatches(file.open() as AsyncIterable<Buffer>)) {
    lines.forEach((line, index) => reader.line(first + index === 1 ? line.replace(/^\uFEFF/, "") : line, first + index));
    if (faults.length > 0) return [];
    await flush(BATCH);
  }
  const read = await reader.end();
  if (faults.length > 0) return [];
  await flush(1);
  return read.map((one) => {
    const into = stored.get(`${one.set} ${one.part}`);
    if (into === undefined) sink.fault(1, "the file has nothing in it");
    return { ...(into ?? { id: 0, part: one, rows: 0, codes: [], facts: [] }), read: one };
  });
}

async function newVersion(client: PoolClient, { set, part }: Part, label: string, sha256: Buffer): Promise<number> {
  // The days and the name are known when the file has been read; until then nobody sees the row.
  const { rows } = await client.query<{ id: number }>(
    `insert into code_set_version (data_set, part, name, edition, valid_from, file_name, sha256)
     values ($1, $2, gen_random_uuid()::text, '1900-01-01', '1900-01-01', $3, $4) returning id`,
    [set, part, label.split("/").slice(-1)[0] ?? label, sha256],
  );
  return rows[0]?.id ?? 0;
}

const writeCodes = (client: PoolClient, id: number, rows: readonly CodeRow[]): Promise<unknown> =>
  client.query(
    `insert into code_set_code (version_id, code, valid_from, valid_to, billable, short, long)
     select $1, * from unnest($2::text[], $3::date[], $4::date[], $5::boolean[], $6::text[], $7::text[])`,
    [
      id,
      rows.map(({ code }) => code),
      rows.map(({ from }) => from ?? null),
      rows.map(({ to }) => to ?? null),
      rows.map(({ billable }) => billable),
      rows.map(({ short }) => short),
      rows.map(({ long }) => long),
    ],
  );

const writeFacts = (client: PoolClient, id: number, rows: readonly FactRow[]): Promise<unknown> =>
  client.query(
    `insert into code_set_fact (version_id, fact, code, other, value, flag, note, valid_from, valid_to)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::text[], $8::date[], $9::date[])`,
    [
      id,
      rows.map(({ fact }) => fact),
      rows.map(({ code }) => code),
      rows.map(({ other }) => other ?? ""),
      rows.map(({ value }) => value ?? null),
      rows.map(({ flag }) => flag ?? null),
      rows.map(({ note }) => note ?? ""),
      rows.map(({ from }) => from ?? null),
      rows.map(({ to }) => to ?? null),
    ],
  );

/** Gives what was read its name and days, and puts it in use unless it is to be staged. */
async function finishVersions(
  client: PoolClient,
  parts: readonly Stored[],
  { stage = false, acceptFewer = false, actor }: ImportOptions,
  fault: (text: string) => void,
): Promise<readonly Version[]> {
  const before = await listVersions(client);
  const ids: number[] = [];
  for (const { id, rows, read } of parts) {
    if (read === undefined) continue;
    const { set, part, period, fileRows, notCovered } = read;
    const earlier = before.find((one) => one.set === set && one.part === part && one.state === "active" && one.notCovered === notCovered);
    if (!acceptFewer && earlier !== undefined && rows < earlier.storedRows * LEAST_SHARE) {
      fault(`has ${rows} rows where ${earlier.name} has ${earlier.storedRows}: it looks like a part of the file (--accept-fewer takes it)`);
      continue;
    }
    const plain = `${set}${part === "codes" ? "" : ` ${part}`} ${period.label}`;
    const taken = new Set(before.map(({ name }) => name));
    let name = plain;
    for (let n = 2; taken.has(name); n++) name = `${plain} r${n}`;
    // The starter codes never come back beside real ones.
    const replaced =
      notCovered === "" && before.some((one) => one.set === set && one.part === part && one.state === "active" && one.notCovered !== "");
    const state = replaced ? "retired" : stage ? "staged" : "active";
    await client.query(
      `update code_set_version set name = $2, edition = $3, valid_from = $4, valid_to = $5, not_covered = $6, file_rows = $7, stored_rows = $8,
              state = $9, activated_at = case when $9 = 'active' then now() end where id = $1`,
      [id, name, period.edition, period.from, period.to ?? null, notCovered ?? null, fileRows, rows, state],
    );
    if (!stage && notCovered !== "") await retireStarter(client, { set, part, id }, actor);
    const days = { from: period.from, ...(period.to === undefined ? {} : { to: period.to }) };
    await recordChange(client, { name, what: stage ? "staged" : "imported", ...days }, actor);
    ids.push(id);
  }
  return (await listVersions(client)).filter(({ id }) => ids.includes(id));
}
