import type pg from "pg";

export interface QueueState {
  readonly queue: string;
  readonly paused: boolean;
  readonly draining: boolean;
}

/** Queues that take nothing new. */
export async function closedQueues(client: pg.Pool | pg.PoolClient): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ queue: string }>({ name: "closed-queues", text: "select queue from queue_state where draining" });
  return new Set(rows.map(({ queue }) => queue));
}

export async function readQueueStates(pool: pg.Pool): Promise<readonly QueueState[]> {
  return (await pool.query<QueueState>("select queue, paused, draining from queue_state order by queue")).rows;
}

/** Pauses (nothing is given out), drains (nothing new enters) or opens a queue again. */
export async function setQueueState(
  pool: pg.Pool,
  { queue, paused, draining }: QueueState,
  who: { readonly userId: string; readonly why: string },
): Promise<void> {
  await pool.query(
    `insert into queue_state (queue, paused, draining, changed_by, why) values ($1, $2, $3, $4, $5)
     on conflict (queue) do update set paused = excluded.paused, draining = excluded.draining, changed_by = excluded.changed_by, why = excluded.why,
       changed_at = now()`,
    [queue, paused, draining, who.userId, who.why],
  );
}
