import { describe, expect, it } from "vitest";
import { diffVersions } from "#src/coding/version-diff.ts";
import { codesOf, INPATIENT_CODES } from "../claims/charts.ts";

const base = {
  diagnoses: [
    { code: "J18.9", use: "principal", onAdmission: "Y" },
    { code: "I10", use: "secondary", onAdmission: "Y" },
  ],
};
const diff = (before: object, after: object) => diffVersions(codesOf({ ...base, ...before }), codesOf({ ...base, ...after }));
const [j18, i10] = base.diagnoses;

describe("the difference of two coding versions", () => {
  it("is nothing for the same codes written otherwise", () => {
    expect(diffVersions(INPATIENT_CODES, INPATIENT_CODES)).toEqual([]);
    expect(diff({}, { diagnoses: [{ ...j18, code: "j189" }, i10] })).toEqual([]);
  });

  it.each<[string, object, object, unknown[]]>([
    [
      "an added diagnosis",
      {},
      { diagnoses: [j18, i10, { code: "E11.9", use: "secondary" }] },
      [{ what: "diagnosis added", code: "E11.9", after: "secondary" }],
    ],
    ["a removed one", {}, { diagnoses: [j18] }, [{ what: "diagnosis removed", code: "I10", before: "secondary" }]],
    [
      "an indicator",
      {},
      { diagnoses: [j18, { ...i10, onAdmission: "N" }] },
      [{ what: "present on admission", code: "I10", before: "Y", after: "N" }],
    ],
    [
      "another principal diagnosis",
      {},
      {
        diagnoses: [
          { ...i10, use: "principal" },
          { ...j18, use: "secondary" },
        ],
      },
      [
        { what: "use", code: "I10", before: "secondary", after: "principal" },
        { what: "use", code: "J18.9", before: "principal", after: "secondary" },
        { what: "principal diagnosis", before: "J18.9", after: "I10" },
        { what: "order", before: "J18.9 I10", after: "I10 J18.9" },
      ],
    ],
    [
      "a procedure",
      {},
      { procedures: [{ code: "0DTJ4ZZ", date: "2026-03-03" }] },
      [{ what: "procedure added", code: "0DTJ4ZZ", after: "0DTJ4ZZ 2026-03-03 " }],
    ],
    [
      "units of a charge",
      { lines: [{ chargeId: "00000000-0000-4000-8000-000000000001", procedureCode: "J1885", units: 2 }] },
      { lines: [{ chargeId: "00000000-0000-4000-8000-000000000001", procedureCode: "J1885", units: 1 }] },
      [{ what: "line changed", code: "J1885", before: "J1885|||2|||->", after: "J1885|||1|||->" }],
    ],
    [
      "the abstract",
      {},
      { abstract: { conditionCodes: ["44"] } },
      [{ what: "abstract", before: "{}", after: '{"conditionCodes":["44"]}' }],
    ],
  ])("names %s", (_name, before, after, changes) => expect(diff(before, after)).toEqual(changes));
});
