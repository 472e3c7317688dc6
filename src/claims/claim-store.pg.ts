import type { Claim, Resource } from "@medplum/fhirtypes";
import type pg from "pg";
import { type IdKey, stableId } from "#src/base/ids.ts";
import { centsOf } from "#src/base/money.ts";
import { fail, ok } from "#src/base/result.ts";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { factsOf } from "#src/charts/facts.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import { stayOf } from "#src/coding/stay.ts";
import type { Finding } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { MakeClaim, Releasable } from "#src/worklist/release.pg.ts";
import { assembleClaims, type ClaimIds, frequencyOf, type PriorClaim } from "./assemble.ts";
import { checkClaim } from "./check-claim.ts";
import { keepClaimResources } from "./claim-resources.pg.ts";
import { IDENTIFIERS } from "./systems.ts";

type Queryable = pg.Pool | pg.PoolClient;
export type StoredClaim = Claim & { readonly id: string };

export const claimContext = (claimId: string): string => `claim ${claimId}`;
export const identifierKey = (sealer: Sealer, system: string, value: string): Buffer =>
  sealer.blindIndex("claim-identifier", `${system}|${value}`);

export interface ReleaseNeeds {
  readonly sealer: Sealer;
  readonly site: SiteData;
  readonly idKey: IdKey;
  /** Names of the destinations every claim goes to. */
  readonly destinations: readonly string[];
  readonly now: () => Date;
}

const FIRST_LETTER = 65;

/**
 * What the billing system files a claim under: at most 20 characters (CLM01). Version included, so each is unique; the second claim of one
 * version has a B behind it, the third a C.
 * @param part counted from 0.
 */
export function claimNumber(idKey: IdKey, itemId: string, version: number, part = 0): string {
  const base = stableId(idKey, "claim-number", itemId).replaceAll("-", "").slice(-14).toUpperCase();
  return `CB${base}-${version}${part === 0 ? "" : String.fromCharCode(FIRST_LETTER + part)}`;
}

/** Id and number of a claim. @param part counted from 0. */
export const claimIds = (idKey: IdKey, itemId: string, version: number, part: number): ClaimIds => ({
  claimId: stableId(idKey, "Claim", itemId, String(version), ...(part === 0 ? [] : [String(part + 1)])),
  identifierValue: claimNumber(idKey, itemId, version, part),
});

/** Gives the release of the work list its claim: assembled from the pinned chart, checked, stored sealed, and queued for delivery. */
export function createReleaseClaim({ sealer, site, idKey, destinations, now }: ReleaseNeeds): MakeClaim {
  return async (client, item) => {
    const chart = await readChart(client, sealer, item.accountId, item.chartVersion);
    if (chart === undefined)
      return fail([
        hard("CB-CLM-CHART", "Claim", ["The chart that was coded is no longer kept.", "Code the account again."], CITE.transaction),
      ]);
    const { rows } = await client.query<{ version: number }>(
      "select coalesce(max(version), 0) + 1 as version from claim where item_id = $1",
      [item.itemId],
    );
    const version = rows[0]?.version ?? 1;
    const before = await claimsBefore(client, sealer, item);
    const parts = {
      chart,
      stream: item.stream,
      codes: item.codes,
      site,
      created: (before.codedAt ?? now()).toISOString(),
      idKey,
      prior: before.prior,
      versions: before.versions,
      billed: before.versions.flat(),
    };
    const assembled = assembleClaims({ ...parts, idsOf: (part) => claimIds(idKey, item.itemId, version, part) });
    if (!assembled.ok) return assembled;
    const claims = assembled.value;
    const findings = [...partsDiffer(before, claims.length), ...claims.flatMap(({ claim, referenced }) => checkClaim(claim, referenced))];
    if (findings.length > 0) return fail(findings);
    const frequency = frequencyOf(parts);
    for (const [part, { claim, referenced }] of claims.entries()) {
      const context = claimContext(claim.id);
      await client.query(
        `insert into claim (id, item_id, account_id, version, part, parts, coding_version, frequency, kind, status, identifier_key, patient_id,
          encounter_id, payer_id, total_cents, created_at, sealed) values ($1, $2, $3, $4, $16, $17, $5, $15, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
        [
          claim.id,
          item.itemId,
          item.accountId,
          version,
          item.codingVersion,
          item.stream === "FAC" ? "institutional" : "professional",
          claim.status,
          identifierKey(sealer, IDENTIFIERS.claim, claim.identifier?.[0]?.value ?? ""),
          idOf(claim.patient.reference),
          stayOf(chart)?.encounter.id,
          factsOf(chart.resources).payerId ?? null,
          centsOf(claim.total?.value ?? 0),
          now(),
          sealer.sealJson(claim, context),
          frequency,
          part + 1,
          claims.length,
        ],
      );
      await keepClaimResources(client, sealer, { claimId: claim.id, context, referenced });
      if (destinations.length > 0)
        await client.query("insert into delivery (claim_id, destination, state) select $1, unnest($2::text[]), 'pending'", [
          claim.id,
          [...new Set(destinations)],
        ]);
    }
    const claimId = claims[0]?.claim.id ?? claimIds(idKey, item.itemId, version, 0).claimId;
    return ok({ claimId });
  };
}

interface Before {
  /** The claims that are replaced, part by part. */
  readonly prior: readonly PriorClaim[];
  /** Every version of the item's claim, oldest first, part by part. */
  readonly versions: readonly (readonly StoredClaim[])[];
  /** When the codes were frozen. */
  readonly codedAt?: Date;
}

async function claimsBefore(client: pg.PoolClient, sealer: Sealer, { itemId, replaces, codingVersion }: Releasable): Promise<Before> {
  const { rows } = await client.query<{ id: string; version: number; sealed: Buffer }>(
    "select id, version, sealed from claim where item_id = $1 order by version, part",
    [itemId],
  );
  const versions = [...Map.groupBy(rows, ({ version }) => version).values()].map((parts) =>
    parts.map(({ id, sealed }) => sealer.openJson(sealed, claimContext(id)) as StoredClaim),
  );
  const prior = replaces === undefined ? undefined : versions.find((parts) => parts.some(({ id }) => id === replaces));
  const coded = await client.query<{ made_at: Date }>("select made_at from coding_version where item_id = $1 and version = $2", [
    itemId,
    codingVersion,
  ]);
  const codedAt = coded.rows[0]?.made_at;
  return { prior: (prior ?? []).map((claim) => ({ claim })), versions, ...(codedAt === undefined ? {} : { codedAt }) };
}

/** Whether the parts of a claim cannot be matched to those of the one before: fewer of them, or nobody said that it is replaced. */
function partsDiffer({ prior, versions }: Before, count: number): readonly Finding[] {
  const before = prior.length > 0 ? prior.length : (versions.at(-1)?.length ?? 0);
  const alone = prior.length === 0 && versions.length > 0 && (before > 1 || count > 1);
  return prior.length > count || alone ? [otherParts(before, count)] : [];
}

const otherParts = (before: number, now: number): Finding =>
  hard(
    "CB-CLM-PARTS",
    "Claim",
    [`The claim before came in ${before} parts, and this one needs ${now}.`, "Void the claim before, and send a new one."],
    CITE.transaction,
  );

const idOf = (reference: string | undefined): string => reference?.split("/")[1] ?? "";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isUuid = (text: string): boolean => UUID.test(text);

/** The claim with this id; undefined when there is none. */
export async function readClaim(pool: Queryable, sealer: Sealer, id: string): Promise<StoredClaim | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await pool.query<{ sealed: Buffer }>("select sealed from claim where id = $1", [id]);
  const row = rows[0];
  return row === undefined ? undefined : (sealer.openJson(row.sealed, claimContext(id.toLowerCase())) as StoredClaim);
}

export interface ClaimSearch {
  readonly id?: string;
  readonly patientId?: string;
  readonly encounterId?: string;
  /** Without a system: any system of ours. */
  readonly identifier?: { readonly system?: string; readonly value: string };
  /** Most claims in one answer. */
  readonly count: number;
  /** Id of the last claim of the page before. */
  readonly after?: string;
}

export interface ClaimPage {
  /** Newest first. */
  readonly claims: readonly StoredClaim[];
  /** How many there are in all. */
  readonly total: number;
  /** Give it as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

/** Finds claims by exact values. All conditions must hold. */
export async function searchClaims(pool: Queryable, sealer: Sealer, search: ClaimSearch): Promise<ClaimPage> {
  const { id, patientId, encounterId, identifier, count, after } = search;
  const uuids = [id, patientId, encounterId, after].filter((one) => one !== undefined);
  if (!uuids.every(isUuid)) return { claims: [], total: 0 };
  const key = identifier === undefined ? null : identifierKey(sealer, identifier.system ?? IDENTIFIERS.claim, identifier.value);
  const where = `($1::uuid is null or id = $1) and ($2::uuid is null or patient_id = $2) and ($3::uuid is null or encounter_id = $3)
    and ($4::bytea is null or identifier_key = $4)`;
  const values = [id ?? null, patientId ?? null, encounterId ?? null, key];
  const counted = await pool.query<{ total: number }>(`select count(*)::int as total from claim where ${where}`, values);
  const { rows } = await pool.query<{ id: string; sealed: Buffer }>(
    `select id, sealed from claim where ${where}
       and ($5::uuid is null or (created_at, id) < (select c.created_at, c.id from claim c where c.id = $5))
     order by created_at desc, id desc limit $6`,
    [...values, after ?? null, count + 1],
  );
  const page = rows.slice(0, count);
  const last = page.at(-1);
  return {
    claims: page.map((row) => sealer.openJson(row.sealed, claimContext(row.id)) as StoredClaim),
    total: counted.rows[0]?.total ?? 0,
    ...(rows.length > count && last !== undefined ? { next: last.id } : {}),
  };
}

export interface ClaimBundle {
  readonly claim: StoredClaim;
  readonly referenced: readonly Resource[];
}

/** A claim and everything it refers to, as released: what a delivery sends. */
export async function claimBundle(pool: Queryable, sealer: Sealer, claimId: string): Promise<ClaimBundle | undefined> {
  const claim = await readClaim(pool, sealer, claimId);
  if (claim === undefined) return undefined;
  const { rows } = await pool.query<{ sealed: Buffer }>("select sealed from claim_resource where claim_id = $1 order by type, id", [
    claimId,
  ]);
  return { claim, referenced: rows.map((row) => sealer.openJson(row.sealed, claimContext(claim.id)) as Resource) };
}
