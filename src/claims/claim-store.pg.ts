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
import type { SiteData } from "#src/sitedata/site-data.ts";
import type { MakeClaim } from "#src/worklist/release.pg.ts";
import { assembleClaim } from "./assemble.ts";
import { checkClaim } from "./check-claim.ts";
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

/** Id and number of a claim. The number, at most 20 characters (CLM01), is what the billing system files it under: version included, so each is unique. */
export function claimIds(
  idKey: IdKey,
  itemId: string,
  version: number,
  _part: number,
): { readonly claimId: string; readonly identifierValue: string } {
  const base = stableId(idKey, "claim-number", itemId).replaceAll("-", "").slice(-14).toUpperCase();
  return { claimId: stableId(idKey, "Claim", itemId, String(version)), identifierValue: `CB${base}-${version}` };
}

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
    const { claimId, identifierValue } = claimIds(idKey, item.itemId, version, 0);
    const created = now().toISOString();
    const assembled = assembleClaim({
      chart,
      stream: item.stream,
      codes: item.codes,
      site,
      ids: { claimId, identifierValue },
      created,
      idKey,
    });
    if (!assembled.ok) return assembled;
    const { referenced } = assembled.value;
    const claim: StoredClaim = { ...assembled.value.claim, ...(item.replaces === undefined ? {} : { related: priorOf(item.replaces) }) };
    const findings = checkClaim(claim, referenced);
    if (findings.length > 0) return fail(findings);
    const context = claimContext(claimId);
    await client.query(
      `insert into claim (id, item_id, account_id, version, coding_version, frequency, kind, status, identifier_key, patient_id,
        encounter_id, payer_id, total_cents, created_at, sealed) values ($1, $2, $3, $4, $5, $15, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        claimId,
        item.itemId,
        item.accountId,
        version,
        item.codingVersion,
        item.stream === "FAC" ? "institutional" : "professional",
        claim.status,
        identifierKey(sealer, IDENTIFIERS.claim, identifierValue),
        idOf(claim.patient.reference),
        stayOf(chart)?.encounter.id,
        factsOf(chart.resources).payerId ?? null,
        centsOf(claim.total?.value ?? 0),
        created,
        sealer.sealJson(claim, context),
        item.replaces === undefined ? ORIGINAL : REPLACEMENT,
      ],
    );
    await client.query(
      `insert into claim_resource (claim_id, type, id, sealed)
        select $1, * from unnest($2::text[], $3::uuid[], $4::bytea[])`,
      [
        claimId,
        referenced.map((one) => one.resourceType),
        referenced.map((one) => one.id),
        referenced.map((one) => sealer.sealJson(one, context)),
      ],
    );
    if (destinations.length > 0)
      await client.query("insert into delivery (claim_id, destination, state) select $1, unnest($2::text[]), 'pending'", [
        claimId,
        [...new Set(destinations)],
      ]);
    return ok({ claimId });
  };
}

/** Claim frequency codes (UB-04 FL4, CLM05-3). */
const ORIGINAL = "1";
const REPLACEMENT = "7";

/** The claim that a replacement takes the place of (Claim.related, ex-relatedclaimrelationship). */
const priorOf = (claimId: string): NonNullable<Claim["related"]> => [
  {
    claim: { reference: `Claim/${claimId}` },
    relationship: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", code: "prior" }] },
  },
];

const idOf = (reference: string | undefined): string => reference?.split("/")[1] ?? "";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isUuid = (text: string): boolean => UUID.test(text);

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

/** What claims refer to, as it stood when the newest of them was released. */
export async function readClaimResource(pool: Queryable, sealer: Sealer, type: string, id: string): Promise<Resource | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await pool.query<{ claim_id: string; sealed: Buffer }>(
    `select r.claim_id, r.sealed from claim_resource r join claim c on c.id = r.claim_id where r.type = $1 and r.id = $2
     order by c.created_at desc, c.id desc limit 1`,
    [type, id],
  );
  const row = rows[0];
  return row === undefined ? undefined : (sealer.openJson(row.sealed, claimContext(row.claim_id)) as Resource);
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
