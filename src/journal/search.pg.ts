import { hash } from "node:crypto";
import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import type { Outcome, Protocol, Verdict } from "./journal.ts";
import { type SearchKind, searchKey } from "./search-keys.ts";

/** What became of a record: the sender's verdict, or what the fold made of it; `rejected` is refused or incomplete, `waiting` not yet folded. */
export const FOUND_BY_OUTCOME = [
  "accepted",
  "refused",
  "duplicate",
  "incomplete",
  "applied",
  "filtered",
  "failed",
  "parked",
  "waiting",
  "rejected",
] as const;
export type SearchedOutcome = (typeof FOUND_BY_OUTCOME)[number];

/** What to look for; everything given must hold. Identifiers are compared whole, without case and outer blanks. */
export interface MessageSearch {
  /** MSH-10. */
  readonly control?: string | undefined;
  /** PID-3, any repetition. */
  readonly mrn?: string | undefined;
  /** PV1-19 or PV1-50. */
  readonly visit?: string | undefined;
  /** PID-18. */
  readonly account?: string | undefined;
  /** `ADT` or `ADT^A01`. */
  readonly type?: string | undefined;
  readonly feed?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly outcome?: SearchedOutcome | undefined;
  /** Most rows. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: number | undefined;
}

/** One record, without anything of its content. */
export interface FoundMessage {
  readonly id: string;
  readonly receivedAt: Date;
  readonly feed: string;
  readonly protocol: Protocol;
  /** Address of the sender. */
  readonly peer: string | undefined;
  readonly messageType: string | undefined;
  readonly bytes: number;
  readonly verdict: Verdict;
  /** What the fold made of it; undefined while it waits, and for what was not accepted. */
  readonly outcome: Outcome | undefined;
  /** MSA-1 or HTTP status of the answer; undefined when none was sent. */
  readonly answer: string | undefined;
  readonly code: string | undefined;
  readonly place: string | undefined;
  readonly flags: readonly string[];
  readonly accountId: string | undefined;
}

export interface FoundMessages {
  /** Newest first. */
  readonly messages: readonly FoundMessage[];
  /** Give it as `before` for the next page; undefined when there is none. */
  readonly next: number | undefined;
}

export interface FoundRow {
  seq: number;
  id: string;
  received_at: Date;
  feed: string;
  protocol: Protocol;
  peer: string | null;
  message_type: string | null;
  byte_length: number;
  verdict: Verdict;
  answer: string | null;
  code: string | null;
  place: string | null;
  flags: string[] | null;
  outcome: Outcome | null;
  account_id: string | null;
}

export const FOUND_COLUMNS = `j.seq, j.id, j.received_at, j.feed, j.protocol, j.peer, j.message_type, j.byte_length, j.verdict, j.answer,
  coalesce(o.failure_code, j.failure_code) as code, coalesce(o.failure_place, j.failure_place) as place, j.flags, o.outcome, o.account_id`;

export const asFound = (row: FoundRow): FoundMessage => ({
  id: row.id,
  receivedAt: row.received_at,
  feed: row.feed,
  protocol: row.protocol,
  peer: row.peer ?? undefined,
  messageType: row.message_type ?? undefined,
  bytes: row.byte_length,
  verdict: row.verdict,
  outcome: row.outcome ?? undefined,
  answer: row.answer ?? undefined,
  code: row.code ?? undefined,
  place: row.place ?? undefined,
  flags: row.flags ?? [],
  accountId: row.account_id ?? undefined,
});

function outcomeCondition(outcome: SearchedOutcome, add: (value: unknown) => string): string {
  if (outcome === "rejected") return "j.verdict in ('refused', 'incomplete')";
  if (outcome === "waiting") return "j.verdict = 'accepted' and o.outcome is null";
  if (outcome === "accepted" || outcome === "refused" || outcome === "duplicate" || outcome === "incomplete")
    return `j.verdict = ${add(outcome)}`;
  return `o.outcome = ${add(outcome)}`;
}

const KINDS: readonly SearchKind[] = ["control", "mrn", "visit", "account"];

/**
 * The statement of a search. An identifier leads through its key to the rows; without one the journal is read backwards, so a
 * span of time should be given.
 */
export function searchStatement(sealer: Sealer, search: MessageSearch): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const add = (value: unknown): string => `$${values.push(value)}`;
  const keys = KINDS.flatMap((kind) => {
    const value = search[kind];
    return value === undefined ? [] : [add(searchKey(sealer, kind, value).toString())];
  });
  const where: string[] = [];
  if (search.before !== undefined) where.push(`j.seq < ${add(search.before)}`);
  if (search.feed !== undefined) where.push(`j.feed = ${add(search.feed)}`);
  if (search.type !== undefined)
    where.push(
      search.type.includes("^") ? `j.message_type = ${add(search.type)}` : `split_part(j.message_type, '^', 1) = ${add(search.type)}`,
    );
  if (search.from !== undefined) {
    const from = add(search.from);
    where.push(`j.received_at >= ${from}::timestamptz and j.day >= (${from}::timestamptz at time zone 'UTC')::date`);
  }
  if (search.to !== undefined) {
    const to = add(search.to);
    where.push(`j.received_at < ${to}::timestamptz and j.day <= (${to}::timestamptz at time zone 'UTC')::date`);
  }
  if (search.outcome !== undefined) where.push(outcomeCondition(search.outcome, add));
  const conditions = where.length === 0 ? "" : `where ${where.join(" and ")}`;
  const [first, ...others] = keys;
  const source =
    first === undefined
      ? "journal_record j"
      : `(select k.day, k.seq from search_key k where k.key = ${first}::bigint
          ${others.map((key) => `and exists (select from search_key other where other.key = ${key}::bigint and other.seq = k.seq)`).join(" ")}
          order by k.seq desc) k
        cross join lateral (select * from journal_record r where r.day = k.day and r.seq = k.seq) j`;
  const order = first === undefined ? "j.day desc, j.seq desc" : "k.seq desc";
  const text = `select ${FOUND_COLUMNS} from ${source} left join lateral (select * from journal_outcome x where x.seq = j.seq) o on true
    ${conditions} order by ${order} limit ${add(search.limit + 1)}`;
  return { text, values };
}

export async function searchMessages(pool: pg.Pool, sealer: Sealer, search: MessageSearch): Promise<FoundMessages> {
  const { text, values } = searchStatement(sealer, search);
  // Prepared: with a partition a day, planning takes longer than reading.
  const { rows } = await pool.query<FoundRow>({ name: `search ${hash("sha1", text).slice(0, 16)}`, text, values: [...values] });
  const shown = rows.slice(0, search.limit);
  return { messages: shown.map(asFound), next: rows.length > search.limit ? shown.at(-1)?.seq : undefined };
}
