import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import type { Judged } from "./overrides.ts";

type Queryable = pg.Pool | pg.PoolClient;

const reasonContext = (itemId: string): string => `override ${itemId}`;

/** Keeps what the edits came to at one submit, refused ones included; reasons are sealed, for people write what they see. */
export async function recordFirings(
  client: Queryable,
  sealer: Sealer,
  { itemId, coder, judged }: { readonly itemId: string; readonly coder: string; readonly judged: readonly Judged[] },
): Promise<void> {
  const told = judged.filter(({ finding }) => finding.kind !== "no-data");
  if (told.length === 0) return;
  await client.query(
    `insert into edit_firing (item_id, rule, severity, path, outcome, coder, payer_id, sealed_reason)
     select $1, f.rule, f.severity, f.path, f.outcome, $2, (select a.payer_id from account a join coding_item i on i.account_id = a.id where i.id = $1), f.reason
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[]) as f (rule, severity, path, outcome, reason)`,
    [
      itemId,
      coder,
      told.map(({ finding }) => finding.rule),
      told.map(({ finding }) => finding.severity),
      told.map(({ finding }) => finding.path),
      told.map(({ outcome }) => outcome),
      told.map(({ reason }) => (reason === undefined ? null : sealer.seal(Buffer.from(reason, "utf8"), reasonContext(itemId)))),
    ],
  );
}

/** How often an edit fired at submits, and what came of it. */
export interface EditStatistics {
  readonly rule: string;
  readonly stopped: number;
  readonly overridden: number;
  readonly told: number;
  /** Items it fired on. */
  readonly items: number;
  /** Of the times it stopped or was set aside, the share set aside; null when it never did either. */
  readonly overrideRate: number | null;
}

/** Statistics of every edit that fired since a moment. */
export async function readStatistics(db: Queryable, since: Date): Promise<readonly EditStatistics[]> {
  const { rows } = await db.query<EditStatistics>(
    `select rule, count(*) filter (where outcome = 'stopped')::int as stopped, count(*) filter (where outcome = 'overridden')::int as overridden,
       count(*) filter (where outcome = 'told')::int as told, count(distinct item_id)::int as items,
       round(count(*) filter (where outcome = 'overridden')::numeric / nullif(count(*) filter (where outcome <> 'told'), 0), 3)::float8 as "overrideRate"
     from edit_firing where at >= $1 group by rule order by rule`,
    [since],
  );
  return rows;
}

/** One reason for setting a finding aside, with who gave it. */
export interface OverrideEntry {
  readonly itemId: string;
  readonly rule: string;
  readonly path: string;
  readonly coder: string;
  readonly at: Date;
  readonly reason: string;
}

/** The newest overrides of an edit, for whoever reviews it. */
export async function readOverrides(db: Queryable, sealer: Sealer, rule: string, limit: number): Promise<readonly OverrideEntry[]> {
  const { rows } = await db.query<Omit<OverrideEntry, "reason"> & { sealed: Buffer }>(
    `select item_id as "itemId", rule, path, coder, at, sealed_reason as sealed from edit_firing
     where rule = $1 and outcome = 'overridden' and sealed_reason is not null order by id desc limit $2`,
    [rule, limit],
  );
  return rows.map(({ sealed, ...entry }) => ({ ...entry, reason: sealer.open(sealed, reasonContext(entry.itemId)).toString("utf8") }));
}
