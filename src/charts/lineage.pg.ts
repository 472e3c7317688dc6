import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { type PackedLineage, packLineage, unpackLineage } from "#src/mapping/packed-lineage.ts";
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

const contextOf = (recordId: string): string => `lineage ${recordId}`;

/** Keeps the names of a version's rows, so that stored lineage can be read when the maps are others. */
export async function keepMapVersion(pool: pg.Pool, { version, rows }: MapRows): Promise<void> {
  await pool.query("insert into map_version (version, rows) values ($1, $2) on conflict (version) do nothing", [version, rows]);
}

/** Stores where each element of what messages became came from, sealed: table rows may hold codes of a patient. */
export function createWriteLineage(sealer: Sealer, { version, rows }: MapRows) {
  const numbers = new Map(rows.map((row, at) => [row, at]));
  return async (client: pg.PoolClient, found: readonly LineageOf[]): Promise<void> => {
    const said = found.filter(({ lineage }) => lineage.length > 0);
    if (said.length === 0) return;
    await client.query({
      name: "lineage-write",
      text: `insert into message_lineage (record_id, map_version, sealed) select r, $2, s from unnest($1::uuid[], $3::bytea[]) as u (r, s)
        on conflict (record_id, map_version) do update set sealed = excluded.sealed`,
      values: [
        said.map(({ recordId }) => recordId),
        version,
        said.map(({ recordId, lineage }) => sealer.sealJson(packLineage(lineage, numbers), contextOf(recordId))),
      ],
    });
  };
}

/** The stored lineage of a message under the version of the maps that last made it; undefined when there is none. */
export async function readLineage(
  pool: pg.Pool,
  sealer: Sealer,
  recordId: string,
): Promise<{ readonly mapVersion: string; readonly lineage: readonly LineageEntry[] } | undefined> {
  const { rows } = await pool.query<{ map_version: string; sealed: Buffer; rows: string[] }>(
    `select l.map_version, l.sealed, v.rows from message_lineage l join map_version v on v.version = l.map_version
       left join journal_outcome o on o.record_id = l.record_id and o.map_version = l.map_version
     where l.record_id = $1 order by (o.map_version is null), v.seen_at desc limit 1`,
    [recordId],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const packed = sealer.openJson(found.sealed, contextOf(recordId)) as PackedLineage;
  return { mapVersion: found.map_version, lineage: unpackLineage(packed, found.rows) };
}
