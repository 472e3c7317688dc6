import { toDate, toDateTime, toInstant, toTime } from "#src/hl7v2/times.ts";
import { warn } from "../scope.ts";
import type { TableEntry } from "../tables.ts";
import { NUMBER } from "./numbers.ts";
import type { Spot, ValueType } from "./value-type.ts";

const text = (value: { readonly text: string }): string | undefined => (value.text === "" ? undefined : value.text);

/** A code may hold single blanks only (R4 datatypes, code). */
export const asCode = (written: string): string => (/\s/.test(written) ? written.replace(/\s+/g, " ") : written);

const notValid = (spot: Spot): undefined => void warn(spot.frame.scope, "VALUE_NOT_VALID", spot.source);

const number = (accepts: RegExp): ValueType => ({
  read: (value, spot) => (value.text === "" ? undefined : accepts.test(value.text) ? Number(value.text) : notValid(spot)),
});

/** What the row's table gives for a code. One that it does not know is work for a person, unless the table says otherwise. */
export function lookUp(code: string, spot: Spot): TableEntry | undefined {
  const { table } = spot.reading;
  if (table === undefined || code === "") return undefined;
  const entry = table.find(code);
  if (entry === "none") return undefined;
  if (entry !== undefined) {
    spot.table = entry.name;
    return entry;
  }
  if (table.unknown === "task") {
    const { source } = spot;
    spot.frame.scope.unmapped.push({ table: table.name, code, place: source });
    warn(spot.frame.scope, "CODE_UNMAPPED", source, `the code is not in table ${table.name}`);
  }
  return undefined;
}

/** A code of a required binding: only by table, for a code of the sender's would not be valid. */
const code: ValueType = {
  read: (value, spot) => {
    const written = value.text;
    if (written === "") return undefined;
    return spot.reading.table === undefined ? asCode(written) : lookUp(written, spot)?.code;
  },
};

/** Where a bed stands, in one line (PL, v2.5.1 ch. 2A.53): point of care, room, bed; else its description. */
const placeName: ValueType = {
  read: (value) => {
    const parts = [value.text, value.part(2).text, value.part(3).text].filter((part) => part !== "").join(" ");
    return parts || value.part(9).text || undefined;
  },
};

/** Primitive types. Dates keep the sender's precision. */
export const SIMPLE_TYPES: Readonly<Record<string, ValueType>> = {
  text: { read: text },
  code,
  placeName,
  uri: { read: (value) => (value.text === "" ? undefined : value.text.replace(/\s+/g, "%20")) },
  time: {
    read: (value, spot) => {
      if (value.text === "") return undefined;
      const time = toTime(value.text);
      return time ?? notValid(spot);
    },
  },
  base64Binary: { read: (value) => (value.text === "" ? undefined : Buffer.from(value.text, "utf8").toString("base64")) },
  integer: number(/^[+-]?\d{1,9}$/),
  unsignedInt: number(/^\d{1,9}$/),
  decimal: number(NUMBER),
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
