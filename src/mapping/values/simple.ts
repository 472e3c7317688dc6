import { toDate, toDateTime, toInstant } from "#src/hl7v2/times.ts";
import { warn } from "../scope.ts";
import type { Spot, ValueType } from "./value-type.ts";

const text = (value: { readonly text: string }): string | undefined => (value.text === "" ? undefined : value.text);

/** A code may hold single blanks only (R4 datatypes, code). */
export const asCode = (written: string): string => (/\s/.test(written) ? written.replace(/\s+/g, " ") : written);

const notValid = (spot: Spot): undefined => void warn(spot.frame.scope, "VALUE_NOT_VALID", spot.source);

const number = (accepts: RegExp): ValueType => ({
  read: (value, spot) => (value.text === "" ? undefined : accepts.test(value.text) ? Number(value.text) : notValid(spot)),
});

/** A code of a required binding: only by table, for a code of the sender's would not be valid. */
const code: ValueType = {
  read: (value, spot) => {
    const written = value.text;
    const { table } = spot.reading;
    if (written === "") return undefined;
    if (table === undefined) return asCode(written);
    const entry = table.find(written);
    if (entry !== undefined) {
      spot.table = entry.name;
      return entry.code;
    }
    if (table.unknown === "warn") warn(spot.frame.scope, "CODE_UNMAPPED", spot.source, `the code is not in table ${table.name}`);
    return undefined;
  },
};

/** Where a bed stands, in one line (PL, v2.5.1 ch. 2A.53): point of care, room, bed; else its description. */
const placeName: ValueType = {
  read: (value) => {
    const parts = [value.part(1).text, value.part(2).text, value.part(3).text].filter((part) => part !== "").join(" ");
    return parts || value.part(9).text || undefined;
  },
};

/** Primitive types. Dates keep the sender's precision. */
export const SIMPLE_TYPES: Readonly<Record<string, ValueType>> = {
  text: { read: text },
  code,
  placeName,
  decimal: number(/^[+-]?\d{1,15}(?:\.\d{1,10})?$/),
  positiveInt: number(/^0{0,8}[1-9]\d{0,8}$/),
  yesNo: {
    read: (value, spot) => {
      const written = value.text.toUpperCase();
      return written === "" ? undefined : written === "Y" ? true : written === "N" ? false : notValid(spot);
    },
  },
  date: {
    read: (value, spot) => {
      if (value.text === "") return undefined;
      const date = toDate(value.text);
      return date.ok ? date.value : notValid(spot);
    },
  },
  dateTime: {
    read: (value, spot) => {
      if (value.text === "") return undefined;
      const time = toDateTime(value.text, spot.frame.scope.clock);
      return time.ok ? time.value : notValid(spot);
    },
  },
  /** A date alone is no instant: it is left out without a warning, for nothing is wrong with it. */
  instant: {
    read: (value, spot) => {
      if (value.text === "") return undefined;
      const time = toInstant(value.text, spot.frame.scope.clock);
      return time.ok ? time.value : time.failure === "TOO_COARSE" ? undefined : notValid(spot);
    },
  },
};
