import type pg from "pg";

type Queryable = pg.Pool | pg.PoolClient;

/** A denial as people are shown it. */
export interface DenialRow {
  readonly claimId: string;
  readonly answerId: string;
  readonly line: number | null;
  readonly list: string;
  readonly code: string;
  readonly group: string | null;
  readonly remarks: readonly string[];
  readonly owner: string;
  readonly cents: number;
  readonly deadline: string | null;
  /** The edit that would have stopped it, or that did and was set aside; null: there is none yet. */
  readonly edit: { readonly rule: string; readonly path: string; readonly overridden: boolean } | null;
  readonly at: Date;
}

/** Denials of an item, or of one claim, the newest answer last. */
export async function listDenials(
  pool: Queryable,
  of: { readonly itemId: string } | { readonly claimId: string },
): Promise<readonly DenialRow[]> {
  const [column, id] = "itemId" in of ? ["item_id", of.itemId] : ["claim_id", of.claimId];
  const { rows } = await pool.query<
    Omit<DenialRow, "cents" | "edit"> & { cents: string; rule: string | null; path: string | null; overridden: boolean }
  >(
    `select claim_id as "claimId", answer_id as "answerId", line, list, code, group_code as "group", remarks, owner, cents, deadline::text, edit_rule as rule,
       edit_path as path, edit_overridden as overridden, at from claim_denial where ${column} = $1 order by id`,
    [id],
  );
  return rows.map(({ rule, path, overridden, cents, ...row }) => ({
    ...row,
    cents: Number(cents),
    edit: rule === null ? null : { rule, path: path ?? "", overridden },
  }));
}
