import type pg from "pg";
import { type IdKey, stableId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import { claimContext, identifierKey, type StoredClaim } from "../claim-store.pg.ts";
import { IDENTIFIERS } from "../systems.ts";
import type { ClaimAnswer } from "./answer.ts";
import type { ReadAnswer } from "./read-answers.ts";

type Queryable = pg.Pool | pg.PoolClient;

export const answerContext = (answerId: string): string => `claim answer ${answerId}`;

/** A claim of ours that an answer is about. */
export interface AnsweredClaim {
  readonly claim: StoredClaim;
  readonly itemId: string;
  readonly accountId: string;
  readonly codingVersion: number;
  readonly frequency: string;
  readonly kind: "institutional" | "professional";
  readonly payerId: string | null;
  readonly createdAt: Date;
}

interface ClaimRow {
  id: string;
  item_id: string;
  account_id: string;
  coding_version: number;
  frequency: string;
  kind: "institutional" | "professional";
  payer_id: string | null;
  created_at: Date;
  sealed: Buffer;
}

/** The claim that an answer names, by our id or our number. */
export async function claimOf(
  client: Queryable,
  sealer: Sealer,
  { claimId, claimNumber }: ClaimAnswer,
): Promise<AnsweredClaim | undefined> {
  const key = claimNumber === undefined ? null : identifierKey(sealer, IDENTIFIERS.claim, claimNumber);
  const { rows } = await client.query<ClaimRow>(
    `select id, item_id, account_id, coding_version, frequency, kind, payer_id, created_at, sealed from claim
     where id = $1::uuid or ($2::bytea is not null and identifier_key = $2) order by (id = $1::uuid) desc nulls last limit 1`,
    [claimId ?? null, key],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    claim: sealer.openJson(row.sealed, claimContext(row.id)) as StoredClaim,
    itemId: row.item_id,
    accountId: row.account_id,
    codingVersion: row.coding_version,
    frequency: row.frequency,
    kind: row.kind,
    payerId: row.payer_id,
    createdAt: row.created_at,
  };
}

/** What makes two answers the same one, whoever brings them again and by whatever way: the claim, however it is named, and everything they say of it. */
const digestOf = (sealer: Sealer, { source: _source, claimId, claimNumber, ...said }: ClaimAnswer, number: string | undefined): Buffer =>
  sealer.blindIndex("claim-answer", JSON.stringify({ claim: number ?? claimNumber ?? claimId, ...said }));
export const resourceKey = (sealer: Sealer, consumer: string, id: string): Buffer =>
  sealer.blindIndex("claim-response", `${consumer}|${id}`);

export interface KeptAnswer {
  readonly id: string;
  /** It was there before: nothing is done again. */
  readonly again: boolean;
}

/** Keeps an answer, once. @param givenId the id a FHIR client gave its ClaimResponse. */
export async function keepAnswer(
  client: Queryable,
  { sealer, idKey }: { readonly sealer: Sealer; readonly idKey: IdKey },
  { answer, original }: ReadAnswer,
  consumer: string,
  givenId?: string,
): Promise<KeptAnswer> {
  const claim = await claimOf(client, sealer, answer);
  const digest = digestOf(sealer, answer, claim?.claim.identifier?.[0]?.value);
  const id = stableId(idKey, "ClaimAnswer", digest.toString("hex"));
  const { rowCount } = await client.query(
    `insert into claim_answer (id, digest, claim_key, source, consumer, outcome, answered_at, sealed, sealed_original)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (digest) do nothing`,
    [
      id,
      digest,
      answer.claimNumber === undefined ? null : identifierKey(sealer, IDENTIFIERS.claim, answer.claimNumber),
      answer.source,
      consumer,
      answer.outcome,
      new Date(answer.created),
      sealer.sealJson(answer, answerContext(id)),
      sealer.seal(Buffer.from(original), answerContext(id)),
    ],
  );
  if (givenId !== undefined)
    await client.query(
      "insert into claim_answer_name (key, answer_id) values ($1, $2) on conflict (key) do update set answer_id = excluded.answer_id",
      [resourceKey(sealer, consumer, givenId), id],
    );
  return { id, again: rowCount === 0 };
}

export interface StoredAnswer {
  readonly id: string;
  readonly claimId: string | null;
  readonly source: string;
  readonly consumer: string;
  readonly verdict: string | null;
  readonly effect: string | null;
  readonly answeredAt: Date;
  readonly receivedAt: Date;
  readonly answer: ClaimAnswer;
  readonly original: string;
}

type Row = Omit<StoredAnswer, "answer" | "original"> & { readonly sealed: Buffer; readonly sealed_original: Buffer };
const SELECT = `select id, claim_id as "claimId", source, consumer, verdict, effect, answered_at as "answeredAt", received_at as "receivedAt", sealed,
  sealed_original from claim_answer`;
const opened = (sealer: Sealer, { sealed, sealed_original: original, ...row }: Row): StoredAnswer => ({
  ...row,
  answer: sealer.openJson(sealed, answerContext(row.id)) as ClaimAnswer,
  original: sealer.open(original, answerContext(row.id)).toString("utf8"),
});

export async function readAnswer(client: Queryable, sealer: Sealer, id: string): Promise<StoredAnswer | undefined> {
  const { rows } = await client.query<Row>(`${SELECT} where id = $1`, [id]);
  return rows[0] === undefined ? undefined : opened(sealer, rows[0]);
}

/** By the id that a FHIR client gave. */
export async function readNamed(client: Queryable, sealer: Sealer, consumer: string, givenId: string): Promise<StoredAnswer | undefined> {
  const { rows } = await client.query<{ answer_id: string }>("select answer_id from claim_answer_name where key = $1", [
    resourceKey(sealer, consumer, givenId),
  ]);
  return rows[0] === undefined ? undefined : readAnswer(client, sealer, rows[0].answer_id);
}

/** Answers of a claim, in the order they came. */
export async function answersOf(client: Queryable, sealer: Sealer, claimId: string): Promise<readonly StoredAnswer[]> {
  const { rows } = await client.query<Row>(`${SELECT} where claim_id = $1 order by received_at, id`, [claimId]);
  return rows.map((row) => opened(sealer, row));
}

/** Parked answers whose claim is known by now. */
export async function parkedWithClaim(pool: Queryable): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select a.id from claim_answer a where a.claim_id is null and exists (select from claim c where c.identifier_key = a.claim_key)
     order by a.answered_at, a.received_at limit 500`,
  );
  return rows.map(({ id }) => id);
}
