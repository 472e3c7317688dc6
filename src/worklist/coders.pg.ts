import type pg from "pg";
import { inTransaction } from "#src/database/pool.pg.ts";
import type { Sealer } from "#src/base/seal.ts";
import { personKey } from "./item-facts.ts";

export const RELATIONS = ["self", "family", "colleague", "other"] as const;

export interface Credential {
  /** CCS, CIC, CPC … as the queues name them. */
  readonly credential: string;
  /** First day, YYYY-MM-DD. */
  readonly from: string;
  /** Last day; absent = open. */
  readonly to?: string | undefined;
}

/** What decides which items a person may pull. */
export interface CoderProfile {
  /** Empty = every one. */
  readonly facilities: readonly string[];
  readonly payerExclusions: readonly string[];
  /** Day of beginning here, YYYY-MM-DD. */
  readonly startedOn?: string | undefined;
  readonly credentials: readonly Credential[];
  /** Patients whose charts the person must not open, by their number. */
  readonly relations: readonly { readonly kind: (typeof RELATIONS)[number]; readonly person: string }[];
}

export interface KnownCoder extends CoderProfile {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly active: boolean;
  readonly revision: number;
}

const relationContext = (userId: string): string => `relation ${userId}`;

/** Replaces what is known of a coder. @returns false when the user does not exist, or was changed since `revision`. */
export function saveProfile(pool: pg.Pool, sealer: Sealer, userId: string, profile: CoderProfile, revision?: number): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ revision: number | null }>(
      "select p.revision from app_user u left join coder_profile p on p.user_id = u.id where u.id = $1 for update of u",
      [userId],
    );
    const have = rows[0];
    if (have === undefined || (revision !== undefined && revision !== (have.revision ?? 0))) return false;
    await client.query(
      `insert into coder_profile (user_id, facilities, payer_exclusions, started_on) values ($1, $2, $3, $4)
       on conflict (user_id) do update set facilities = excluded.facilities, payer_exclusions = excluded.payer_exclusions,
         started_on = excluded.started_on, revision = coder_profile.revision + 1`,
      [userId, profile.facilities, profile.payerExclusions, profile.startedOn ?? null],
    );
    await client.query("delete from coder_credential where user_id = $1", [userId]);
    await client.query("delete from coder_relation where user_id = $1", [userId]);
    for (const { credential, from, to } of profile.credentials)
      await client.query(
        "insert into coder_credential (user_id, credential, valid_from, valid_to) values ($1, $2, $3, $4) on conflict do nothing",
        [userId, credential, from, to ?? null],
      );
    for (const { kind, person } of profile.relations)
      await client.query(
        "insert into coder_relation (user_id, person_key, kind, sealed_person) values ($1, $2, $3, $4) on conflict do nothing",
        [userId, Buffer.from(personKey(sealer, person), "hex"), kind, sealer.seal(Buffer.from(person), relationContext(userId))],
      );
    return true;
  });
}

interface ProfileRow {
  id: string;
  name: string;
  roles: string[];
  active: boolean;
  facilities: string[] | null;
  payer_exclusions: string[] | null;
  started_on: string | null;
  revision: number | null;
  credentials: Credential[];
}

const SELECT = `select u.id, u.name, u.roles, u.active, p.facilities, p.payer_exclusions, p.started_on::text, p.revision,
    coalesce((select json_agg(json_strip_nulls(json_build_object('credential', c.credential, 'from', c.valid_from, 'to', c.valid_to)) order by c.credential, c.valid_from)
      from coder_credential c where c.user_id = u.id), '[]') as credentials
  from app_user u left join coder_profile p on p.user_id = u.id`;

const coderOf = (row: ProfileRow): KnownCoder => ({
  userId: row.id,
  name: row.name,
  roles: row.roles,
  active: row.active,
  facilities: row.facilities ?? [],
  payerExclusions: row.payer_exclusions ?? [],
  ...(row.started_on === null ? {} : { startedOn: row.started_on }),
  credentials: row.credentials,
  relations: [],
  revision: row.revision ?? 0,
});

/** All users with what they may pull. Relations name patients and are shown by `readRelations` only. */
export async function listCoders(pool: pg.Pool): Promise<readonly KnownCoder[]> {
  return (await pool.query<ProfileRow>(`${SELECT} order by u.name`)).rows.map(coderOf);
}

/** What is known of users, by their id; those that the engine does not know are not in the answer. */
export async function readCoders(client: pg.Pool | pg.PoolClient, userIds: readonly string[]): Promise<ReadonlyMap<string, KnownCoder>> {
  const { rows } = await client.query<ProfileRow>({
    name: "read-coders",
    text: `${SELECT} where u.id = any($1::uuid[])`,
    values: [userIds],
  });
  return new Map(rows.map((row) => [row.id, coderOf(row)]));
}

export async function readCoder(client: pg.Pool | pg.PoolClient, userId: string): Promise<KnownCoder | undefined> {
  const [coder] = (await readCoders(client, [userId])).values();
  return coder;
}

/** Whose charts users must not open, by user: blind indexes of the patients, hexadecimal. */
export async function relationsOf(client: pg.PoolClient, userIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await client.query<{ user_id: string; keys: string[] }>({
    name: "coder-relations",
    text: "select user_id, array_agg(encode(person_key, 'hex')) as keys from coder_relation where user_id = any($1::uuid[]) group by user_id",
    values: [userIds],
  });
  return new Map(rows.map(({ user_id: userId, keys }) => [userId, new Set(keys)]));
}

export async function readRelations(pool: pg.Pool, sealer: Sealer, userId: string): Promise<CoderProfile["relations"]> {
  const { rows } = await pool.query<{ kind: (typeof RELATIONS)[number]; sealed_person: Buffer }>(
    "select kind, sealed_person from coder_relation where user_id = $1",
    [userId],
  );
  return rows.map(({ kind, sealed_person: sealed }) => ({ kind, person: sealer.open(sealed, relationContext(userId)).toString() }));
}

/** A credential that is good on a day (YYYY-MM-DD). */
export const holds = ({ credentials }: Pick<KnownCoder, "credentials">, wanted: readonly string[], day: string): boolean =>
  wanted.length === 0 ||
  credentials.some(({ credential, from, to }) => wanted.includes(credential) && from <= day && (to === undefined || day <= to));

const DAY_MS = 86_400_000;
/** Whole days since a coder began here; a large number when that is not known. */
export const daysHere = ({ startedOn }: Pick<KnownCoder, "startedOn">, now: Date): number =>
  startedOn === undefined ? Number.MAX_SAFE_INTEGER : Math.floor((now.getTime() - Date.parse(startedOn)) / DAY_MS);
