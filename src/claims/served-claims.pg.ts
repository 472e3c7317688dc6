import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { pinnedBy } from "./claim-resources.pg.ts";
import {
  type ClaimBundle,
  claimBundle,
  type ClaimPage,
  type ClaimSearch,
  isUuid,
  readClaim,
  searchClaims,
  type StoredClaim,
} from "./claim-store.pg.ts";
import { withVersions } from "./versions.ts";

type Queryable = pg.Pool | pg.PoolClient;

/** A claim and what it refers to as the FHIR API shows them: every reference to a version, so that nothing that comes later can change what it leads to. */
export async function servedBundle(pool: Queryable, sealer: Sealer, claimId: string): Promise<ClaimBundle | undefined> {
  const bundle = await claimBundle(pool, sealer, claimId);
  if (bundle === undefined) return undefined;
  const { versions, resources } = pinnedBy(sealer, bundle.referenced);
  return { claim: withVersions(bundle.claim, versions), referenced: resources };
}

/** The claims with version-specific references. */
async function served(pool: Queryable, sealer: Sealer, claims: readonly StoredClaim[]): Promise<readonly StoredClaim[]> {
  const { rows } = await pool.query<{ claim_id: string; key: string; version_id: string | null }>(
    "select claim_id, type || '/' || id as key, version_id from claim_resource where claim_id = any($1::uuid[])",
    [claims.map(({ id }) => id)],
  );
  const kept = Map.groupBy(rows, (row) => row.claim_id);
  return Promise.all(
    claims.map(async (claim) => {
      const own = kept.get(claim.id) ?? [];
      if (own.some((row) => row.version_id === null)) return (await servedBundle(pool, sealer, claim.id))?.claim ?? claim;
      return withVersions(claim, new Map(own.map((row) => [row.key, row.version_id ?? ""])));
    }),
  );
}

export async function servedClaim(pool: Queryable, sealer: Sealer, id: string): Promise<StoredClaim | undefined> {
  const claim = await readClaim(pool, sealer, id);
  return claim === undefined ? undefined : (await served(pool, sealer, [claim]))[0];
}

export async function servedClaims(pool: Queryable, sealer: Sealer, search: ClaimSearch): Promise<ClaimPage> {
  const page = await searchClaims(pool, sealer, search);
  return { ...page, claims: await served(pool, sealer, page.claims) };
}

/**
 * What claims refer to: a version of it, else as it stood when the newest claim that refers to it was released.
 * @returns undefined when no claim refers to it, or none to this version of it.
 */
export async function servedResource(
  pool: Queryable,
  sealer: Sealer,
  type: string,
  id: string,
  version?: string,
): Promise<Resource | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await pool.query<{ claim_id: string }>(
    `select r.claim_id from claim_resource r join claim c on c.id = r.claim_id
     where r.type = $1 and r.id = $2 and ($3::text is null or r.version_id = $3 or r.version_id is null)
     order by (r.version_id = $3) desc nulls last, c.created_at desc, c.version desc, c.id desc limit $4`,
    [type, id, version ?? null, version === undefined ? 1 : MOST_UNVERSIONED],
  );
  for (const { claim_id: claimId } of rows) {
    const bundle = await servedBundle(pool, sealer, claimId);
    const found = bundle?.referenced.find((one) => one.resourceType === type && one.id === id);
    if (found !== undefined && (version === undefined || found.meta?.versionId === version)) return found;
  }
  return undefined;
}

/** Claims without versions looked through for one: a payer's or a hospital's own are on every claim, and say the same on most. */
const MOST_UNVERSIONED = 200;
