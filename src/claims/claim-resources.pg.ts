import type { Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { pinned, type Pinned } from "./versions.ts";

const DIGITS = 16;
export const pinnedBy = (sealer: Sealer, referenced: readonly Resource[]): Pinned =>
  pinned(referenced, (text) => sealer.blindIndex("resource-version", text).toString("hex").slice(0, DIGITS));

/** Keeps what a claim refers to, as it stands at release. @param context that the claim is sealed with */
export async function keepClaimResources(
  client: pg.Pool | pg.PoolClient,
  sealer: Sealer,
  { claimId, context, referenced }: { readonly claimId: string; readonly context: string; readonly referenced: readonly Resource[] },
): Promise<void> {
  const { versions } = pinnedBy(sealer, referenced);
  await client.query(
    `insert into claim_resource (claim_id, type, id, version_id, sealed)
      select $1, * from unnest($2::text[], $3::uuid[], $4::text[], $5::bytea[])`,
    [
      claimId,
      referenced.map((one) => one.resourceType),
      referenced.map((one) => one.id),
      referenced.map((one) => versions.get(`${one.resourceType}/${one.id ?? ""}`)),
      referenced.map((one) => sealer.sealJson(one, context)),
    ],
  );
}
