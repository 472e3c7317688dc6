import type pg from "pg";
import { freshId } from "#src/base/ids.ts";

type Queryable = pg.Pool | pg.PoolClient;

/** Why somebody outside of coding has to do something for a claim. */
export const TASK_KINDS = {
  match: "an answer names no claim of ours: find out whose it is",
  documents: "the payer asks for documents",
  denial: "the payer refused it for a reason that is not coding's",
  reopening: "the payer takes no replacement: have the claim reopened",
  "void-refused": "the payer takes no void: tell it that the claim does not count",
} as const;
export type TaskKind = keyof typeof TASK_KINDS;

export interface TaskAsked {
  readonly kind: TaskKind;
  /** A queue of the table of denials: billing, registration, documentation … */
  readonly owner: string;
  readonly claimId?: string;
  readonly answerId?: string;
  /** YYYY-MM-DD. */
  readonly due?: string;
  readonly cents?: number;
  /** Codes only. */
  readonly reasons?: readonly string[];
}

export interface ClaimTask {
  readonly id: string;
  readonly kind: TaskKind;
  readonly owner: string;
  readonly claimId: string | null;
  readonly answerId: string | null;
  readonly due: string | null;
  readonly cents: number;
  readonly reasons: readonly string[];
  readonly state: "open" | "done";
  readonly openedAt: Date;
}

export async function openTask(
  client: Queryable,
  { kind, owner, claimId, answerId, due, cents = 0, reasons = [] }: TaskAsked,
): Promise<string> {
  const id = freshId();
  await client.query(
    "insert into claim_task (id, kind, owner, claim_id, answer_id, due, cents, reasons) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    [id, kind, owner, claimId ?? null, answerId ?? null, due ?? null, cents, reasons],
  );
  return id;
}

/** Open tasks, the most urgent first; of one owner where one is named. */
export async function listTasks(pool: Queryable, owner?: string): Promise<readonly ClaimTask[]> {
  const { rows } = await pool.query<Omit<ClaimTask, "cents"> & { cents: string }>(
    `select id, kind, owner, claim_id as "claimId", answer_id as "answerId", due::text, cents, reasons, state, opened_at as "openedAt"
     from claim_task where state = 'open' and ($1::text is null or owner = $1) order by due nulls last, opened_at, id limit 500`,
    [owner ?? null],
  );
  return rows.map((row) => ({ ...row, cents: Number(row.cents) }));
}

/** Marks a task as done. @returns the task, or undefined when it is not open. */
export async function finishTask(
  client: Queryable,
  id: string,
  by: string,
): Promise<{ readonly kind: TaskKind; readonly claimId: string | null; readonly openLeft: number } | undefined> {
  const { rows } = await client.query<{ kind: TaskKind; claim_id: string | null }>(
    "update claim_task set state = 'done', done_at = now(), done_by = $2 where id = $1 and state = 'open' returning kind, claim_id",
    [id, by],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const left = await client.query<{ n: number }>("select count(*)::int as n from claim_task where claim_id = $1 and state = 'open'", [
    row.claim_id,
  ]);
  return { kind: row.kind, claimId: row.claim_id, openLeft: left.rows[0]?.n ?? 0 };
}
