import { setTimeout as wait } from "node:timers/promises";
import { openPool } from "#src/database/pool.pg.ts";

/** What the engine has made of the messages so far. */
export interface Progress {
  /** Records with an outcome. */
  readonly outcomes: number;
  /** Items whose ticket is not on its queue yet. */
  readonly dirty: number;
}

/** Looks into the engine's database while it works. */
export interface Watch {
  look(): Promise<Progress>;
  /** Outcomes by kind and items by state, for a person. */
  summary(): Promise<string>;
  close(): Promise<void>;
}

interface Counted {
  readonly name: string;
  readonly n: number;
}

/** Watches over one connection, so that looking costs the engine little. */
export function openWatch(databaseUrl: string): Watch {
  const pool = openPool(databaseUrl, { max: 1, name: "bench" }, () => undefined);
  const counts = async (sql: string): Promise<string> => {
    const { rows } = await pool.query<Counted>(sql);
    return rows.map(({ name, n }) => `${n} ${name}`).join(", ") || "none";
  };
  return {
    look: async () => {
      const { rows } = await pool.query<Progress>(
        `select (select count(*) from journal_outcome) as outcomes, (select count(*) from dirty_item) as dirty`,
      );
      return rows[0] ?? { outcomes: 0, dirty: 0 };
    },
    summary: async () => {
      const outcomes = await counts(`select outcome as name, count(*) as n from journal_outcome group by 1 order by 2 desc`);
      const items = await counts(`select state as name, count(*) as n from coding_item group by 1 order by 2 desc`);
      return `records: ${outcomes}; items: ${items}`;
    },
    close: () => pool.end(),
  };
}

/**
 * Looks again and again until `expected` records have an outcome and every ticket is on its queue.
 * @returns the time of the look that found it so (ms of Unix time); undefined when `withinMs` passed first.
 */
export async function untilDrained(
  watch: Pick<Watch, "look">,
  { expected, everyMs, withinMs }: { readonly expected: number; readonly everyMs: number; readonly withinMs: number },
): Promise<number | undefined> {
  for (let look = 0; look * everyMs < withinMs; look++) {
    const { outcomes, dirty } = await watch.look();
    if (outcomes >= expected && dirty === 0) return Date.now();
    await wait(everyMs);
  }
  return undefined;
}
