import { describe, expect, it } from "vitest";
import { createChecks } from "#src/coding/checks.ts";
import { evaluate } from "#src/coding/evaluate.ts";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import {
  chartOf,
  demoSite,
  EMERGENCY_CHART,
  EMERGENCY_CODES,
  INPATIENT_CHART,
  INPATIENT_CODES,
  PROFESSIONAL_CODES,
} from "../claims/charts.ts";
import { codeTable } from "./code-table.ts";

const site = demoSite();
const check = createChecks({ site, data: () => NO_CODE_DATA });
const CHARTS = { inpatient: chartOf(INPATIENT_CHART), emergency: chartOf(EMERGENCY_CHART) };

describe("the edits of a submission", () => {
  it("say nothing against good codes; without code sets they say that they could not look", () => {
    for (const findings of [
      check(CHARTS.inpatient, "FAC", INPATIENT_CODES),
      check(CHARTS.emergency, "FAC", EMERGENCY_CODES),
      check(CHARTS.emergency, "PRO:MED", PROFESSIONAL_CODES),
    ]) {
      expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
      expect(findings.some(({ kind }) => kind === "no-data")).toBe(true);
    }
  });

  it("say once for each set and day that there is no data, and of no code that it is wrong", () => {
    const data = codeTable({ pcs: ["0DTJ4ZZ"], cm: ["J18.9"], loaded: ["2024-10-01", "2025-09-30"] });
    const { findings } = evaluate({ chart: CHARTS.inpatient, stream: "FAC", codes: INPATIENT_CODES, site, data });
    const told = findings.filter(({ kind }) => kind === "no-data");
    expect(told.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual(told.map(() => "NO-DATA info"));
    expect(told.map(({ message }) => message)).toContain(
      "There is no data for 2026-03-05 in icd-10-cm, so DX01, DX02, DX03, DX24 did not look.",
    );
    expect(told.map(({ message }) => message)).toContain("There is no data for 2026-03-05 in icd-10-pcs, so IP04 did not look.");
    expect(findings.filter(({ severity }) => severity === "hard")).toEqual([]);
  });

  it("name the code-set versions they looked at", () => {
    const data = codeTable({ cm: ["J18.9"] });
    const { findings } = evaluate({ chart: CHARTS.inpatient, stream: "FAC", codes: INPATIENT_CODES, site, data });
    expect(findings.find(({ rule }) => rule === "DX01")).toMatchObject({ path: "diagnoses[1].code", data: ["icd-10-cm test"] });
  });

  it("never quote what was typed where a code belongs", () => {
    const codes = codeSubmission.parse({
      diagnoses: [{ code: "SMITH", use: "principal" }],
      lines: [{ procedureCode: "JOHN", modifiers: ["XYZ"] }],
    });
    const all = check(CHARTS.inpatient, "FAC", codes);
    expect(all.length).toBeGreaterThan(2);
    for (const finding of all) expect(JSON.stringify(finding)).not.toMatch(/SMITH|JOHN|XYZ/);
  });
});
