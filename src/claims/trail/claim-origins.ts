import type { Claim, ClaimCareTeam, ClaimDiagnosis, ClaimItem, ClaimProcedure, ClaimSupportingInfo } from "@medplum/fhirtypes";
import type { CodeSubmission } from "#src/coding/submission.ts";
import { isOfCorrection } from "../lifecycle/chain.ts";
import { categoryOf } from "../lifecycle/type-of-bill.ts";

/** What an element of a claim rests on. */
export type Origin =
  /** Elements of a resource of the chart, which messages made. */
  | { readonly by: "chart"; readonly resource: string; readonly elements: readonly string[] }
  /** Part of the coder's submission: `diagnoses[0]`. */
  | { readonly by: "coder"; readonly part: string }
  /** A file of the site data. */
  | { readonly by: "site-data"; readonly file: string }
  /** The engine's own doing, in words. */
  | { readonly by: "engine"; readonly what: string }
  /** Something a payer said. */
  | { readonly by: "payer"; readonly what: string };

export interface ElementOrigin {
  /** `Claim.item[2].net`. */
  readonly path: string;
  readonly origins: readonly Origin[];
}

export interface OriginFacts {
  readonly codes: CodeSubmission;
  /** `Encounter/ID` of the stay. */
  readonly encounter: string;
  /** `Account/ID`; absent when the chart has none. */
  readonly account?: string;
  /** Who took part in the stay, by their place in the encounter: `Practitioner/ID`. */
  readonly participants: readonly string[];
  /** `Type/ID` of everything in the chart. */
  readonly charted: ReadonlySet<string>;
}

const chart = (resource: string | undefined, ...elements: string[]): Origin => ({ by: "chart", resource: resource ?? "", elements });
const coder = (part: string): Origin => ({ by: "coder", part });
const site = (file: string): Origin => ({ by: "site-data", file });
const engine = (what: string): Origin => ({ by: "engine", what });

const bare = (code: string | undefined): string => (code ?? "").replace(".", "").toUpperCase();
/** The index at which the coder gave a code, nearest to its place on the claim. */
function given(codes: readonly { readonly code: string }[], code: string, place: number): number {
  const at = codes.flatMap((one, index) => (bare(one.code) === code ? [index] : []));
  return at.toSorted((a, b) => Math.abs(a - place) - Math.abs(b - place))[0] ?? place;
}

type Parts = readonly (readonly [string, readonly Origin[]])[];

/** Elements that are the same for every claim. */
function header(claim: Claim, { encounter, charted }: OriginFacts): Parts {
  const insurer = claim.insurer?.reference ?? "";
  const patient = claim.patient.reference;
  return [
    ["identifier", [engine("number of the claim")]],
    ["status", [engine("released")]],
    ["type", [engine("stream of the item")]],
    ["use", [engine("a claim")]],
    ["created", [engine("moment of the release")]],
    ["priority", [engine("normal")]],
    ["total", [engine("sum of the lines")]],
    ["patient", [chart(patient, "Patient.identifier", "Patient.name", "Patient.birthDate", "Patient.gender", "Patient.address")]],
    ["billablePeriod", [chart(encounter, "Encounter.period")]],
    ["provider", [site("facilities.csv")]],
    ["insurer", [...(charted.has(insurer) ? [chart(insurer, "Organization.identifier", "Organization.name")] : []), site("payers.csv")]],
    ["related", [engine("the claim before in its chain"), { by: "payer", what: "its number of that claim, where it was said" }]],
    ["accident", [coder("abstract.accident")]],
  ];
}

function ofDiagnosis({ diagnosisCodeableConcept }: ClaimDiagnosis, index: number, { codes }: OriginFacts): Parts {
  const at = given(codes.diagnoses, bare(diagnosisCodeableConcept?.coding?.[0]?.code), index);
  const own = coder(`diagnoses[${at}]`);
  return [
    ["sequence", [own]],
    ["diagnosisCodeableConcept", [coder(`diagnoses[${at}].code`)]],
    ["type", [coder(`diagnoses[${at}].use`)]],
    ["onAdmission", [coder(`diagnoses[${at}].onAdmission`)]],
    ["packageCode", [coder("abstract.drg")]],
  ];
}

function ofProcedure({ procedureCodeableConcept }: ClaimProcedure, index: number, { codes }: OriginFacts): Parts {
  const at = given(codes.procedures, bare(procedureCodeableConcept?.coding?.[0]?.code), index);
  return [
    ["sequence", [coder(`procedures[${at}]`)]],
    ["type", [coder(`procedures[${at}]`)]],
    ["date", [coder(`procedures[${at}].date`)]],
    ["procedureCodeableConcept", [coder(`procedures[${at}].code`)]],
  ];
}

const OPERATES = /^(other)?operating$/;
function ofCareTeam({ provider, role }: ClaimCareTeam, _index: number, { encounter, charted, participants }: OriginFacts): Parts {
  const reference = provider.reference ?? "";
  const places = participants.flatMap((one, index) => (one === reference ? [`Encounter.participant[${index}]`] : []));
  const operates = OPERATES.test(role?.coding?.[0]?.code ?? "");
  const who: readonly Origin[] = [
    ...(operates
      ? [coder("procedures[].performerNpi")]
      : [chart(encounter, ...(places.length === 0 ? ["Encounter.participant"] : places))]),
    ...(charted.has(reference) ? [chart(reference, "Practitioner.identifier", "Practitioner.name")] : []),
    site("practitioners.csv"),
  ];
  return [
    ["provider", who],
    ["qualification", [site("practitioners.csv")]],
    ["role", who.slice(0, 1)],
  ];
}

/** Categories of supporting information that come from the chart. */
const INFO: Readonly<Record<string, readonly string[]>> = {
  typeofbill: ["Encounter.class"],
  admissionperiod: ["Encounter.period"],
  admtype: ["Encounter.type", "Encounter.priority"],
  pointoforigin: ["Encounter.hospitalization.admitSource"],
  "discharge-status": ["Encounter.hospitalization.dischargeDisposition"],
};
function infoOrigin(info: ClaimSupportingInfo, { encounter, account }: OriginFacts, patient: string | undefined): readonly Origin[] {
  const category = categoryOf(info);
  if (isOfCorrection(info)) return [engine("the correction of the claim before")];
  const elements = INFO[category];
  if (elements !== undefined) return [chart(encounter, ...elements)];
  if (category === "patientaccountnumber")
    return account === undefined ? [engine("number of the account")] : [chart(account, "Account.identifier")];
  if (category === "medicalrecordnumber") return [chart(patient, "Patient.identifier")];
  return [coder("abstract")];
}

function ofItem(item: ClaimItem, _index: number, { codes, encounter, charted }: OriginFacts): Parts {
  const charge = `ChargeItem/${item.id ?? ""}`;
  const isCharge = charted.has(charge);
  const at = isCharge
    ? codes.lines.findIndex(({ chargeId }) => chargeId === item.id)
    : codes.lines.findIndex(
        ({ chargeId, procedureCode }) => chargeId === undefined && bare(procedureCode) === bare(item.productOrService.coding?.[0]?.code),
      );
  const line = at < 0 ? undefined : codes.lines[at];
  const own = (part: string): Origin => coder(`lines[${Math.max(at, 0)}].${part}`);
  /** The coder's word where there is one, else the charge. */
  const from = (part: string, said: boolean, ...elements: string[]): readonly Origin[] =>
    said || !isCharge ? [own(part)] : [chart(charge, ...elements)];
  const priced = from("amountCents", line?.amountCents !== undefined, "ChargeItem.priceOverride");
  return [
    ["id", [isCharge ? chart(charge, "ChargeItem.identifier") : engine("the coder's own line")]],
    ["sequence", [engine("order of the lines")]],
    ["diagnosisSequence", [own("diagnosisPointers")]],
    ["careTeamSequence", [engine("who answers for the line")]],
    ["revenue", line?.revenueCode === undefined ? [site("charge-master.csv")] : [own("revenueCode")]],
    [
      "productOrService",
      [
        ...from("procedureCode", line?.procedureCode !== undefined, "ChargeItem.code"),
        ...(isCharge && line?.procedureCode === undefined ? [site("charge-master.csv")] : []),
      ],
    ],
    ["modifier", from("modifiers", (line?.modifiers.length ?? 0) > 0, "ChargeItem.extension")],
    ["servicedDate", from("serviceDate", line?.serviceDate !== undefined, "ChargeItem.occurrenceDateTime", "ChargeItem.occurrencePeriod")],
    [
      "servicedPeriod",
      from("serviceDate", line?.serviceDate !== undefined, "ChargeItem.occurrencePeriod", "ChargeItem.occurrenceDateTime"),
    ],
    ["locationCodeableConcept", [chart(encounter, "Encounter.class"), site("departments.csv")]],
    ["quantity", from("units", line?.units !== undefined, "ChargeItem.quantity")],
    ["unitPrice", priced],
    ["net", priced],
    ["encounter", [chart(encounter, "Encounter.identifier")]],
  ];
}

const COVERED = ["Coverage.identifier", "Coverage.subscriberId", "Coverage.payor", "Coverage.order", "Coverage.type", "Coverage.class"];

/** Elements of each entry of a list, in place of the list. */
function entries<T extends object>(
  name: string,
  list: readonly T[] | undefined,
  of: (one: T, index: number) => Parts,
): readonly ElementOrigin[] {
  return (list ?? []).flatMap((one, index) => {
    const known = new Map(of(one, index));
    return Object.keys(one).map((key) => ({
      path: `Claim.${name}[${index}].${key}`,
      origins: known.get(key) ?? [engine("assembled")],
    }));
  });
}

const LISTS: readonly string[] = ["diagnosis", "procedure", "careTeam", "supportingInfo", "item", "insurance"];

/**
 * Where each element of a claim comes from: the chart (and so a field of a message), the coder, the site data, or the engine. Every element that the claim
 * has is named, down to the elements of its lists' entries. Pure.
 */
export function originsOf(claim: Claim, facts: OriginFacts): readonly ElementOrigin[] {
  const known = new Map(header(claim, facts));
  const patient = claim.patient.reference;
  return [
    ...Object.keys(claim)
      .filter((key) => !LISTS.includes(key) && key !== "resourceType" && key !== "id" && key !== "meta")
      .map((key) => ({ path: `Claim.${key}`, origins: known.get(key) ?? [coder("abstract")] })),
    ...entries("diagnosis", claim.diagnosis, (one, index) => ofDiagnosis(one, index, facts)),
    ...entries("procedure", claim.procedure, (one, index) => ofProcedure(one, index, facts)),
    ...entries("careTeam", claim.careTeam, (one, index) => ofCareTeam(one, index, facts)),
    ...entries("insurance", claim.insurance, ({ coverage }) => {
      const reference = coverage.reference ?? "";
      return [["coverage", facts.charted.has(reference) ? [chart(reference, ...COVERED)] : [engine("no insurance: the patient pays")]]];
    }),
    ...(claim.supportingInfo ?? []).map((one, index) => ({
      path: `Claim.supportingInfo[${index}]`,
      origins: infoOrigin(one, facts, patient),
    })),
    ...entries("item", claim.item, (one, index) => ofItem(one, index, facts)),
  ];
}
