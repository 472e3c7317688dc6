import type { Brand } from "./brand.ts";
import { fail, ok, type Result } from "./result.ts";

/** Whole US cents. Floats never hold money here. */
export type Cents = Brand<number, "Cents">;

/**
 * A decimal amount as HL7 writes it (MO.1, CP.1.1; v2.5.1 ch. 2A) to whole cents.
 * Fails with `NOT_AN_AMOUNT` on anything else, fractions of a cent included.
 */
export function centsFrom(text: string): Result<Cents, "NOT_AN_AMOUNT"> {
  const match = /^([+-]?)(?=\.?\d)(\d{0,12})(?:\.(\d{0,2})0*)?$/.exec(text.trim());
  if (match === null) return fail("NOT_AN_AMOUNT");
  const cents = Number(match[2]) * 100 + Number((match[3] ?? "").padEnd(2, "0"));
  return ok((match[1] === "-" ? -cents : cents) as Cents);
}

/** Cents to the decimal number FHIR Money carries. */
export const dollars = (cents: number): number => Number((cents / 100).toFixed(2));
/** FHIR Money to whole cents. */
export const centsOf = (amount: number): Cents => Math.round(amount * 100) as Cents;
