import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import type { CodeData } from "#src/codesets/code-data.ts";
import type { Evaluate } from "#src/codesets/rehearsal.ts";
import { type DatedCode, validityOf } from "#src/codesets/validity.ts";
import { procedureCodeOf } from "#src/coding/charges.ts";
import { dayOf, stayOf } from "#src/coding/stay.ts";
import { codingContext } from "#src/coding/coding-version.pg.ts";
import { readRelated } from "#src/coding/related.pg.ts";
import type { RelatedItem } from "#src/coding/scene.ts";
import type { CheckCodes, CodeSubmission, Stream } from "#src/coding/submission.ts";

/** An item with what its edits are run on. */
export interface RehearsalItem {
  readonly id: string;
  readonly stream: Stream;
  readonly chart: ChartSnapshot;
  /** The newest submission; absent when nobody has coded the item yet. */
  readonly codes?: CodeSubmission;
  /** The patient's other items. */
  readonly related: readonly RelatedItem[];
  /** Identifier of the first payer; empty = the patient pays. */
  readonly payer: string;
  /** All charges of the account, whole US cents. */
  readonly cents: number;
}

/** Items read at once. */
const PAGE = 100;

/** The items that are open now, and those coded in the last days, each with its newest codes and its chart as it stands. */
export async function* rehearsalItems(pool: pg.Pool, sealer: Sealer, since: Date): AsyncGenerator<RehearsalItem> {
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const { rows } = await pool.query<{
      id: string;
      account_id: string;
      stream: Stream;
      sealed_codes: Buffer | null;
      payer_id: string | null;
      total_cents: number;
    }>(
      `select i.id, i.account_id, i.stream, v.sealed_codes, a.payer_id, a.total_cents from coding_item i join account a on a.id = i.account_id
       left join lateral (select sealed_codes, made_at from coding_version c where c.item_id = i.id order by c.version desc limit 1) v on true
       where i.id > $1 and (i.progress in ('open', 'awaiting', 'final-coded') or v.made_at >= $2) order by i.id limit $3`,
      [after, since, PAGE],
    );
    for (const row of rows) {
      const chart = await readChart(pool, sealer, row.account_id);
      if (chart === undefined) continue;
      yield {
        id: row.id,
        stream: row.stream,
        chart,
        ...(row.sealed_codes === null ? {} : { codes: sealer.openJson(row.sealed_codes, codingContext(row.id)) as CodeSubmission }),
        related: row.sealed_codes === null ? [] : await readRelated(pool, sealer, row.id),
        payer: row.payer_id ?? "",
        cents: row.total_cents,
      };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.id;
  }
}

/** Judges items by one state of the code sets and the edits: what is coded by every edit, what is not yet by whether the chart's codes are valid. */
export function judgeItems(check: CheckCodes, data: CodeData): Evaluate<RehearsalItem> {
  return (item) =>
    item.codes === undefined
      ? validityOf(datedCodes(item), data)
      : // Which edits could not look is no result; that a set has no data is.
        check(item.chart, item.stream, item.codes, item.related).map((finding) =>
          finding.kind === "no-data" ? { ...finding, message: finding.message.replace(/, so .*/, ".") } : finding,
        );
}

/**
 * The codes of an item with the day each set is chosen by: the discharge of an inpatient stay, else the day of service. Of an item that nobody has coded,
 * those the chart came with.
 */
export function datedCodes({ chart, codes }: Pick<RehearsalItem, "chart" | "codes">): readonly DatedCode[] {
  const stay = stayOf(chart);
  const day = (stay?.inpatient === true ? (stay.through ?? stay.from) : stay?.from) ?? "";
  const charges = ofType(chart, "ChargeItem");
  const serviceDay = (chargeId: string | undefined): string => dayOf(charges.find(({ id }) => id === chargeId)?.occurrenceDateTime) ?? day;
  const procedureSystem = (code: string): DatedCode["system"] => (/^[A-Z]/i.test(code) ? "hcpcs" : "cpt");
  const found: readonly DatedCode[] =
    codes === undefined
      ? [
          ...ofType(chart, "Condition").flatMap(({ code }, index) =>
            (code?.coding ?? [])
              .filter(({ system }) => system?.endsWith("icd-10-cm") === true)
              .map((one): DatedCode => ({ system: "icd-10-cm", code: one.code ?? "", date: day, path: `chart.Condition[${index}]` })),
          ),
          ...charges.flatMap((charge, index): readonly DatedCode[] => {
            const code = procedureCodeOf(charge);
            return code === undefined || charge.status !== "billable"
              ? []
              : [{ system: procedureSystem(code), code, date: serviceDay(charge.id), path: `chart.ChargeItem[${index}]` }];
          }),
        ]
      : [
          ...codes.diagnoses.map(({ code }, index): DatedCode => ({ system: "icd-10-cm", code, date: day, path: `diagnoses[${index}]` })),
          ...codes.procedures.map(
            ({ code }, index): DatedCode => ({ system: "icd-10-pcs", code, date: day, path: `procedures[${index}]` }),
          ),
          ...codes.lines.flatMap(({ procedureCode, serviceDate, chargeId }, index): readonly DatedCode[] =>
            procedureCode === undefined
              ? []
              : [
                  {
                    system: procedureSystem(procedureCode),
                    code: procedureCode,
                    date: serviceDate ?? serviceDay(chargeId),
                    path: `lines[${index}].procedureCode`,
                  },
                ],
          ),
        ];
  return found.filter(({ code, date }) => code !== "" && date !== "");
}
