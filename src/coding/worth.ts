import type { ChargeItem } from "@medplum/fhirtypes";
import { centsOf } from "#src/base/money.ts";
import type { CodeSubmission } from "./submission.ts";

type Line = CodeSubmission["lines"][number];

export interface Worth {
  readonly quantity: number;
  readonly cents: number;
}

/** Units and amount of a charge after the coder's changes. Other units at the same amount per unit make another amount. */
export function worthOf(charge: ChargeItem, line: Line | undefined): Worth {
  const quantity = charge.quantity?.value ?? 1;
  const cents = centsOf(charge.priceOverride?.value ?? 0);
  const units = line?.units ?? quantity;
  if (line?.amountCents !== undefined) return { quantity: units, cents: line.amountCents };
  if (units === quantity || quantity === 0) return { quantity: units, cents };
  return { quantity: units, cents: Math.round((cents / quantity) * units) };
}
