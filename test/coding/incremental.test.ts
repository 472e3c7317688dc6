import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Evaluation, evaluate } from "#src/coding/evaluate.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import { chartOf, demoSite, INPATIENT_CHART } from "../claims/charts.ts";
import { codeTable } from "./code-table.ts";

const site = demoSite();
const chart = chartOf({ ...INPATIENT_CHART, accountId: "00000000-0000-4000-8000-00000000cccc" });
const data = codeTable({
  cm: ["J18.9", "I10", "E11.9", "E10.9", "D63.1", "N18.30", "M17.10"],
  pcs: ["0DTJ4ZZ"],
  lists: { "poa-exempt": ["Z794"], "mce-manifestation": ["D631"] },
  excludes1: ["E119 E109"],
  sides: [["M1711", "M1712", "M1710"]],
});

const diagnosis = fc.record(
  {
    code: fc.constantFrom("J18.9", "I10", "E11.9", "E10.9", "D63.1", "N18.30", "M17.10", "Z79.4", "X", "W11.XXXA"),
    use: fc.constantFrom("principal", "secondary", "admitting"),
    onAdmission: fc.constantFrom("Y", "N", "U"),
  },
  { requiredKeys: ["code", "use"] },
);
const procedure = fc.record({ code: fc.constantFrom("0DTJ4ZZ", "5A1955Z", "O"), date: fc.constantFrom("2026-03-03", "2026-01-01") });
const line = fc.record({
  procedureCode: fc.constantFrom("Q4010", "G0463", "4X"),
  revenueCode: fc.constantFrom("0270", "0360", "27"),
  modifiers: fc.subarray(["RT", "LT", "59", "26"]),
  diagnosisPointers: fc.subarray([1, 2, 9]),
  serviceDate: fc.constantFrom("2026-03-03", "2026-05-01"),
});
const submission = fc.record({
  diagnoses: fc.array(diagnosis, { maxLength: 5 }),
  procedures: fc.array(procedure, { maxLength: 2 }),
  lines: fc.array(line, { maxLength: 3 }),
});

describe("an evaluation that goes on from one before", () => {
  it("finds what a whole one finds, in the same order, through any course of changes", () => {
    fc.assert(
      fc.property(fc.array(submission, { minLength: 2, maxLength: 6 }), (course) => {
        let going: Evaluation | undefined;
        for (const one of course) {
          const input = { chart, stream: "FAC" as const, codes: codeSubmission.parse(one), site, data };
          going = evaluate(input, undefined, going);
          expect(going.findings).toEqual(evaluate(input).findings);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("runs only the edits that read what changed", () => {
    const codes = codeSubmission.parse({ diagnoses: [{ code: "J18.9", use: "principal", onAdmission: "Y" }] });
    const first = evaluate({ chart, stream: "FAC", codes, site, data });
    expect(evaluate({ chart, stream: "FAC", codes, site, data }, undefined, first).ran).toEqual([]);
    const procedures = [{ code: "0DTJ4ZZ", date: "2026-03-03" }];
    expect(evaluate({ chart, stream: "FAC", codes: { ...codes, procedures }, site, data }, undefined, first).ran).toEqual([
      ...["DX20", "IP02", "IP03", "IP04", "IP05", "IP06", "PX01", "PX20"],
    ]);
  });

  it("runs everything when the code sets are others", () => {
    const codes = codeSubmission.parse({ diagnoses: [{ code: "J18.9", use: "principal", onAdmission: "Y" }] });
    const first = evaluate({ chart, stream: "FAC", codes, site, data });
    const other = evaluate({ chart, stream: "FAC", codes, site, data: codeTable({ cm: ["I10"] }) }, undefined, first);
    expect(other.ran.length).toBe(first.ran.length);
    expect(other.findings.map(({ rule }) => rule)).toContain("DX01");
  });
});
