import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";
import type { CheckCodes, CodeSubmission, Stream } from "#src/coding/submission.ts";

/** What an edit of now would have done over the claims that were released. */
export interface Backtest {
  readonly rule: string;
  /** Claims looked at: released, with their chart still kept. Voids are none. */
  readonly claims: number;
  readonly cents: number;
  /** Claims it would have fired on. */
  readonly fired: number;
  readonly firedCents: number;
  /** Of those, how many a payer denied for a reason of coding, and the dollars denied. */
  readonly firedAndDenied: number;
  readonly deniedCents: number;
  /** Claims denied for a reason of coding in all, fired on or not. */
  readonly denied: number;
  /** Of the claims it fired on, how many the payer took as they were: what it would have stopped for nothing. */
  readonly firedAndAccepted: number;
  /** Claims whose chart as coded is no longer kept. */
  readonly notLooked: number;
  /** Some of the claims it fired on and that were denied. */
  readonly examples: readonly string[];
}

interface Row {
  id: string;
  item_id: string;
  account_id: string;
  stream: Stream;
  total_cents: string;
  payer_state: string;
  denied_cents: string;
  chart_version: number;
  sealed_codes: Buffer;
}

/** Claims in one read: each brings a whole chart with it. */
const PAGE = 100;
const EXAMPLES = 20;

/**
 * Runs one edit over the codes and charts of every claim released since a day. Nothing is changed; other accounts of the patients are left out, for they
 * are not as they were. @param check the edits, only this one.
 */
export async function backtest(
  pool: pg.Pool,
  sealer: Sealer,
  { rule, check, since }: { readonly rule: string; readonly check: CheckCodes; readonly since: Date },
): Promise<Backtest> {
  const count = {
    claims: 0,
    cents: 0,
    fired: 0,
    firedCents: 0,
    firedAndDenied: 0,
    deniedCents: 0,
    denied: 0,
    firedAndAccepted: 0,
    notLooked: 0,
  };
  const examples: string[] = [];
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const { rows } = await pool.query<Row>(
      `select c.id, c.item_id, c.account_id, i.stream, c.total_cents, c.payer_state, v.chart_version, v.sealed_codes,
         (select coalesce(sum(d.cents), 0) from claim_denial d where d.claim_id = c.id and d.owner in ('coding', 'cdi')) as denied_cents
       from claim c join coding_item i on i.id = c.item_id join coding_version v on v.item_id = c.item_id and v.version = c.coding_version
       where c.id > $1 and c.frequency <> '8' and c.created_at >= $2 order by c.id limit ${PAGE}`,
      [after, since],
    );
    const last = rows.at(-1);
    if (last === undefined) return { rule, ...count, examples };
    after = last.id;
    for (const row of rows) {
      const chart = await readChart(pool, sealer, row.account_id, row.chart_version);
      if (chart === undefined) {
        count.notLooked++;
        continue;
      }
      const codes = sealer.openJson(row.sealed_codes, codingContext(row.item_id)) as CodeSubmission;
      const fires = check(chart, row.stream, codes, []).some((finding) => finding.rule === rule && finding.kind !== "no-data");
      const [cents, denied] = [Number(row.total_cents), Number(row.denied_cents)];
      count.claims++;
      count.cents += cents;
      if (denied > 0) count.denied++;
      if (!fires) continue;
      count.fired++;
      count.firedCents += cents;
      if (row.payer_state === "accepted") count.firedAndAccepted++;
      if (denied === 0) continue;
      count.firedAndDenied++;
      count.deniedCents += denied;
      if (examples.length < EXAMPLES) examples.push(row.id);
    }
  }
}
