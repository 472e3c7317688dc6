import type { Claim, ClaimSupportingInfo, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { ELEMENTS } from "#src/claims/elements.ts";
import { chargeId, codesOf, EMERGENCY_CHART, patientId } from "./charts.ts";
import { FULL_INPATIENT_CODES, FULL_PROFESSIONAL_CODES, fullChart, oneMade } from "./everything.ts";

const P = oneMade({ chart: fullChart({ class: "EMER" }), codes: FULL_PROFESSIONAL_CODES, stream: "PRO:MED" });
const I = oneMade({ chart: fullChart(), codes: FULL_INPATIENT_CODES });
const O = oneMade({
  chart: fullChart(EMERGENCY_CHART),
  codes: codesOf({
    diagnoses: [
      { code: "S52.501A", use: "principal" },
      { code: "M25.531", use: "patientreasonforvisit" },
    ],
    lines: [{ chargeId: chargeId(0), modifiers: ["GY", "50"], diagnosisPointers: [1] }],
    abstract: { unrelatedAttested: true, accident: { date: "2026-03-02", kind: "auto", state: "PA" } },
  }),
});

const infos = ({ supportingInfo = [] }: Claim, category: string): readonly ClaimSupportingInfo[] =>
  supportingInfo.filter((one) => one.category.coding?.[0]?.code === category);
const info = (claim: Claim, category: string): ClaimSupportingInfo | undefined => infos(claim, category)[0];
const codes = (claim: Claim, category: string): readonly (string | undefined)[] =>
  infos(claim, category).map(({ code }) => code?.coding?.[0]?.code);
const named = ({ claim, referenced }: { claim: Claim; referenced: readonly Resource[] }, role: string): string | undefined => {
  const member = claim.careTeam?.find(
    (one) => one.role?.text === role || (one.role?.text === undefined && one.role?.coding?.[0]?.code === role),
  );
  const found = referenced.find((one) => `${one.resourceType}/${one.id}` === member?.provider.reference);
  return found?.resourceType === "Practitioner" ? found.name?.[0]?.family : undefined;
};
const at = ({ referenced }: { referenced: readonly Resource[] }, reference: string | undefined): Resource | undefined =>
  referenced.find((one) => `${one.resourceType}/${one.id}` === reference);
const uses = (claim: Claim, use: string) =>
  (claim.diagnosis ?? []).filter(({ type }) => type?.[0]?.coding?.some(({ code }) => code === use) === true);
const extension = (of: { extension?: { url: string }[] } | undefined, name: string) =>
  of?.extension?.find(({ url }) => url.endsWith(`/${name}`));
const controls = (claim: Claim) => claim.item?.map((item) => extension(item, "line-control-number"));

/** The test of each row that is filled, by the row's name. */
const CHECKS: Readonly<Record<string, () => void>> = {
  "CMS-1500 1, 1a, 4, 6, 7, 11, 11c": () => {
    const coverage = at(P, P.claim.insurance[0]?.coverage.reference);
    expect(coverage).toMatchObject({
      subscriberId: "1EG4TE5MK73",
      subscriber: { reference: `Patient/${patientId}` },
      relationship: { coding: [{ code: "self" }] },
      class: [{ value: "MCRB" }],
    });
    // plans.csv is nearer than payers.csv.
    expect(at(P, P.claim.insurer?.reference)).toMatchObject({ identifier: [{}, { value: "DEMO9" }, { value: "MB" }] });
  },
  "CMS-1500 2, 3, 5": () => {
    expect(at(P, P.claim.patient.reference)).toMatchObject({ birthDate: "1950-02-03", gender: "female", address: [{ city: "Norville" }] });
  },
  "CMS-1500 9 to 9d, 11d": () => {
    expect(P.claim.insurance.map(({ sequence, focal }) => [sequence, focal])).toEqual([
      [1, true],
      [2, false],
    ]);
    const second = at(P, P.claim.insurance[1]?.coverage.reference);
    expect(second).toMatchObject({ subscriberId: "NB-7", relationship: { coding: [{ code: "spouse" }] } });
    expect(P.referenced.map(({ resourceType }) => resourceType)).toContain("RelatedPerson");
  },
  "CMS-1500 10a to 10c": () => {
    // ACC-1 at 23:45 in the east is the first of March, not the second.
    expect(P.claim.accident).toEqual({
      date: "2026-03-01",
      type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "WPA" }] },
      locationAddress: { state: "OH" },
    });
  },
  "CMS-1500 10d": () => expect(codes(P.claim, "conditioncode")).toEqual(["A1"]),
  "CMS-1500 13": () => expect(P.claim.payee?.type.coding?.[0]?.code).toBe("provider"),
  "CMS-1500 14": () => expect(infos(P.claim, "onset").map(({ timingDate }) => timingDate)).toEqual(["2026-03-01"]),
  "CMS-1500 17 referring": () => expect(named(P, "referring")).toBe("Haddad"),
  "CMS-1500 17 ordering": () => {
    expect(named(P, "ordering")).toBe("Haddad");
    expect(P.claim.item?.map(({ careTeamSequence }) => careTeamSequence)).toEqual([[1, 3], [1]]);
  },
  "CMS-1500 18": () => {
    const { claim } = oneMade({ chart: fullChart(), codes: FULL_PROFESSIONAL_CODES, stream: "PRO:MED" });
    expect(info(claim, "hospitalized")?.timingPeriod).toEqual({ start: "2026-03-02", end: "2026-03-05" });
    expect(info(P.claim, "hospitalized")).toBeUndefined();
  },
  "CMS-1500 19": () => expect(info(P.claim, "info")?.valueString).toBe("second look"),
  "CMS-1500 21": () => {
    expect(
      P.claim.diagnosis?.map(({ sequence, diagnosisCodeableConcept }) => [sequence, diagnosisCodeableConcept?.coding?.[0]?.code]),
    ).toEqual([
      [1, "E11.65"],
      [2, "I10"],
    ]);
    expect(P.claim.diagnosis?.every(({ type, onAdmission }) => type?.[0]?.coding?.length === 2 && onAdmission === undefined)).toBe(true);
  },
  "CMS-1500 22": () => {
    expect(codes(P.claim, "claimfrequency")).toEqual(["1"]);
    const { claim } = oneMade({
      chart: fullChart({ class: "EMER" }),
      codes: FULL_PROFESSIONAL_CODES,
      stream: "PRO:MED",
      prior: [{ claim: P.claim, payerReference: "ICN-1" }],
    });
    expect(codes(claim, "claimfrequency")).toEqual(["7"]);
    expect(claim.related).toMatchObject([
      {
        claim: { reference: `Claim/${P.claim.id}`, identifier: { value: "CB00000000000001-1" } },
        relationship: { coding: [{ code: "prior" }] },
        reference: { value: "ICN-1" },
      },
    ]);
  },
  "CMS-1500 23 authorisation": () => expect(P.claim.insurance[0]?.preAuthRef).toEqual(["PA-1"]),
  "CMS-1500 23 referral": () => expect(P.claim.referral?.identifier?.value).toBe("REF-3"),
  "CMS-1500 23 CLIA": () =>
    expect(at(I, I.claim.provider.reference)).toMatchObject({
      identifier: expect.arrayContaining([{ system: "urn:oid:2.16.840.1.113883.4.7", value: "36D0000001" }]) as unknown,
    }),
  "CMS-1500 24A": () => expect(P.claim.item?.map(({ servicedDate }) => servicedDate)).toEqual(["2026-03-03", "2026-03-02"]),
  "CMS-1500 24B": () => {
    // The laboratory's own place, then that of the visit's class.
    expect(P.claim.item?.map(({ locationCodeableConcept }) => locationCodeableConcept?.coding?.[0]?.code)).toEqual(["81", "23"]);
  },
  "CMS-1500 24C": () => {
    expect(P.claim.item?.map((item) => extension(item, "emergency"))).toMatchObject([{ valueBoolean: true }, { valueBoolean: true }]);
    const { claim } = oneMade({ chart: fullChart(), codes: FULL_PROFESSIONAL_CODES, stream: "PRO:MED" });
    expect(extension(claim.item?.[0], "emergency")).toBeUndefined();
  },
  "CMS-1500 24D": () => {
    expect(P.claim.item?.[0]?.productOrService.coding).toEqual([
      { system: "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", code: "J3490" },
    ]);
    // Pricing before place.
    expect(P.claim.item?.[0]?.modifier?.map(({ coding }) => coding?.[0]?.code)).toEqual(["26", "LT"]);
  },
  "CMS-1500 24D description": () =>
    expect(P.claim.item?.map(({ productOrService }) => productOrService.text)).toEqual(["charge 2587030", undefined]),
  "CMS-1500 24E": () => expect(P.claim.item?.map(({ diagnosisSequence }) => diagnosisSequence)).toEqual([[2, 1], [1]]),
  "CMS-1500 24F, 24G": () => {
    expect(P.claim.item?.map(({ net, unitPrice, quantity }) => [net?.value, unitPrice?.value, quantity?.value, quantity?.unit])).toEqual([
      [78, 39, 2, "UN"],
      // 100.01 over 3 is no whole number of cents.
      [100.01, undefined, 3, "UN"],
    ]);
  },
  "CMS-1500 24 shaded, NDC": () =>
    expect(P.claim.item?.[0]?.detail).toMatchObject([
      {
        sequence: 1,
        productOrService: { coding: [{ system: "http://hl7.org/fhir/sid/ndc", code: "00182106105" }] },
        quantity: { value: 5, unit: "ML" },
      },
    ]),
  "CMS-1500 24J": () => {
    expect(named(P, "rendering")).toBe("Reyes");
    expect(P.claim.careTeam?.[0]).toMatchObject({ responsible: true, qualification: { coding: [{ code: "207P00000X" }] } });
  },
  "CMS-1500 25, 33": () =>
    expect(at(P, P.claim.provider.reference)).toMatchObject({
      name: "North Medical Group",
      identifier: [{ value: "2000001018" }, { value: "00-0000002" }, { value: "MED" }],
      type: [{ coding: [{ code: "207R00000X" }] }],
    }),
  "CMS-1500 26": () => {
    expect(P.claim.identifier?.[0]).toMatchObject({ type: { coding: [{ code: "PLAC" }] } });
    expect(P.claim.identifier?.[0]?.value?.length).toBeLessThanOrEqual(20);
  },
  "CMS-1500 27": () => expect(extension(P.claim, "accept-assignment")).toMatchObject({ valueBoolean: true }),
  "CMS-1500 28": () => expect(P.claim.total).toEqual({ value: 178.01, currency: "USD" }),
  "CMS-1500 32": () =>
    expect(at(P, P.claim.facility?.reference)).toMatchObject({ resourceType: "Location", name: "North Regional Hospital" }),
  "CMS-1500 line control number": () => {
    const numbers = controls(P.claim);
    expect(new Set(numbers?.map((one) => JSON.stringify(one))).size).toBe(2);
    expect(numbers).toMatchObject([{ valueIdentifier: { value: expect.stringMatching(/^L[0-9A-F]{14}$/) as unknown } }, {}]);
  },

  "UB-04 1, 2, 56, 81CC": () =>
    expect(at(I, I.claim.provider.reference)).toMatchObject({
      name: "North Regional Hospital",
      type: [{ coding: [{ code: "282N00000X" }] }],
    }),
  "UB-04 3a": () => {
    expect(I.claim.identifier?.[0]?.value).toBe("CB00000000000001-1");
    expect(info(I.claim, "patientaccountnumber")?.valueString).toBe("ACC-5501");
  },
  "UB-04 3b": () => expect(info(I.claim, "medicalrecordnumber")?.valueString).toBe("MRN-77"),
  "UB-04 4": () => {
    expect(info(I.claim, "typeofbill")?.code?.coding?.map(({ code }) => code)).toEqual(["111", "0111"]);
    expect([I.claim, O.claim].map(({ subType }) => subType?.coding?.[0]?.code)).toEqual(["inpatient", "outpatient"]);
    expect(codes(O.claim, "typeofbill")).toEqual(["131"]);
  },
  "UB-04 6": () => expect(I.claim.billablePeriod).toEqual({ start: "2026-03-02", end: "2026-03-05" }),
  "UB-04 8 to 11": () => expect(at(I, I.claim.patient.reference)).toMatchObject({ birthDate: "1950-02-03" }),
  "UB-04 12, 13, 16": () => {
    expect(info(I.claim, "admissionperiod")?.timingPeriod).toEqual({
      start: "2026-03-02T23:30:00-05:00",
      end: "2026-03-05T10:00:00-05:00",
    });
    expect(info(O.claim, "admissionperiod")).toBeUndefined();
  },
  "UB-04 14": () => expect(codes(I.claim, "admtype")).toEqual(["1"]),
  "UB-04 15": () => {
    expect(info(I.claim, "pointoforigin")?.code?.coding).toEqual([{ system: "https://www.nubc.org/CodeSystem/PointOfOrigin", code: "1" }]);
    const newborn = oneMade({ chart: fullChart({ admissionType: "N" }), codes: FULL_INPATIENT_CODES });
    expect(info(newborn.claim, "pointoforigin")?.code?.coding?.[0]?.system).toMatch(/Newborn$/);
  },
  "UB-04 17": () => {
    expect(codes(I.claim, "discharge-status")).toEqual(["01"]);
    const still = oneMade({
      chart: fullChart({ dischargeStatus: null, through: null }),
      codes: codesOf({ ...FULL_INPATIENT_CODES, abstract: { frequency: "2" } }),
    });
    expect(codes(still.claim, "discharge-status")).toEqual(["30"]);
    expect(codes(still.claim, "typeofbill")).toEqual(["112"]);
  },
  "UB-04 18 to 28": () => {
    expect(codes(I.claim, "conditioncode")).toEqual(["09", "17"]);
    expect(codes(O.claim, "conditioncode")).toEqual(["09", "17", "51"]);
  },
  "UB-04 29": () => expect(O.claim.accident).toMatchObject({ type: { coding: [{ code: "MVA" }] }, locationAddress: { state: "PA" } }),
  "UB-04 31 to 34": () =>
    expect(infos(I.claim, "occurrence")).toMatchObject([{ code: { coding: [{ code: "11" }] }, timingDate: "2026-03-01" }]),
  "UB-04 35, 36": () =>
    expect(infos(I.claim, "occurrencespan")).toMatchObject([
      { code: { coding: [{ code: "70" }] }, timingPeriod: { start: "2026-02-20", end: "2026-02-24" } },
    ]),
  "UB-04 39 to 41": () =>
    expect(infos(I.claim, "valuecode").map(({ code, valueQuantity }) => [code?.coding?.[0]?.code, valueQuantity?.value])).toEqual([
      ["01", 1420.5],
      ["80", 3],
      ["54", 3200],
    ]),
  "UB-04 42": () => expect(I.claim.item?.map(({ revenue }) => revenue?.coding?.[0]?.code)).toEqual(["0120", "0258", "0636"]),
  "UB-04 44 outpatient": () => {
    expect(O.claim.item?.map(({ productOrService }) => productOrService.coding?.[0]?.code)).toEqual(["G0383", "J1885"]);
    expect(O.claim.item?.[0]?.modifier?.map(({ coding }) => coding?.[0]?.code)).toEqual(["50", "GY"]);
  },
  "UB-04 44 inpatient": () =>
    expect(I.claim.item?.map(({ productOrService, unitPrice }) => [productOrService.coding?.[0]?.code, unitPrice?.value])).toEqual([
      ["not-applicable", 1420],
      ["not-applicable", 39],
      ["Q9967", undefined],
    ]),
  "UB-04 45": () => expect(I.claim.item?.map(({ servicedDate }) => servicedDate)).toEqual(["2026-03-03", "2026-03-03", "2026-03-03"]),
  "UB-04 46": () =>
    expect(I.claim.item?.map(({ quantity }) => [quantity?.value, quantity?.unit])).toEqual([
      [3, "DA"],
      [2, "UN"],
      [80, "UN"],
    ]),
  "UB-04 47": () => {
    expect(I.claim.item?.map(({ net }) => net?.value)).toEqual([4260, 78, 248.01]);
    expect(I.claim.total?.value).toBe(4586.01);
  },
  "UB-04 48": () =>
    expect(O.claim.item?.map((item) => extension(item, "non-covered-amount"))).toMatchObject([{ valueMoney: { value: 640 } }, undefined]),
  "UB-04 50 to 62": () => {
    // The coverage that ended with last year is not among them.
    expect(I.claim.insurance.map(({ focal }) => focal)).toEqual([true, false]);
    expect(at(I, I.claim.insurance[1]?.coverage.reference)).toMatchObject({ class: [{ value: "GRP-1" }] });
  },
  "UB-04 63": () => expect(I.claim.insurance[0]?.preAuthRef).toEqual(["AUTH-66", "AUTH-70"]),
  "UB-04 64": () => {
    const { claim } = oneMade({
      chart: fullChart(),
      codes: codesOf({ ...FULL_INPATIENT_CODES, abstract: { frequency: "8", originalReference: "DCN-9" } }),
    });
    expect(codes(claim, "typeofbill")).toEqual(["118"]);
    expect(claim.related).toMatchObject([{ relationship: { coding: [{ code: "prior" }] }, reference: { value: "DCN-9" } }]);
  },
  "UB-04 67": () =>
    expect(uses(I.claim, "principal")).toMatchObject([
      { sequence: 1, diagnosisCodeableConcept: { coding: [{ code: "J18.9" }] }, onAdmission: { coding: [{ code: "Y" }] } },
    ]),
  "UB-04 67A to 67Q": () => {
    const secondary = uses(I.claim, "secondary");
    expect(secondary.map(({ sequence, onAdmission }) => [sequence, onAdmission?.coding?.[0]?.code])).toEqual([
      [2, "N"],
      [5, undefined],
    ]);
    expect(secondary[0]?.type?.[0]?.coding?.map(({ code }) => code)).toEqual(["secondary", "other"]);
  },
  "UB-04 69": () => {
    const [admitting] = uses(I.claim, "admitting");
    expect(admitting).toMatchObject({ sequence: 3 });
    expect(admitting?.onAdmission).toBeUndefined();
  },
  "UB-04 70a to 70c": () => {
    const [reason] = uses(O.claim, "patientreasonforvisit");
    expect(reason).toMatchObject({ sequence: 2 });
    expect(reason?.onAdmission).toBeUndefined();
  },
  "UB-04 71": () => {
    expect(info(I.claim, "drg")?.code?.coding).toMatchObject([{ code: "193", version: "43" }]);
    expect(uses(I.claim, "principal")[0]?.packageCode).toEqual(info(I.claim, "drg")?.code);
    const coded = oneMade({
      chart: fullChart(),
      codes: codesOf({ ...FULL_INPATIENT_CODES, abstract: { drg: { kind: "APR-DRG", code: "139-23", version: "40" } } }),
    });
    expect(info(coded.claim, "drg")?.code?.coding).toEqual([
      { system: "http://uri.hddaccess.com/cs/aprdrg", code: "139-23", version: "40" },
    ]);
  },
  "UB-04 72": () =>
    expect(uses(I.claim, "externalcauseofinjury")).toMatchObject([{ sequence: 4, onAdmission: { coding: [{ code: "Y" }] } }]),
  "UB-04 74, 74a to 74e": () => {
    expect(I.claim.procedure?.map(({ sequence, type, date }) => [sequence, type?.[0]?.coding?.[0]?.code, date])).toEqual([
      [1, "primary", "2026-03-03"],
      [2, "secondary", "2026-03-04"],
    ]);
    expect(I.claim.procedure?.map((one) => extension(one, "procedure-care-team-sequence"))).toMatchObject([
      { valuePositiveInt: 2 },
      { valuePositiveInt: 3 },
    ]);
    expect(O.claim.procedure).toBeUndefined();
  },
  "UB-04 76": () => expect(named(I, "attending")).toBe("Okafor"),
  "UB-04 77": () => expect(named(I, "operating")).toBe("Lindgren"),
  "UB-04 78, 79 other operating": () => expect(named(I, "otheroperating")).toBe("Reyes"),
  "UB-04 78, 79 referring": () => expect(named(I, "referring")).toBe("Haddad"),
  "UB-04 80": () => expect(info(I.claim, "info")?.valueString).toBe("see notes"),
  "UB-04 line control number": () => {
    const again = oneMade({ chart: fullChart(), codes: FULL_INPATIENT_CODES, prior: [{ claim: I.claim }] });
    expect(controls(again.claim)).toEqual(controls(I.claim));
  },
};

describe("an element of the claim forms:", () => {
  it.each(ELEMENTS.filter(({ status }) => status === "filled"))("$id is filled", ({ id }) => {
    const check = CHECKS[id];
    expect(check, "no test of this name").toBeDefined();
    check?.();
  });

  it.each(ELEMENTS.filter(({ status }) => status === "left out"))("$id is left out for a reason", ({ reason, source }) => {
    expect(reason.length).toBeGreaterThan(30);
    expect(source).toEqual(["none"]);
  });

  it("has one row, and no test without one", () => {
    const rows = ELEMENTS.map(({ id }) => id);
    expect(new Set(rows).size).toBe(rows.length);
    expect(Object.keys(CHECKS).filter((id) => !rows.includes(id))).toEqual([]);
  });
});
