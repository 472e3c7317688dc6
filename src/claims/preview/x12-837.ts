import type { Bill, BillDiagnosis, BillLine, TeamMember } from "../form/bill.ts";
import { billingProvider, otherPayers, practitioner, serviceFacility, subscriberLoops } from "./x12-parties.ts";
import { type Element, type Segment, writeInterchange, x12Amount, x12Day, x12Number, x12Text, x12Time } from "./x12-writer.ts";

/** Implementation guides (GS08). */
const GUIDES = { professional: "005010X222A1", institutional: "005010X223A2" } as const;
/** Codes in one HI segment. */
const MOST_IN_HI = 12;

const undotted = (code: string): string => code.replace(".", "");

/** HI segments of twelve composites each. */
function information(composites: readonly Element[]): readonly Segment[] {
  const segments: Segment[] = [];
  for (let at = 0; at < composites.length; at += MOST_IN_HI) segments.push(["HI", ...composites.slice(at, at + MOST_IN_HI)]);
  return segments;
}

/** A diagnosis with its qualifier; the ninth component says whether it was present on admission. */
const diagnosis = (qualifier: string, { code, onAdmission }: BillDiagnosis): Element =>
  onAdmission === undefined ? [qualifier, undotted(code)] : [qualifier, undotted(code), "", "", "", "", "", "", onAdmission];

const used = ({ diagnoses }: Bill, use: string): readonly BillDiagnosis[] => diagnoses.filter((one) => one.use === use);

/** Diagnoses of a professional claim, the first-listed one first: pointers count in this order. */
const listed = (bill: Bill): readonly BillDiagnosis[] => [
  ...used(bill, "principal"),
  ...bill.diagnoses.filter(({ use }) => use !== "principal"),
];

const conditions = ({ conditions: codes }: Bill): readonly Segment[] => information(codes.map((code) => ["BG", code]));

function codesOf(bill: Bill): readonly Segment[] {
  if (bill.kind === "professional")
    return [...information(listed(bill).map((one, index) => diagnosis(index === 0 ? "ABK" : "ABF", one))), ...conditions(bill)];
  const [principal, ...others] = bill.procedures;
  const procedure = (qualifier: string, { code, date }: { code: string; date: string }): Element => [qualifier, code, "D8", x12Day(date)];
  return [
    ...information(used(bill, "principal").map((one) => diagnosis("ABK", one))),
    ...information(used(bill, "admitting").map((one) => diagnosis("ABJ", one))),
    ...information(used(bill, "patientreasonforvisit").map((one) => diagnosis("APR", one))),
    ...information(used(bill, "externalcauseofinjury").map((one) => diagnosis("ABN", one))),
    ...(bill.drg === undefined ? [] : information([["DR", bill.drg.replace("-", "")]])),
    ...information(used(bill, "secondary").map((one) => diagnosis("ABF", one))),
    ...(principal === undefined ? [] : information([procedure("BBR", principal)])),
    ...information(others.map((one) => procedure("BBQ", one))),
    ...information(bill.spans.map(({ code, from, through }) => ["BI", code, "RD8", `${x12Day(from)}-${x12Day(through)}`])),
    ...information(bill.occurrences.map(({ code, date }) => ["BH", code, "D8", x12Day(date)])),
    ...information(bill.values.map(({ code, amount }) => ["BE", code, "", "", x12Number(amount)])),
    ...conditions(bill),
  ];
}

const ACCIDENTS = { auto: "AA", work: "EM", other: "OA" } as const;

function claimSegment(bill: Bill): Segment {
  const { kind, typeOfBill, frequency, lines, acceptsAssignment, accident, paysProvider } = bill;
  const place: Element =
    kind === "professional" ? [lines[0]?.place ?? "11", "B", frequency] : [(typeOfBill ?? "").slice(0, 2), "A", frequency];
  const cause: Element =
    kind === "professional" && accident !== undefined
      ? [ACCIDENTS[accident.kind], "", "", accident.kind === "auto" ? (accident.state ?? "") : ""]
      : "";
  return [
    "CLM",
    x12Text(bill.number),
    x12Amount(bill.totalCents),
    "",
    "",
    place,
    kind === "professional" ? "Y" : "",
    acceptsAssignment === false ? "C" : "A",
    paysProvider ? "Y" : "N",
    "Y",
    "",
    cause,
  ];
}

const date = (qualifier: string, day: string | undefined): readonly Segment[] =>
  day === undefined || day === "" ? [] : [["DTP", qualifier, "D8", x12Day(day)]];
const reference = (qualifier: string, number: string | undefined): readonly Segment[] =>
  number === undefined || number === "" ? [] : [["REF", qualifier, x12Text(number)]];

function datesOf(bill: Bill): readonly Segment[] {
  if (bill.kind === "professional")
    return [
      ...date("431", bill.onset),
      ...date("439", bill.accident?.date),
      ...date("435", bill.hospitalized?.from),
      ...date("096", bill.hospitalized?.through),
    ];
  const { admittedAt, dischargedAt } = bill;
  const admitted = admittedAt === undefined ? "" : x12Day(admittedAt) + x12Time(admittedAt);
  return [
    ...(dischargedAt === undefined || x12Time(dischargedAt) === "" ? [] : [["DTP", "096", "TM", x12Time(dischargedAt)] as const]),
    ["DTP", "434", "RD8", `${x12Day(bill.from)}-${x12Day(bill.through)}`],
    ...(admittedAt === undefined ? [] : [["DTP", "435", admitted.length > 8 ? "DT" : "D8", admitted] as const]),
    ["CL1", bill.admissionType ?? "", bill.pointOfOrigin ?? "", bill.dischargeStatus ?? ""],
  ];
}

function referencesOf(bill: Bill): readonly Segment[] {
  const billed = bill.payers.find(({ focal }) => focal);
  return [
    ...reference("9F", bill.referralNumber),
    ...reference("G1", billed?.authorizations[0]),
    ...reference("F8", bill.originalReference),
    ...(bill.kind === "institutional" ? reference("LU", bill.accident?.state) : reference("X4", bill.provider.clia)),
    ...reference("EA", bill.medicalRecordNumber),
  ];
}

const service = ({ code, modifiers, description }: BillLine): Element =>
  code === undefined
    ? ""
    : [
        "HC",
        code,
        ...Array.from({ length: 4 }, (_, at) => modifiers[at] ?? ""),
        description === undefined ? "" : x12Text(description).replaceAll(":", " ").slice(0, 80),
      ];

/** Emergency stands behind an element that is not used (SV108). */
function serviceLine(line: BillLine, bill: Bill, order: ReadonlyMap<number, number>): Segment {
  const { cents, unit, quantity, revenue, nonCoveredCents, place, pointers, emergency } = line;
  if (bill.kind === "institutional")
    return [
      "SV2",
      revenue ?? "",
      service(line),
      x12Amount(cents),
      unit,
      x12Number(quantity),
      "",
      nonCoveredCents === 0 ? "" : x12Amount(nonCoveredCents),
    ];
  return [
    "SV1",
    service(line),
    x12Amount(cents),
    unit,
    x12Number(quantity),
    place ?? "",
    "",
    pointers.map((pointer) => String(order.get(pointer) ?? pointer)),
    "",
    emergency ? "Y" : "",
  ];
}

function lineLoop(line: BillLine, index: number, bill: Bill, order: ReadonlyMap<number, number>): readonly Segment[] {
  const { from, through, controlNumber, ndc, ndcQuantity, team } = line;
  const lead = bill.team[0]?.sequence;
  const own: readonly TeamMember[] =
    bill.kind === "institutional" ? [] : bill.team.filter(({ sequence }) => team.includes(sequence) && sequence !== lead);
  return [
    ["LX", String(index + 1)],
    serviceLine(line, bill, order),
    through === undefined ? ["DTP", "472", "D8", x12Day(from)] : ["DTP", "472", "RD8", `${x12Day(from)}-${x12Day(through)}`],
    ...reference("6R", controlNumber),
    ...(ndc === undefined ? [] : [["LIN", "", "N4", ndc] as const]),
    ...(ndcQuantity === undefined ? [] : [["CTP", "", "", "", x12Number(ndcQuantity.value), x12Text(ndcQuantity.unit)] as const]),
    ...own.flatMap(practitioner),
  ];
}

/** Roles that stand on the claim, not on its lines. */
const claimTeam = ({ kind, team }: Bill): readonly TeamMember[] =>
  kind === "institutional"
    ? team
    : [...team.filter(({ role }) => role === "referring"), ...team.filter(({ role }) => role === "rendering").slice(0, 1)];

/**
 * The claim as an 837 professional or institutional, for people to look at: segments and codes only. It is marked as a test (ISA15) and goes
 * to nobody.
 * @param at when the claim was made, ISO 8601.
 */
export function write837(bill: Bill, at: string): string {
  const order = new Map(listed(bill).map(({ sequence }, index) => [sequence, index + 1]));
  return writeInterchange({ guide: GUIDES[bill.kind], sender: "CHARTBRIDGE", receiver: "PREVIEW", at }, [
    ["BHT", "0019", "00", x12Text(bill.number), x12Day(at), x12Time(at) || "0000", "CH"],
    ["NM1", "41", "2", "CHARTBRIDGE", "", "", "", "", "46", "CHARTBRIDGE"],
    ["PER", "IC", "PREVIEW"],
    ["NM1", "40", "2", "PREVIEW", "", "", "", "", "46", "PREVIEW"],
    ...billingProvider(bill.provider),
    ...subscriberLoops(bill),
    claimSegment(bill),
    ...datesOf(bill),
    ...referencesOf(bill),
    ...(bill.remarks === undefined ? [] : [["NTE", "ADD", x12Text(bill.remarks)] as const]),
    ...codesOf(bill),
    ...claimTeam(bill).flatMap(practitioner),
    ...serviceFacility(bill),
    ...otherPayers(bill),
    ...bill.lines.flatMap((line, index) => lineLoop(line, index, bill, order)),
  ]);
}
