import { localTime } from "./build.ts";
import { CASES, type Case, type CaseKind } from "./cases.ts";
import { personOf, type Person } from "./people.ts";
import type { Chance } from "./random.ts";
import type { Stay } from "./segments.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Seventeen seconds past the minute: hl7v2 cuts a time of 00:00:00 down to its day, and seconds of 00 off. */
export const ODD_SECOND_MS = 17_000;

/** Every queue gets its share early. */
const KINDS: readonly [CaseKind, ...CaseKind[]] = [
  "emergency",
  "inpatient",
  "outpatient",
  "observation",
  "inpatient",
  "emergency",
  "outpatient",
];
/** The patient (from 1) who gave no insurance. */
const WITHOUT_INSURANCE = 11;
const MEDICARE_FROM_YEARS = 65;

const hoursOf = (kind: CaseKind, units: number, chance: Chance): number => {
  if (kind === "inpatient") return chance.whole(46, 130);
  return kind === "observation" ? units : kind === "emergency" ? chance.whole(2, 7) : 1;
};

function payerOf(n: number, person: Person, now: Date, chance: Chance): Stay["payer"] {
  if (n === WITHOUT_INSURANCE) return undefined;
  const years = now.getUTCFullYear() - Number(person.born.slice(0, 4));
  return years > MEDICARE_FROM_YEARS ? "medicare" : chance.pick(["bluecross", "commercial", "medicaid"]);
}

/** An invented number of the form of a Medicare beneficiary identifier. */
const beneficiary = (digits: string): string => `1EG${digits[0]}TE${digits[1]}MK${digits.slice(2, 4)}`;

/** Nights between two local times, as a room is charged. */
const nightsBetween = (from: string, to: string): number => {
  const dayOf = (time: string): number => Date.UTC(Number(time.slice(0, 4)), Number(time.slice(4, 6)) - 1, Number(time.slice(6, 8)));
  return Math.round((dayOf(to) - dayOf(from)) / DAY_MS);
};

/** The n-th stay (from 1): kinds take turns, and the discharge lies within the 60 hours before `now`. */
export function stayOf(n: number, now: Date, zone: string, chance: Chance): Stay {
  const kind = KINDS[(n - 1) % KINDS.length] ?? KINDS[0];
  const what: Case = CASES[kind][Math.floor((n - 1) / KINDS.length) % CASES[kind].length] ?? CASES[kind][0];
  const left = Math.floor((now.getTime() - chance.whole(1, 60) * HOUR_MS) / 60_000) * 60_000 + ODD_SECOND_MS;
  const hours = hoursOf(kind, what.charges[0]?.units ?? 1, chance);
  const serial = String(n).padStart(4, "0");
  const person = personOf(n, now.getUTCFullYear(), chance);
  const payer = payerOf(n, person, now, chance);
  const member = String(chance.whole(100_000_000, 999_999_999));
  const admittedAt = localTime(new Date(left - hours * HOUR_MS), zone);
  const dischargedAt = localTime(new Date(left), zone);
  return {
    person,
    account: `A9${serial}`,
    visit: `V9${serial}`,
    case: what,
    payer,
    memberId: payer === "medicare" ? beneficiary(member) : `M${member}`,
    admittedAt,
    dischargedAt,
    days: Math.max(1, nightsBetween(admittedAt, dischargedAt)),
  };
}
