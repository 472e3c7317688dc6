import { validateResource } from "@medplum/core";
import type { Claim, ClaimResponse, StructureDefinition } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { profiles } from "#src/fhir/profiles/profiles.ts";
import { faultsOf, type ProfileName, profileFaultsOf } from "#src/fhir/validate.ts";
import { EMERGENCY_CHART, EMERGENCY_CODES } from "#test/claims/charts.ts";
import { FULL_INPATIENT_CODES, FULL_PROFESSIONAL_CODES, fullChart, oneMade } from "#test/claims/everything.ts";

const institutional = oneMade({ chart: fullChart(), codes: FULL_INPATIENT_CODES }).claim;
const professional = oneMade({ chart: fullChart({ class: "EMER" }), codes: FULL_PROFESSIONAL_CODES, stream: "PRO:MED" }).claim;
const outpatient = oneMade({ chart: fullChart(EMERGENCY_CHART), codes: EMERGENCY_CODES }).claim;
const I: ProfileName = "coded-claim-institutional";
const P: ProfileName = "coded-claim-professional";

/** As the library itself checks a profile that it is given. */
function byLibrary(claim: Claim, name: ProfileName): boolean {
  const profile = profiles().find(({ id }) => id === name) as StructureDefinition;
  try {
    return validateResource(claim, { profile }).every(({ severity }) => severity !== "error");
  } catch {
    return false;
  }
}

describe("the profiles of a claim", () => {
  it("are valid resources, and name their version on the claim", () => {
    for (const profile of profiles()) expect(faultsOf(profile)).toEqual([]);
    const versions = new Map(profiles().map(({ url, version }) => [`${url}|${version}`, true]));
    for (const { meta } of [institutional, professional]) expect(versions.get(meta?.profile?.[0] ?? "")).toBe(true);
  });

  it("take every kind of claim that is made", () => {
    expect(profileFaultsOf(institutional, I)).toEqual([]);
    expect(profileFaultsOf(outpatient, I)).toEqual([]);
    expect(profileFaultsOf(professional, P)).toEqual([]);
  });

  it.each([
    ["the other kind of claim", P, institutional],
    ["a claim for a prior authorisation", I, { ...institutional, use: "preauthorization" as const }],
    ["no type of bill", I, { ...institutional, supportingInfo: institutional.supportingInfo?.slice(1) ?? [] }],
    [
      "two types of bill",
      I,
      { ...institutional, supportingInfo: [...(institutional.supportingInfo ?? []).slice(0, 1), ...(institutional.supportingInfo ?? [])] },
    ],
    ["no attending", I, { ...institutional, careTeam: institutional.careTeam?.slice(1) ?? [] }],
    ["no principal diagnosis", I, { ...institutional, diagnosis: institutional.diagnosis?.slice(1) ?? [] }],
    ["a line without revenue code", I, { ...institutional, item: institutional.item?.map(({ revenue: _revenue, ...item }) => item) ?? [] }],
    [
      "an indicator on an admitting diagnosis",
      I,
      { ...institutional, diagnosis: institutional.diagnosis?.map((one) => ({ ...one, onAdmission: { text: "Y" } })) ?? [] },
    ],
    ["procedures of an outpatient", I, { ...outpatient, procedure: institutional.procedure ?? [] }],
    ["two focal insurances", I, { ...institutional, insurance: institutional.insurance.map((one) => ({ ...one, focal: true })) }],
    [
      "a line that points nowhere",
      P,
      { ...professional, item: professional.item?.map(({ diagnosisSequence: _none, ...item }) => item) ?? [] },
    ],
    [
      "a line without a place",
      P,
      { ...professional, item: professional.item?.map(({ locationCodeableConcept: _place, ...item }) => item) ?? [] },
    ],
    [
      "thirteen diagnoses",
      P,
      {
        ...professional,
        diagnosis: Array.from({ length: 13 }, (_, n) => ({ ...professional.diagnosis?.[n === 0 ? 0 : 1], sequence: n + 1 })),
      },
    ],
    [
      "five modifiers",
      P,
      {
        ...professional,
        item: professional.item?.map((item) => ({ ...item, modifier: Array.from({ length: 5 }, () => ({ text: "x" })) })) ?? [],
      },
    ],
    ["no frequency", P, { ...professional, supportingInfo: professional.supportingInfo?.slice(1) ?? [] }],
  ] as readonly (readonly [string, ProfileName, Claim])[])("refuse %s, as the library does", (_name, profile, claim) => {
    expect(profileFaultsOf(claim, profile).length).toBeGreaterThan(0);
    expect(byLibrary(claim, profile)).toBe(false);
  });

  it("leave the base of R4 as it is: a claim that no profile wants is valid R4", () => {
    const { diagnosis: _diagnosis, supportingInfo: _info, ...bare } = professional;
    const loose: Claim = { ...bare, item: [{ sequence: 1, productOrService: { text: "x" } }] };
    expect(faultsOf(loose)).toEqual([]);
    expect(profileFaultsOf(loose, P).length).toBeGreaterThan(0);
  });
});

describe("the profile of an answer", () => {
  const answer: ClaimResponse = {
    resourceType: "ClaimResponse",
    status: "active",
    type: { text: "institutional" },
    use: "claim",
    patient: { display: "HTEST" },
    created: "2026-03-20",
    insurer: { display: "HTEST" },
    outcome: "complete",
    request: { identifier: { system: "urn:chartbridge:claim", value: "CB1-1" } },
    item: [{ itemSequence: 1, adjudication: [{ category: { text: "submitted" }, amount: { value: 1, currency: "USD" } }] }],
  };
  it("takes one that names its claim and answers each line once", () => {
    expect(profileFaultsOf(answer, "coded-claim-response")).toEqual([]);
  });
  it.each([
    ["names no claim", { request: undefined }],
    ["is an answer to a prior authorisation", { use: "preauthorization" }],
    ["refuses the claim without a word", { outcome: "error" }],
    ["answers a line twice", { item: [answer.item?.[0], answer.item?.[0]] }],
  ])("refuses one that %s", (_name, change) => {
    const changed = JSON.parse(JSON.stringify({ ...answer, ...change })) as ClaimResponse;
    expect(faultsOf(changed)).toEqual([]);
    expect(profileFaultsOf(changed, "coded-claim-response").length).toBeGreaterThan(0);
  });
});
