import type { Account, Extension } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { dayOf, type Stay } from "#src/coding/stay.ts";
import type { Abstract, CodeSubmission } from "#src/coding/submission.ts";
import { CHART_EXTENSIONS } from "./systems.ts";

/** What a claim says besides codes and charges. */
export interface ClaimAbstract {
  readonly conditions: readonly string[];
  readonly occurrences: readonly { readonly code: string; readonly date: string }[];
  readonly spans: readonly { readonly code: string; readonly from: string; readonly through: string }[];
  /** Amounts in whole cents, counts times 100. */
  readonly values: readonly { readonly code: string; readonly amount: number }[];
  readonly accident?: { readonly date: string; readonly kind: "auto" | "work" | "other"; readonly state?: string | undefined };
  readonly drg?: { readonly kind: "MS-DRG" | "APR-DRG"; readonly code: string; readonly version?: string | undefined };
  readonly remarks?: string;
}

const OUTPATIENT_UNRELATED = "51";
const BIRTH_WEIGHT = "54";
/** Days that UB segments give by name, as the value codes that claims have for them. */
const DAYS: readonly (readonly [url: string, code: string])[] = [
  [CHART_EXTENSIONS.coveredDays, "80"],
  [CHART_EXTENSIONS.nonCoveredDays, "81"],
  [CHART_EXTENSIONS.coinsuranceDays, "82"],
];

const part = (extension: Extension, name: string): Extension | undefined => extension.extension?.find(({ url }) => url === name);
const partText = (extension: Extension, name: string): string | undefined => part(extension, name)?.valueString;
const partDay = (extension: Extension, name: string): string | undefined => dayOf(part(extension, name)?.valueDate);

/** What an account's extensions say: the UB and accident segments as the maps write them. Each extension has a value or parts. */
class AccountFacts {
  private readonly all: readonly Extension[];

  constructor(accounts: readonly Account[]) {
    this.all = accounts.flatMap(({ extension }) => extension ?? []);
  }
  named(url: string): readonly Extension[] {
    return this.all.filter((one) => one.url === url);
  }
  conditions(): readonly string[] {
    return [...new Set(this.named(CHART_EXTENSIONS.conditionCode).flatMap(({ valueCode }) => valueCode ?? []))];
  }
  occurrences(): ClaimAbstract["occurrences"] {
    return this.named(CHART_EXTENSIONS.occurrence).flatMap((one) => {
      const [code, date] = [partText(one, "code"), partDay(one, "date")];
      return code === undefined || date === undefined ? [] : [{ code, date }];
    });
  }
  spans(): ClaimAbstract["spans"] {
    const whole = this.named(CHART_EXTENSIONS.span).flatMap((one) => {
      const [code, from, through] = [partText(one, "code"), partDay(one, "start"), partDay(one, "end")];
      return code === undefined || from === undefined || through === undefined ? [] : [{ code, from, through }];
    });
    // UB1 has room for one span, in three fields.
    const code = this.named(CHART_EXTENSIONS.span).flatMap(({ valueString }) => valueString ?? [])[0];
    const from = dayOf(this.named(CHART_EXTENSIONS.spanStart)[0]?.valueDate);
    const through = dayOf(this.named(CHART_EXTENSIONS.spanEnd)[0]?.valueDate);
    const lone = code === undefined || from === undefined || through === undefined ? [] : [{ code, from, through }];
    return [...whole, ...lone.filter((one) => !whole.some((other) => other.code === one.code && other.from === one.from))];
  }
  values(): ClaimAbstract["values"] {
    const named = this.named(CHART_EXTENSIONS.value).flatMap((one) => {
      const [code, amount] = [partText(one, "code"), part(one, "amount")?.valueDecimal];
      return code === undefined || amount === undefined ? [] : [{ code, amount: centsOf(amount) }];
    });
    const days = DAYS.flatMap(([url, code]) => {
      const count = Number(this.named(url)[0]?.valueString ?? "");
      return Number.isInteger(count) && count > 0 && !named.some((one) => one.code === code) ? [{ code, amount: count * 100 }] : [];
    });
    return [...named, ...days];
  }
  accident(): ClaimAbstract["accident"] {
    const date = dayOf(this.named(CHART_EXTENSIONS.accidentDate)[0]?.valueDateTime);
    if (date === undefined) return undefined;
    const state = this.named(CHART_EXTENSIONS.accidentState)[0]?.valueCodeableConcept?.coding?.[0]?.code;
    const atWork = this.named(CHART_EXTENSIONS.accidentJobRelated)[0]?.valueBoolean === true;
    // ACC-2 is a table of the hospital's own: it does not tell a road accident from another.
    return { date, kind: atWork ? "work" : "other", ...(state === undefined || state.length !== 2 ? {} : { state }) };
  }
}

const DRG_NAMES: readonly (readonly [RegExp, "MS-DRG" | "APR-DRG"])[] = [
  [/APR/i, "APR-DRG"],
  [/MS-?DRG/i, "MS-DRG"],
];

/** A DRG that the EHR sent counts when it is approved (DRG-3); before that it is a guess while the patient is in house. */
function sentDrg({ encounter: { extension = [] } }: Stay): ClaimAbstract["drg"] {
  if (extension.find(({ url }) => url === CHART_EXTENSIONS.drgApproved)?.valueBoolean !== true) return undefined;
  const coding = extension.find(({ url }) => url === CHART_EXTENSIONS.drg)?.valueCodeableConcept?.coding?.[0];
  const kind = DRG_NAMES.find(([name]) => name.test(coding?.system ?? ""))?.[1];
  if (coding?.code === undefined || kind === undefined || !/^\d{3}(-?[1-4][1-4])?$/.test(coding.code)) return undefined;
  return { kind, code: coding.code, ...(coding.version === undefined ? {} : { version: coding.version }) };
}

/** One entry a value code: the coder's. */
function valuesOf(said: Abstract, charted: ClaimAbstract["values"]): ClaimAbstract["values"] {
  const values = said.values ?? charted;
  const { birthWeightGrams } = said;
  return birthWeightGrams === undefined || values.some(({ code }) => code === BIRTH_WEIGHT)
    ? values
    : [...values, { code: BIRTH_WEIGHT, amount: birthWeightGrams * 100 }];
}

/**
 * What goes on the claim besides codes and charges: where the coder gives a list, that list; else what the messages brought (UB1, UB2, ACC,
 * DRG).
 */
export function claimAbstractOf(chart: ChartSnapshot, stay: Stay, { abstract: said = {} }: CodeSubmission): ClaimAbstract {
  const facts = new AccountFacts(ofType(chart, "Account"));
  const conditions = said.conditionCodes ?? facts.conditions();
  const accident = said.accident ?? facts.accident();
  const drg = stay.inpatient ? (said.drg ?? sentDrg(stay)) : undefined;
  return {
    conditions:
      said.unrelatedAttested === true && !stay.inpatient && !conditions.includes(OUTPATIENT_UNRELATED)
        ? [...conditions, OUTPATIENT_UNRELATED]
        : conditions,
    occurrences: said.occurrences ?? facts.occurrences(),
    spans: said.spans ?? facts.spans(),
    values: valuesOf(said, facts.values()),
    ...(accident === undefined ? {} : { accident }),
    ...(drg === undefined ? {} : { drg }),
    ...(said.remarks === undefined ? {} : { remarks: said.remarks }),
  };
}
