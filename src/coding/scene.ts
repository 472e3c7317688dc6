import type { Coverage, Encounter, Patient } from "@medplum/fhirtypes";
import { factsOf } from "#src/charts/facts.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import type { CodeData } from "#src/codesets/code-data.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { type BilledLine, billedLines } from "./billed-lines.ts";
import { type ChartCharge, chargesOf, chartCharges, isProfessional } from "./charges.ts";
import { tidy } from "./codes.ts";
import type { ClaimKind } from "./edits/edit.ts";
import { NO_POLICY, type Policy } from "./policy.ts";
import { stayOf, type Stay } from "./stay.ts";
import type { CodeSubmission, Stream } from "./submission.ts";

/** Another coding item of the same patient: what claims of one patient are compared with. Codes have no dot. */
export interface RelatedItem {
  readonly itemId: string;
  readonly accountId: string;
  readonly stream: Stream;
  readonly inpatient: boolean;
  readonly facility: string;
  readonly from?: string;
  readonly through?: string;
  /** A claim of it is out. */
  readonly released: boolean;
  readonly diagnoses: readonly string[];
  readonly lines: readonly { readonly code: string; readonly day: string; readonly modifiers: readonly string[] }[];
}

/** Everything an evaluation looks at. The same input gives the same findings in the same order. */
export interface SceneInput {
  readonly chart: ChartSnapshot;
  readonly stream: Stream;
  readonly codes: CodeSubmission;
  readonly site: SiteData;
  readonly data: CodeData;
  readonly policy?: Policy;
  /** Other items of the same patient. */
  readonly related?: readonly RelatedItem[];
  /** The day on which one looks, for time limits; without it those edits keep silent. */
  readonly today?: string;
  /** Which row of facilities.csv and charge-master.csv a chart is of. */
  readonly facilityOf?: (chart: ChartSnapshot) => string;
}

/** What may change between two evaluations, each part on its own. */
export const PARTS = ["diagnoses", "procedures", "lines", "dates", "abstract", "visit", "charges", "related", "today"] as const;
export type Part = (typeof PARTS)[number];

export interface Dx {
  readonly index: number;
  /** Upper case, without the dot. */
  readonly code: string;
  readonly use: CodeSubmission["diagnoses"][number]["use"];
  readonly onAdmission?: string;
  /** `diagnoses[0].code` */
  readonly path: string;
  /** Principal, secondary or external cause: numbered on the claim and reported with POA. */
  readonly reported: boolean;
}

export interface Visit {
  readonly stay: Stay | undefined;
  readonly encounters: readonly Encounter[];
  readonly facility: string;
  readonly facilityTaxonomy?: string;
  readonly born?: string;
  /** Administrative gender as registered. */
  readonly gender?: string;
  readonly payerId?: string;
  /** X12 claim filing indicator: MA, MB, MC … */
  readonly filing?: string;
  readonly medicare: boolean;
  readonly coverages: readonly Coverage[];
  /** UB-04 form locators 14 and 17. */
  readonly admissionType?: string;
  readonly dischargeStatus?: string;
}

export interface Scene {
  readonly input: SceneInput;
  readonly kind: ClaimKind;
  readonly data: CodeData;
  readonly policy: Policy;
  readonly diagnoses: readonly Dx[];
  readonly procedures: readonly { readonly code: string; readonly date: string; readonly performerNpi?: string; readonly path: string }[];
  /** Every line of the claim: charges with the coder's changes, then the coder's own. */
  readonly lines: readonly BilledLine[];
  /** Days on which each diagnosis must be valid: discharge for an inpatient, else the days of the lines it is the reason for. */
  readonly dates: readonly (readonly string[])[];
  /** The day whose code sets the claim as a whole is judged by. */
  readonly day: string;
  readonly abstract: NonNullable<CodeSubmission["abstract"]>;
  readonly visit: Visit;
  /** Every billable charge of the chart, and those this claim carries. */
  readonly allCharges: readonly ChartCharge[];
  readonly billedCharges: readonly ChartCharge[];
  readonly related: readonly RelatedItem[];
  readonly today?: string;
  /** Content of each part, to tell what changed. */
  readonly keys: Readonly<Record<Part, string>>;
}

const admissionTypeOf = ({ type, priority }: Encounter): string | undefined =>
  [...(type ?? []), ...(priority === undefined ? [] : [priority])]
    .flatMap(({ coding }) => coding ?? [])
    .find(({ system }) => system === undefined || system.includes("0007") || system.includes("PriorityType"))?.code;

function visitOf({ chart, site, facilityOf = ({ facility }) => facility }: SceneInput): Visit {
  const stay = stayOf(chart);
  const [patient] = ofType(chart, "Patient") as readonly Patient[];
  const facility = facilityOf(chart);
  const coverages = [...ofType(chart, "Coverage")].sort((a, b) => (a.order ?? 99) - (b.order ?? 99));
  const { payerId } = factsOf(chart.resources);
  const filing = payerId === undefined ? undefined : site.payer(payerId)?.claimFiling;
  const taxonomy = site.facility(facility)?.taxonomy;
  const admissionType = stay === undefined ? undefined : admissionTypeOf(stay.encounter);
  const dischargeStatus = stay?.encounter.hospitalization?.dischargeDisposition?.coding?.[0]?.code;
  return {
    stay,
    encounters: ofType(chart, "Encounter").filter(({ status }) => status !== "cancelled" && status !== "entered-in-error"),
    facility,
    coverages,
    medicare: filing === "MA" || filing === "MB",
    ...(taxonomy === undefined ? {} : { facilityTaxonomy: taxonomy }),
    ...(patient?.birthDate === undefined ? {} : { born: patient.birthDate }),
    ...(patient?.gender === undefined ? {} : { gender: patient.gender }),
    ...(payerId === undefined ? {} : { payerId }),
    ...(filing === undefined ? {} : { filing }),
    ...(admissionType === undefined ? {} : { admissionType }),
    ...(dischargeStatus === undefined ? {} : { dischargeStatus }),
  };
}

const NO_DAY = "";

function datesOf(kind: ClaimKind, count: number, lines: readonly BilledLine[], stay: Stay | undefined): readonly (readonly string[])[] {
  const last = stay?.through ?? stay?.from;
  const whole =
    kind === "I" ? (last === undefined ? [] : [last]) : [...new Set(lines.map(({ day }) => day))].filter((day) => day !== NO_DAY).sort();
  const usual = whole.length > 0 ? whole : stay?.from === undefined ? [] : [stay.from];
  return Array.from({ length: count }, (_, index) => {
    if (kind === "I") return usual;
    const own = lines.filter(({ pointers, day }) => day !== NO_DAY && pointers.includes(index + 1)).map(({ day }) => day);
    return own.length > 0 ? [...new Set(own)].sort() : usual;
  });
}

const sameChart = (a: SceneInput, b: SceneInput): boolean =>
  a.chart === b.chart && a.site === b.site && a.facilityOf === b.facilityOf && a.stream === b.stream;

/**
 * Reads an input into the parts the edits look at.
 * @param before the scene of the evaluation before: what the chart gives is not read again when it is the same object.
 */
export function sceneOf(input: SceneInput, before?: Scene): Scene {
  const { codes, stream, data, policy = NO_POLICY, related = [], today } = input;
  const same = before !== undefined && sameChart(before.input, input) ? before : undefined;
  const visit = same?.visit ?? visitOf(input);
  const { stay } = visit;
  const professional = isProfessional(stream);
  const kind: ClaimKind = professional ? "P" : stay?.inpatient === true ? "I" : "O";
  const allCharges = same?.allCharges ?? chartCharges(input.chart, input.site, visit.facility);
  const billedCharges = same !== undefined && !professional ? same.billedCharges : chargesOf(stream, allCharges, codes);
  const lines =
    same !== undefined && same.input.codes.lines === codes.lines
      ? same.lines
      : billedLines(billedCharges, codes.lines, stay?.from ?? NO_DAY);
  const diagnoses = codes.diagnoses.map(
    ({ code, use, onAdmission }, index): Dx => ({
      index,
      code: tidy(code).replace(".", ""),
      use,
      path: `diagnoses[${index}].code`,
      reported: use !== "admitting" && use !== "patientreasonforvisit",
      ...(onAdmission === undefined ? {} : { onAdmission }),
    }),
  );
  const procedures = codes.procedures.map(({ code, date, performerNpi }, index) => ({
    code: tidy(code),
    date,
    path: `procedures[${index}]`,
    ...(performerNpi === undefined ? {} : { performerNpi }),
  }));
  const dates = datesOf(kind, diagnoses.length, lines, stay);
  // The charges behind the lines have a key of their own.
  const linesKey =
    lines === same?.lines ? same.keys.lines : JSON.stringify([codes.lines, lines.map((line) => ({ ...line, charge: undefined }))]);
  return {
    input,
    kind,
    data,
    policy,
    diagnoses,
    procedures,
    lines,
    dates,
    day: (kind === "I" ? (stay?.through ?? stay?.from) : (lines[0]?.day ?? stay?.from)) ?? NO_DAY,
    abstract: codes.abstract ?? {},
    visit,
    allCharges,
    billedCharges,
    related,
    ...(today === undefined ? {} : { today }),
    keys: {
      // The codes as entered: an edit that reads a form sees what was typed.
      diagnoses: JSON.stringify(codes.diagnoses),
      procedures: JSON.stringify(codes.procedures),
      lines: linesKey,
      dates: JSON.stringify(dates),
      abstract: JSON.stringify(codes.abstract ?? {}),
      visit: same?.keys.visit ?? JSON.stringify([visit, stream]),
      charges: same?.keys.charges ?? JSON.stringify(allCharges),
      related: same?.input.related === input.related && same !== undefined ? same.keys.related : JSON.stringify(related),
      today: today ?? "",
    },
  };
}

/** Whole years between two days. */
export function yearsBetween(born: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(born.slice(0, 4));
  return day.slice(5) < born.slice(5) ? years - 1 : years;
}

/** The patient's age in whole years on the first day of the stay; undefined when the birth date is not wholly known. */
export function ageOf({ visit, day }: Scene): number | undefined {
  const on = visit.stay?.from ?? day;
  return visit.born === undefined || visit.born.length < 10 || on === NO_DAY ? undefined : yearsBetween(visit.born, on);
}
