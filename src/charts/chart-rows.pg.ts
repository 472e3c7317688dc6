import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { jsonText } from "#src/fhir/shared-json.ts";
import { chartContext, type OpenChart } from "./open-chart.ts";
import { type Charted, isStanding } from "./registers.ts";

/** Times of a resource as its row has them, apart from its content. */
export type StoredTimes = Pick<Charted, "at" | "fieldAt" | "presence">;

/** Without times beside it a row was written when they were sealed with the content. */
export const chartedOf = (sealed: Charted, times: StoredTimes | null): Charted => {
  if (times === null) return sealed;
  const { resource, formerly } = sealed;
  return { resource, ...times, ...(formerly === undefined ? {} : { formerly }) };
};

/** A row of a chart. */
export interface RowKey {
  readonly account: string;
  readonly type: string;
  readonly id: string;
}

/** Puts the rows of these keys into the past, as the version they were last shown in. What is there already was the first of that version. */
async function keepReplaced(client: pg.PoolClient, keys: readonly RowKey[]): Promise<void> {
  if (keys.length === 0) return;
  await client.query({
    name: "keep-replaced",
    text: `insert into chart_resource_past (account_id, type, id, version, sealed)
      select c.account_id, c.type, c.id, c.version, c.sealed from chart_resource c
      join unnest($1::uuid[], $2::text[], $3::uuid[]) as k (account_id, type, id) using (account_id, type, id) where c.version > 0
      on conflict do nothing`,
    values: [keys.map((k) => k.account), keys.map((k) => k.type), keys.map((k) => k.id)],
  });
}

/** Version of a row that readers see as before. */
const UNCHANGED = 0;
interface PutRow extends RowKey {
  readonly version: number;
  readonly charted: Charted;
}

/** A resource as its row has it. */
export const sealedResource = (
  sealer: Sealer,
  account: string,
  { resource, formerly }: { readonly resource: Resource; readonly formerly?: Charted["formerly"] },
): Buffer => sealer.seal(Buffer.from(jsonText({ resource, formerly })), chartContext(account));

const timesOf = ({ at, fieldAt, presence }: Charted): string => JSON.stringify({ at, fieldAt, presence });

/** Writes the rows of resources that changed, and of those that were only said again, and keeps what they were. */
export async function writeResources(client: pg.PoolClient, sealer: Sealer, charts: readonly OpenChart[]): Promise<void> {
  const put: PutRow[] = [];
  const retimed: PutRow[] = [];
  const gone: RowKey[] = [];
  const keyOf = (account: string, key: string): RowKey => {
    const [type = "", id = ""] = key.split("/");
    return { account, type, id };
  };
  for (const { accountId, content, shownAt, dirty, retimed: times } of charts) {
    const rowOf = (key: string, charted: Charted): PutRow => ({
      ...keyOf(accountId, key),
      version: shownAt.get(key) ?? UNCHANGED,
      charted,
    });
    for (const key of dirty) {
      const charted = content.resources.get(key);
      if (charted === undefined) gone.push(keyOf(accountId, key));
      else put.push(rowOf(key, charted));
    }
    for (const key of times) {
      const charted = content.resources.get(key);
      if (charted !== undefined && !dirty.has(key)) retimed.push(rowOf(key, charted));
    }
  }
  const isNew = new Set(charts.filter(({ version, deltas }) => version === deltas.length).map(({ accountId }) => accountId as string));
  const replaced = [...put, ...retimed].filter(({ version, charted }) => version !== UNCHANGED || !isStanding(charted));
  await keepReplaced(
    client,
    [...replaced, ...gone].filter(({ account }) => !isNew.has(account)),
  );
  const columns = (rows: readonly PutRow[]): unknown[] => [
    rows.map((p) => p.account),
    rows.map((p) => p.type),
    rows.map((p) => p.id),
    rows.map((p) => p.version),
    rows.map((p) => isStanding(p.charted)),
    rows.map((p) => timesOf(p.charted)),
  ];
  if (put.length > 0)
    await client.query({
      name: "put-chart-resources",
      text: `insert into chart_resource (account_id, type, id, version, standing, times, sealed)
        select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::boolean[], $6::jsonb[], $7::bytea[])
        on conflict (account_id, type, id) do update set sealed = excluded.sealed, times = excluded.times,
          standing = excluded.standing, version = case excluded.version when ${UNCHANGED} then chart_resource.version else excluded.version end`,
      values: [...columns(put), put.map(({ account, charted }) => sealedResource(sealer, account, charted))],
    });
  if (retimed.length > 0)
    await client.query({
      name: "retime-chart-resources",
      text: `update chart_resource c set times = v.times, standing = v.standing,
          version = case v.version when ${UNCHANGED} then c.version else v.version end
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::boolean[], $6::jsonb[]) as v (account_id, type, id, version, standing, times)
        where c.account_id = v.account_id and c.type = v.type and c.id = v.id`,
      values: columns(retimed),
    });
  if (gone.length > 0)
    await client.query(
      `delete from chart_resource c using unnest($1::uuid[], $2::text[], $3::uuid[]) as g (account_id, type, id)
       where c.account_id = g.account_id and c.type = g.type and c.id = g.id`,
      [gone.map((g) => g.account), gone.map((g) => g.type), gone.map((g) => g.id)],
    );
}
