import type { Condition, Procedure, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { NO_CODE_DATA } from "#test/coding/code-table.ts";
import { type RelatedItem, sceneOf } from "#src/coding/scene.ts";
import { suggestionsOf } from "#src/coding/suggestions.ts";
import { type ChartSpec, chartOf, codesOf, demoSite } from "../claims/charts.ts";

const site = demoSite();
const subject = { reference: "Patient/x" };
const condition = (code: string, type = "F", poa?: string): Condition => ({
  resourceType: "Condition",
  id: `00000000-0000-4000-8000-00000000${code.length}000`,
  subject,
  code: { coding: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code }] },
  extension: [
    { url: "https://chartbridge.dev/fhir/StructureDefinition/diagnosis-type", valueCode: type },
    ...(poa === undefined ? [] : [{ url: "https://chartbridge.dev/fhir/StructureDefinition/present-on-admission", valueCode: poa }]),
  ],
});
const procedure = (system: string, code: string): Procedure => ({
  resourceType: "Procedure",
  id: "00000000-0000-4000-8000-00000000aaaa",
  status: "completed",
  subject,
  performedDateTime: "2026-03-03T10:00:00-05:00",
  code: { coding: [{ system, code }] },
});
const OTHER: RelatedItem = {
  itemId: "i",
  accountId: "",
  stream: "PRO:A",
  inpatient: false,
  facility: "NORTH",
  released: false,
  diagnoses: ["E119"],
  lines: [{ code: "G2212", day: "2026-03-03", modifiers: [] }],
};

function suggested(
  spec: ChartSpec,
  resources: readonly Resource[],
  codes: object = { diagnoses: [] },
  related: readonly RelatedItem[] = [],
): string[] {
  const chart = chartOf(spec);
  const scene = sceneOf({
    chart: { ...chart, resources: [...chart.resources, ...resources] },
    stream: "FAC",
    codes: codesOf(codes),
    site,
    data: NO_CODE_DATA,
    related: related.map((one) => ({ ...one, accountId: chart.accountId })),
  });
  return suggestionsOf(scene).map(({ kind, code, source, use, onAdmission }) =>
    [kind, code, source, use, onAdmission].filter((one) => one !== undefined).join(" "),
  );
}
const INPATIENT: ChartSpec = { class: "IMP", charges: [] };

describe("suggestions", () => {
  it("are what the feed already says, each with its field", () => {
    expect(
      suggested(INPATIENT, [
        condition("R05.9", "A"),
        condition("J18.9", "F", "Y"),
        procedure("http://www.cms.gov/Medicare/Coding/ICD10", "0DTJ4ZZ"),
      ]),
    ).toEqual(["diagnosis R05.9 DG1-3 admitting", "diagnosis J18.9 DG1-3 Y", "procedure 0DTJ4ZZ PR1-3"]);
    expect(suggested({ class: "AMB", charges: [{ code: "5100463", cents: 1, hcpcs: "G0463" }] }, [])).toEqual(["line G0463 FT1-25"]);
  });

  it("leave out what is coded, and what is no code", () => {
    expect(suggested(INPATIENT, [condition("J18.9"), condition("COUGH")], { diagnoses: [{ code: "J189", use: "principal" }] })).toEqual([]);
  });

  it("name charges that no code answers", () => {
    const charges = [{ code: "1200001", cents: 1, units: 3 }];
    const codes = {
      diagnoses: [],
      lines: [
        {
          chargeId: chartOf({ ...INPATIENT, charges }).resources.find(({ resourceType }) => resourceType === "ChargeItem")?.id,
          revenueCode: "0360",
        },
      ],
    };
    expect(suggested({ ...INPATIENT, charges }, [], codes)).toEqual(["gap charges"]);
    expect(suggested({ ...INPATIENT, charges }, [], { ...codes, procedures: [{ code: "0DTJ4ZZ", date: "2026-03-03" }] })).toEqual([]);
  });

  it("show what the account's other claim has", () => {
    expect(suggested({ class: "AMB", charges: [] }, [], { diagnoses: [] }, [OTHER])).toEqual([
      "diagnosis E11.9 professional claim",
      "line G2212 professional claim",
    ]);
    expect(suggested(INPATIENT, [], { diagnoses: [{ code: "E11.9", use: "principal" }] }, [OTHER])).toEqual([]);
  });
});
