import type { Finding } from "./submission.ts";

/** Version of the rules here; stored with every coding version. */
export const RULE_PACK = "chartbridge-edits 2.0.0";

/** What the rules rest on. */
export const CITE = {
  codeSets: "45 CFR 162.1002",
  npi: "45 CFR 162.406",
  cmSections: "ICD-10-CM Official Guidelines, Sections II, III and IV",
  mce: "CMS Definitions of Medicare Code Edits",
  externalCause: "ICD-10-CM Official Guidelines, Section I.C.20.a.6",
  poa: "ICD-10-CM Official Guidelines, Appendix I",
  pcs: "ICD-10-PCS Official Guidelines; 45 CFR 162.1002(c)(3)",
  ub67: "UB-04 form locator 67",
  ub69: "UB-04 form locator 69",
  ub70: "UB-04 form locator 70",
  ub72: "UB-04 form locator 72",
  ub74: "UB-04 form locator 74",
  ub42: "UB-04 form locator 42",
  ub44: "UB-04 form locator 44",
  ub45: "UB-04 form locator 45",
  ub76: "UB-04 form locator 76",
  cms21: "CMS-1500 item 21",
  cms24d: "CMS-1500 item 24D",
  cms24e: "CMS-1500 item 24E",
  cms24f: "CMS-1500 item 24F",
  transaction: "45 CFR 162.1102",
} as const;

export type FoundText = readonly [message: string, fix: string];

const found =
  (severity: Finding["severity"]) =>
  (rule: string, path: string, [message, fix]: FoundText, citation: string): Finding => ({
    rule,
    severity,
    path,
    message,
    fix,
    citation,
    version: RULE_PACK,
  });

/** Stops the submit. */
export const hard = found("hard");
/** Wants a reason. */
export const soft = found("soft");
/** Tells. */
export const info = found("info");
