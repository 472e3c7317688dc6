import type { Failure } from "#src/base/failures.ts";
import type { Hl7Message, Segment } from "#src/hl7v2/message.ts";
import { groupsOf } from "./message-groups.ts";

/** Of these a message, or each patient's group of it, has one: of a second none is read. */
const ONE_OF = ["PID", "PV1"];
/** IN1 without one of these says nothing of an insurance (IN1-1 and IN1-22 number it): as in the map IN1[Coverage]. */
const INSURANCE = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 35, 36, 43, 49];
/** What the IN2 of it may add. */
const MORE_INSURANCE = [6, 8, 61, 72];

/** A result before this order (v2.5.1 ch. 4.4.6, OML_O21) names the patient and visit that it is of. */
const mayRepeat = (messageType: string): boolean => messageType.startsWith("OML^");

const NONE: readonly Failure[] = [];

function secondOnes(message: Hl7Message): readonly Failure[] {
  if (ONE_OF.every((name) => message.all(name).length < 2)) return NONE;
  return ONE_OF.flatMap((name) =>
    message.all(name).flatMap(({ index }, at): readonly Failure[] => {
      const detail = `a second ${name} is not read, and what follows it counts for the first`;
      return at === 0 ? [] : [{ code: "SEGMENT_REPEATED", place: `${name}(${index})`, detail }];
    }),
  );
}

const hasAny = (segment: Segment | undefined, fields: readonly number[]): boolean =>
  segment !== undefined && fields.some((n) => segment.repetitions(n).some(({ valued }) => valued));

/** The IN2 that belongs to an IN1: before the next. */
function moreOf(message: Hl7Message, { position }: Segment): Segment | undefined {
  const next = message.all("IN1").find((one) => one.position > position)?.position ?? Number.POSITIVE_INFINITY;
  return message.all("IN2").find((one) => one.position > position && one.position < next);
}

const emptyOnes = (message: Hl7Message): readonly Failure[] =>
  message.all("IN1").flatMap((segment): readonly Failure[] => {
    if (hasAny(segment, INSURANCE) || hasAny(moreOf(message, segment), MORE_INSURANCE)) return [];
    return [
      { code: "REQUIRED_FIELD_MISSING", place: `IN1(${segment.index})-3`, detail: "it says nothing of an insurance: no coverage is made" },
    ];
  });

/** Priority of an insurance: IN1-22, else the number of the segment. */
function priorityOf(segment: Segment): { readonly field: number; readonly said: string } {
  const field = segment.field(22).text === "" ? 1 : 22;
  return { field, said: segment.field(field).text.replace(/^0+/, "") };
}

/** Insurances of which nobody can say which is billed first: both are kept. */
function samePriorities(message: Hl7Message): readonly Failure[] {
  if (message.all("IN1").length < 2) return NONE;
  const seen = new Set<string>();
  return message.all("IN1").flatMap((segment): readonly Failure[] => {
    const { field, said } = priorityOf(segment);
    if (said === "") return [];
    if (seen.has(said))
      return [{ code: "VALUE_NOT_VALID", place: `IN1(${segment.index})-${field}`, detail: "an insurance before it has this priority" }];
    seen.add(said);
    return [];
  });
}

/**
 * What is wrong with segments as a whole, which no row sees. Nothing of it stops the message.
 * @param groups the segment that begins a group of its own, if the message has groups: each is looked at alone
 */
export function oddSegments(message: Hl7Message, messageType: string, groups: string | undefined): readonly Failure[] {
  if (message.all("IN1").length === 0 && ONE_OF.every((name) => message.all(name).length < 2)) return NONE;
  const found = groupsOf(message, groups).flatMap((group) => [
    ...(mayRepeat(messageType) ? [] : secondOnes(group)),
    ...emptyOnes(group),
    ...samePriorities(group),
  ]);
  // What stands before all groups is in each of them.
  return found.filter(({ place }, at) => found.findIndex((one) => one.place === place) === at);
}
