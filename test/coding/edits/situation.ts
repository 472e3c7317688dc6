import { evaluate } from "#src/coding/evaluate.ts";
import { type Policy, policyShape } from "#src/coding/policy.ts";
import type { RelatedItem } from "#src/coding/scene.ts";
import { codeSubmission, type Stream } from "#src/coding/submission.ts";
import { type ChartSpec, chargeId, chartOf, demoSite } from "../../claims/charts.ts";
import { codeTable, type Rows } from "../code-table.ts";

const site = demoSite();

const USES: Readonly<Record<string, string>> = {
  adm: "admitting",
  prv: "patientreasonforvisit",
  ext: "externalcauseofinjury",
  pri: "principal",
  sec: "secondary",
};

/** Diagnoses in short: `J18.9 Y`, `R05.9 adm`, `W11.XXXA ext`; the first is principal unless it says otherwise. */
export const dx = (...texts: readonly string[]): object[] =>
  texts.map((text, index) => {
    const [code, ...words] = text.split(" ");
    const use = words.map((word) => USES[word]).find((one) => one !== undefined) ?? (index === 0 ? "principal" : "secondary");
    const onAdmission = words.find((word) => /^[YNUW]$/.test(word));
    return { code, use, ...(onAdmission === undefined ? {} : { onAdmission }) };
  });

/** Lines in short: `G0463 x2 25,RT rev0510 ->1,2 on2026-03-03 $10`; a line of a charge begins with `#0`. */
export const lines = (...texts: readonly string[]): object[] =>
  texts.map((text) => {
    const line: Record<string, unknown> = { modifiers: [], diagnosisPointers: [] };
    for (const word of text.split(" ")) {
      if (word.startsWith("#")) line["chargeId"] = chargeId(Number(word.slice(1)));
      else if (/^x[\d.]+$/.test(word)) line["units"] = Number(word.slice(1));
      else if (word.startsWith("rev")) line["revenueCode"] = word.slice(3);
      else if (word.startsWith("->")) line["diagnosisPointers"] = word.slice(2).split(",").map(Number);
      else if (word.startsWith("on2")) line["serviceDate"] = word.slice(2);
      else if (word.startsWith("$")) line["amountCents"] = Number(word.slice(1)) * 100;
      else if (word.startsWith("+")) line["modifiers"] = word.slice(1).split(",");
      else if (word !== "") line["procedureCode"] = word;
    }
    return line;
  });

export interface Situation {
  /** IMP unless told. */
  readonly chart?: Partial<ChartSpec>;
  /** FAC unless told. */
  readonly stream?: Stream;
  readonly codes?: Readonly<Record<string, unknown>>;
  readonly rows?: Rows;
  readonly policy?: Partial<Policy>;
  readonly related?: readonly Partial<RelatedItem>[];
  readonly today?: string;
}

const ROOM = { code: "1200001", cents: 426_000, units: 3 };
export const INPATIENT: Partial<ChartSpec> = { class: "IMP", charges: [ROOM] };
export const OUTPATIENT: Partial<ChartSpec> = { class: "AMB", charges: [{ code: "5100463", cents: 18_500, hcpcs: "G0463" }] };
export const EMERGENCY: Partial<ChartSpec> = { class: "EMER", charges: [{ code: "4560383", cents: 64_000, hcpcs: "G0383" }] };
export const OFFICE: Partial<ChartSpec> = { class: "AMB", charges: [] };

const OTHER: RelatedItem = {
  itemId: "00000000-0000-4000-8000-00000000aaaa",
  accountId: "00000000-0000-4000-8000-00000000bbbb",
  stream: "FAC",
  inpatient: false,
  facility: "NORTH",
  released: true,
  diagnoses: [],
  lines: [],
};

/** Everything the edits say of a situation. */
export function findingsOf({ chart = INPATIENT, stream = "FAC", codes = {}, rows = {}, policy, related, today }: Situation) {
  return evaluate({
    chart: chartOf({ class: "IMP", charges: [], accountId: "00000000-0000-4000-8000-00000000cccc", ...chart }),
    stream,
    codes: codeSubmission.parse({ diagnoses: dx("J18.9 Y"), ...codes }),
    site,
    data: codeTable(rows),
    ...(policy === undefined ? {} : { policy: policyShape.parse(policy) }),
    ...(related === undefined ? {} : { related: related.map((one) => ({ ...OTHER, ...one })) }),
    ...(today === undefined ? {} : { today }),
  }).findings;
}

/** What one edit says: `hard diagnoses[0].code`. */
export const saidBy = (edit: string, situation: Situation): string[] =>
  findingsOf(situation)
    .filter(({ rule }) => rule === edit)
    .map(({ severity, path }) => `${severity} ${path.replace(/charges\[[0-9a-f-]{36}\]/, "charges[#]")}`);

/** One row of the tables: the edit, the situation in words, the situation, and what the edit says of it (nothing: silent). */
export type Row = readonly [edit: string, name: string, situation: Situation, said: readonly string[]];
