import { plusMinutes, toDateTime, toInstant, toTime } from "#src/hl7v2/times.ts";
import { type Frame, placeOf, warn } from "../scope.ts";
import { minutesOf } from "./numbers.ts";
import type { Gather, Gathered, ValueType } from "./value-type.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** A day of the week by its number in RPT.3 and RPT.4: 1 is Monday (v2.5.1 ch. 2A.66). */
const dayOfWeek: ValueType = {
  read: (value, spot) => {
    if (value.text === "") return undefined;
    const day = /^\d$/.test(value.text) ? DAYS[Number(value.text) - 1] : undefined;
    return day ?? void warn(spot.frame.scope, "VALUE_NOT_VALID", spot.source);
  },
};

/** UCUM units of the letters that TQ.3 begins with (v2.5.1 ch. 4.3.3). Lunar months are months here. */
const DURATION_UNITS: Readonly<Record<string, readonly [string, string]>> = {
  S: ["s", "second"],
  M: ["min", "minute"],
  H: ["h", "hour"],
  D: ["d", "day"],
  W: ["wk", "week"],
  L: ["mo", "month"],
};

/** How long an order lasts (TQ.3): `D10`. What is no letter and number says nothing that could be computed with. */
const orderedDuration: ValueType = {
  read: (value) => {
    const [, letter = "", amount = ""] = /^([SMHDWL])(\d{1,6})$/.exec(value.text.toUpperCase()) ?? [];
    const unit = DURATION_UNITS[letter];
    if (unit === undefined) return undefined;
    return { value: Number(amount), unit: unit[1], system: "http://unitsofmeasure.org", code: unit[0] };
  },
};

/** Times of day in one text: `0800,1400,2000` (RI.2, v2.5.1 ch. 2A.64). */
const timesOfDay: Gather = (frame) => {
  const source = `${placeOf(frame)}.2`;
  const written = frame.value.part(2).text;
  const times: Gathered[] = [];
  for (const one of written === "" ? [] : written.split(/[,\s]+/)) {
    const time = toTime(one);
    if (time === undefined) warn(frame.scope, "VALUE_NOT_VALID", source);
    else times.push({ value: time, source });
  }
  return times;
};

/** Minutes before or after an event (RPT.9, in the units of RPT.10). */
const offsetMinutes: Gather = (frame) => {
  const source = `${placeOf(frame)}.9`;
  const written = frame.value.part(9).text;
  if (written === "") return [];
  const minutes = minutesOf(written, frame.value.part(10).text);
  if (minutes !== undefined) return [{ value: minutes, source }];
  warn(frame.scope, "VALUE_NOT_VALID", source);
  return [];
};

/** PR1-5 and the minutes of PR1-7. A date alone has no minutes to add to. */
const procedureEnd: Gather = (frame) => {
  const { segment, scope } = frame;
  const source = `PR1(${segment.index})-7`;
  const written = segment.field(7).text;
  if (written === "") return [];
  const minutes = minutesOf(written, "");
  if (minutes === undefined) {
    warn(scope, "VALUE_NOT_VALID", source);
    return [];
  }
  const start = toDateTime(segment.field(5).text, scope.clock);
  const end = start.ok ? plusMinutes(start.value, minutes) : undefined;
  return end === undefined ? [] : [{ value: end, source }];
};

/** Fields of start, duration and its units in the resources of an appointment (v2.5.1 ch. 10.6). */
const PLANNED: Readonly<Record<string, readonly [number, number, number]>> = {
  AIS: [4, 7, 8],
  AIG: [8, 11, 12],
  AIL: [6, 9, 10],
  AIP: [6, 9, 10],
};

function lasting(frame: Frame): { readonly minutes: number; readonly source: string; readonly start: string } | undefined {
  const { segment } = frame;
  const fields = PLANNED[segment.name];
  if (fields === undefined) return undefined;
  const [start, duration, unit] = fields;
  const minutes = minutesOf(segment.field(duration).text, segment.field(unit).part(1).text);
  return minutes === undefined
    ? undefined
    : { minutes, source: `${segment.name}(${segment.index})-${duration}`, start: segment.field(start).text };
}

/** When a booked resource is free again: its start and duration. */
const plannedEnd: Gather = (frame) => {
  const found = lasting(frame);
  const start = found === undefined ? undefined : toInstant(found.start, frame.scope.clock);
  const end = found !== undefined && start?.ok === true ? plusMinutes(start.value, found.minutes) : undefined;
  return found === undefined || end === undefined ? [] : [{ value: end, source: found.source }];
};

/** How long a booked resource is needed, in minutes. */
const plannedMinutes: Gather = (frame) => {
  const found = lasting(frame);
  return found === undefined || found.minutes === 0 ? [] : [{ value: found.minutes, source: found.source }];
};

/** Functions for times that are computed. */
export const SCHEDULE_TYPES: Readonly<Record<string, ValueType>> = { dayOfWeek, orderedDuration };
export const SCHEDULE_GATHERS: Readonly<Record<string, Gather>> = { timesOfDay, offsetMinutes, procedureEnd, plannedEnd, plannedMinutes };
