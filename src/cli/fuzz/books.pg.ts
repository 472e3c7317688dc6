import { setTimeout as wait } from "node:timers/promises";
import { openPool } from "#src/database/pool.pg.ts";
import { type JournalBooks, readJournalBooks } from "#src/journal/books.pg.ts";

/** What the engine says it received and answered. */
export interface EngineBooks {
  readonly journal: JournalBooks;
  /** Answers by MSA-1, as the journal has them. */
  readonly answers: ReadonlyMap<string, number>;
}

/** How often the backlog is looked at, in ms. */
const LOOK_MS = 1_000;

/** Waits until every accepted message is folded, or for `stuckMs` none was, and reads the books. */
export async function readEngineBooks(databaseUrl: string, stuckMs: number): Promise<EngineBooks> {
  const pool = openPool(databaseUrl, { max: 1, name: "fuzz" }, () => undefined);
  try {
    let journal = await readJournalBooks(pool);
    for (let stuck = 0; journal.notYetFolded > 0 && stuck < stuckMs; stuck += LOOK_MS) {
      const { notYetFolded } = journal;
      await wait(LOOK_MS);
      journal = await readJournalBooks(pool);
      if (journal.notYetFolded < notYetFolded) stuck = 0;
    }
    const { rows } = await pool.query<{ code: string; n: number }>(
      `select code, count(*)::int as n from (
         select answer as code from journal_record where answer is not null
         union all select code from application_answer where state = 'sent' and mode = 'application' and code is not null) as given
       group by 1`,
    );
    return { journal, answers: new Map(rows.map(({ code, n }) => [code, n])) };
  } finally {
    await pool.end();
  }
}
