import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { type ClaimBundle, claimBundle, claimContext } from "../claim-store.pg.ts";
import { IDENTIFIERS } from "../systems.ts";
import { capabilitiesOf, type PayerCapabilities } from "./capabilities.ts";
import type { Prior } from "./chain.ts";
import type { Standing } from "./correction.ts";

type Queryable = pg.Pool | pg.PoolClient;

/** One claim of a version; an item with more lines than a claim takes has several. */
export interface PriorPart extends ClaimBundle {
  readonly prior: Prior;
}

/** The version of an item's claim that is out, and what is known of it outside of its bytes. */
export interface PriorClaim {
  readonly parts: readonly PriorPart[];
  readonly itemId: string;
  readonly cents: number;
  readonly standing: Standing;
  /** The payer took it, all of it. */
  readonly accepted: boolean;
  readonly deniedOn?: string;
  readonly payer: PayerCapabilities;
}

interface Row {
  id: string;
  item_id: string;
  kind: "institutional" | "professional";
  payer_id: string | null;
  total_cents: string;
  payer_state: string;
  denied_on: string | null;
  sealed_payer_number: Buffer | null;
  never_sent: boolean;
  refused: boolean;
}

/** All claims of the version that a claim is of, in their order, as sent. */
export async function readParts(client: Queryable, sealer: Sealer, claimId: string): Promise<readonly ClaimBundle[]> {
  const { rows } = await client.query<{ id: string }>(
    "select c.id from claim c join claim o on o.item_id = c.item_id and o.version = c.version where o.id = $1 order by c.part",
    [claimId],
  );
  const parts: ClaimBundle[] = [];
  for (const { id } of rows) {
    const bundle = await claimBundle(client, sealer, id);
    if (bundle !== undefined) parts.push(bundle);
  }
  return parts;
}

/** Reads the version of a claim with what its lifecycle asks; undefined when there is none. */
export async function readPrior(client: Queryable, sealer: Sealer, site: SiteData, claimId: string): Promise<PriorClaim | undefined> {
  const bundles = await readParts(client, sealer, claimId);
  const { rows } = await client.query<Row>(
    `select id, item_id, kind, payer_id, total_cents, payer_state, denied_on::text, sealed_payer_number,
       exists (select from delivery d where d.claim_id = c.id)
         and not exists (select from delivery d where d.claim_id = c.id and not (d.state = 'pending' and d.attempts = 0))
         and not exists (select from claim_receipt r where r.claim_id = c.id) as never_sent,
       exists (select from delivery d where d.claim_id = c.id) and not exists (select from delivery d where d.claim_id = c.id and d.state <> 'rejected')
         and not exists (select from claim_receipt r where r.claim_id = c.id) as refused
     from claim c where id = any($1::uuid[])`,
    [bundles.map(({ claim }) => claim.id)],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const parts = bundles.map((bundle): PriorPart => {
    const sealed = rowOf.get(bundle.claim.id)?.sealed_payer_number ?? null;
    return {
      ...bundle,
      prior: {
        claimId: bundle.claim.id,
        number: bundle.claim.identifier?.find(({ system }) => system === IDENTIFIERS.claim)?.value ?? "",
        ...(sealed === null ? {} : { payerNumber: sealer.open(sealed, claimContext(bundle.claim.id)).toString("utf8") }),
      },
    };
  });
  const deniedOn = rows.flatMap(({ denied_on: day }) => day ?? []).sort()[0];
  const standing = (): Standing => {
    if (rows.every(({ never_sent: never }) => never)) return "never-sent";
    return rows.every(({ payer_state: state, refused }) => state === "rejected" || refused) ? "rejected" : "received";
  };
  return {
    parts,
    itemId: first.item_id,
    cents: rows.reduce((sum, { total_cents: cents }) => sum + Number(cents), 0),
    standing: standing(),
    accepted: rows.every(({ payer_state: state }) => state === "accepted"),
    ...(deniedOn === undefined ? {} : { deniedOn }),
    payer: capabilitiesOf(first.payer_id === null ? undefined : site.payer(first.payer_id), first.kind),
  };
}

/** What claims that do not count any more are marked with; their bytes stay. */
export const markClaims = (
  client: pg.PoolClient,
  { parts }: Pick<PriorClaim, "parts">,
  status: "replaced" | "cancelled" | "entered-in-error",
): Promise<unknown> =>
  client.query("update claim set status = $2 where id = any($1::uuid[])", [parts.map(({ claim }) => claim.id), status]);

/** Takes back a claim that reached nobody: nothing of it is sent any more, and it does not count. */
export async function takeBack(client: pg.PoolClient, prior: PriorClaim): Promise<void> {
  await client.query("delete from delivery where claim_id = any($1::uuid[])", [prior.parts.map(({ claim }) => claim.id)]);
  await markClaims(client, prior, "entered-in-error");
}

/** Number of the next version of an item's claim. A delivery never overtakes an earlier one of the same item. */
export const nextVersion = async (client: pg.PoolClient, itemId: string): Promise<number> =>
  (await client.query<{ v: number }>("select coalesce(max(version), 0) + 1 as v from claim where item_id = $1", [itemId])).rows[0]?.v ?? 1;
