import type pg from "pg";
import type { Feed } from "#src/config/feed.ts";

/** A change of a feed's life, as the log keeps it. */
export interface LifeChange {
  readonly feed: string;
  readonly life: Feed["life"];
  readonly before: Feed["life"] | undefined;
}

/**
 * Writes down the life of each feed where it differs from the last one, with who changed it and why (`lifeNote`).
 * @returns the changes, and a sentence for each one that nobody has signed; then nothing is written.
 */
export async function recordLives(
  pool: pg.Pool,
  feeds: readonly Feed[],
): Promise<{ readonly changes: readonly LifeChange[]; readonly faults: readonly string[] }> {
  const { rows } = await pool.query<{ feed: string; life: Feed["life"]; who: string; why: string }>(
    "select distinct on (feed) feed, life, who, why from feed_life order by feed, since desc",
  );
  const last = new Map(rows.map((row) => [row.feed, row]));
  const changed = feeds.filter((feed) => last.get(feed.name)?.life !== feed.life);
  const faults = changed.flatMap(({ name, life, lifeNote }) => {
    const before = last.get(name);
    if (before === undefined) return [];
    if (lifeNote === undefined)
      return [`feeds.${name}: its life was ${before.life} and is now ${life}: say who changed it and why under lifeNote`];
    if (lifeNote.who === before.who && lifeNote.why === before.why)
      return [`feeds.${name}: its life was ${before.life} and is now ${life}, and lifeNote is still that of the change before`];
    return [];
  });
  const changes = changed.map(({ name: feed, life }): LifeChange => ({ feed, life, before: last.get(feed)?.life }));
  if (faults.length > 0) return { changes, faults };
  for (const { name, life, lifeNote } of changed)
    await pool.query("insert into feed_life (feed, life, who, why) values ($1, $2, $3, $4)", [
      name,
      life,
      lifeNote?.who ?? "configuration",
      lifeNote?.why ?? "first start of the feed",
    ]);
  return { changes, faults: [] };
}
