import type pg from "pg";

/** A file that was taken as a whole, and what came of its messages. */
export interface SeenFile {
  readonly takenAt: Date;
  readonly messages: number;
  readonly accepted: number;
  readonly refused: number;
  readonly duplicates: number;
}

/** Which files were taken, by their content. A file's name is never kept: senders put names of patients there. */
export interface TakenFiles {
  /** The first time this content was taken on the feed; undefined when it was not. */
  seen(feed: string, sha256: Buffer): Promise<SeenFile | undefined>;
  /** Called when every message of the file is committed. Of a file taken again the first time stays. */
  remember(feed: string, sha256: Buffer, file: SeenFile): Promise<void>;
}

export const createTakenFiles = (pool: pg.Pool): TakenFiles => ({
  seen: async (feed, sha256) => {
    const { rows } = await pool.query<{ taken_at: Date; messages: number; accepted: number; refused: number; duplicates: number }>(
      "select taken_at, messages, accepted, refused, duplicates from taken_file where feed = $1 and sha256 = $2",
      [feed, sha256],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    const { taken_at: takenAt, ...counts } = row;
    return { takenAt, ...counts };
  },
  remember: async (feed, sha256, { takenAt, messages, accepted, refused, duplicates }) => {
    await pool.query(
      `insert into taken_file (feed, sha256, taken_at, messages, accepted, refused, duplicates) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (feed, sha256) do nothing`,
      [feed, sha256, takenAt, messages, accepted, refused, duplicates],
    );
  },
});
