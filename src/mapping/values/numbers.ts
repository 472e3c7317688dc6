import type { Value } from "#src/hl7v2/message.ts";
import { placeOf, warn } from "../scope.ts";
import type { Gather, Spot, ValueType } from "./value-type.ts";

/** Digits with a sign and a point (NM, v2.5.1 ch. 2A.45): the point may be the first character or the last. */
export const NUMBER = /^[+-]?(?=\.?\d)\d{0,15}(?:\.\d{0,10})?$/;
const notValid = (spot: Spot): undefined => void warn(spot.frame.scope, "VALUE_NOT_VALID", spot.source);

/** Minutes of a unit of time, by UCUM and by the names that senders use. */
const MINUTES: Readonly<Record<string, number>> = {
  S: 1 / 60,
  SEC: 1 / 60,
  M: 1,
  MIN: 1,
  MINUTE: 1,
  MINUTES: 1,
  H: 60,
  HR: 60,
  HRS: 60,
  HOUR: 60,
  HOURS: 60,
  D: 1440,
  DAY: 1440,
  DAYS: 1440,
  WK: 10_080,
  W: 10_080,
};

/** Minutes in so many of a unit; a number without one counts minutes. @returns undefined when it is no whole, positive length of time. */
export function minutesOf(amount: string, unit: string): number | undefined {
  const per = unit === "" ? 1 : MINUTES[unit.toUpperCase()];
  if (per === undefined || !/^\d{1,9}(?:\.\d{1,4})?$/.test(amount)) return undefined;
  return Math.round(Number(amount) * per);
}

/** A quantity with its unit (CQ, v2.5.1 ch. 2A.20), in minutes. */
const minutes: ValueType = {
  read: (value, spot) => {
    const amount = value.text;
    if (amount === "") return undefined;
    return minutesOf(amount, value.part(2).text) ?? notValid(spot);
  },
};

/** A length of stay in days; none unless it is a positive number. */
const lengthOfStay: ValueType = {
  read: (value, spot) => {
    const written = value.text;
    if (written === "") return undefined;
    if (!NUMBER.test(written)) return notValid(spot);
    const days = Number(written);
    return days > 0 ? { value: days, unit: "days", system: "http://unitsofmeasure.org", code: "d" } : undefined;
  },
};

/** A number that counts only when it is positive: 0 in DG1-15 means not ranked (table 0359). */
const positive: ValueType = {
  read: (value, spot) => {
    const written = value.text;
    if (written === "" || /^-?0+$|^-\d+$/.test(written)) return undefined;
    return /^\+?\d{1,9}$/.test(written) ? Number(written) : notValid(spot);
  },
};

/** Money (MO, v2.5.1 ch. 2A.41): amount and currency. A CP holds one in its first component. */
const money: ValueType = {
  read: (value, spot) => {
    const written = value.text;
    if (written === "") return undefined;
    if (!NUMBER.test(written)) return notValid(spot);
    const currency = value.part(2).text.toUpperCase();
    return { value: Number(written), currency: /^[A-Z]{3}$/.test(currency) ? currency : "USD" };
  },
};

/** A numeric array (NA, v2.5.1 ch. 2A.45): numbers in one channel. How far apart they are the type does not say. */
const sampledData: ValueType = {
  read: (value, spot) => {
    const data: string[] = [];
    for (let n = 1; n <= MOST_SAMPLES; n++) {
      const sample = value.part(n);
      if (sample.text !== "" && !NUMBER.test(sample.text)) return notValid(spot);
      data.push(sample.text);
    }
    while (data.at(-1) === "") data.pop();
    if (data.length === 0) return undefined;
    return {
      origin: { value: 0 },
      _period: { extension: [{ url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason", valueCode: "unknown" }] },
      dimensions: 1,
      // E is R4's word for a sample that could not be taken.
      data: data.map((sample) => sample || "E").join(" "),
    };
  },
};

/** Components of an NA that are read: the standard names no bound. */
const MOST_SAMPLES = 1024;

/** A result beyond what was measured, as NM although SN is the type for it: `<0.5`, `> 200`. The comparators are those of FHIR. */
const COMPARED = /^(<=|>=|<|>) ?(.+)$/;

function comparedNumber(text: string): { readonly comparator: string | undefined; readonly value: number } | undefined {
  const [, comparator, number = text] = COMPARED.exec(text) ?? [];
  return NUMBER.test(number) ? { comparator, value: Number(number) } : undefined;
}

/** Where OBX-2 says NM: the number, what it is compared by, and the text when it is none. */
const onlyNumber: ValueType = { read: ({ text }) => comparedNumber(text)?.value };
const numberComparator: ValueType = { read: ({ text }) => comparedNumber(text)?.comparator };
const unlessNumber: ValueType = { read: ({ text }) => (text === "" || comparedNumber(text) !== undefined ? undefined : text) };

const partsOf = (value: Value): string =>
  [1, 2, 3, 4]
    .map((n) => value.part(n).text)
    .filter((part) => part !== "")
    .join(" ");

/** A structured numeric (SN, v2.5.1 ch. 2A.70) as it would be read out: `> 100`, `1 : 128`. */
const structuredNumeric: Gather = (frame) => {
  const text = partsOf(frame.value);
  return text === "" ? [] : [{ value: text, source: placeOf(frame) }];
};

/** Functions for numbers and amounts. */
export const NUMBER_TYPES: Readonly<Record<string, ValueType>> = { money, numberComparator, onlyNumber, unlessNumber };
export const NUMBER_NATIVES: Readonly<Record<string, ValueType>> = { minutes, lengthOfStay, positive, sampledData };
export const NUMBER_GATHERS: Readonly<Record<string, Gather>> = { structuredNumeric };
