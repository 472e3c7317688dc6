import type { ChargeItem } from "@medplum/fhirtypes";
import { centsOf, dollars } from "#src/base/money.ts";

type WithId = ChargeItem & { readonly id: string };

const centsIn = ({ priceOverride }: ChargeItem): number => centsOf(priceOverride?.value ?? 0);
const unitsIn = ({ quantity }: ChargeItem): number => quantity?.value ?? 1;
const codeOf = ({ code }: ChargeItem): string => (code.coding ?? []).map((coding) => `${coding.system}|${coding.code}`).join(" ");
const dayIn = ({ occurrenceDateTime, occurrencePeriod }: ChargeItem): string =>
  (occurrenceDateTime ?? occurrencePeriod?.start ?? "").slice(0, 10);
const numberOf = ({ identifier }: ChargeItem): string | undefined => identifier?.[0]?.value;

/** How a credit names the charge it takes back, surest first: its transaction number (FT1-2), its code and day, its code. */
const SAME: readonly ((credit: ChargeItem, charge: ChargeItem) => boolean)[] = [
  (credit, charge) => numberOf(credit) !== undefined && numberOf(credit) === numberOf(charge),
  (credit, charge) => codeOf(credit) === codeOf(charge) && dayIn(credit) === dayIn(charge),
  (credit, charge) => codeOf(credit) === codeOf(charge),
];

/**
 * Takes credits (FT1-6 = CR; negative units and amount) off the charges they belong to, for a claim has no negative lines. A
 * charge taken back whole is gone; a credit that fits no charge stays, so that somebody sees it.
 */
export function withoutCredits(charges: readonly WithId[]): readonly WithId[] {
  const standing = charges.filter((charge) => centsIn(charge) >= 0);
  const left: WithId[] = [];
  for (const credit of charges.filter((charge) => centsIn(charge) < 0)) {
    const owed = -centsIn(credit);
    const at = SAME.map((same) => standing.findIndex((charge) => same(credit, charge) && centsIn(charge) >= owed)).find(
      (index) => index >= 0,
    );
    const charge = at === undefined ? undefined : standing[at];
    if (at === undefined || charge === undefined) {
      left.push(credit);
      continue;
    }
    const cents = centsIn(charge) - owed;
    const units = unitsIn(charge) - Math.abs(unitsIn(credit));
    if (cents === 0 && units <= 0) standing.splice(at, 1);
    // A price correction takes money back and no units.
    else
      standing[at] = {
        ...charge,
        quantity: { ...charge.quantity, value: units > 0 ? units : unitsIn(charge) },
        priceOverride: { ...charge.priceOverride, value: dollars(cents) },
      };
  }
  return [...standing, ...left];
}
