import { chanceOf, type Chance } from "#src/cli/demo/random.ts";
import { type CodeSubmission, codeSubmission, type Stream } from "#src/coding/submission.ts";
import type { ChartSpec } from "../claims/charts.ts";

/** One account coded as it should be. */
export interface CodedAccount {
  readonly chart: ChartSpec;
  readonly stream: Stream;
  readonly codes: CodeSubmission;
}

interface Story {
  readonly principal: string;
  readonly secondary: readonly string[];
  /** Exempt from POA (FY2026 list). */
  readonly exempt?: readonly string[];
  readonly complaint: string;
  readonly pcs?: string;
}

const INPATIENTS: readonly [Story, ...Story[]] = [
  { principal: "J18.9", secondary: ["J96.01", "I10", "E11.9"], complaint: "R05.9" },
  { principal: "I11.0", secondary: ["I50.33", "N17.9", "E78.5"], exempt: ["Z79.4"], complaint: "R06.02" },
  { principal: "K35.80", secondary: ["K66.0"], complaint: "R10.31", pcs: "0DTJ4ZZ" },
  { principal: "A41.9", secondary: ["R65.20", "J96.01", "N17.9"], complaint: "R50.9" },
  { principal: "I12.9", secondary: ["N18.30", "D63.1"], complaint: "R53.1" },
  { principal: "S72.001A", secondary: ["I10", "W01.0XXA"], complaint: "M25.551", pcs: "0SR90J9" },
  { principal: "U07.1", secondary: ["J12.82", "J96.01"], complaint: "R06.02" },
  { principal: "E11.621", secondary: ["L97.511", "I10"], exempt: ["Z79.4"], complaint: "L03.115" },
];
const OUTPATIENTS: readonly [Story, ...Story[]] = [
  { principal: "E11.65", secondary: ["I10"], complaint: "E11.65" },
  { principal: "M54.50", secondary: [], complaint: "M54.50" },
  { principal: "M17.11", secondary: ["E66.9", "Z68.35"], complaint: "M25.561" },
  { principal: "N20.0", secondary: ["R11.2"], complaint: "R10.9" },
  { principal: "G43.909", secondary: ["I10"], complaint: "R51.9" },
  { principal: "S52.501A", secondary: ["W11.XXXA"], complaint: "M25.531" },
  { principal: "Z12.11", secondary: ["Z80.0"], complaint: "Z12.11" },
];

const two = (n: number): string => String(n).padStart(2, "0");
const member = (payer: string, chance: Chance): string =>
  payer === "MCARE" ? `1EG4TE5MK${chance.whole(10, 99)}` : `M${chance.whole(100_000, 999_999)}`;
const isCause = (code: string): boolean => /^[V-Y]/.test(code);

/** A stay or visit in the fiscal year of the data, coded by the rules: whatever an edit says of it is a false alarm. */
function accountOf(n: number, chance: Chance): CodedAccount {
  const kind = (["inpatient", "emergency", "clinic", "office"] as const)[n % 4] ?? "clinic";
  const month = chance.whole(1, 8);
  const day = chance.whole(1, 20);
  const nights = kind === "inpatient" ? chance.whole(1, 7) : 0;
  const date = (offset: number): string => `2026-${two(month)}-${two(day + offset)}`;
  const payer = chance.pick(["MCARE", "BCNORTH", "UNITYHP", "STMCAID"]);
  const charge = (code: string, units: number, hcpcs?: string) => ({
    code,
    cents: 1_000 * units,
    units,
    day: date(0),
    ...(hcpcs === undefined ? {} : { hcpcs }),
  });
  const inpatient = kind === "inpatient";
  const drugs = [charge("6361885", 2, "J1885"), charge("6362405", 4, "J2405"), charge("2587030", chance.whole(1, 3), "J7030")].slice(
    0,
    chance.whole(0, 3),
  );
  const story = chance.pick(inpatient ? INPATIENTS : OUTPATIENTS);
  const first = {
    inpatient: charge("1200001", nights),
    emergency: charge("4560383", 1, "G0383"),
    clinic: charge("5100463", 1, "G0463"),
    office: undefined,
  }[kind];
  const chart: ChartSpec = {
    class: inpatient ? "IMP" : kind === "emergency" ? "EMER" : "AMB",
    charges: first === undefined ? [] : [first, ...drugs],
    born: `${chance.whole(1936, 1990)}-${two(chance.whole(1, 12))}-${two(chance.whole(1, 28))}`,
    gender: chance.pick(["female", "male"]),
    payer,
    member: member(payer, chance),
    admissionType: inpatient || kind === "emergency" ? "1" : "3",
    from: `${date(0)}T08:00:00-05:00`,
    through: `${date(nights)}T15:00:00-05:00`,
  };
  const poa = (code: string) => (inpatient && story.exempt?.includes(code) !== true ? { onAdmission: "Y" } : {});
  const diagnoses = [
    { code: story.principal, use: "principal", ...poa(story.principal) },
    ...[...story.secondary, ...(story.exempt ?? [])].map((code) => ({
      code,
      use: isCause(code) ? "externalcauseofinjury" : "secondary",
      ...poa(code),
    })),
    ...(inpatient
      ? [{ code: story.complaint, use: "admitting" }]
      : kind === "emergency"
        ? [{ code: story.complaint, use: "patientreasonforvisit" }]
        : []),
  ];
  const procedures = inpatient && story.pcs !== undefined ? [{ code: story.pcs, date: date(0), performerNpi: "2000001026" }] : [];
  const reasons = diagnoses.flatMap(({ use }, index) => (use === "principal" || use === "secondary" ? [index + 1] : [])).slice(0, 4);
  const office =
    kind === "office" ? [{ procedureCode: "G0439", diagnosisPointers: reasons, serviceDate: date(0), units: 1, amountCents: 12_000 }] : [];
  return { chart, stream: kind === "office" ? "PRO:MED" : "FAC", codes: codeSubmission.parse({ diagnoses, procedures, lines: office }) };
}

/** The same seed gives the same accounts. */
export function codedAccounts(seed: number, count: number): readonly CodedAccount[] {
  const chance = chanceOf(seed);
  return Array.from({ length: count }, (_, n) => accountOf(n, chance));
}
