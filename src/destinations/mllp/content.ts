import type { Claim, ClaimDiagnosis, ClaimItem, Encounter, HumanName, Identifier, Patient, Resource } from "@medplum/fhirtypes";
import { fail, ok, type Result } from "#src/base/result.ts";
import { REPLACEMENT, VOID } from "#src/claims/lifecycle/chain.ts";
import type { MllpDestination } from "#src/config/destination.ts";
import type { Component, SegmentFields } from "#src/hl7v2/serialise.ts";
import { localTime } from "./local-time.ts";

/** HL7 v2.5.1: the version most billing interfaces take. */
export const VERSION = "2.5.1";

/** Code system names of table 0396, by FHIR system. */
const SYSTEM_NAMES: ReadonlyMap<string, string> = new Map([
  ["http://hl7.org/fhir/sid/icd-10-cm", "I10C"],
  ["http://www.cms.gov/Medicare/Coding/ICD10", "I10P"],
  ["http://www.ama-assn.org/go/cpt", "C4"],
  ["urn:oid:2.16.840.1.113883.6.285", "HCPCS"],
]);
/** PV1-2 (table 0004) of an encounter class (v3 ActCode). */
const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries({ IMP: "I", ACUTE: "I", NONAC: "I", EMER: "E", AMB: "O", OBSENC: "O", SS: "O", PRENC: "P" }),
);
const GENDERS: ReadonlyMap<string, string> = new Map(Object.entries({ male: "M", female: "F", other: "O", unknown: "U" }));
const AUTHORITY = "urn:chartbridge:authority:";

/** CX.4 of an identifier system, the way back of how it was read: a name, or an OID as universal id. */
function authorityOf(system: string | undefined): Component {
  if (system === undefined) return "";
  if (system.startsWith(AUTHORITY)) return decodeURIComponent(system.slice(AUTHORITY.length));
  return system.startsWith("urn:oid:") ? ["", system.slice("urn:oid:".length), "ISO"] : ["", system, "URI"];
}

const cx = ({ value, system, type }: Identifier): readonly Component[] => [
  value ?? "",
  "",
  "",
  authorityOf(system),
  type?.coding?.[0]?.code ?? "",
];
const xpn = ({ family, given, suffix, prefix }: HumanName): readonly Component[] => [
  family ?? "",
  given?.[0] ?? "",
  given?.slice(1).join(" ") ?? "",
  suffix?.join(" ") ?? "",
  prefix?.join(" ") ?? "",
];
const cwe = (
  concept: { readonly coding?: readonly { system?: string; code?: string }[] } | undefined,
): readonly Component[] | undefined => {
  const coding = concept?.coding?.find(({ code }) => code !== undefined);
  return coding === undefined ? undefined : [coding.code ?? "", "", SYSTEM_NAMES.get(coding.system ?? "") ?? coding.system ?? ""];
};
const day = (date: string | undefined): string => (date ?? "").slice(0, 10).replaceAll("-", "");
const decimal = (value: number | undefined): string => (value === undefined ? "" : String(value));
const numbered = (identifier: readonly Identifier[] | undefined, types: readonly string[]): Identifier | undefined =>
  identifier?.find(({ type }) => types.includes(type?.coding?.[0]?.code ?? "")) ?? identifier?.[0];

function pid(patient: Patient, accountNumber: string): SegmentFields {
  return [
    "PID",
    {
      1: "1",
      3: { each: (patient.identifier ?? []).map(cx) },
      5: { each: (patient.name ?? []).slice(0, 1).map(xpn) },
      7: day(patient.birthDate),
      8: GENDERS.get(patient.gender ?? "") ?? "",
      18: [accountNumber],
    },
  ];
}

const pv1 = (encounter: Encounter, zone: string): SegmentFields => {
  const visit = numbered(encounter.identifier, ["VN"]);
  return [
    "PV1",
    {
      1: "1",
      2: CLASSES.get(encounter.class.code ?? "") ?? "N",
      19: visit === undefined ? "" : cx(visit),
      36: encounter.hospitalization?.dischargeDisposition?.coding?.[0]?.code ?? "",
      44: localTime(encounter.period?.start, zone),
      45: localTime(encounter.period?.end, zone),
    },
  ];
};

const typesOf = ({ type }: ClaimDiagnosis): readonly string[] =>
  (type ?? []).flatMap(({ coding }) => coding ?? []).flatMap(({ code }) => (code === undefined ? [] : [code]));

/** What is said of codes: as they are now, or (table 0206) that they no longer hold, told by the identifiers they were sent with. */
interface CodesSaid {
  /** Our number of the claim they are of. */
  readonly number: string;
  readonly action: "" | "D";
}

/** Table 0052: an admitting diagnosis, else a final one. DG1-15: 1 the principal, 2 and on the others. DG1-20 and 21: which it is, and what becomes of it. */
function dg1(diagnoses: readonly ClaimDiagnosis[], { number, action }: CodesSaid): readonly SegmentFields[] {
  let secondary = 1;
  return diagnoses.flatMap((one, index): readonly SegmentFields[] => {
    const code = cwe(one.diagnosisCodeableConcept);
    if (code === undefined) return [];
    const types = typesOf(one);
    const admitting = types.includes("admitting");
    const priority = types.includes("principal") ? "1" : admitting ? "" : String(++secondary);
    const present = one.onAdmission?.coding?.[0]?.code ?? "";
    const identifier = `${number}.D${one.sequence}`;
    return [["DG1", { 1: String(index + 1), 3: code, 6: admitting ? "A" : "F", 15: priority, 20: identifier, 21: action, 26: present }]];
  });
}

/** The DRG is on the diagnosis that made it (Claim.diagnosis.packageCode). */
function drg(diagnoses: readonly ClaimDiagnosis[]): readonly SegmentFields[] {
  const code = cwe(diagnoses.find(({ packageCode }) => packageCode !== undefined)?.packageCode);
  return code === undefined ? [] : [["DRG", { 1: code }]];
}

const pr1 = ({ procedure }: Claim, zone: string, { number, action }: CodesSaid): readonly SegmentFields[] =>
  (procedure ?? []).flatMap((one, index): readonly SegmentFields[] => {
    const code = cwe(one.procedureCodeableConcept);
    return code === undefined
      ? []
      : [
          [
            "PR1",
            {
              1: String(index + 1),
              3: code,
              5: localTime(one.date, zone),
              14: index === 0 ? "1" : "2",
              19: `${number}.P${one.sequence}`,
              20: action,
            },
          ],
        ];
  });

const numberOf = ({ identifier }: Claim): string => identifier?.[0]?.value ?? "";
const money = (amount: { readonly value?: number; readonly currency?: string } | undefined): Component =>
  amount?.value === undefined ? "" : [amount.value.toFixed(2), amount.currency ?? "USD"];

/** Table 0017: a charge, or the credit of one that was posted, found again by its transaction id (FT1-2). */
type Posting = "CG" | "CD";

/** Table 0456, of the revenue code. */
const REVENUE = "HL70456";

interface Posted {
  readonly claim: Claim;
  readonly posting: Posting;
  readonly revenueCode: MllpDestination["revenueCode"];
}

/** @param at FT1-1, counted from 1 over the message. */
function ft1({ claim, posting, revenueCode }: Posted, item: ClaimItem, at: number): SegmentFields {
  const { revenue, sequence, quantity, net, unitPrice, modifier, productOrService, servicedDate, servicedPeriod, diagnosisSequence } = item;
  const diagnoses = (diagnosisSequence ?? []).flatMap((wanted) => {
    const code = cwe(claim.diagnosis?.find((one) => one.sequence === wanted)?.diagnosisCodeableConcept);
    return code === undefined ? [] : [code];
  });
  const code = cwe(productOrService) ?? [productOrService.text ?? ""];
  const revenueOf = revenue?.coding?.[0]?.code;
  const charged = revenueOf === undefined ? undefined : [revenueOf, "", REVENUE];
  return [
    "FT1",
    {
      1: String(at),
      2: `${numberOf(claim)}.${sequence}`,
      4: [day(servicedDate ?? servicedPeriod?.start), ...(servicedPeriod?.end === undefined ? [] : [day(servicedPeriod.end)])],
      6: posting,
      7: revenueCode === "FT1-7" ? (charged ?? code) : code,
      10: decimal(quantity?.value),
      11: [money(net)],
      12: [money(unitPrice)],
      13: revenueCode === "FT1-13" ? (charged ?? "") : "",
      19: { each: diagnoses },
      25: code,
      26: { each: (modifier ?? []).flatMap((one) => cwe(one) ?? []).length === 0 ? [] : (modifier ?? []).map((one) => cwe(one) ?? [""]) },
    },
  ];
}

/** Message structure (MSH-9.3). An A08 has the structure of an A01. */
const STRUCTURES = { "BAR^P12": "BAR_P12", "BAR^P05": "BAR_P05", "ADT^A08": "ADT_A01", "DFT^P03": "DFT_P03" } as const;

export interface Hl7Context {
  /** MSH-10: at most 20 characters. */
  readonly controlId: string;
  readonly at: Date;
  readonly frequency: string;
  /** For a replacement or void: the claim before it that the receiver has. */
  readonly standing?: Claim | undefined;
}

/** Bills whose charges no bill before them had: a first one, interim ones, late charges. */
const POSTS_ITS_OWN: ReadonlySet<string> = new Set(["1", "2", "3", "4", "5"]);

/**
 * A released claim as HL7 v2.5.1 (ch. 3 and 6): BAR^P12, BAR^P05 and ADT^A08 tell the codes of the visit as they are now, DFT^P03 posts its charges. What it
 * corrects is undone by what the receiver has of it: charges are credited, the codes of a void deleted. The account is not ended (BAR^P06): it goes on.
 * @returns the segments in the order of the message structure, MSH among them. Fails with `STRATEGY_UNFIT`: without a patient or an encounter, for a
 *   void of what the receiver never had, and for corrections where the settings leave them to a person.
 */
export function hl7Content(
  claim: Claim,
  referenced: readonly Resource[],
  settings: Pick<
    MllpDestination,
    | "message"
    | "revenueCode"
    | "voids"
    | "sendingApplication"
    | "sendingFacility"
    | "receivingApplication"
    | "receivingFacility"
    | "processingId"
    | "zone"
  >,
  { controlId, at, frequency, standing }: Hl7Context,
): Result<readonly SegmentFields[], "STRATEGY_UNFIT"> {
  const of = <T extends Resource>(type: T["resourceType"], reference: string | undefined): T | undefined =>
    referenced.find((one): one is T => one.resourceType === type && `${type}/${one.id ?? ""}` === reference?.split("/_history/")[0]);
  const patient = of<Patient>("Patient", claim.patient.reference);
  const encounter = of<Encounter>("Encounter", claim.item?.[0]?.encounter?.[0]?.reference);
  const charges = settings.message === "DFT^P03";
  if (patient === undefined || encounter === undefined) return fail("STRATEGY_UNFIT");
  const undoes = frequency === VOID || (charges && frequency === REPLACEMENT);
  if (undoes && settings.voids === "person") return fail("STRATEGY_UNFIT");
  if (frequency === VOID && standing === undefined) return fail("STRATEGY_UNFIT");
  if (charges && !undoes && !POSTS_ITS_OWN.has(frequency)) return fail("STRATEGY_UNFIT");
  const { zone, message } = settings;
  const [type = "", event = ""] = message.split("^");
  const now = localTime(at.toISOString(), zone);
  const account = claim.supportingInfo?.find(({ category }) => category.coding?.some(({ code }) => code === "patientaccountnumber"));
  const head: readonly SegmentFields[] = [
    [
      "MSH",
      {
        3: settings.sendingApplication,
        4: settings.sendingFacility,
        5: settings.receivingApplication,
        6: settings.receivingFacility,
        7: now,
        9: [type, event, STRUCTURES[message]],
        10: controlId,
        11: settings.processingId,
        12: VERSION,
        18: "UNICODE UTF-8",
      },
    ],
    ["EVN", { 1: event, 2: now }],
    pid(patient, account?.valueString ?? ""),
    pv1(encounter, zone),
  ];
  // A void has the codes of what it voids, and the receiver knows them by the number of that.
  const codesOf = frequency === VOID ? (standing ?? claim) : claim;
  const said: CodesSaid = { number: numberOf(codesOf), action: frequency === VOID ? "D" : "" };
  const diagnoses = codesOf.diagnosis ?? [];
  const codes = { dg1: dg1(diagnoses, said), drg: frequency === VOID ? [] : drg(diagnoses), pr1: pr1(codesOf, zone, said) };
  if (!charges) return ok([...head, ...codes.dg1, ...codes.drg, ...codes.pr1]);
  const { revenueCode } = settings;
  const postings: readonly Posted[] = [
    ...(undoes && standing !== undefined ? [{ claim: standing, posting: "CD" as const, revenueCode }] : []),
    ...(frequency === VOID ? [] : [{ claim, posting: "CG" as const, revenueCode }]),
  ];
  const lines = postings
    .flatMap((posted) => (posted.claim.item ?? []).map((item) => [posted, item] as const))
    .map(([posted, item], index) => ft1(posted, item, index + 1));
  // PR1 belongs to the transaction before it (FINANCIAL_PROCEDURE).
  return ok([...head, ...lines, ...codes.pr1, ...codes.dg1, ...codes.drg]);
}
