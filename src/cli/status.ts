import type pg from "pg";
import { isRunning, type RunFile } from "#src/config/run-file.ts";
import { type JournalBooks, readJournalBooks, readTroubles, type Trouble } from "#src/journal/books.pg.ts";

interface Counted {
  readonly name: string;
  readonly n: number;
}

export interface StatusReport {
  readonly engine: string;
  readonly books: JournalBooks;
  readonly items: readonly Counted[];
  readonly queues: readonly Counted[];
  readonly dirtyItems: number;
  readonly deliveries: readonly Counted[];
  readonly troubles: readonly Trouble[];
  readonly redis: string;
}

const counts = async (pool: pg.Pool, sql: string): Promise<readonly Counted[]> => (await pool.query<{ name: string; n: number }>(sql)).rows;

/** Everything a person needs to see whether messages flow and what waits for them; no patient's data. */
export async function readStatus(pool: pg.Pool, run: RunFile, redis: string, most: number): Promise<StatusReport> {
  const [books, troubles, items, queues, dirty, deliveries] = await Promise.all([
    readJournalBooks(pool),
    readTroubles(pool, most),
    counts(pool, "select state as name, count(*)::int as n from coding_item group by 1 order by 1"),
    counts(pool, "select queue as name, count(*)::int as n from coding_item where state = 'READY' and queue is not null group by 1 order by 1"),
    counts(pool, "select 'dirty' as name, count(*)::int as n from dirty_item"),
    counts(pool, "select destination || ' ' || state || coalesce(' (' || failure_code || ')', '') as name, count(*)::int as n from delivery group by 1 order by 1"),
  ]);
  const engine = isRunning(run) ? `running since ${run.startedAt} (pid ${run.pid}), API ${run.http}` : "not running";
  return { engine, books, items, queues, dirtyItems: dirty[0]?.n ?? 0, deliveries, troubles, redis };
}

const list = (rows: readonly Counted[]): string => (rows.length === 0 ? "none" : rows.map(({ name, n }) => `${name} ${n}`).join(", "));

/** The report as text for a terminal. */
export function showStatus(report: StatusReport): string {
  const { books, troubles } = report;
  const { verdicts, outcomes } = books;
  const lines = [
    `engine      ${report.engine}`,
    `redis       ${report.redis}`,
    `received    ${books.received} = ${verdicts.accepted} accepted + ${verdicts.refused} refused + ${verdicts.duplicate} duplicate + ${verdicts.incomplete} incomplete`,
    `accepted    ${verdicts.accepted} = ${outcomes.applied} applied + ${outcomes.filtered} filtered + ${outcomes.failed} failed + ${outcomes.parked} parked + ${books.notYetFolded} not yet folded`,
    `items       ${list(report.items)}`,
    `ready       ${list(report.queues)}${report.dirtyItems > 0 ? ` (${report.dirtyItems} tickets on their way to Redis)` : ""}`,
    `deliveries  ${list(report.deliveries)}`,
  ];
  if (books.oldestWaitingSeconds > 5) lines.push(`waiting     the oldest record not yet folded is ${books.oldestWaitingSeconds} s old`);
  if (troubles.length > 0) lines.push("", "To look at (newest first):");
  for (const trouble of troubles)
    lines.push(
      `  ${trouble.receivedAt.toISOString().slice(0, 19)}Z  ${trouble.what.padEnd(10)} ${(trouble.messageType ?? "?").padEnd(8)} ${trouble.feed.padEnd(10)} ${trouble.code ?? ""}${trouble.place === undefined ? "" : ` at ${trouble.place}`}  record ${trouble.recordId}${trouble.accountId === undefined ? "" : `  account ${trouble.accountId}`}`,
    );
  if (troubles.some((trouble) => trouble.what === "failed" || trouble.what === "parked"))
    lines.push("", "After mending a map: npx chartbridge retry [ACCOUNT]");
  return `${lines.join("\n")}\n`;
}
