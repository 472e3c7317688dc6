import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { packLineage, unpackLineage } from "#src/mapping/packed-lineage.ts";
import type { LineageEntry } from "#src/mapping/types.ts";

/** The rows of one version of the maps, in the order in which stored lineage counts them. */
export interface MapRows {
  readonly version: string;
  readonly rows: readonly string[];
}

export interface LineageOf {
  readonly recordId: string;
  readonly lineage: readonly LineageEntry[];
}

const FORM_CONTEXT = "lineage form";
/** Forms remembered as stored, for each writer. */
const FORMS_KNOWN = 20_000;

/** Keeps the names of a version's rows, so that stored lineage can be read when the maps are others. */
export async function keepMapVersion(pool: pg.Pool, { version, rows }: MapRows): Promise<void> {
  await pool.query("insert into map_version (version, rows) values ($1, $2) on conflict (version) do nothing", [version, rows]);
}

/**
 * Stores where each element of what messages became came from: its form once, sealed, for table rows may hold codes of a patient. To be called once in
 * a transaction: a form that is there when it is to be stored counts as committed.
 */
export function createWriteLineage(sealer: Sealer, { version, rows }: MapRows) {
  const numbers = new Map(rows.map((row, at) => [row, at]));
  const stored = new Set<string>();
  const storeForms = async (client: pg.PoolClient, forms: ReadonlyMap<string, { readonly key: Buffer; readonly form: string }>) => {
    const fresh = [...forms].filter(([hex]) => !stored.has(hex));
    if (fresh.length === 0) return;
    const made = await client.query<{ key: Buffer }>({
      name: "lineage-forms",
      text: "insert into lineage_form (key, sealed) select * from unnest($1::bytea[], $2::bytea[]) on conflict (key) do nothing returning key",
      values: [fresh.map(([, { key }]) => key), fresh.map(([, { form }]) => sealer.seal(Buffer.from(form), FORM_CONTEXT))],
    });
    // What this transaction stored is known when it is met again: the transaction may not commit.
    const begun = new Set(made.rows.map(({ key }) => key.toString("hex")));
    if (stored.size > FORMS_KNOWN) stored.clear();
    for (const [hex] of fresh) if (!begun.has(hex)) stored.add(hex);
  };
  return async (client: pg.PoolClient, found: readonly LineageOf[]): Promise<void> => {
    const said = found.flatMap(({ recordId, lineage }) => {
      if (lineage.length === 0) return [];
      const { form, ids } = packLineage(lineage, numbers);
      return [{ recordId, form, ids, key: sealer.blindIndex("lineage", form) }];
    });
    if (said.length === 0) return;
    // In one order, so that two folds that store the same forms never wait for each other in a ring.
    const forms = new Map(said.map(({ key, form }) => [key.toString("hex"), { key, form }] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
    await storeForms(client, forms);
    await client.query({
      name: "lineage-write",
      text: `insert into message_lineage (record_id, map_version, form_key, resource_ids)
        select r, $2, f, string_to_array(i, ' ')::uuid[] from unnest($1::uuid[], $3::bytea[], $4::text[]) as u (r, f, i)
        on conflict (record_id, map_version) do update set form_key = excluded.form_key, resource_ids = excluded.resource_ids`,
      values: [said.map(({ recordId }) => recordId), version, said.map(({ key }) => key), said.map(({ ids }) => ids.join(" "))],
    });
  };
}

/** The stored lineage of a message under the version of the maps that last made it; undefined when there is none. */
export async function readLineage(
  pool: pg.Pool,
  sealer: Sealer,
  recordId: string,
): Promise<{ readonly mapVersion: string; readonly lineage: readonly LineageEntry[] } | undefined> {
  const { rows } = await pool.query<{ map_version: string; sealed: Buffer; resource_ids: string[]; rows: string[] }>(
    `select l.map_version, f.sealed, l.resource_ids, v.rows from message_lineage l join lineage_form f on f.key = l.form_key
       join map_version v on v.version = l.map_version
       left join journal_outcome o on o.record_id = l.record_id and o.map_version = l.map_version
     where l.record_id = $1 order by (o.map_version is null), v.seen_at desc limit 1`,
    [recordId],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const form = sealer.open(found.sealed, FORM_CONTEXT).toString();
  return { mapVersion: found.map_version, lineage: unpackLineage({ form, ids: found.resource_ids }, found.rows) };
}
