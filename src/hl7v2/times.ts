import { keepLately } from "#src/base/lately.ts";
import { fail, ok, type Result } from "#src/base/result.ts";
import { offsetOf } from "./zones.ts";

/** Where the offset of a time without one comes from: MSH-7's offset (`-05:00`), else the sender's zone. */
export interface Clock {
  readonly offset?: string;
  /** IANA zone. */
  readonly zone: string;
}

/** DTM and its ancestors DT and TS (v2.5.1 ch. 2A.22): as far as the sender went, and no further. */
interface Dtm {
  /** `2026`, `2026-01` or `2026-01-31`. */
  readonly date: string;
  /** `13:00:00` or with a fraction; absent when the sender gave no hour. */
  readonly time?: string;
  readonly offset?: string;
  /** What was last made of it, and by which clock. */
  last?: { readonly by: string; readonly text: string };
}

const FORM = /^(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{4})?$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

const dayExists = (year: number, month: number, day: number): boolean =>
  day >= 1 && day <= (DAYS[month - 1] ?? 0) && !(month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0)));

function readOffset(text: string): string | undefined {
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3));
  if (minutes > 59 || hours > 14 || (hours === 14 && minutes > 0)) return undefined;
  return `${text.slice(0, 3)}:${text.slice(3)}`;
}

/** Times read lately: a message says the time of its event again and again. `none`: it is no time. */
const lately = new Map<string, Dtm | "none">();
const LATELY = 1_000;

function read(text: string): Dtm | undefined {
  const known = lately.get(text);
  if (known !== undefined) return known === "none" ? undefined : known;
  const dtm = readAnew(text);
  keepLately(lately, LATELY, text, dtm ?? "none");
  return dtm;
}

function readAnew(text: string): Dtm | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year = "", month, day, hour, minute = "00", second = "00", fraction, zone] = match;
  if (year === "0000" || (month !== undefined && (month < "01" || month > "12"))) return undefined;
  if (day !== undefined && !dayExists(Number(year), Number(month), Number(day))) return undefined;
  const offset = zone === undefined ? undefined : readOffset(zone);
  if (zone !== undefined && offset === undefined) return undefined;
  const date = month === undefined ? year : day === undefined ? `${year}-${month}` : `${year}-${month}-${day}`;
  if (hour === undefined) return { date };
  if (hour > "23" || minute > "59" || second > "59") return undefined;
  const time = `${hour}:${minute}:${second}${fraction === undefined ? "" : `.${fraction}`}`;
  return { date, time, ...(offset === undefined ? {} : { offset }) };
}

function withOffset(dtm: Dtm, time: string, clock: Clock): string {
  const by = dtm.offset ?? clock.offset ?? clock.zone;
  if (dtm.last?.by === by) return dtm.last.text;
  const text = `${dtm.date}T${time}${dtm.offset ?? clock.offset ?? offsetOf(clock.zone, dtm.date, time.slice(0, 2))}`;
  dtm.last = { by, text };
  return text;
}

/** A FHIR date in the sender's precision: year, month or day. A time of day is cut off. Fails with `NOT_A_TIME`. */
export function toDate(text: string): Result<string, "NOT_A_TIME"> {
  const dtm = read(text);
  return dtm === undefined ? fail("NOT_A_TIME") : ok(dtm.date);
}

/**
 * A FHIR dateTime in the sender's precision. With an hour, minutes and seconds are filled with zeros, for FHIR wants them;
 * a date alone stays a date, no midnight is invented. Fails with `NOT_A_TIME`.
 */
export function toDateTime(text: string, clock: Clock): Result<string, "NOT_A_TIME"> {
  const dtm = read(text);
  if (dtm === undefined) return fail("NOT_A_TIME");
  return ok(dtm.time === undefined ? dtm.date : withOffset(dtm, dtm.time, clock));
}

/** A FHIR instant. Fails with `NOT_A_TIME`, and with `TOO_COARSE` when the sender gave no hour. */
export function toInstant(text: string, clock: Clock): Result<string, "NOT_A_TIME" | "TOO_COARSE"> {
  const dtm = read(text);
  if (dtm === undefined) return fail("NOT_A_TIME");
  return dtm.time === undefined ? fail("TOO_COARSE") : ok(withOffset(dtm, dtm.time, clock));
}

const TIME_FORM = /^([01]\d|2[0-3])(?:([0-5]\d)(?:([0-5]\d)(?:\.(\d{1,4}))?)?)?(?:[+-]\d{4})?$/;

/** A FHIR time of day out of a TM (v2.5.1 ch. 2A.75), filled with zeros; R4 times have no offset. @returns undefined when it is none. */
export function toTime(text: string): string | undefined {
  const match = TIME_FORM.exec(text);
  if (match === null) return undefined;
  const [, hour = "", minute = "00", second = "00", fraction] = match;
  return `${hour}:${minute}:${second}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** The offset of a time, `-05:00`; undefined when it states none. */
export const offsetIn = (text: string): string | undefined => read(text)?.offset;

/**
 * A dateTime some minutes after another, in the same offset. A date without a time has no minutes to add to.
 * @returns undefined in that case, or when the first is not a dateTime.
 */
export function plusMinutes(dateTime: string, minutes: number): string | undefined {
  const match = /T.*([+-])(\d\d):(\d\d)$/.exec(dateTime);
  const start = Date.parse(dateTime);
  if (match === null || Number.isNaN(start)) return undefined;
  const offset = (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
  const end = new Date(start + (minutes + offset) * 60_000);
  if (Number.isNaN(end.getTime()) || end.getUTCFullYear() > 9999) return undefined;
  return `${end.toISOString().slice(0, 19)}${match[1]}${match[2]}:${match[3]}`;
}
