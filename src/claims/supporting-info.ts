import type { ClaimSupportingInfo, CodeableConcept, Encounter, Patient, Period } from "@medplum/fhirtypes";
import { dollars } from "#src/base/money.ts";
import { dayOf, type Stay } from "#src/coding/stay.ts";
import type { Facility } from "#src/sitedata/site-data.ts";
import type { ClaimAbstract } from "./claim-abstract.ts";
import { CLAIM_SYSTEMS, IDENTIFIERS } from "./systems.ts";
import { type Frequency, INTERIM, typeOfBill } from "./type-of-bill.ts";

type Entry = Omit<ClaimSupportingInfo, "sequence">;

export interface InfoNeeds {
  readonly stay: Stay;
  readonly abstract: ClaimAbstract;
  readonly frequency: Frequency;
  readonly facility: Facility;
  readonly patient: Patient | undefined;
  readonly accountNumber: string;
}

const coded = (system: string, code: string, version?: string): CodeableConcept => ({
  coding: [{ system, code, ...(version === undefined ? {} : { version }) }],
});
const entry = (system: string, code: string, content: Omit<Entry, "category">): Entry => ({ category: coded(system, code), ...content });
const carin = (code: string, content: Omit<Entry, "category">): Entry => entry(CLAIM_SYSTEMS.supportingInfo, code, content);
const own = (code: string, content: Omit<Entry, "category">): Entry => entry(CLAIM_SYSTEMS.ownInformation, code, content);
const standard = (code: string, content: Omit<Entry, "category">): Entry => entry(CLAIM_SYSTEMS.informationCategory, code, content);

const numbered = (entries: readonly Entry[]): ClaimSupportingInfo[] => entries.map((one, index) => ({ sequence: index + 1, ...one }));

/** HL7 table 0007 as hospitals of the other habit send it, to the code of UB-04 form locator 14. Own digits stay. */
const ADMISSION_TYPE: ReadonlyMap<string, string> = new Map(Object.entries({ E: "1", A: "1", U: "2", R: "3", C: "3", L: "3", N: "4" }));
const NEWBORN = "4";

function admissionType({ type, priority }: Encounter): string | undefined {
  const codings = [...(type ?? []), ...(priority === undefined ? [] : [priority])].flatMap(({ coding }) => coding ?? []);
  const code = codings.find(({ system }) => system === undefined || system.includes("0007") || system.includes("PriorityType"))?.code;
  if (code === undefined) return undefined;
  return /^[1-59]$/.test(code) ? code : ADMISSION_TYPE.get(code);
}

const STILL_HERE = "30";

/** UB-04 form locator 17, two digits. A patient of an interim bill is still there. */
function dischargeStatus({ encounter }: Stay, frequency: Frequency): string | undefined {
  const code = encounter.hospitalization?.dischargeDisposition?.coding?.[0]?.code;
  if (code === undefined) return INTERIM.includes(frequency) ? STILL_HERE : undefined;
  return /^\d$/.test(code) ? `0${code}` : code;
}

const medicalRecordNumber = (patient: Patient | undefined): string | undefined => {
  const identifiers = patient?.identifier ?? [];
  const typed = identifiers.find(({ type }) => type?.coding?.some(({ code }) => code === "MR") === true);
  return (typed ?? identifiers.find(({ type, system }) => type === undefined && system !== undefined))?.value;
};

const present = <T>(value: T | undefined, make: (value: T) => Entry): readonly Entry[] => (value === undefined ? [] : [make(value)]);

export const conditionCodeInfo = (code: string): Entry => own("conditioncode", { code: coded(CLAIM_SYSTEMS.conditionCode, code) });
export const remarksInfo = (text: string): Entry => standard("info", { valueString: text });
export const frequencyInfo = (frequency: string): Entry => own("claimfrequency", { code: coded(CLAIM_SYSTEMS.claimFrequency, frequency) });

/** Condition codes, remarks: what both kinds of claim have. */
const saidOfAll = ({ conditions, remarks }: ClaimAbstract): readonly Entry[] => [
  ...conditions.map(conditionCodeInfo),
  ...present(remarks, remarksInfo),
];

const DRG_SYSTEMS = { "MS-DRG": CLAIM_SYSTEMS.msDrg, "APR-DRG": CLAIM_SYSTEMS.aprDrg } as const;

/** The DRG as a code of its grouper, with the grouper's version. */
export const drgConcept = ({ kind, code, version }: NonNullable<ClaimAbstract["drg"]>): CodeableConcept =>
  coded(DRG_SYSTEMS[kind], code, version);

/**
 * The header of a hospital claim: UB-04 form locators 3a, 3b, 4, 12 to 17, 18 to 28, 31 to 36, 39 to 41, 71 and 80. What the chart does
 * not tell is left out.
 */
export function institutionalInfo(needs: InfoNeeds): ClaimSupportingInfo[] {
  const { stay, abstract, frequency, facility, patient, accountNumber } = needs;
  const { encounter, inpatient } = stay;
  const bill = typeOfBill(facility, inpatient, frequency);
  const type = admissionType(encounter);
  const origin = encounter.hospitalization?.admitSource?.coding?.[0]?.code;
  const originSystem = type === NEWBORN ? CLAIM_SYSTEMS.pointOfOriginNewborn : CLAIM_SYSTEMS.pointOfOrigin;
  return numbered([
    carin("typeofbill", {
      code: {
        coding: [
          { system: IDENTIFIERS.typeOfBill, code: bill },
          { system: CLAIM_SYSTEMS.typeOfBill, code: `0${bill}` },
        ],
      },
    }),
    ...(accountNumber === "" ? [] : [carin("patientaccountnumber", { valueString: accountNumber })]),
    ...present(medicalRecordNumber(patient), (number) => carin("medicalrecordnumber", { valueString: number })),
    ...(inpatient ? present(encounter.period, (period) => carin("admissionperiod", { timingPeriod: period })) : []),
    ...present(type, (code) => carin("admtype", { code: coded(CLAIM_SYSTEMS.admissionType, code) })),
    ...present(origin, (code) => carin("pointoforigin", { code: coded(originSystem, code) })),
    ...present(dischargeStatus(stay, frequency), (code) => carin("discharge-status", { code: coded(CLAIM_SYSTEMS.dischargeStatus, code) })),
    ...present(abstract.drg, (drg) => carin("drg", { code: drgConcept(drg) })),
    ...saidOfAll(abstract),
    ...abstract.occurrences.map(({ code, date }) =>
      own("occurrence", { code: coded(CLAIM_SYSTEMS.occurrenceCode, code), timingDate: date }),
    ),
    ...abstract.spans.map(({ code, from, through }) =>
      own("occurrencespan", { code: coded(CLAIM_SYSTEMS.occurrenceSpanCode, code), timingPeriod: { start: from, end: through } }),
    ),
    ...abstract.values.map(({ code, amount }) =>
      own("valuecode", { code: coded(CLAIM_SYSTEMS.valueCode, code), valueQuantity: { value: dollars(amount) } }),
    ),
  ]);
}

/** Occurrence codes that CMS-1500 item 14 has words for: onset of symptoms, last menstrual period. */
const ONSET: ReadonlySet<string> = new Set(["10", "11"]);

const daysOf = ({ start, end }: Period): Period => {
  const [from, through] = [dayOf(start), dayOf(end)];
  return { ...(from === undefined ? {} : { start: from }), ...(through === undefined ? {} : { end: through }) };
};

/** The header of a professional claim: CMS-1500 items 10d, 14, 18, 19 and 22. */
export const professionalInfo = ({ stay, abstract, frequency }: InfoNeeds): ClaimSupportingInfo[] =>
  numbered([
    frequencyInfo(frequency),
    ...abstract.occurrences
      .filter(({ code }) => ONSET.has(code))
      .map(({ code, date }) => standard("onset", { code: coded(CLAIM_SYSTEMS.occurrenceCode, code), timingDate: date })),
    ...(stay.inpatient ? present(stay.encounter.period, (period) => standard("hospitalized", { timingPeriod: daysOf(period) })) : []),
    ...saidOfAll(abstract),
  ]);
