import { isDeepStrictEqual } from "node:util";
import type { Claim, ClaimItem, Coverage, Resource } from "@medplum/fhirtypes";
import { isOfCorrection } from "./chain.ts";
import { billFamilyOf, categoryOf } from "./type-of-bill.ts";

/** A claim with what it refers to, as released. */
export interface ClaimVersion {
  readonly claim: Claim;
  readonly referenced: readonly Resource[];
}

/** What a difference between two claims is about, in words that a remark may carry. */
export const CHANGE_KINDS = {
  dates: "dates of service",
  charges: "charges",
  codes: "revenue and procedure codes of lines",
  grouper: "diagnoses and procedures",
  "payer-order": "order of payers",
  status: "patient status",
  member: "number of the insured",
  payer: "payer",
  provider: "billing provider",
  patient: "patient",
  "bill-type": "type of bill",
  "care-team": "care team",
  other: "other elements",
} as const;
export type ChangeKind = keyof typeof CHANGE_KINDS;

export interface ClaimChange {
  readonly kind: ChangeKind;
  /** `Claim.item[2].net`, numbered as on the newer claim that has it. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

const ITEM_KINDS: Partial<Record<keyof ClaimItem, ChangeKind>> = {
  servicedDate: "dates",
  servicedPeriod: "dates",
  revenue: "codes",
  productOrService: "codes",
  modifier: "codes",
  diagnosisSequence: "codes",
  quantity: "charges",
  unitPrice: "charges",
  net: "charges",
  careTeamSequence: "care-team",
};
/** Elements that say which claim it is and not what it claims, and those looked at in their own way. */
const OWN_WAY: readonly string[] = [
  ...["resourceType", "id", "meta", "text", "identifier", "created", "related", "status", "contained", "extension"],
  ...["item", "supportingInfo", "insurance", "insurer", "provider", "patient"],
];
const HEADER_KINDS: Partial<Record<keyof Claim, ChangeKind>> = {
  billablePeriod: "dates",
  diagnosis: "grouper",
  procedure: "grouper",
  total: "charges",
  careTeam: "care-team",
  type: "bill-type",
};
const INFO_KINDS: Readonly<Record<string, ChangeKind>> = { "discharge-status": "status", admissionperiod: "dates", drg: "grouper" };

const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);

/** What tells a line from others over versions: the charge it comes from, or its control number. */
const keyOf = ({ id, extension = [] }: ClaimItem): string | undefined =>
  id ?? extension.find(({ url }) => url.endsWith("/line-control-number"))?.valueIdentifier?.value;

/** The claims of one version as one: what a payer would judge, however it is divided. */
export function wholeOf(parts: readonly ClaimVersion[]): ClaimVersion {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error("a version has a claim");
  if (rest.length === 0) return first;
  const net = parts.reduce((sum, { claim }) => sum + Math.round((claim.total?.value ?? 0) * 100), 0);
  return {
    claim: {
      ...first.claim,
      item: parts.flatMap(({ claim }) => claim.item ?? []),
      diagnosis: parts.flatMap(({ claim }) => claim.diagnosis ?? []),
      total: { value: net / 100, currency: "USD" },
    },
    referenced: first.referenced,
  };
}

/** A line is the same line by the charge it comes from, else by its number. */
function linesOf(before: readonly ClaimItem[], after: readonly ClaimItem[]): readonly ClaimChange[] {
  const left = new Set(before);
  const changes: ClaimChange[] = [];
  for (const [index, line] of after.entries()) {
    const path = `Claim.item[${index}]`;
    const was = before.find(
      (one) => left.has(one) && (keyOf(line) === undefined ? one.sequence === line.sequence : keyOf(one) === keyOf(line)),
    );
    if (was === undefined) {
      changes.push({ kind: "charges", path, after: line });
      continue;
    }
    left.delete(was);
    for (const name of new Set([...Object.keys(was), ...Object.keys(line)]) as Set<keyof ClaimItem>)
      if (name !== "sequence" && !same(was[name], line[name]))
        changes.push({ kind: ITEM_KINDS[name] ?? "other", path: `${path}.${name}`, before: was[name], after: line[name] });
  }
  return [
    ...changes,
    ...[...left].map((line): ClaimChange => ({ kind: "charges", path: `Claim.item[${line.sequence - 1}]`, before: line })),
  ];
}

const information = ({ supportingInfo = [] }: Claim) =>
  Map.groupBy(
    supportingInfo
      // The type of bill is looked at by its family.
      .filter((one) => categoryOf(one) !== "typeofbill" && !isOfCorrection(one))
      .map(({ sequence: _sequence, ...rest }) => rest),
    categoryOf,
  );

function informationChanges(before: Claim, after: Claim): readonly ClaimChange[] {
  const [was, is] = [information(before), information(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((category) => !same(was.get(category), is.get(category)))
    .map((category) => ({
      kind: INFO_KINDS[category] ?? "other",
      path: `Claim.supportingInfo[${category}]`,
      before: was.get(category),
      after: is.get(category),
    }));
}

const found = ({ referenced }: ClaimVersion, reference: string | undefined): Resource | undefined =>
  referenced.find(({ resourceType, id }) => `${resourceType}/${id ?? ""}` === reference);

const coveragesOf = (version: ClaimVersion): readonly Coverage[] =>
  version.claim.insurance.flatMap(({ coverage }) => {
    const one = found(version, coverage.reference);
    return one?.resourceType === "Coverage" ? [one] : [];
  });

const payorOf = (coverage: Coverage | undefined): string => coverage?.payor[0]?.reference ?? coverage?.payor[0]?.display ?? "";

/** Who pays: another order of the same payers, another payer, another number with the same payer. */
function insuranceChanges(before: ClaimVersion, after: ClaimVersion): readonly ClaimChange[] {
  const [was, is] = [coveragesOf(before), coveragesOf(after)];
  const [payersBefore, payersAfter] = [was.map(payorOf), is.map(payorOf)];
  const changed = (kind: ChangeKind, a: unknown, b: unknown): readonly ClaimChange[] => [
    { kind, path: "Claim.insurance", before: a, after: b },
  ];
  if (!same(payersBefore, payersAfter)) {
    if (payersBefore[0] === payersAfter[0]) return changed("other", payersBefore, payersAfter);
    const kept = payersAfter.includes(payersBefore[0] ?? "") && payersBefore.includes(payersAfter[0] ?? "");
    return changed(kept ? "payer-order" : "payer", payersBefore, payersAfter);
  }
  const numbers = (coverages: readonly Coverage[]) => coverages.map(({ subscriberId }) => subscriberId);
  return same(numbers(was), numbers(is)) ? [] : changed("member", numbers(was), numbers(is));
}

/** What of those a claim is about is printed on it. */
function personsOf(version: ClaimVersion): Readonly<Record<string, unknown>> {
  const patient = found(version, version.claim.patient.reference);
  const provider = found(version, version.claim.provider.reference);
  return {
    ...(patient?.resourceType === "Patient"
      ? {
          "Patient.name": patient.name,
          "Patient.birthDate": patient.birthDate,
          "Patient.gender": patient.gender,
          "Patient.address": patient.address,
        }
      : {}),
    ...(provider?.resourceType === "Organization" ? { "Claim.provider": provider.identifier } : {}),
  };
}

/** Every difference of two claims of one item that a payer would see, by what it is about. Pure; empty when they claim the same. */
export function diffClaims(before: ClaimVersion, after: ClaimVersion): readonly ClaimChange[] {
  const [was, is] = [before.claim, after.claim];
  const changes: ClaimChange[] = [];
  if (billFamilyOf(was) !== billFamilyOf(is))
    changes.push({ kind: "bill-type", path: "Claim.type", before: billFamilyOf(was), after: billFamilyOf(is) });
  if (was.patient.reference !== is.patient.reference)
    changes.push({ kind: "patient", path: "Claim.patient", before: was.patient, after: is.patient });
  const [personsBefore, personsAfter] = [personsOf(before), personsOf(after)];
  for (const path of new Set([...Object.keys(personsBefore), ...Object.keys(personsAfter)]))
    if (!same(personsBefore[path], personsAfter[path]))
      changes.push({
        kind: path === "Claim.provider" ? "provider" : "other",
        path,
        before: personsBefore[path],
        after: personsAfter[path],
      });
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)]) as Set<keyof Claim>)
    if (!OWN_WAY.includes(name) && name !== "type" && !same(was[name], is[name]))
      changes.push({ kind: HEADER_KINDS[name] ?? "other", path: `Claim.${name}`, before: was[name], after: is[name] });
  return [...changes, ...insuranceChanges(before, after), ...informationChanges(was, is), ...linesOf(was.item ?? [], is.item ?? [])];
}
