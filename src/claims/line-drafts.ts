import type { ChargeItem, ClaimItem, CodeableConcept, Quantity } from "@medplum/fhirtypes";
import { type ChartCharge, modifiersOf, procedureCodeOf } from "#src/coding/charges.ts";
import { isRevenueCode, procedureSystem, tidy } from "#src/coding/codes.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import { modifierRank } from "#src/coding/modifier-order.ts";
import { dayOf } from "#src/coding/stay.ts";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import { type Worth, worthOf } from "#src/coding/worth.ts";
import { CHART_EXTENSIONS, CLAIM_SYSTEMS } from "./systems.ts";

type Line = CodeSubmission["lines"][number];

export interface DraftContext {
  readonly professional: boolean;
  readonly inpatient: boolean;
  /** Day of a line that has none of its own. */
  readonly day: string;
  /** `Encounter/<id>` of a line that has none of its own. */
  readonly encounter: string;
  /** CMS place of service of a line. */
  readonly placeOf: (day: string, charge?: ChargeItem) => string;
}

export interface DrugCode {
  /** Eleven digits. */
  readonly ndc: string;
  readonly quantity?: Quantity;
}

/** A line of the claim before it has its place in it. */
export interface Draft extends Worth {
  /** What it is known by in every version of the claim: the charge's id, or code, day and how many of these; then made to a line control number. */
  readonly key: string;
  /** The charge it comes from, to recognise the line in answers and later versions. */
  readonly id?: string;
  readonly product: CodeableConcept;
  readonly revenue?: string;
  readonly modifiers: readonly string[];
  readonly when: Pick<ClaimItem, "servicedDate" | "servicedPeriod">;
  readonly pointers: readonly number[];
  readonly encounter: string;
  readonly unit: Unit;
  readonly place: string;
  readonly drug?: DrugCode;
  /** `Practitioner/<id>` of who did it, and who ordered it. */
  readonly performer?: string;
  readonly orderer?: string;
}

/** What a quantity counts (837 SV104, SV204): units, days, minutes. */
export type Unit = "UN" | "DA" | "MJ";

const ROOM = /^0(1\d|20|21)/;
const ANESTHESIA = /^0\d{4}$/;

/** Rooms are counted in days, and anaesthesia in minutes where the charge says that its quantity is minutes. */
function unitOf(revenue: string | undefined, code: string | undefined, quantity: Quantity | undefined): Unit {
  if (revenue !== undefined && ROOM.test(revenue)) return "DA";
  const minutes = /^min/i.test(quantity?.code ?? quantity?.unit ?? "");
  return minutes && code !== undefined && ANESTHESIA.test(code) ? "MJ" : "UN";
}

const NOT_APPLICABLE = { system: CLAIM_SYSTEMS.dataAbsent, code: "not-applicable" } as const;
/** Codes without a service of their own: the payer wants words (837 SV101-7). */
const UNLISTED = /^(\d{3}99|J3490|J3590|J7999|J8499|J8999|J9999|C9399|A4649|A9999|B9999|E1399|L8699|Q0181|Q4050|Q4100|V2799)$/;
/** Revenue code of drugs that are billed in detail: the one that keeps its code on an inpatient line (clotting factors). */
const DETAILED_DRUGS = "0636";

interface Coded {
  readonly code: string | undefined;
  readonly revenue: string | undefined;
  readonly own: CodeableConcept["coding"];
  readonly text: string | undefined;
}

/** R4 wants a product; a line that is billed by its revenue code alone has none, and says so (as in PCT and CARIN). */
function productOf({ code, revenue, own = [], text }: Coded, { inpatient, professional }: DraftContext): CodeableConcept {
  const byRevenue = inpatient && !professional && revenue !== DETAILED_DRUGS;
  if (code === undefined || byRevenue) return { coding: [NOT_APPLICABLE, ...own], ...(text === undefined ? {} : { text }) };
  const product: CodeableConcept = { coding: [{ system: procedureSystem(code), code: tidy(code) }] };
  return UNLISTED.test(tidy(code)) && text !== undefined ? { ...product, text } : product;
}

/** Pricing modifiers first, location last; equals as given. */
const ordered = (modifiers: readonly string[]): readonly string[] => modifiers.map(tidy).sort((a, b) => modifierRank(a) - modifierRank(b));

/** 5-4-2 digits: hyphens tell which part lacks its zero (10-digit forms 4-4-2, 5-3-2, 5-4-1). */
function elevenDigits(ndc: string): string | undefined {
  const parts = ndc.trim().split("-");
  const [labeler = "", product = "", pack = ""] = parts;
  const whole = parts.length === 3 ? labeler.padStart(5, "0") + product.padStart(4, "0") + pack.padStart(2, "0") : ndc.trim();
  return /^\d{11}$/.test(whole) ? whole : undefined;
}

function drugOf({ productCodeableConcept, extension = [] }: ChargeItem): DrugCode | undefined {
  const said = productCodeableConcept?.coding?.find(({ system }) => system === CLAIM_SYSTEMS.ndc)?.code;
  const ndc = said === undefined ? undefined : elevenDigits(said);
  if (ndc === undefined) return undefined;
  const quantity = extension.find(({ url }) => url === CHART_EXTENSIONS.ndcQuantity)?.valueQuantity;
  return { ndc, ...(quantity === undefined ? {} : { quantity }) };
}

const performerIn = ({ performer = [] }: ChargeItem, orders: boolean): string | undefined =>
  performer.find(({ function: as, actor }) => (as?.text === "ordered by") === orders && actor.reference !== undefined)?.actor.reference;

const sentRevenue = ({ extension = [] }: ChargeItem): string | undefined =>
  extension.find(({ url }) => url === CHART_EXTENSIONS.revenueCode)?.valueCodeableConcept?.coding?.[0]?.code;

/** One line of the chart's charge, with what the coder's line says instead. */
function fromCharge({ charge, code, day, entry }: ChartCharge, line: Line | undefined, context: DraftContext): Draft {
  const procedureCode = line?.procedureCode ?? procedureCodeOf(charge) ?? entry?.procedureCode;
  const revenue = line?.revenueCode?.trim() ?? (entry?.revenueCode || sentRevenue(charge));
  const own = (charge.code.coding ?? []).filter((coding) => coding.code === code);
  const text = charge.code.text ?? own[0]?.display ?? entry?.description;
  const last = dayOf(charge.occurrencePeriod?.end);
  const on = line?.serviceDate ?? (day === "" ? context.day : day);
  const drug = drugOf(charge);
  const [performer, orderer] = [performerIn(charge, false), performerIn(charge, true)];
  return {
    ...worthOf(charge, line),
    key: charge.id,
    id: charge.id,
    product: productOf({ code: procedureCode, revenue, own, text }, context),
    ...(revenue === undefined || revenue === "" ? {} : { revenue }),
    modifiers: ordered(line !== undefined && line.modifiers.length > 0 ? line.modifiers : modifiersOf(charge)),
    when:
      line?.serviceDate === undefined && last !== undefined && last > day
        ? { servicedPeriod: { start: day, end: last } }
        : { servicedDate: on },
    pointers: line?.diagnosisPointers ?? [],
    encounter: charge.context?.reference ?? context.encounter,
    unit: unitOf(revenue, procedureCode, charge.quantity),
    place: context.placeOf(on, charge),
    ...(drug === undefined ? {} : { drug }),
    ...(performer === undefined ? {} : { performer }),
    ...(orderer === undefined ? {} : { orderer }),
  };
}

/** Lines of the coder's own, each known by its code and day, and by its place among equals. */
function ownDrafts(lines: readonly Line[], context: DraftContext): readonly Draft[] {
  const seen = new Map<string, number>();
  return lines
    .filter(({ chargeId }) => chargeId === undefined)
    .map((line): Draft => {
      const revenue = line.revenueCode?.trim();
      const day = line.serviceDate ?? context.day;
      const alike = `${tidy(line.procedureCode ?? "")}|${day}`;
      const nth = (seen.get(alike) ?? 0) + 1;
      seen.set(alike, nth);
      return {
        key: `${alike}|${nth}`,
        quantity: line.units ?? 1,
        cents: line.amountCents ?? 0,
        product: productOf({ code: line.procedureCode, revenue, own: [], text: undefined }, { ...context, inpatient: false }),
        ...(revenue === undefined ? {} : { revenue }),
        modifiers: ordered(line.modifiers),
        when: { servicedDate: day },
        pointers: line.diagnosisPointers,
        encounter: context.encounter,
        unit: unitOf(revenue, line.procedureCode, undefined),
        place: context.placeOf(day),
      };
    });
}

/** What stands in the way of a line. */
function faultsOfDraft(draft: Draft, index: number, charge: ChartCharge | undefined, professional: boolean): readonly Finding[] {
  const { revenue, cents, quantity } = draft;
  const path = `Claim.item[${index}]`;
  const name = charge === undefined ? "A line of the coder's" : `Charge ${charge.code}`;
  const findings: Finding[] = [];
  const add = (rule: string, element: string, message: string, fix: string, citation: string): void => {
    findings.push(hard(rule, `${path}.${element}`, [message, fix], citation));
  };
  if (charge !== undefined && charge.entry === undefined && revenue === undefined && !professional)
    add(
      "CB-CLM-CHARGE",
      "revenue",
      `${name} is not in the charge master on its day.`,
      "Add it to charge-master.csv, or give its revenue code in a line.",
      CITE.ub42,
    );
  else if (!professional && (revenue === undefined || !isRevenueCode(revenue)))
    add("CB-CLM-REVENUE", "revenue", `${name} has no revenue code.`, "Add it to charge-master.csv, or give it in a line.", CITE.ub42);
  if (cents < 0) add("CB-CLM-CREDIT", "net", `${name} is a credit.`, "Have the charge that it takes back corrected.", CITE.transaction);
  if (quantity <= 0)
    add("CB-CLM-UNITS", "quantity", `${name} has no units.`, "Correct the charge, or give the units in a line.", CITE.transaction);
  return findings;
}

export interface Drafts {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
}

/** The lines of a claim: the charges in order of their day, then the coder's own. */
export function draftsOf(billed: readonly ChartCharge[], codes: CodeSubmission, context: DraftContext): Drafts {
  const lineOf = new Map(codes.lines.flatMap((line) => (line.chargeId === undefined ? [] : [[line.chargeId, line] as const])));
  const made = [
    ...billed.map((charge) => ({ charge, draft: fromCharge(charge, lineOf.get(charge.charge.id), context) })),
    ...ownDrafts(codes.lines, context).map((draft) => ({ charge: undefined, draft })),
  ];
  return {
    drafts: made.map(({ draft }) => draft),
    findings: made.flatMap(({ draft, charge }, index) => faultsOfDraft(draft, index, charge, context.professional)),
  };
}
