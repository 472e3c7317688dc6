import type { Claim, Coverage, Organization, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { assembleClaim } from "#src/claims/assemble.ts";
import { capabilitiesOf } from "#src/claims/lifecycle/capabilities.ts";
import { inChain, voidOf } from "#src/claims/lifecycle/chain.ts";
import type { ClaimVersion } from "#src/claims/lifecycle/claim-diff.ts";
import { type Circumstances, decideCorrection } from "#src/claims/lifecycle/correction.ts";
import { typeOfBillOf } from "#src/claims/lifecycle/type-of-bill.ts";
import { checkClaim } from "#src/claims/check-claim.ts";
import type { Payer } from "#src/sitedata/site-data.ts";
import {
  type ChartSpec,
  chartOf,
  codesOf,
  demoSite,
  EMERGENCY_CHART,
  EMERGENCY_CODES,
  ID_KEY,
  INPATIENT_CHART,
  INPATIENT_CODES,
} from "./charts.ts";

const site = demoSite();
const ACCOUNT = "00000000-0000-4000-8000-00000000a001";
const RECEIVED: Circumstances = { standing: "received", today: "2026-04-01" };
const medicare = capabilitiesOf(site.payer("MCARE"), "institutional");
const commercial: Payer = { id: "X", name: "X", electronicId: "", claimFiling: "BL", takesReplacements: true };

let made = 0;
function versionOf(
  spec: ChartSpec,
  codes: unknown = INPATIENT_CODES,
  change: (chart: ReturnType<typeof chartOf>) => void = () => undefined,
) {
  const chart = chartOf({ ...spec, accountId: ACCOUNT });
  change(chart);
  const assembled = assembleClaim({
    chart,
    stream: "FAC",
    codes: codesOf(codes),
    site,
    // Each version has an id, a number and a moment of its own: none of them is a difference.
    ids: { claimId: `claim-${++made}`, identifierValue: `CB-${made}` },
    created: `2026-03-${String(10 + made).padStart(2, "0")}T00:00:00Z`,
    idKey: ID_KEY,
  });
  if (!assembled.ok) throw new Error(JSON.stringify(assembled.failure));
  return assembled.value;
}
const inpatient = versionOf(INPATIENT_CHART);
const decide = (before: ClaimVersion, after: ClaimVersion, more: Partial<Circumstances> = {}, payer = medicare, medicareFirst?: boolean) =>
  decideCorrection(before, after, payer, { ...RECEIVED, ...more }, medicareFirst);

describe("what a claim that is out needs", () => {
  it("is nothing when the payer would see no difference, whatever its number and time", () => {
    expect(decide(inpatient, versionOf(INPATIENT_CHART))).toEqual({ kind: "nothing" });
  });

  it.each([
    ["D4 for other diagnoses", versionOf(INPATIENT_CHART, { ...INPATIENT_CODES, diagnoses: INPATIENT_CODES.diagnoses.slice(0, 1) }), "D4"],
    [
      "D1 for another amount",
      versionOf({
        ...INPATIENT_CHART,
        charges: [{ ...INPATIENT_CHART.charges[0], code: "1200001", cents: 400_000, units: 3 }, ...INPATIENT_CHART.charges.slice(1)],
      }),
      "D1",
    ],
    [
      "D2 for another code of a line, with the amount that it brings",
      versionOf(INPATIENT_CHART, {
        ...INPATIENT_CODES,
        lines: [{ chargeId: inpatient.claim.item?.[2]?.id, procedureCode: "Q9966", amountCents: 20_000, units: 80 }],
      }),
      "D2",
    ],
    ["E0 for another patient status", versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" }), "E0"],
    [
      "D9 for several at once",
      versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" }, { ...INPATIENT_CODES, diagnoses: INPATIENT_CODES.diagnoses.slice(0, 1) }),
      "D9",
    ],
  ])("is a replacement with the one condition code of its reason: %s", (_name, after, reason) => {
    const decided = decide(inpatient, after);
    expect(decided).toMatchObject({ kind: "replacement", reason, overdue: false });
    // A remark is wanted with D9 and with nothing else.
    expect("remarks" in decided).toBe(reason === "D9");
  });

  it("is D0 when the dates of service are others", () => {
    const decided = decide(inpatient, versionOf({ ...INPATIENT_CHART, through: "2026-03-04T10:00:00-05:00" }));
    expect(decided).toMatchObject({ kind: "replacement", reason: "D0" });
  });

  it("is the coder's own reason where one is given", () => {
    const after = versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" });
    expect(decide(inpatient, after, { reason: "D3" })).toMatchObject({ reason: "D3" });
  });

  it("names in a D9 remark what was corrected, in the characters that X12 takes", () => {
    const after = versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" }, { ...INPATIENT_CODES, procedures: [] });
    expect(decide(inpatient, after)).toMatchObject({ remarks: "CORRECTED DIAGNOSES AND PROCEDURES, PATIENT STATUS" });
  });

  it("is never a replacement across type-of-bill families: void and new", () => {
    const outpatient = versionOf(EMERGENCY_CHART, EMERGENCY_CODES);
    expect([typeOfBillOf(inpatient.claim), typeOfBillOf(outpatient.claim)]).toEqual(["111", "131"]);
    expect(decide(inpatient, outpatient)).toMatchObject({ kind: "void-and-new", reason: "D6" });
    expect(decide(outpatient, inpatient)).toMatchObject({ kind: "void-and-new", reason: "D6" });
  });

  it("is void and new with D5 for a wrong Medicare number, and a replacement with another payer's", () => {
    const after = versionOf({ ...INPATIENT_CHART, member: "1EG4TE5MK74" });
    expect(decide(inpatient, after)).toMatchObject({ kind: "void-and-new", reason: "D5" });
    expect(decide(inpatient, after, {}, capabilitiesOf(commercial, "institutional"))).toMatchObject({ kind: "replacement", reason: "D9" });
  });

  it("is void and new when another payer, patient or billing provider is claimed", () => {
    const other = versionOf(INPATIENT_CHART, INPATIENT_CODES, ({ resources }) => {
      const coverage = resources.find((one): one is Coverage => one.resourceType === "Coverage");
      const payer = resources.find((one): one is Organization => one.resourceType === "Organization");
      if (coverage === undefined || payer === undefined) throw new Error("the chart has both");
      payer.id = "another-payer";
      coverage.payor = [{ reference: "Organization/another-payer" }];
    });
    expect(decide(inpatient, other)).toMatchObject({ kind: "void-and-new", reason: "D6" });
    const person = versionOf(INPATIENT_CHART, INPATIENT_CODES, (chart) => {
      const text = JSON.stringify(chart.resources).replaceAll(inpatient.claim.patient.reference ?? "", "Patient/another");
      const resources = JSON.parse(text) as typeof chart.resources;
      for (const one of resources) if (one.resourceType === "Patient") one.id = "another";
      Object.assign(chart, { resources });
    });
    expect(decide(inpatient, person)).toMatchObject({ kind: "void-and-new", reason: "D6" });
  });

  it("is D7 or D8 when the order of Medicare and another payer changes", () => {
    const both = (medicareFirst: boolean) =>
      versionOf(INPATIENT_CHART, INPATIENT_CODES, (chart) => {
        const coverage = chart.resources.find((one): one is Coverage => one.resourceType === "Coverage");
        if (coverage === undefined) throw new Error("the chart has one");
        coverage.order = medicareFirst ? 1 : 2;
        Object.assign(chart, {
          resources: [
            ...chart.resources,
            { resourceType: "Organization", id: "plan", identifier: [{ value: "BCNORTH" }], name: "Plan" } satisfies Organization,
            {
              ...coverage,
              id: "second",
              order: medicareFirst ? 2 : 1,
              subscriberId: "W1",
              payor: [{ reference: "Organization/plan" }],
            } satisfies Coverage,
          ],
        });
      });
    expect(decide(both(true), both(false), {}, medicare, false)).toMatchObject({ kind: "replacement", reason: "D7" });
    expect(decide(both(false), both(true), {}, medicare, true)).toMatchObject({ kind: "replacement", reason: "D8" });
  });

  it("is a first claim again when the one before reached nobody, or was refused before anybody judged it", () => {
    const after = versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" });
    for (const standing of ["never-sent", "rejected"] as const)
      expect(decide(inpatient, after, { standing })).toMatchObject({ kind: "original" });
  });

  it("is something outside of claims for a payer that takes no replacement, and always for Medicare Part B professional", () => {
    const after = versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" });
    const stubborn = capabilitiesOf({ ...commercial, takesReplacements: false }, "institutional");
    expect(decide(inpatient, after, {}, stubborn)).toMatchObject({ kind: "outside", reason: "E0" });
    expect(capabilitiesOf({ ...commercial, claimFiling: "MB" }, "professional").takesCorrections).toBe(false);
    expect(capabilitiesOf({ ...commercial, claimFiling: "MB" }, "institutional").takesCorrections).toBe(true);
  });

  it("has the earlier of the payer's two limits as its deadline, and says when that is over", () => {
    const after = versionOf({ ...INPATIENT_CHART, dischargeStatus: "03" });
    const payer = capabilitiesOf({ ...commercial, filingDays: 90, appealDays: 30 }, "institutional");
    // The stay ended on 2026-03-05.
    expect(decide(inpatient, after, {}, payer)).toMatchObject({ deadline: "2026-06-03", overdue: false });
    expect(decide(inpatient, after, { deniedOn: "2026-03-20" }, payer)).toMatchObject({ deadline: "2026-04-19", overdue: false });
    expect(decide(inpatient, after, { deniedOn: "2026-03-20", today: "2026-04-20" }, payer)).toMatchObject({ overdue: true });
    expect(decide(inpatient, after, { deniedOn: "2026-05-20" }, payer)).toMatchObject({ deadline: "2026-06-03" });
  });

  it("sees another name of the patient", () => {
    const after = versionOf(INPATIENT_CHART, INPATIENT_CODES, ({ resources }) => {
      const patient = resources.find((one): one is Patient => one.resourceType === "Patient");
      if (patient !== undefined) patient.name = [{ family: "Apfelbaum" }];
    });
    expect(decide(inpatient, after)).toMatchObject({ kind: "replacement", reason: "D9", changes: [{ path: "Patient.name" }] });
  });
});

describe("a claim in a chain", () => {
  const prior = { claimId: "claim-before", number: "CBX-1" };
  const linked = (payerNumber?: string): Claim =>
    inChain(inpatient.claim, {
      frequency: "7",
      prior: { ...prior, ...(payerNumber === undefined ? {} : { payerNumber }) },
      reason: "D9",
      remarks: "CORRECTED DATES",
    });

  it("refers to the one before, by the payer's number where it is known, else by ours", () => {
    expect(linked("ICN-77").related).toMatchObject([
      { claim: { reference: "Claim/claim-before" }, relationship: { coding: [{ code: "prior" }] }, reference: { value: "ICN-77" } },
    ]);
    expect(linked().related?.[0]?.reference).toEqual({ system: "urn:chartbridge:claim", value: "CBX-1" });
  });

  it("has the frequency in its type of bill and moves no number that was there", () => {
    const claim = linked();
    expect(typeOfBillOf(claim)).toBe("117");
    expect(claim.supportingInfo?.slice(0, inpatient.claim.supportingInfo?.length).map(({ sequence }) => sequence)).toEqual(
      inpatient.claim.supportingInfo?.map(({ sequence }) => sequence),
    );
    expect(claim.supportingInfo?.some(({ code }) => code?.coding?.[0]?.code === "D9")).toBe(true);
    expect(claim.supportingInfo?.at(-1)?.valueString).toBe("CORRECTED DATES");
    expect(checkClaim(claim, inpatient.referenced)).toEqual([]);
  });

  it("differs from its original in nothing that the payer judges", () => {
    expect(decide(inpatient, { ...inpatient, claim: linked("ICN-77") })).toEqual({ kind: "nothing" });
  });

  it("is voided by the same claim once more with frequency 8", () => {
    const gone = voidOf(inpatient.claim, { claimId: "void-1", number: "CBX-2", created: "2026-04-01T00:00:00Z" }, { prior, reason: "D6" });
    expect(gone).toMatchObject({ id: "void-1", status: "active", total: inpatient.claim.total, item: inpatient.claim.item });
    expect(typeOfBillOf(gone)).toBe("118");
    expect(checkClaim(gone, inpatient.referenced)).toEqual([]);
  });
});
