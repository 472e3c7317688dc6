import type { ClaimItem, CodeableConcept, Money } from "@medplum/fhirtypes";
import { dollars } from "#src/base/money.ts";
import { type ChartCharge, modifiersOf, procedureCodeOf } from "#src/coding/charges.ts";
import { isRevenueCode, modifierSystem, procedureSystem, tidy } from "#src/coding/codes.ts";
import { CITE, hard } from "#src/coding/findings.ts";
import { dayOf } from "#src/coding/stay.ts";
import type { CodeSubmission, Finding } from "#src/coding/submission.ts";
import { type Worth, worthOf } from "#src/coding/worth.ts";
import { CLAIM_SYSTEMS } from "./systems.ts";

type Line = CodeSubmission["lines"][number];

export interface LineContext {
  readonly professional: boolean;
  /** Day of a line that has none of its own. */
  readonly day: string;
  /** `Encounter/<id>` of a line that has none of its own. */
  readonly encounter: string;
  /** CMS place of service, professional lines. */
  readonly placeOfService: string;
}

export interface Lines {
  readonly items: readonly ClaimItem[];
  readonly totalCents: number;
  readonly findings: readonly Finding[];
}

const usd = (cents: number): Money => ({ value: dollars(cents), currency: "USD" });
const coded = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] });
const procedure = (code: string): CodeableConcept => coded(procedureSystem(code), tidy(code));

/** Cents of one unit, when that is a whole number of cents: unit price times quantity has to give the net exactly. */
function unitCents(cents: number, quantity: number): number | undefined {
  const one = Math.round(cents / quantity);
  return Math.round(one * quantity * 1_000_000) === cents * 1_000_000 ? one : undefined;
}

interface Draft extends Worth {
  readonly product: CodeableConcept;
  readonly revenue?: string;
  readonly modifiers: readonly string[];
  readonly when: Pick<ClaimItem, "servicedDate" | "servicedPeriod">;
  readonly pointers: readonly number[];
  readonly encounter: string;
  /** The charge it comes from, to recognise the line in answers and later versions. */
  readonly id?: string;
}

function toItem(draft: Draft, index: number, { professional, placeOfService }: LineContext): ClaimItem {
  const unit = unitCents(draft.cents, draft.quantity);
  return {
    ...(draft.id === undefined ? {} : { id: draft.id }),
    sequence: index + 1,
    ...(draft.pointers.length === 0 ? {} : { diagnosisSequence: [...draft.pointers] }),
    ...(professional || draft.revenue === undefined ? {} : { revenue: coded(CLAIM_SYSTEMS.revenue, draft.revenue) }),
    productOrService: draft.product,
    ...(draft.modifiers.length === 0 ? {} : { modifier: draft.modifiers.map((one) => coded(modifierSystem(one), tidy(one))) }),
    ...draft.when,
    ...(professional ? { locationCodeableConcept: coded(CLAIM_SYSTEMS.placeOfService, placeOfService), careTeamSequence: [1] } : {}),
    quantity: { value: draft.quantity },
    ...(unit === undefined ? {} : { unitPrice: usd(unit) }),
    net: usd(draft.cents),
    encounter: [{ reference: draft.encounter }],
  };
}

/** One line of the chart's charge, with what the coder's line says instead. */
function fromCharge({ charge, code, day, entry }: ChartCharge, line: Line | undefined, context: LineContext): Draft {
  const procedureCode = line?.procedureCode ?? procedureCodeOf(charge) ?? entry?.procedureCode;
  const revenue = line?.revenueCode?.trim() ?? entry?.revenueCode;
  const own = (charge.code.coding ?? []).filter((coding) => coding.code === code);
  const text = charge.code.text ?? own[0]?.display ?? entry?.description;
  const last = dayOf(charge.occurrencePeriod?.end);
  return {
    ...worthOf(charge, line),
    id: charge.id ?? "",
    // Room and board has no procedure code, and R4 wants one: the hospital's own charge code stands in.
    product: procedureCode === undefined ? { coding: own, ...(text === undefined ? {} : { text }) } : procedure(procedureCode),
    ...(revenue === undefined || revenue === "" ? {} : { revenue }),
    modifiers: line !== undefined && line.modifiers.length > 0 ? line.modifiers : modifiersOf(charge),
    when:
      line?.serviceDate === undefined && last !== undefined && last > day
        ? { servicedPeriod: { start: day, end: last } }
        : { servicedDate: line?.serviceDate ?? (day === "" ? context.day : day) },
    pointers: line?.diagnosisPointers ?? [],
    encounter: charge.context?.reference ?? context.encounter,
  };
}

const fromCoder = (line: Line, context: LineContext): Draft => ({
  quantity: line.units ?? 1,
  cents: line.amountCents ?? 0,
  product: line.procedureCode === undefined ? { text: "not coded" } : procedure(line.procedureCode),
  ...(line.revenueCode === undefined ? {} : { revenue: line.revenueCode.trim() }),
  modifiers: line.modifiers,
  when: { servicedDate: line.serviceDate ?? context.day },
  pointers: line.diagnosisPointers,
  encounter: context.encounter,
});

function faultsOfDraft(
  { revenue, cents, quantity }: Draft,
  index: number,
  charge: ChartCharge | undefined,
  professional: boolean,
): readonly Finding[] {
  const path = `Claim.item[${index}]`;
  const name = charge === undefined ? "A line of the coder's" : `Charge ${charge.code}`;
  const findings: Finding[] = [];
  if (charge !== undefined && charge.entry === undefined && revenue === undefined && !professional)
    findings.push(
      hard(
        "CB-CLM-CHARGE",
        `${path}.revenue`,
        [`${name} is not in the charge master on its day.`, "Add it to charge-master.csv, or give its revenue code in a line."],
        CITE.ub42,
      ),
    );
  else if (!professional && (revenue === undefined || !isRevenueCode(revenue)))
    findings.push(
      hard(
        "CB-CLM-REVENUE",
        `${path}.revenue`,
        [`${name} has no revenue code.`, "Add it to charge-master.csv, or give it in a line."],
        CITE.ub42,
      ),
    );
  if (cents < 0)
    findings.push(
      hard("CB-CLM-CREDIT", `${path}.net`, [`${name} is a credit.`, "Have the charge that it takes back corrected."], CITE.transaction),
    );
  if (quantity <= 0)
    findings.push(
      hard(
        "CB-CLM-UNITS",
        `${path}.quantity`,
        [`${name} has no units.`, "Correct the charge, or give the units in a line."],
        CITE.transaction,
      ),
    );
  return findings;
}

/** The lines of a claim: the charges in order of their day, then the coder's own. */
export function linesOf(billed: readonly ChartCharge[], codes: CodeSubmission, context: LineContext): Lines {
  const drafts = [
    ...billed.map((charge) => ({
      charge,
      draft: fromCharge(
        charge,
        codes.lines.find(({ chargeId }) => chargeId === charge.charge.id),
        context,
      ),
    })),
    ...codes.lines.filter(({ chargeId }) => chargeId === undefined).map((line) => ({ charge: undefined, draft: fromCoder(line, context) })),
  ];
  return {
    items: drafts.map(({ draft }, index) => toItem(draft, index, context)),
    totalCents: drafts.reduce((sum, { draft }) => sum + draft.cents, 0),
    findings: drafts.flatMap(({ draft, charge }, index) => faultsOfDraft(draft, index, charge, context.professional)),
  };
}
