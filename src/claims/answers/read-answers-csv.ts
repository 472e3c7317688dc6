import { centsFrom } from "#src/base/money.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { type CsvRow, readCsv } from "#src/sitedata/csv.ts";
import {
  type Adjustment,
  type AnsweredLine,
  type ClaimAnswer,
  isReason,
  isRemark,
  NOTHING_SAID,
  type Outcome,
  OUTCOMES,
} from "./answer.ts";

/**
 * A denial list as billing offices keep it, one row a reason: `claim` (our number) and `date`; `outcome` (queued, complete, error, partial), `line`, `group`,
 * `reason` (CARC), `remark` (RARC, several with blanks between), `amount` (not paid), `paid`, `payer_number`, `payer`, `documents_due` may be left out.
 */
export const ANSWER_COLUMNS = ["claim", "date"] as const;

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** Rows of one claim and day are one answer. Fails with `line N: what is wrong` for every fault, before anything is taken. */
export function readAnswersCsv(
  text: string,
): Result<readonly { readonly answer: ClaimAnswer; readonly lines: readonly number[] }[], readonly string[]> {
  const { rows, faults: unread } = readCsv(text, ANSWER_COLUMNS);
  const faults = unread.map(({ line, text: what }) => `line ${line}: ${what}`);
  const value = ({ values }: CsvRow, name: string): string => (values[name] ?? "").trim();
  for (const row of rows) {
    const fault = (what: string): void => void faults.push(`line ${row.line}: ${what}`);
    if (value(row, "claim") === "") fault("claim is empty");
    if (!DAY.test(value(row, "date"))) fault("date is not a day (YYYY-MM-DD)");
    const outcome = value(row, "outcome");
    if (outcome !== "" && !(OUTCOMES as readonly string[]).includes(outcome)) fault(`outcome is one of ${OUTCOMES.join(", ")}`);
    if (value(row, "line") !== "" && !/^[1-9]\d{0,2}$/.test(value(row, "line"))) fault("line is no line number");
    for (const name of ["amount", "paid"])
      if (value(row, name) !== "" && !centsFrom(value(row, name)).ok) fault(`${name} is no amount in dollars`);
    if (value(row, "reason") !== "" && !isReason(value(row, "reason").toUpperCase())) fault("reason is no adjustment reason code");
    const remarks = value(row, "remark").toUpperCase().split(/\s+/).filter(Boolean);
    if (!remarks.every(isRemark)) fault("remark is no remark code, or several with blanks between");
    if (value(row, "documents_due") !== "" && !DAY.test(value(row, "documents_due"))) fault("documents_due is not a day (YYYY-MM-DD)");
  }
  if (faults.length > 0) return fail(faults);
  const cents = (said: string): number | undefined => {
    const read = centsFrom(said);
    return read.ok ? read.value : undefined;
  };
  const reasonsOf = (row: CsvRow): readonly Adjustment[] => {
    const [code, group, amount] = [value(row, "reason").toUpperCase(), value(row, "group").toUpperCase(), cents(value(row, "amount"))];
    return code === ""
      ? []
      : [{ list: "CARC", code, ...(group === "" ? {} : { group }), ...(amount === undefined ? {} : { cents: amount }) }];
  };
  const remarksOf = (row: CsvRow): readonly string[] => value(row, "remark").toUpperCase().split(/\s+/).filter(Boolean);
  const saidOf = (some: readonly CsvRow[]) => ({ adjustments: some.flatMap(reasonsOf), remarks: [...new Set(some.flatMap(remarksOf))] });
  const answers = [...Map.groupBy(rows, (row) => `${value(row, "claim")}|${value(row, "date")}`).values()].map((own) => {
    const first = (name: string): string | undefined => own.map((row) => value(row, name)).find((one) => one !== "");
    const [payerNumber, insurer, due, paid] = [first("payer_number"), first("payer"), first("documents_due"), first("paid")];
    const byLine = Map.groupBy(own, (row) => value(row, "line"));
    const lines = [...byLine]
      .filter(([line]) => line !== "")
      .map(([line, some]): AnsweredLine => ({ sequence: Number(line), ...saidOf(some) }));
    const paidCents = paid === undefined ? undefined : cents(paid);
    const answer: ClaimAnswer = {
      source: "csv",
      claimNumber: first("claim") ?? "",
      ...(payerNumber === undefined ? {} : { payerNumber }),
      ...(insurer === undefined ? {} : { insurer }),
      outcome: (first("outcome") ?? "complete") as Outcome,
      created: first("date") ?? "",
      ...(paidCents === undefined ? {} : { paidCents }),
      whole: byLine.has("") ? saidOf(byLine.get("") ?? []) : NOTHING_SAID,
      lines,
      requests: due === undefined ? [] : [{ due, codes: [...new Set(own.flatMap(remarksOf))] }],
    };
    return { answer, lines: own.map(({ line }) => line) };
  });
  return ok(answers);
}
