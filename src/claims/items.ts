import type { ClaimItem, CodeableConcept, Extension, Money } from "@medplum/fhirtypes";
import { dollars } from "#src/base/money.ts";
import { modifierSystem } from "#src/coding/codes.ts";
import type { PlacedLine } from "./divide.ts";
import type { Draft } from "./line-drafts.ts";
import { CLAIM_SYSTEMS, EXTENSIONS, IDENTIFIERS } from "./systems.ts";

export interface ItemContext {
  readonly professional: boolean;
  /** The visit is an emergency (CMS-1500 item 24C). */
  readonly emergency: boolean;
  /** Number of a diagnosis in this claim, by its place among the coder's (1 = first). Unknown ones stay, for the check to find. */
  readonly diagnosisNumber: (pointer: number) => number;
  /** Sequences in the care team: of who did the line, and who ordered it. */
  readonly teamOf: (draft: Draft) => readonly number[];
}

const usd = (cents: number): Money => ({ value: dollars(cents), currency: "USD" });
const coded = (system: string, code: string): CodeableConcept => ({ coding: [{ system, code }] });

/** Cents of one unit, when that is a whole number of cents: unit price times quantity has to give the net exactly. */
function unitCents(cents: number, quantity: number): number | undefined {
  const one = Math.round(cents / quantity);
  return Math.round(one * quantity * 1_000_000) === cents * 1_000_000 ? one : undefined;
}

/** The payer excludes the service by law, and the provider says so: what the line costs is not covered (UB-04 form locator 48). */
const EXCLUDED = "GY";

const extensionsOf = (draft: Draft, { professional, emergency }: ItemContext): Extension[] => [
  { url: EXTENSIONS.lineControlNumber, valueIdentifier: { system: IDENTIFIERS.line, value: draft.key } },
  ...(professional && emergency ? [{ url: EXTENSIONS.emergency, valueBoolean: true }] : []),
  ...(draft.modifiers.includes(EXCLUDED) ? [{ url: EXTENSIONS.nonCovered, valueMoney: usd(draft.cents) }] : []),
];

/** A line as the claim has it. */
export function itemOf({ sequence, draft }: PlacedLine, context: ItemContext): ClaimItem {
  const { professional, diagnosisNumber, teamOf } = context;
  const unit = unitCents(draft.cents, draft.quantity);
  const team = teamOf(draft);
  return {
    ...(draft.id === undefined ? {} : { id: draft.id }),
    extension: extensionsOf(draft, context),
    sequence,
    ...(team.length === 0 ? {} : { careTeamSequence: [...team] }),
    ...(draft.pointers.length === 0 ? {} : { diagnosisSequence: draft.pointers.map(diagnosisNumber) }),
    ...(professional || draft.revenue === undefined ? {} : { revenue: coded(CLAIM_SYSTEMS.revenue, draft.revenue) }),
    productOrService: draft.product,
    ...(draft.modifiers.length === 0 ? {} : { modifier: draft.modifiers.map((one) => coded(modifierSystem(one), one)) }),
    ...draft.when,
    ...(professional ? { locationCodeableConcept: coded(CLAIM_SYSTEMS.placeOfService, draft.place) } : {}),
    quantity: { value: draft.quantity, unit: draft.unit },
    ...(unit === undefined ? {} : { unitPrice: usd(unit) }),
    net: usd(draft.cents),
    encounter: [{ reference: draft.encounter }],
    ...(draft.drug === undefined
      ? {}
      : {
          detail: [
            {
              sequence: 1,
              productOrService: coded(CLAIM_SYSTEMS.ndc, draft.drug.ndc),
              ...(draft.drug.quantity === undefined ? {} : { quantity: draft.drug.quantity }),
            },
          ],
        }),
  };
}
