import { centsFrom, dollars } from "#src/base/money.ts";
import type { Value } from "#src/hl7v2/message.ts";
import { type Frame, warn } from "../scope.ts";
import type { Gather } from "./value-type.ts";

const NUMBER = /^[+-]?(?=\.?\d)\d{0,12}(?:\.\d{0,8})?$/;
/** FT1-6: what takes a charge back (table 0017). */
const CREDITS = new Set(["CD", "CR", "C"]);

const isCredit = (frame: Frame): boolean => CREDITS.has(frame.segment.field(6).text.toUpperCase());
const at = (frame: Frame, field: number): string => `FT1(${frame.segment.index})-${field}`;
/** A credit is negative, whether the sender wrote the sign or not. */
const signed = (frame: Frame, amount: number): number => (isCredit(frame) && amount > 0 ? -amount : amount);

function numberIn(frame: Frame, field: number, written: string): number | undefined {
  if (written === "") return undefined;
  if (NUMBER.test(written)) return Number(written);
  warn(frame.scope, "VALUE_NOT_VALID", at(frame, field));
  return undefined;
}

/** CP.1 is an MO: amount and currency (v2.5.1 ch. 2A.11); before 2.3 the field is the number itself. */
const currencyOf = (price: Value): string => {
  const currency = price.part(1).part(2).text.toUpperCase();
  return /^[A-Z]{3}$/.test(currency) ? currency : "USD";
};

/** FT1-10; one when the sender does not count. */
const chargeQuantity: Gather = (frame) => {
  const written = frame.segment.field(10).text;
  const quantity = written === "" ? 1 : numberIn(frame, 10, written);
  return quantity === undefined ? [] : [{ value: { value: signed(frame, quantity) }, source: at(frame, 10) }];
};

/** FT1-11 in whole cents; without it the unit price FT1-12, which may have fractions of a cent, times the quantity. */
const chargeTotal: Gather = (frame) => {
  const total = frame.segment.field(11);
  const written = total.text;
  if (written !== "") {
    const cents = centsFrom(written);
    if (cents.ok) return [{ value: { value: dollars(signed(frame, cents.value)), currency: currencyOf(total) }, source: at(frame, 11) }];
    warn(frame.scope, "VALUE_NOT_VALID", at(frame, 11));
  }
  const unit = frame.segment.field(12);
  const price = numberIn(frame, 12, unit.text);
  const quantity = frame.segment.field(10).text === "" ? 1 : numberIn(frame, 10, frame.segment.field(10).text);
  if (price === undefined || quantity === undefined) return [];
  const value = dollars(signed(frame, Math.round(price * quantity * 100)));
  return [{ value: { value, currency: currencyOf(unit) }, source: at(frame, 12) }];
};

export const CHARGE_GATHERS: Readonly<Record<string, Gather>> = { chargeQuantity, chargeTotal };
