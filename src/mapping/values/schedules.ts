import type { Segment } from "#src/hl7v2/message.ts";
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

/** Fields of start, offset and its units, duration and its units in the resources of an appointment (v2.5.1 ch. 10.6). */
const PLANNED: Readonly<Record<string, readonly [start: number, offset: number, offsetUnit: number, duration: number, unit: number]>> = {
  AIS: [4, 5, 6, 7, 8],
  AIG: [8, 9, 10, 11, 12],
  AIL: [6, 7, 8, 9, 10],
  AIP: [6, 7, 8, 9, 10],
};

/** A point in time with the place that says it. */
interface Moment {
  readonly value: string;
  readonly source: string;
}

function momentIn(segment: Segment | undefined, field: number, component: number, frame: Frame): Moment | undefined {
  if (segment === undefined) return undefined;
  const instant = toInstant(segment.field(field).part(component).text, frame.scope.clock);
  return instant.ok ? { value: instant.value, source: `${segment.name}(${segment.index})-${field}` } : undefined;
}

const later = (moment: Moment | undefined, minutes: number | undefined): string | undefined =>
  moment === undefined || minutes === undefined ? undefined : plusMinutes(moment.value, minutes);

/** Start of the appointment: SCH-11.4, TQ1-7, else the first resource that has one. */
function appointmentTime(frame: Frame): Moment | undefined {
  const { message } = frame.scope;
  const said = momentIn(message.first("SCH"), 11, 4, frame) ?? momentIn(message.first("TQ1"), 7, 1, frame);
  if (said !== undefined) return said;
  for (const [name, [start]] of Object.entries(PLANNED))
    for (const segment of message.all(name)) {
      const found = momentIn(segment, start, 1, frame);
      if (found !== undefined) return found;
    }
  return undefined;
}

/** Minutes of an amount in one field and its unit in another. */
const lasting = (segment: Segment | undefined, amount: number, unit: number): number | undefined =>
  segment === undefined || segment.field(amount).text === "" ? undefined : minutesOf(segment.field(amount).text, segment.field(unit).text);

/** Minutes of a CQ. */
const lastingQuantity = (segment: Segment | undefined, field: number): number | undefined =>
  segment === undefined || segment.field(field).text === ""
    ? undefined
    : minutesOf(segment.field(field).text, segment.field(field).part(2).text);

const sourceIn = (segment: Segment, field: number): string => `${segment.name}(${segment.index})-${field}`;

function planned(frame: Frame): Moment | undefined {
  const { segment } = frame;
  const fields = PLANNED[segment.name];
  if (fields === undefined) return undefined;
  const [start, offset, unit] = fields;
  const own = momentIn(segment, start, 1, frame);
  const counted = own === undefined ? later(appointmentTime(frame), lasting(segment, offset, unit)) : undefined;
  return own ?? (counted === undefined ? undefined : { value: counted, source: sourceIn(segment, offset) });
}

/** When a resource is needed that has no start of its own: its offset from the start of the appointment. */
const plannedStart: Gather = (frame) => {
  const found = planned(frame);
  return found === undefined ? [] : [found];
};

/** When a booked resource is free again: its start and duration. */
const plannedEnd: Gather = (frame) => {
  const { segment } = frame;
  const [, , , duration = 0, unit = 0] = PLANNED[segment.name] ?? [];
  const end = later(planned(frame), lasting(segment, duration, unit));
  return end === undefined ? [] : [{ value: end, source: sourceIn(segment, duration) }];
};

/** Start of the appointment; none without a time of day, for R4 wants an instant. */
const appointmentStart: Gather = (frame) => {
  const start = appointmentTime(frame);
  return start === undefined ? [] : [start];
};

/**
 * End of the appointment: SCH-11.5, TQ1-8, else its start and how long it or its first resource lasts. R4 wants an end where there is a
 * start (app-2): an appointment that nobody says the length of ends as it begins.
 */
const appointmentEnd: Gather = (frame) => {
  const { message } = frame.scope;
  const [sch, tq1] = [message.first("SCH"), message.first("TQ1")];
  const start = appointmentTime(frame);
  if (start === undefined) return [];
  const said = momentIn(sch, 11, 5, frame) ?? momentIn(tq1, 8, 1, frame);
  if (said !== undefined) return [said];
  const lengths = [
    { segment: sch, field: 9, minutes: lasting(sch, 9, 10) },
    { segment: tq1, field: 6, minutes: lastingQuantity(tq1, 6) },
    ...Object.entries(PLANNED).flatMap(([name, [, , , duration, unit]]) =>
      message.all(name).map((segment) => ({ segment, field: duration, minutes: lasting(segment, duration, unit) })),
    ),
  ];
  for (const { segment, field, minutes } of lengths) {
    const end = later(start, minutes);
    if (segment !== undefined && end !== undefined) return [{ value: end, source: sourceIn(segment, field) }];
  }
  return [start];
};

/** End of an order from its start and duration (TQ1-7 and 6), or its start from its end (TQ1-8 and 6). */
const orderEnd: Gather = (frame) => {
  const end = later(momentIn(frame.segment, 7, 1, frame), lastingQuantity(frame.segment, 6));
  return end === undefined ? [] : [{ value: end, source: sourceIn(frame.segment, 6) }];
};
const orderStart: Gather = (frame) => {
  const minutes = lastingQuantity(frame.segment, 6);
  const start = later(momentIn(frame.segment, 8, 1, frame), minutes === undefined ? undefined : -minutes);
  return start === undefined ? [] : [{ value: start, source: sourceIn(frame.segment, 6) }];
};

/** Functions for times that are computed. */
export const SCHEDULE_TYPES: Readonly<Record<string, ValueType>> = { dayOfWeek, orderedDuration };
export const SCHEDULE_GATHERS: Readonly<Record<string, Gather>> = {
  timesOfDay,
  offsetMinutes,
  procedureEnd,
  plannedStart,
  plannedEnd,
  appointmentStart,
  appointmentEnd,
  orderStart,
  orderEnd,
};
