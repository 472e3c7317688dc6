import type { Claim, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { assembleClaim } from "#src/claims/assemble.ts";
import { checkClaim } from "#src/claims/check-claim.ts";
import type { CodeSubmission, Stream } from "#src/coding/submission.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import {
  type ChartSpec,
  chargeId,
  chartOf,
  codesOf,
  demoSite,
  EMERGENCY_CHART,
  EMERGENCY_CODES,
  FAMILY,
  ID_KEY,
  INPATIENT_CHART,
  INPATIENT_CODES,
  PROFESSIONAL_CODES,
} from "./charts.ts";

const site = demoSite();
const CLAIM_ID = "4b3f2f0e-8d5f-4c11-9a53-0c7d8a4a0001";

const assemble = (spec: ChartSpec, codes: CodeSubmission, stream: Stream = "FAC") =>
  assembleClaim({
    chart: chartOf(spec),
    stream,
    codes,
    site,
    ids: { claimId: CLAIM_ID, identifierValue: "CB00000000000001-1" },
    created: "2026-03-09T12:00:00.000Z",
    idKey: ID_KEY,
  });
function made(spec: ChartSpec, codes: CodeSubmission, stream: Stream = "FAC"): { claim: Claim; referenced: readonly Resource[] } {
  const result = assemble(spec, codes, stream);
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}
const rulesOf = (spec: ChartSpec, codes: CodeSubmission, stream: Stream = "FAC"): readonly string[] => {
  const result = assemble(spec, codes, stream);
  return result.ok ? [] : result.failure.map(({ rule }) => rule);
};

describe("a claim", () => {
  it.each([
    ["inpatient", INPATIENT_CHART, INPATIENT_CODES, "FAC", 4586.01],
    ["emergency", EMERGENCY_CHART, EMERGENCY_CODES, "FAC", 683],
    ["self pay", { ...EMERGENCY_CHART, insured: false }, EMERGENCY_CODES, "FAC", 683],
    ["professional", { class: "AMB", doctor: "D1004", charges: [] }, PROFESSIONAL_CODES, "PRO:MED", 100.01],
  ] as const)("of an %s chart is valid R4, complete, and sums to the cent", (_name, spec, codes, stream, total) => {
    const { claim, referenced } = made(spec, codes, stream);
    expect([claim, ...referenced].flatMap(faultsOf)).toEqual([]);
    expect(checkClaim(claim, referenced)).toEqual([]);
    expect(claim.total).toEqual({ value: total, currency: "USD" });
  });

  it("of an inpatient has what UB-04 asks for", () => {
    const { claim } = made(INPATIENT_CHART, INPATIENT_CODES);
    expect(claim.type.coding?.[0]?.code).toBe("institutional");
    // The hospital's own days: 23:30 in the east is the next day in UTC.
    expect(claim.billablePeriod).toEqual({ start: "2026-03-02", end: "2026-03-05" });
    expect(
      claim.diagnosis?.map((one) => [
        one.diagnosisCodeableConcept?.coding?.[0]?.code,
        one.type?.[0]?.coding?.[0]?.code,
        one.onAdmission?.coding?.[0]?.code,
      ]),
    ).toEqual([
      ["J18.9", "principal", "Y"],
      ["J96.01", "secondary", "Y"],
      ["R05.9", "admitting", undefined],
    ]);
    expect(claim.procedure?.[0]).toMatchObject({
      sequence: 1,
      date: "2026-03-03",
      procedureCodeableConcept: { coding: [{ code: "0DTJ4ZZ" }] },
    });
    expect(claim.careTeam?.map(({ role }) => role?.coding?.[0]?.code)).toEqual(["attending", "operating"]);
    const said = Object.fromEntries(
      (claim.supportingInfo ?? []).map((one) => [one.category.coding?.[0]?.code, one.code?.coding?.[0]?.code ?? one.valueString]),
    );
    expect(said).toMatchObject({ typeofbill: "111", admtype: "1", "discharge-status": "01", patientaccountnumber: "ACC-5501" });
  });

  it("has one line per billable charge, with the code and revenue code from where they are known", () => {
    const { claim } = made(INPATIENT_CHART, INPATIENT_CODES);
    expect(
      claim.item?.map(({ revenue, productOrService, quantity, unitPrice, net }) => [
        revenue?.coding?.[0]?.code,
        productOrService.coding?.[0]?.code,
        quantity?.value,
        unitPrice?.value,
        net?.value,
      ]),
    ).toEqual([
      ["0120", "not-applicable", 3, 1420, 4260],
      // On a stay only drugs that are billed in detail keep their code.
      ["0258", "not-applicable", 2, 39, 78],
      // 248.01 does not divide by 80 into whole cents: no unit price rather than a wrong one.
      ["0636", "Q9967", 80, undefined, 248.01],
    ]);
  });

  it("takes what the coder's line says instead of the charge, and keeps the rest", () => {
    const codes = codesOf({
      ...EMERGENCY_CODES,
      lines: [
        { chargeId: chargeId(1), units: 3, modifiers: ["JZ"], revenueCode: "0250", diagnosisPointers: [1] },
        { procedureCode: "Q4010", revenueCode: "0270", serviceDate: "2026-03-04", amountCents: 5_000 },
      ],
    });
    const { claim } = made(EMERGENCY_CHART, codes);
    expect(claim.item?.[0]).toMatchObject({ modifier: [{ coding: [{ system: "http://www.ama-assn.org/go/cpt", code: "25" }] }] });
    expect(claim.item?.[1]).toMatchObject({
      quantity: { value: 3 },
      unitPrice: { value: 21.5 },
      net: { value: 64.5 },
      modifier: [{ coding: [{ code: "JZ" }] }],
      revenue: { coding: [{ code: "0250" }] },
      diagnosisSequence: [1],
    });
    expect(claim.item?.[2]).toMatchObject({
      servicedDate: "2026-03-04",
      net: { value: 50 },
      productOrService: { coding: [{ code: "Q4010" }] },
    });
    expect(claim.total?.value).toBe(754.5);
  });

  it("of a billing group is professional: pointers in order, place of service, rendering NPI, no hospital charges", () => {
    const { claim, referenced } = made(EMERGENCY_CHART, PROFESSIONAL_CODES, "PRO:MED");
    expect(claim.type.coding?.[0]?.code).toBe("professional");
    expect(claim.supportingInfo?.map(({ category }) => category.coding?.[0]?.code)).toEqual(["claimfrequency"]);
    expect(claim.item).toHaveLength(1);
    expect(claim.item?.[0]).toMatchObject({
      diagnosisSequence: [2, 1],
      locationCodeableConcept: { coding: [{ code: "23" }] },
      careTeamSequence: [1],
    });
    expect(claim.item?.[0]?.revenue).toBeUndefined();
    const doctor = referenced.find(({ resourceType }) => resourceType === "Practitioner");
    expect(doctor).toMatchObject({ identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: "2000001034" }, {}] });
    expect(claim.careTeam?.[0]?.role?.coding?.[0]?.code).toBe("rendering");
  });

  it("bills the patient when there is no coverage", () => {
    const { claim, referenced } = made({ ...EMERGENCY_CHART, insured: false }, EMERGENCY_CODES);
    const coverage = referenced.find(({ resourceType }) => resourceType === "Coverage");
    expect(coverage).toMatchObject({ type: { coding: [{ code: "pay" }] }, payor: [{ reference: claim.patient.reference }] });
    expect(claim.insurance).toEqual([{ sequence: 1, focal: true, coverage: { reference: `Coverage/${coverage?.id}` } }]);
    expect(claim.insurer).toBeUndefined();
  });

  it("takes along who is concerned, and nothing clinical", () => {
    const { referenced } = made(INPATIENT_CHART, INPATIENT_CODES);
    const types = referenced.map(({ resourceType }) => resourceType);
    expect([...new Set(types)]).toEqual(["Coverage", "Encounter", "Organization", "Patient", "Practitioner"]);
    expect(JSON.stringify(referenced)).not.toMatch(/Condition|pneumonia/);
    expect(JSON.stringify(referenced)).toContain(FAMILY);
  });

  it.each([
    [
      "by its number, whole",
      [
        { code: "2587030", cents: 3_900, number: "7" },
        { code: "2587030", cents: -3_900, units: -1, number: "7" },
      ],
      [[3, 4260]],
    ],
    [
      "by its code, in part",
      [
        { code: "2587030", cents: 7_800, units: 2 },
        { code: "2587030", cents: -3_900, units: -1 },
      ],
      [
        [3, 4260],
        [1, 39],
      ],
    ],
  ] as const)("takes a credit off the charge it belongs to: %s", (_name, charges, lines) => {
    const { claim } = made({ ...INPATIENT_CHART, charges: [{ code: "1200001", cents: 426_000, units: 3 }, ...charges] }, INPATIENT_CODES);
    expect(claim.item?.map(({ quantity, net }) => [quantity?.value, net?.value])).toEqual(lines);
  });

  it.each([
    ["a facility that is not in the site data", { ...INPATIENT_CHART, facility: "SOUTH" }, "CB-CLM-FACILITY"],
    ["a charge that is not in the charge master", { ...INPATIENT_CHART, charges: [{ code: "5550000", cents: 100 }] }, "CB-CLM-CHARGE"],
    [
      "a charge from before the charge master",
      { ...INPATIENT_CHART, charges: [{ code: "1200001", cents: 100, day: "2019-12-31" }] },
      "CB-CLM-CHARGE",
    ],
    ["a practitioner without an NPI", { ...INPATIENT_CHART, doctor: "D4711" }, "CB-CLM-NPI"],
    ["a credit without its charge", { ...INPATIENT_CHART, charges: [{ code: "1200001", cents: -100 }] }, "CB-CLM-CREDIT"],
    ["no charge at all", { ...INPATIENT_CHART, charges: [] }, "CB-CLM-EMPTY"],
  ] as const)("is refused for %s", (_name, spec, rule) => {
    expect(rulesOf(spec, INPATIENT_CODES)).toContain(rule);
  });

  it("never gives a practitioner the NPI of somebody with the same number elsewhere", () => {
    const chart = chartOf(INPATIENT_CHART);
    const resources = chart.resources.map(
      (one): Resource =>
        one.resourceType === "Practitioner" ? { ...one, identifier: [{ system: "urn:chartbridge:authority:SOUTH", value: "D1001" }] } : one,
    );
    const result = assembleClaim({
      chart: { ...chart, resources },
      stream: "FAC",
      codes: INPATIENT_CODES,
      site,
      ids: { claimId: CLAIM_ID, identifierValue: "x" },
      created: "2026-03-09T12:00:00.000Z",
      idKey: ID_KEY,
    });
    expect(result.ok ? [] : result.failure.map(({ rule }) => rule)).toEqual(["CB-CLM-NPI"]);
  });

  it("is refused for a line of the coder's without a revenue code", () => {
    expect(rulesOf(INPATIENT_CHART, codesOf({ ...INPATIENT_CODES, lines: [{ procedureCode: "Q4010" }] }))).toEqual(["CB-CLM-REVENUE"]);
  });
});

describe("the check of a claim", () => {
  const { claim, referenced } = made(
    EMERGENCY_CHART,
    codesOf({ ...EMERGENCY_CODES, lines: [{ chargeId: chargeId(0), diagnosisPointers: [1] }] }),
  );
  it.each([
    ["a wrong total", { total: { value: 683.01, currency: "USD" as const } }, "CB-RDY-301"],
    ["a pointer to nothing", { diagnosis: [] }, "CB-RDY-403"],
    ["a gap in the numbering", { diagnosis: claim.diagnosis?.slice(1) ?? [] }, "CB-RDY-201"],
    ["an unknown provider", { provider: { reference: "Organization/other" } }, "CB-RDY-202"],
    ["no focal insurance", { insurance: claim.insurance.map((one) => ({ ...one, focal: false })) }, "CB-RDY-209"],
    ["an element R4 has not", { colour: "red" } as object, "CB-CLM-R4"],
  ])("finds %s", (_name, change, rule) => {
    expect(checkClaim({ ...claim, ...change }, referenced).map((one) => one.rule)).toContain(rule);
  });
});
