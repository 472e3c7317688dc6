import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { claimBundle, claimContext } from "../claim-store.pg.ts";
import { IDENTIFIERS } from "../systems.ts";
import { capabilitiesOf, type PayerCapabilities } from "./capabilities.ts";
import type { Prior } from "./chain.ts";
import type { ClaimVersion } from "./claim-diff.ts";
import type { Standing } from "./correction.ts";

type Queryable = pg.Pool | pg.PoolClient;

/** A claim that is out, and what is known of it outside of its bytes. */
export interface PriorClaim extends ClaimVersion {
  readonly prior: Prior;
  readonly itemId: string;
  readonly accountId: string;
  readonly codingVersion: number;
  readonly kind: "institutional" | "professional";
  readonly payerId: string | null;
  readonly cents: number;
  readonly standing: Standing;
  /** The payer took it, all of it. */
  readonly accepted: boolean;
  readonly deniedOn?: string;
  readonly payer: PayerCapabilities;
}

interface Row {
  item_id: string;
  account_id: string;
  coding_version: number;
  kind: "institutional" | "professional";
  payer_id: string | null;
  total_cents: string;
  payer_state: string;
  denied_on: string | null;
  sealed_payer_number: Buffer | null;
  never_sent: boolean;
}

/** Reads a claim with what its lifecycle asks; undefined when there is none. */
export async function readPrior(client: Queryable, sealer: Sealer, site: SiteData, claimId: string): Promise<PriorClaim | undefined> {
  const { rows } = await client.query<Row>(
    `select item_id, account_id, coding_version, kind, payer_id, total_cents, payer_state, denied_on::text, sealed_payer_number,
       exists (select from delivery d where d.claim_id = c.id)
         and not exists (select from delivery d where d.claim_id = c.id and not (d.state = 'pending' and d.attempts = 0))
         and not exists (select from claim_receipt r where r.claim_id = c.id) as never_sent
     from claim c where id = $1`,
    [claimId],
  );
  const row = rows[0];
  const bundle = row === undefined ? undefined : await claimBundle(client, sealer, claimId);
  if (row === undefined || bundle === undefined) return undefined;
  const number = bundle.claim.identifier?.find(({ system }) => system === IDENTIFIERS.claim)?.value ?? "";
  return {
    ...bundle,
    prior: {
      claimId,
      number,
      ...(row.sealed_payer_number === null
        ? {}
        : { payerNumber: sealer.open(row.sealed_payer_number, claimContext(claimId)).toString("utf8") }),
    },
    itemId: row.item_id,
    accountId: row.account_id,
    codingVersion: row.coding_version,
    kind: row.kind,
    payerId: row.payer_id,
    cents: Number(row.total_cents),
    standing: row.never_sent ? "never-sent" : row.payer_state === "rejected" ? "rejected" : "received",
    accepted: row.payer_state === "accepted",
    ...(row.denied_on === null ? {} : { deniedOn: row.denied_on }),
    payer: capabilitiesOf(row.payer_id === null ? undefined : site.payer(row.payer_id), row.kind),
  };
}

/** Takes back a claim that reached nobody: nothing of it is sent any more, and it does not count. */
export async function takeBack(client: pg.PoolClient, claimId: string): Promise<void> {
  await client.query("delete from delivery where claim_id = $1", [claimId]);
  await client.query("update claim set status = 'entered-in-error' where id = $1", [claimId]);
}

/** The claims of an item in the order they were made. A delivery never overtakes an earlier one of the same item. */
export const nextVersion = async (client: pg.PoolClient, itemId: string): Promise<number> =>
  (await client.query<{ v: number }>("select coalesce(max(version), 0) + 1 as v from claim where item_id = $1", [itemId])).rows[0]?.v ?? 1;
