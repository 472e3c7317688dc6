import type { ChargeItem, Encounter, Organization, Coverage, Patient } from "@medplum/fhirtypes";
import type { AccountId } from "#src/base/ids.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { CodeData, CodeEntry } from "#src/codesets/code-data.ts";
import { type Evaluation, evaluate } from "#src/coding/evaluate.ts";
import type { SceneInput } from "#src/coding/scene.ts";
import { codeSubmission } from "#src/coding/submission.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";

const DIAGNOSES = 25;
const LINES = 50;
const CODES = 160_000;
const ROUNDS = 300;

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const dxCode = (n: number): string => `M${10 + (n % 80)}${n % 10}`;

/** As many codes in memory as the real sets have; every look-up is a look-up. */
function tables(): CodeData {
  const entry = (code: string): CodeEntry => ({ code, short: code, billable: true, validFrom: "2015-10-01" });
  const codes = new Map(Array.from({ length: CODES }, (_, n) => [n.toString(36).toUpperCase(), entry(n.toString(36))] as const));
  for (let n = 0; n < 1_000; n++) codes.set(dxCode(n), entry(dxCode(n)));
  for (const code of ["J1885", "Q4010", "RT"]) codes.set(code, entry(code));
  const none = new Set<string>();
  return {
    versionOf: () => "bench",
    lookup: (_system, code) => codes.get(code) ?? "unknown",
    successors: () => [],
    inList: (_list, code) => none.has(code),
    mue: (code) => (codes.has(code) ? { units: 100, adjudication: 3, rationale: "Clinical: Data" } : undefined),
    ptp: (one, two) => (none.has(`${one} ${two}`) ? { modifierAllowed: 1, rationale: "" } : undefined),
    addOnPrimaries: () => undefined,
    ops: (code) => (codes.has(code) ? { statusIndicator: "N" } : undefined),
    excludes1: (one, two) => none.has(`${one} ${two}`),
    laterality: () => undefined,
  };
}

function account(site: SiteData): SceneInput {
  const subject = { reference: `Patient/${uuid(1)}` };
  const patient: Patient = { resourceType: "Patient", id: uuid(1), birthDate: "1950-01-01", gender: "female" };
  const encounter: Encounter = {
    resourceType: "Encounter",
    id: uuid(2),
    status: "finished",
    class: { code: "AMB" },
    subject,
    period: { start: "2026-03-02T08:00:00Z", end: "2026-03-02T20:00:00Z" },
  };
  const payer: Organization = { resourceType: "Organization", id: uuid(3), identifier: [{ value: "MCARE" }] };
  const coverage: Coverage = {
    resourceType: "Coverage",
    id: uuid(4),
    status: "active",
    beneficiary: subject,
    subscriberId: "1EG4TE5MK73",
    payor: [{ reference: `Organization/${uuid(3)}` }],
  };
  const charges = Array.from(
    { length: LINES },
    (_, n): ChargeItem => ({
      resourceType: "ChargeItem",
      id: uuid(100 + n),
      status: "billable",
      subject,
      code: {
        coding: [
          { system: "urn:cdm", code: "6361885" },
          { system: "urn:oid:2.16.840.1.113883.6.285", code: n % 2 === 0 ? "J1885" : "Q4010" },
        ],
      },
      occurrenceDateTime: "2026-03-02T09:00:00Z",
      quantity: { value: 1 },
      priceOverride: { value: 21.5, currency: "USD" },
    }),
  );
  const chart: ChartSnapshot = {
    accountId: uuid(9) as AccountId,
    version: 1,
    feed: "bench",
    facility: "NORTH",
    accountNumber: "B1",
    resources: [patient, encounter, payer, coverage, ...charges],
  };
  const diagnoses = Array.from({ length: DIAGNOSES }, (_, n) => ({ code: dxCode(n), use: n === 0 ? "principal" : "secondary" }));
  return { chart, stream: "FAC", codes: codeSubmission.parse({ diagnoses }), site, data: tables() };
}

/** The n-th keystroke of a coder: another code in the third place. */
const keystroke = (input: SceneInput, n: number): SceneInput => ({
  ...input,
  codes: {
    ...input.codes,
    diagnoses: input.codes.diagnoses.map((dx, index) => (index === 2 ? { ...dx, code: dxCode(100 + (n % 500)) } : dx)),
  },
});

function medianMs(run: (n: number) => void): number {
  const times = Array.from({ length: ROUNDS }, (_, n) => {
    const begun = performance.now();
    run(n);
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  return Number((times[Math.floor(ROUNDS / 2)] ?? 0).toFixed(3));
}

/** Median times of a whole evaluation and of one after a keystroke, on an account of 25 diagnoses and 50 lines, in ms on one core. */
export function benchEdits(site: SiteData): { readonly full_ms: number; readonly incremental_ms: number; readonly edits_rerun: number } {
  const input = account(site);
  for (let n = 0; n < ROUNDS; n++) evaluate(keystroke(input, n));
  const full = medianMs((n) => evaluate(keystroke({ ...input, chart: { ...input.chart } }, n)));
  let going: Evaluation = evaluate(input);
  const incremental = medianMs((n) => {
    going = evaluate(keystroke(input, n), undefined, going);
  });
  return { full_ms: full, incremental_ms: incremental, edits_rerun: going.ran.length };
}
