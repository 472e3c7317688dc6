import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { type RowKey, sealedResource } from "./chart-rows.pg.ts";
import { chartContext, type OpenChart } from "./open-chart.ts";
import type { ChartDelta } from "./merge.ts";
import { type Charted, isStanding, shownResource } from "./registers.ts";

/*
 * What each version of a chart changed. The content of a resource is sealed once, in its row; when the row is shown otherwise, what it was moves to
 * the past as it is. Both together have the content of every version.
 */

/** States that no row will have: of a version that a later one of the same batch replaced, or whose resource is not shown or not here any more. */
function passingStates({ accountId, deltas, shownAt, content }: OpenChart): (RowKey & { version: number; resource: Resource })[] {
  return deltas.flatMap(({ version, delta }) =>
    delta.changed.flatMap((resource) => {
      const key = `${resource.resourceType}/${resource.id}`;
      const now = content.resources.get(key);
      const stays = shownAt.get(key) === version && now !== undefined && isStanding(now);
      return stays ? [] : [{ account: accountId, type: resource.resourceType, id: resource.id, version, resource }];
    }),
  );
}

/** Writes one row a version: which record made it, and what it removed. What it changed is found by the version in the rows of resources. */
export async function writeVersions(client: pg.PoolClient, sealer: Sealer, charts: readonly OpenChart[]): Promise<void> {
  const made = charts.flatMap((chart) => chart.deltas.map((one) => ({ account: chart.accountId, ...one })));
  if (made.length === 0) return;
  await client.query({
    name: "write-chart-versions",
    text: `insert into chart_version (account_id, version, record_id, cause, sealed_delta)
      select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::bytea[])`,
    values: [
      made.map((d) => d.account),
      made.map((d) => d.version),
      made.map((d) => d.recordId ?? null),
      made.map((d) => d.delta.messageType),
      made.map(({ account, delta: { messageType, eventTime, removed } }) =>
        sealer.sealJson({ messageType, eventTime, removed }, chartContext(account)),
      ),
    ],
  });
  const passing = charts.flatMap(passingStates);
  if (passing.length === 0) return;
  await client.query({
    name: "write-passing-states",
    text: `insert into chart_resource_past (account_id, type, id, version, sealed)
      select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::bytea[]) on conflict do nothing`,
    values: [
      passing.map((p) => p.account),
      passing.map((p) => p.type),
      passing.map((p) => p.id),
      passing.map((p) => p.version),
      passing.map((p) => sealedResource(sealer, p.account, p)),
    ],
  });
}

/** `changed` is there in versions that were written when each kept a copy of its own. */
type StoredDelta = Omit<ChartDelta, "changed"> & { readonly changed?: ChartDelta["changed"] };

/** What each version after `after` changed, up to `last` (the newest when absent), oldest first. */
export async function readDeltas(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  accountId: string,
  after: number,
  last?: number,
): Promise<readonly ChartDelta[]> {
  const range = [accountId, after, last ?? null];
  const versions = await client.query<{ version: number; sealed_delta: Buffer }>(
    "select version, sealed_delta from chart_version where account_id = $1 and version > $2 and version <= coalesce($3, version) order by version",
    range,
  );
  // A row in the past is what that version showed; the one that stands may have been written since, unseen.
  const states = await client.query<{ version: number; type: string; id: string; sealed: Buffer }>(
    `select distinct on (version, type, id) version, type, id, sealed from (
       select 0 as standing, version, type, id, sealed from chart_resource_past where account_id = $1 and version > $2 and version <= coalesce($3, version)
       union all
       select 1, version, type, id, sealed from chart_resource where account_id = $1 and version > $2 and version <= coalesce($3, version)
     ) s order by version, type, id, standing`,
    range,
  );
  const changed = new Map<number, Charted["resource"][]>();
  for (const { version, sealed } of states.rows) {
    const resource = shownResource(sealer.openJson(sealed, chartContext(accountId)) as Charted);
    const list = changed.get(version);
    if (list === undefined) changed.set(version, [resource]);
    else list.push(resource);
  }
  return versions.rows.map(({ version, sealed_delta: sealed }) => {
    const stored = sealer.openJson(sealed, chartContext(accountId)) as StoredDelta;
    return { ...stored, changed: stored.changed ?? changed.get(version) ?? [] };
  });
}
