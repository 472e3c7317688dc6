import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { linksOf } from "./evidence.ts";
import type { CodeSubmission, Finding } from "./submission.ts";
import { type Change, diffVersions } from "./version-diff.ts";

type Queryable = pg.Pool | pg.PoolClient;

/** What codes and findings of an item are sealed for. */
export const codingContext = (itemId: string): string => `coding ${itemId}`;

/** A frozen coding version: what was coded, on which chart, by which edits and code sets. */
export interface CodingVersion {
  readonly version: number;
  readonly chartVersion: number;
  readonly coder: string;
  readonly madeAt: Date;
  readonly rulePack: string;
  /** Code-set versions the findings rest on: `icd-10-cm FY2026`. */
  readonly dataVersions: readonly string[];
  readonly drg?: { readonly kind: string; readonly code: string; readonly version: string };
  readonly codes: CodeSubmission;
  readonly findings: readonly Finding[];
}

export interface Frozen {
  readonly itemId: string;
  readonly chartVersion: number;
  readonly coder: string;
  readonly rulePack: string;
  readonly codes: CodeSubmission;
  readonly findings: readonly Finding[];
}

/** Freezes codes as the item's next version, within the transaction of its submit. @returns its number. */
export async function freezeVersion(client: pg.PoolClient, sealer: Sealer, frozen: Frozen): Promise<number> {
  const { itemId, chartVersion, coder, rulePack, codes, findings } = frozen;
  const context = codingContext(itemId);
  const { rows } = await client.query<{ version: number }>(
    `insert into coding_version (item_id, version, chart_version, coder, rule_pack, sealed_codes, sealed_findings)
     values ($1, (select coalesce(max(version), 0) + 1 from coding_version where item_id = $1), $2, $3, $4, $5, $6) returning version`,
    [itemId, chartVersion, coder, rulePack, sealer.sealJson(codes, context), sealer.sealJson(findings, context)],
  );
  const version = rows[0]?.version ?? 1;
  await noteBasis(client, version, frozen);
  return version;
}

/** Keeps what a frozen version was judged by, beside it. */
export async function noteBasis(
  client: pg.PoolClient,
  version: number,
  { itemId, chartVersion, rulePack, codes, findings }: Frozen,
): Promise<void> {
  const dataVersions = [...new Set(findings.flatMap(({ data }) => data ?? []))].sort();
  const drg = codes.abstract?.drg;
  await client.query(
    `insert into coding_version_basis (item_id, version, rule_pack, data_versions, drg_kind, drg_code, drg_version, has_evidence, evidence_chart_version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      itemId,
      version,
      rulePack,
      JSON.stringify(dataVersions),
      drg?.kind ?? null,
      drg?.code ?? null,
      drg?.version ?? null,
      linksOf(codes).length > 0,
      chartVersion,
    ],
  );
}

interface Row {
  version: number;
  chart_version: number;
  coder: string;
  made_at: Date;
  rule_pack: string;
  data_versions: readonly string[] | null;
  drg_kind: string | null;
  drg_code: string | null;
  drg_version: string | null;
  sealed_codes: Buffer;
  sealed_findings: Buffer;
}

/** All versions of an item, oldest first. */
export async function readVersions(db: Queryable, sealer: Sealer, itemId: string): Promise<readonly CodingVersion[]> {
  const { rows } = await db.query<Row>(
    `select v.version, v.chart_version, v.coder, v.made_at, v.rule_pack, b.data_versions, b.drg_kind, b.drg_code, b.drg_version,
       v.sealed_codes, v.sealed_findings
     from coding_version v left join coding_version_basis b using (item_id, version) where v.item_id = $1 order by v.version`,
    [itemId],
  );
  const context = codingContext(itemId);
  return rows.map((row) => ({
    version: row.version,
    chartVersion: row.chart_version,
    coder: row.coder,
    madeAt: row.made_at,
    rulePack: row.rule_pack,
    dataVersions: row.data_versions ?? [],
    ...(row.drg_kind === null || row.drg_code === null || row.drg_version === null
      ? {}
      : { drg: { kind: row.drg_kind, code: row.drg_code, version: row.drg_version } }),
    codes: sealer.openJson(row.sealed_codes, context) as CodeSubmission,
    findings: sealer.openJson(row.sealed_findings, context) as readonly Finding[],
  }));
}

/** What one version of an item changed of another; undefined when there is no such version. */
export async function readDiff(
  db: Queryable,
  sealer: Sealer,
  itemId: string,
  from: number,
  to: number,
): Promise<readonly Change[] | undefined> {
  const versions = await readVersions(db, sealer, itemId);
  const before = versions.find(({ version }) => version === from);
  const after = versions.find(({ version }) => version === to);
  return before === undefined || after === undefined ? undefined : diffVersions(before.codes, after.codes);
}
