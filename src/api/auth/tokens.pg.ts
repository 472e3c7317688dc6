import { createHash, randomBytes, randomInt } from "node:crypto";
import type pg from "pg";
import { freshId } from "#src/base/ids.ts";
import type { Caller, Role } from "../route.ts";

/** How long a session token is good, in hours: one working day. */
const SESSION_HOURS = 8;
/** How long the one-time code printed at start is good, in minutes. */
const ONE_TIME_MINUTES = 24 * 60;

/** Typed by people and passed on command lines: nothing that looks alike, and no hyphen that would read as an option. 60 bits. */
const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH = 12;

const digest = (secret: string): Buffer => createHash("sha256").update(secret).digest();

export interface Tokens {
  /** A code that gives one session to the named user, once. The user is made when there is none of that name. */
  oneTimeCode(name: string, roles: readonly Role[]): Promise<string>;
  /** Trades a one-time code for a session token; undefined when it is wrong, used or too old. */
  signIn(code: string): Promise<{ readonly token: string; readonly caller: Caller; readonly expiresAt: Date } | undefined>;
  /** A token for a machine, good for `days`. */
  machineToken(name: string, roles: readonly Role[], days: number): Promise<string>;
  callerOf(token: string): Promise<Caller | undefined>;
  /** Makes the user when there is none of that name, and sets the roles. @returns the id. */
  makeUser(name: string, roles: readonly Role[]): Promise<string>;
}

/** Tokens and codes are stored as digests only: a copy of the database signs nobody in. */
export function createTokens(pool: pg.Pool): Tokens {
  const user = async (name: string, roles: readonly Role[]): Promise<string> => {
    const { rows } = await pool.query<{ id: string }>(
      `insert into app_user (id, name, roles) values ($1, $2, $3)
       on conflict (name) do update set roles = excluded.roles returning id`,
      [freshId(), name, roles],
    );
    return rows[0]?.id ?? "";
  };
  const keep = async (secret: string, userId: string, kind: "session" | "one-time", minutes: number): Promise<Date> => {
    const { rows } = await pool.query<{ expires_at: Date }>(
      "insert into access_token (digest, user_id, kind, expires_at) values ($1, $2, $3, now() + $4 * interval '1 minute') returning expires_at",
      [digest(secret), userId, kind, minutes],
    );
    return rows[0]?.expires_at ?? new Date(0);
  };
  const asCaller = (row: { user_id: string; name: string; roles: Role[] }): Caller => ({
    userId: row.user_id,
    name: row.name,
    roles: row.roles,
  });

  return {
    makeUser: user,
    oneTimeCode: async (name, roles) => {
      const code = Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join("");
      const userId = await user(name, roles);
      await pool.query("delete from access_token where user_id = $1 and kind = 'one-time'", [userId]);
      await keep(code, userId, "one-time", ONE_TIME_MINUTES);
      return code;
    },
    signIn: async (code) => {
      const { rows } = await pool.query<{ user_id: string; name: string; roles: Role[] }>(
        `with used as (delete from access_token where digest = $1 and kind = 'one-time' and expires_at > now() returning user_id)
         select used.user_id, u.name, u.roles from used join app_user u on u.id = used.user_id where u.active`,
        [digest(code)],
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      const token = randomBytes(32).toString("base64url");
      const expiresAt = await keep(token, row.user_id, "session", SESSION_HOURS * 60);
      return { token, caller: asCaller(row), expiresAt };
    },
    machineToken: async (name, roles, days) => {
      const token = randomBytes(32).toString("base64url");
      await keep(token, await user(name, roles), "session", days * 24 * 60);
      return token;
    },
    callerOf: async (token) => {
      const { rows } = await pool.query<{ user_id: string; name: string; roles: Role[] }>(
        `select t.user_id, u.name, u.roles from access_token t join app_user u on u.id = t.user_id
         where t.digest = $1 and t.kind = 'session' and t.expires_at > now() and u.active`,
        [digest(token)],
      );
      return rows[0] === undefined ? undefined : asCaller(rows[0]);
    },
  };
}
