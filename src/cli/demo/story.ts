import { buildMessage, localTime, type Segment } from "./build.ts";
import { chanceOf, type Chance } from "./random.ts";
import { chargeSegments, noteSegments, visitSegments, type Stay } from "./segments.ts";
import { ODD_SECOND_MS, stayOf } from "./stays.ts";

/** One message of the demo: when to send it, to which kind of feed, and its text with segments ended by CR. */
export interface StoryMessage {
  /** Time since the begin of the story, in ms. */
  readonly atMs: number;
  readonly feedHint: "adt" | "charges" | "documents";
  readonly message: string;
}

/** The same patients in every demo. */
export const DEMO_SEED = 20_260_101;

/** Patients of the story. */
export const DEMO_PATIENTS = 36;
/** Their messages come first and fast, so that a newcomer sees items within seconds. */
const FIRST_PATIENTS = 8;
const FIRST_WITHIN_MS = 4_500;
/** Stays told side by side after that. */
const SIDE_BY_SIDE = 4;

/** Patients (from 1) whose stay is told with a mistake. */
const WITHOUT_CHARGES = 15;
const UNKNOWN_EVENT = 21;
/** Outpatients whose discharge comes as an A08 with PV1-45 instead of an A03, as clinics do. */
const LEAVES_BY_UPDATE = 10;

interface Told {
  readonly feedHint: StoryMessage["feedHint"];
  readonly type: "ADT" | "DFT" | "MDM";
  readonly event: string;
  readonly structure: string;
  readonly segments: readonly Segment[];
}

const adt = (event: string, stay: Stay, at: string, left: boolean): Told => ({
  feedHint: "adt",
  type: "ADT",
  event,
  // The structures of A04 and A08 are those of A01 (v2.5.1 ch. 3.3).
  structure: event === "A03" ? "ADT_A03" : "ADT_A01",
  segments: visitSegments(stay, event, at, left),
});

/** All messages of one stay, in order. */
function tellStay(n: number, stay: Stay): readonly Told[] {
  const { admittedAt, dischargedAt } = stay;
  const { kind } = stay.case;
  const charges = chargeSegments(stay, dischargedAt).filter(([name]) => n !== WITHOUT_CHARGES || name !== "FT1");
  const told: Told[] = [
    adt(kind === "inpatient" || kind === "observation" ? "A01" : "A04", stay, admittedAt, false),
    { feedHint: "charges", type: "DFT", event: "P03", structure: "DFT_P03", segments: charges },
    { feedHint: "documents", type: "MDM", event: "T02", structure: "MDM_T02", segments: noteSegments(stay, dischargedAt) },
  ];
  if (kind === "inpatient") told.splice(1, 0, adt("A08", stay, admittedAt, false));
  if (n === UNKNOWN_EVENT) told.push({ ...adt("A01", stay, dischargedAt, false), event: "Z47", structure: "ADT_Z47" });
  told.push(adt(n === LEAVES_BY_UPDATE ? "A08" : "A03", stay, dischargedAt, true));
  return told;
}

/** Stays told side by side: the next message is of any of them, each stay's own order is kept. */
function interleave(stays: readonly (readonly Told[])[], width: number, chance: Chance): readonly Told[] {
  const waiting = stays.map((told) => [...told]);
  const open = waiting.splice(0, width);
  const mixed: Told[] = [];
  for (let left = stays.flat().length; left > 0; left--) {
    const at = chance.whole(0, open.length - 1);
    const next = open[at]?.shift();
    if (next !== undefined) mixed.push(next);
    if (open[at]?.length === 0) open.splice(at, 1, ...waiting.splice(0, 1));
  }
  return mixed;
}

const staysFrom = (chance: Chance, now: Date, zone: string): readonly Stay[] =>
  Array.from({ length: DEMO_PATIENTS }, (_, index) => stayOf(index + 1, now, zone, chance));

/** The stays that `demoStory` tells, in the order of their patients (the first is patient 1). */
export const demoStays = (seed: number, now: Date, zone = "UTC"): readonly Stay[] => staysFrom(chanceOf(seed), now, zone);

/**
 * The demo story: synthetic patients who come, are treated, charged and leave, with one message that lacks its charges and one of
 * an event nobody knows. The same seed, `now` and zone give the same story; discharges lie within the last days before `now`.
 */
export function demoStory(seed: number, now: Date, zone = "UTC"): readonly StoryMessage[] {
  const chance = chanceOf(seed);
  const stays = staysFrom(chance, now, zone).map((stay, index) => tellStay(index + 1, stay));
  const first = interleave(stays.slice(0, FIRST_PATIENTS), SIDE_BY_SIDE, chance);
  const later = interleave(stays.slice(FIRST_PATIENTS), SIDE_BY_SIDE, chance);
  const begin = Math.floor(now.getTime() / 60_000) * 60_000 + ODD_SECOND_MS;
  const run = Math.floor(now.getTime() / 1_000)
    .toString(36)
    .toUpperCase();
  let atMs = 0;
  return [...first, ...later].map((told, index) => {
    atMs += index === 0 ? 0 : index < first.length ? Math.floor(FIRST_WITHIN_MS / first.length) : chance.whole(1_000, 2_000);
    // The begin is part of the id: a story told again at another time has other content.
    const controlId = `D${run}${String(index + 1).padStart(5, "0")}`;
    const sentAt = localTime(new Date(begin + atMs), zone);
    return { atMs, feedHint: told.feedHint, message: buildMessage({ ...told, controlId, sentAt }, told.segments) };
  });
}
