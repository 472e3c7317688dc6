import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { inTransaction } from "#src/database/pool.pg.ts";
import { codingContext } from "./coding-version.pg.ts";
import { anchorEvidence } from "./evidence.ts";
import type { CodeSubmission } from "./submission.ts";

/** A coded item whose evidence the chart no longer has. */
export interface BrokenEvidence {
  readonly itemId: string;
  readonly version: number;
  /** `diagnoses[0]: words gone` */
  readonly broken: readonly string[];
}

export interface EvidenceNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  /** Called within the transaction that notes the chart as looked at: raises RECODE. */
  readonly onBroken: (client: pg.PoolClient, broken: BrokenEvidence) => Promise<void>;
}

const AT_ONCE = 100;

/**
 * Looks for the evidence of coded items in charts that changed since. A link that moved is still there; a broken one is told of once, and the
 * frozen version is not touched.
 * @returns how many items were looked at.
 */
export async function watchEvidence({ pool, sealer, onBroken }: EvidenceNeeds): Promise<number> {
  const { rows } = await pool.query<{ item_id: string; version: number }>(
    `select b.item_id, b.version from coding_version_basis b join coding_item i on i.id = b.item_id join account a on a.id = i.account_id
     where b.has_evidence and a.chart_version > b.evidence_chart_version
       and b.version = (select max(version) from coding_version v where v.item_id = b.item_id) limit ${AT_ONCE}`,
  );
  for (const { item_id: itemId, version } of rows)
    await inTransaction(pool, async (client) => {
      const found = await client.query<{ account_id: string; chart_version: number; sealed_codes: Buffer; before: number }>(
        `select i.account_id, a.chart_version, v.sealed_codes, b.evidence_chart_version as before from coding_item i
         join account a on a.id = i.account_id join coding_version v on v.item_id = i.id and v.version = $2
         join coding_version_basis b on b.item_id = i.id and b.version = $2 where i.id = $1 for share of a`,
        [itemId, version],
      );
      const item = found.rows[0];
      const chart = item === undefined ? undefined : await readChart(client, sealer, item.account_id, item.chart_version);
      if (item === undefined || chart === undefined) return;
      const codes = sealer.openJson(item.sealed_codes, codingContext(itemId)) as CodeSubmission;
      const broken = anchorEvidence(chart, codes).flatMap(({ path, anchored }) =>
        anchored.state === "broken" ? [`${path}: ${anchored.why}`] : [],
      );
      await client.query("update coding_version_basis set evidence_chart_version = $3 where item_id = $1 and version = $2", [
        itemId,
        version,
        item.chart_version,
      ]);
      if (broken.length > 0) await onBroken(client, { itemId, version, broken });
    });
  return rows.length;
}
