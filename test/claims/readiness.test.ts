import type { Claim, ClaimItem, Patient, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { READINESS, readinessOf, SNIP_TYPES } from "#src/claims/readiness/readiness.ts";
import { FULL_INPATIENT_CODES, FULL_PROFESSIONAL_CODES, fullChart, oneMade } from "./everything.ts";

const I = oneMade({ chart: fullChart(), codes: FULL_INPATIENT_CODES });
const P = oneMade({ chart: fullChart({ class: "EMER" }), codes: FULL_PROFESSIONAL_CODES, stream: "PRO:MED" });

type Made = typeof I;
const claimed = (made: Made, change: Partial<Claim>): Made => ({ ...made, claim: { ...made.claim, ...change } });
const lined = (made: Made, change: Partial<ClaimItem>): Made =>
  claimed(made, { item: (made.claim.item ?? []).map((item, index) => (index === 0 ? { ...item, ...change } : item)) });
const along = (made: Made, type: Resource["resourceType"], change: object): Made => ({
  ...made,
  referenced: made.referenced.map((one) => (one.resourceType === type ? ({ ...one, ...change } as Resource) : one)),
});
const patient = (change: Partial<Patient>): Made => along(I, "Patient", change);
/** Without the supporting information of a category, and with another in its place. */
const informed = (made: Made, category: string, code?: string): Made =>
  claimed(made, {
    supportingInfo: (made.claim.supportingInfo ?? []).flatMap((one) => {
      if (one.category.coding?.[0]?.code !== category) return [one];
      return code === undefined ? [] : [{ ...one, code: { coding: [{ code }] } }];
    }),
  });
const coded = (code: string) => ({ coding: [{ system: "http://www.ama-assn.org/go/cpt", code }] });
const diagnosed = (made: Made, change: (one: NonNullable<Claim["diagnosis"]>[number], index: number) => object): Made =>
  claimed(made, { diagnosis: (made.claim.diagnosis ?? []).map((one, index) => ({ ...one, ...change(one, index) })) });
const prior = [{ relationship: { coding: [{ code: "prior" }] } }];

/** What makes each check speak. */
const WRONG: readonly (readonly [check: string, what: string, made: Made])[] = [
  ["CB-RDY-101", "a letter that X12 has not", patient({ name: [{ family: "Łukasz" }] })],
  ["CB-RDY-102", "no number", claimed(I, { identifier: [] as never })],
  ["CB-RDY-102", "a number of 21 characters", claimed(I, { identifier: [{ value: "C".repeat(21) }] })],
  ["CB-RDY-103", "a month for a day", lined(I, { servicedDate: "2026-03" })],
  ["CB-RDY-201", "two lines of one number", claimed(I, { item: I.claim.item?.map((item) => ({ ...item, sequence: 1 })) ?? [] })],
  ["CB-RDY-201", "a diagnosis left out", claimed(I, { diagnosis: I.claim.diagnosis?.slice(1) ?? [] })],
  [
    "CB-RDY-202",
    "a provider's number with a wrong check digit",
    along(I, "Organization", { identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: "2000000011" }] }),
  ],
  ["CB-RDY-203", "a provider without a ZIP", along(I, "Organization", { address: [{ line: ["1 Way"], city: "X", state: "OH" }] })],
  ["CB-RDY-204", "a patient without a birth date", patient({ birthDate: "1950" })],
  ["CB-RDY-205", "a patient without an address", patient({ address: [{ city: "Norville" }] })],
  ["CB-RDY-206", "an insured without a number", along(I, "Coverage", { subscriberId: "" })],
  ["CB-RDY-207", "a practitioner without an NPI", along(I, "Practitioner", { identifier: [] })],
  ["CB-RDY-208", "no discharge status", informed(I, "discharge-status")],
  ["CB-RDY-208", "no type of admission", informed(I, "admtype")],
  ["CB-RDY-209", "two payers billed", claimed(I, { insurance: I.claim.insurance.map((one) => ({ ...one, focal: true })) })],
  ["CB-RDY-301", "a total that is a cent off", claimed(I, { total: { value: 4586.02, currency: "USD" } })],
  ["CB-RDY-302", "a price that does not give the amount", lined(I, { unitPrice: { value: 1420.01, currency: "USD" } })],
  ["CB-RDY-303", "half a cent", lined(I, { net: { value: 4260.005, currency: "USD" } })],
  ["CB-RDY-303", "another currency", lined(I, { net: { value: 4260, currency: "EUR" } })],
  ["CB-RDY-401", "two principal diagnoses", diagnosed(I, () => ({ type: I.claim.diagnosis?.[0]?.type }))],
  [
    "CB-RDY-402",
    "an admitting diagnosis that was there on admission",
    diagnosed(I, (_one, index) => (index === 2 ? { onAdmission: coded("Y") } : {})),
  ],
  ["CB-RDY-403", "a line that points to an admitting diagnosis", lined(I, { diagnosisSequence: [3] })],
  ["CB-RDY-403", "a line of nobody", lined(P, { careTeamSequence: [9] })],
  ["CB-RDY-404", "a replacement of nothing", informed(I, "typeofbill", "117")],
  ["CB-RDY-404", "an original of something", claimed(I, { related: prior })],
  ["CB-RDY-405", "a replacement without a reason", claimed(informed(I, "typeofbill", "117"), { related: prior })],
  ["CB-RDY-406", "a line after the discharge", lined(I, { servicedDate: "2026-03-06" })],
  [
    "CB-RDY-407",
    "a stay without an admitting diagnosis",
    diagnosed(I, (_one, index) => (index === 2 ? { type: I.claim.diagnosis?.[1]?.type } : {})),
  ],
  [
    "CB-RDY-501",
    "a diagnosis of another set",
    diagnosed(I, (_one, index) => (index === 1 ? { diagnosisCodeableConcept: coded("428.0") } : {})),
  ],
  ["CB-RDY-501", "a revenue code of three digits", lined(I, { revenue: coded("120") })],
  ["CB-RDY-501", "a modifier of one letter", lined(P, { modifier: [coded("L")] })],
  ["CB-RDY-502", "a DRG of two digits", informed(I, "drg", "19")],
  ["CB-RDY-503", "a discharge status that is none", informed(I, "discharge-status", "99")],
  [
    "CB-RDY-504",
    "a description of CPT",
    lined(P, { productOrService: { coding: [{ system: "http://www.ama-assn.org/go/cpt", code: "99999", display: "x" }] } }),
  ],
  ["CB-RDY-601", "procedures on an outpatient claim", claimed(I, { subType: { coding: [{ code: "outpatient" }] } })],
  ["CB-RDY-601", "a professional line with a revenue code", lined(P, { revenue: coded("0450") })],
  ["CB-RDY-602", "five pointers", lined(P, { diagnosisSequence: [1, 2, 1, 2, 1] })],
  [
    "CB-RDY-602",
    "four reasons for the visit",
    diagnosed(I, (_one, index) => (index > 0 ? { type: [{ coding: [{ code: "patientreasonforvisit" }] }] } : {})),
  ],
];

describe("a check before release", () => {
  it("says nothing of a claim that is ready", () => {
    for (const { claim, referenced } of [I, P]) expect(readinessOf(claim, referenced)).toEqual([]);
  });

  it.each(WRONG)("%s finds %s", (check, _what, { claim, referenced }) => {
    const [found] = readinessOf(claim, referenced).filter(({ rule }) => rule === check);
    expect(found).toBeDefined();
    expect(found?.message).toMatch(/\.$/);
    expect(found?.fix).toMatch(/\.$/);
    // No value of the patient's in a finding.
    expect(`${found?.message}${found?.fix}`).not.toMatch(/Łukasz|Zwetschgenbaum|428\.0|2000000011/);
  });

  it("is there for each id once, and each can fail", () => {
    const ids = READINESS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...new Set(WRONG.map(([check]) => check))].sort()).toEqual([...ids].sort());
    expect(SNIP_TYPES.map(({ type }) => type)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
