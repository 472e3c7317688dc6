import type { ChargeItem, Coverage, Encounter, Organization, Patient, Practitioner } from "@medplum/fhirtypes";
import { type AccountId, type IdKey, stableId } from "#src/base/ids.ts";
import { dollars } from "#src/base/money.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import { shiftDay } from "#src/coding/stay.ts";
import { type CodeSubmission, codeSubmission, type Stream } from "#src/coding/submission.ts";

/** Ids of the sandbox are the same everywhere. */
export const SANDBOX_KEY = "sandbox" as IdKey;

/** A coded account of the sandbox. */
export interface SandboxAccount {
  readonly chart: ChartSnapshot;
  readonly stream: Stream;
  readonly codes: CodeSubmission;
}

interface Charge {
  readonly code: string;
  readonly cents: number;
  readonly units: number;
  readonly drug?: string;
}

interface Story {
  readonly class: "IMP" | "EMER" | "OBSENC" | "AMB";
  readonly nights: number;
  readonly doctor: "T1" | "T3";
  readonly payers: readonly ("TPLAN" | "TMCARE")[];
  readonly charges: readonly Charge[];
  readonly codes: (day: string, charge: (n: number) => string) => unknown;
}

const STORIES: readonly Story[] = [
  {
    class: "IMP",
    nights: 3,
    doctor: "T1",
    payers: ["TMCARE", "TPLAN"],
    charges: [
      { code: "T120", cents: 426_000, units: 3 },
      { code: "T258", cents: 7_800, units: 2 },
      { code: "T636", cents: 4_300, units: 2, drug: "00182106105" },
    ],
    codes: (day) => ({
      diagnoses: [
        { code: "K35.80", use: "principal", onAdmission: "Y" },
        { code: "I10", use: "secondary", onAdmission: "Y" },
        { code: "N17.9", use: "secondary", onAdmission: "N" },
        { code: "R10.31", use: "admitting" },
      ],
      procedures: [{ code: "0DTJ4ZZ", date: day, performerNpi: "2000001026" }],
      abstract: { drg: { kind: "MS-DRG", code: "343", version: "43" }, values: [{ code: "80", amount: 300 }] },
    }),
  },
  {
    class: "EMER",
    nights: 0,
    doctor: "T3",
    payers: ["TPLAN"],
    charges: [
      { code: "T450", cents: 64_000, units: 1 },
      { code: "T636", cents: 2_150, units: 1 },
    ],
    codes: (day) => ({
      diagnoses: [
        { code: "S52.501A", use: "principal" },
        { code: "W11.XXXA", use: "externalcauseofinjury" },
        { code: "M25.531", use: "patientreasonforvisit" },
      ],
      abstract: { accident: { date: day, kind: "other", state: "OH" }, occurrences: [{ code: "05", date: day }] },
    }),
  },
  {
    class: "OBSENC",
    nights: 1,
    doctor: "T1",
    payers: ["TMCARE"],
    charges: [{ code: "T762", cents: 9_800 * 18, units: 18 }],
    codes: () => ({
      diagnoses: [
        { code: "R07.9", use: "principal" },
        { code: "R07.9", use: "patientreasonforvisit" },
      ],
    }),
  },
  {
    class: "AMB",
    nights: 0,
    doctor: "T1",
    payers: [],
    charges: [{ code: "T510", cents: 18_500, units: 1 }],
    codes: () => ({
      diagnoses: [
        { code: "E11.65", use: "principal" },
        { code: "I10", use: "secondary" },
      ],
    }),
  },
];

const OFFICE: Story = {
  class: "AMB",
  nights: 0,
  doctor: "T1",
  payers: ["TPLAN"],
  charges: [{ code: "T900", cents: 12_001, units: 1 }],
  codes: (day, charge) => ({
    diagnoses: [
      { code: "E11.65", use: "principal" },
      { code: "I10", use: "secondary" },
    ],
    lines: [
      { chargeId: charge(0), diagnosisPointers: [1, 2] },
      { procedureCode: "G2212", modifiers: ["95"], diagnosisPointers: [2], serviceDate: day, units: 3, amountCents: 10_001 },
    ],
    abstract: { authorization: { number: "HTEST-PA-1" } },
  }),
};
const FIRST_DAY = "2026-01-05";
const DAYS = 200;

const ref = (resource: { readonly resourceType: string; readonly id?: string }): { readonly reference: string } => ({
  reference: `${resource.resourceType}/${resource.id ?? ""}`,
});

const id = (...parts: readonly (string | number)[]): string => stableId(SANDBOX_KEY, ...parts.map(String));
const chargeId = (n: number, at: number): string => id("ChargeItem", n, at);

const patientOf = (n: number): Patient => ({
  resourceType: "Patient",
  id: id("Patient", n),
  identifier: [
    {
      type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }] },
      system: "urn:chartbridge:sandbox",
      value: `HTEST${n}`,
    },
  ],
  name: [{ family: `Htest-${String.fromCharCode(65 + (n % 26))}`, given: ["Sample"] }],
  gender: n % 2 === 0 ? "female" : "male",
  birthDate: `${1940 + (n % 50)}-0${1 + (n % 9)}-15`,
  address: [{ line: [`${n + 1} Test Street`], city: "Testville", state: "OH", postalCode: "44020" }],
});

const doctorOf = ({ doctor }: Story): Practitioner => ({
  resourceType: "Practitioner",
  id: id("Practitioner", doctor),
  identifier: [{ system: "urn:chartbridge:authority:HTEST", value: doctor }],
});

const visitOf = (n: number, story: Story, day: string): Encounter => ({
  resourceType: "Encounter",
  id: id("Encounter", n),
  status: "finished",
  class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: story.class },
  type: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0007", code: story.class === "AMB" ? "3" : "1" }] }],
  subject: ref(patientOf(n)),
  participant: [
    {
      type: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "ATND" }] }],
      individual: ref(doctorOf(story)),
    },
  ],
  period: { start: `${day}T08:00:00-05:00`, end: `${shiftDay(day, story.nights)}T21:30:00-05:00` },
  hospitalization: { admitSource: { coding: [{ code: "1" }] }, dischargeDisposition: { coding: [{ code: "01" }] } },
});

const NAMES = { TPLAN: "Htest Plan", TMCARE: "Htest Medicare" } as const;

function payersOf(n: number, { payers }: Story): readonly (Organization | Coverage)[] {
  return payers.flatMap((payer, order) => {
    const organization: Organization = {
      resourceType: "Organization",
      id: id("Organization", payer),
      identifier: [{ value: payer }],
      name: NAMES[payer],
    };
    const coverage: Coverage = {
      resourceType: "Coverage",
      id: id("Coverage", n, order),
      status: "active",
      order: order + 1,
      subscriberId: `HTEST${n}${order}`,
      beneficiary: ref(patientOf(n)),
      payor: [ref(organization)],
    };
    return [organization, coverage];
  });
}

const chargesOf = (n: number, story: Story, day: string): readonly ChargeItem[] =>
  story.charges.map(({ code, cents, units, drug }, at) => ({
    resourceType: "ChargeItem",
    id: chargeId(n, at),
    status: "billable",
    subject: ref(patientOf(n)),
    context: ref(visitOf(n, story, day)),
    code: { coding: [{ system: "urn:chartbridge:charge-code:HTEST", code }] },
    occurrenceDateTime: `${day}T09:00:00-05:00`,
    quantity: { value: units },
    priceOverride: { value: dollars(cents), currency: "USD" },
    ...(drug === undefined ? {} : { productCodeableConcept: { coding: [{ system: "http://hl7.org/fhir/sid/ndc", code: drug }] } }),
  }));

/** The n-th account; the same n gives the same account. */
export function sandboxAccount(n: number): SandboxAccount {
  const kind = n % (STORIES.length + 1);
  const story = STORIES[kind] ?? OFFICE;
  const day = shiftDay(FIRST_DAY, n % DAYS);
  return {
    chart: {
      accountId: id("Account", n) as AccountId,
      version: 1,
      feed: "sandbox",
      facility: "HTEST",
      accountNumber: `HTEST-A${n}`,
      resources: [patientOf(n), doctorOf(story), visitOf(n, story, day), ...payersOf(n, story), ...chargesOf(n, story, day)],
    },
    stream: story === OFFICE ? "PRO:HTESTMED" : "FAC",
    codes: codeSubmission.parse(story.codes(day, (at) => chargeId(n, at))),
  };
}
