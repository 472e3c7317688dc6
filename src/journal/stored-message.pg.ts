import type pg from "pg";
import type { MessageId } from "#src/base/ids.ts";
import type { Sealer } from "#src/base/seal.ts";
import type { Journaled } from "./journal.ts";
import { answerContext, recordContext } from "./journal-writer.pg.ts";
import { asFound, FOUND_COLUMNS, type FoundMessage, type FoundRow } from "./search.pg.ts";

/** Whether the sender has the application acknowledgement it asked for. */
export interface OwedState {
  readonly condition: string;
  readonly state: string;
  /** MSA-1 of it, once it is known. */
  readonly code: string | undefined;
}

/** What a message did to one chart or one coding item. */
export interface MessageEffect {
  readonly kind: "chart" | "item";
  readonly id: string;
  readonly at: Date;
  /** `version 3`, `OPEN to READY`. */
  readonly change: string;
}

/** One record of the journal with everything that is kept of it. */
export interface StoredMessage extends FoundMessage {
  readonly raw: Buffer;
  /** Named by the transport: wins over MSH-18. */
  readonly charset: string | undefined;
  /** A refusal as it was sent. An accept is not kept: it is made again from the record and this proof, the same to the byte. */
  readonly refusal: Buffer | undefined;
  /** Proof of the commit; absent for what was not accepted. */
  readonly proof: Journaled | undefined;
  /** The record whose answer a repetition got. */
  readonly original: { readonly id: MessageId; readonly receivedAt: Date } | undefined;
  readonly mapVersion: string | undefined;
  readonly applicationAnswer: OwedState | undefined;
  readonly effects: readonly MessageEffect[];
}

interface Row extends FoundRow {
  sealed: Buffer;
  sealed_answer: Buffer | null;
  charset: string | null;
  map_version: string | null;
  condition: string | null;
  state: string | null;
  answered: string | null;
  original_id: string | null;
  original_at: Date | null;
}

/** Reads one record; undefined when the journal has none of that id. */
export async function readStoredMessage(pool: pg.Pool, sealer: Sealer, id: string): Promise<StoredMessage | undefined> {
  const { rows } = await pool.query<Row>(
    `select ${FOUND_COLUMNS}, j.sealed, j.sealed_answer, j.charset, o.map_version, a.condition, a.state, a.code as answered,
       s.record_id as original_id, s.seen_at as original_at
     from journal_record j left join journal_outcome o on o.seq = j.seq left join application_answer a on a.record_id = j.id
       left join control_id_seen s on j.verdict = 'duplicate' and s.feed = j.feed and s.control_key = j.control_key and s.sha256 = j.sha256
     where j.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const accepted = row.verdict === "accepted" || row.verdict === "duplicate";
  return {
    ...asFound(row),
    raw: sealer.open(row.sealed, recordContext(row.id)),
    charset: row.charset ?? undefined,
    refusal: row.sealed_answer === null ? undefined : sealer.open(row.sealed_answer, answerContext(row.id)),
    // The row is the proof: it was read back from the journal.
    proof: accepted ? ({ id: row.id, verdict: row.verdict, reused: false } as unknown as Journaled) : undefined,
    original:
      row.original_id === null || row.original_at === null ? undefined : { id: row.original_id as MessageId, receivedAt: row.original_at },
    mapVersion: row.map_version ?? undefined,
    applicationAnswer:
      row.condition === null || row.state === null
        ? undefined
        : { condition: row.condition, state: row.state, code: row.answered ?? undefined },
    effects: await effectsOf(pool, row.original_id ?? row.id),
  };
}

async function effectsOf(pool: pg.Pool, recordId: string): Promise<readonly MessageEffect[]> {
  const { rows } = await pool.query<{ kind: MessageEffect["kind"]; id: string; at: Date; change: string }>(
    `select 'chart' as kind, account_id as id, made_at as at, 'version ' || version || ', by ' || cause as change from chart_version where record_id = $1
     union all
     select 'item', item_id, at, event || ': ' || coalesce(from_state, 'new') || ' to ' || coalesce(to_state, '') from item_event where record_id = $1
     order by at, kind`,
    [recordId],
  );
  return rows;
}
