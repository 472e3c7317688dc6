import { block } from "#src/hl7v2/framer.ts";
import { buildMessage } from "../demo/build.ts";
import { chanceOf } from "../demo/random.ts";
import { chargeSegments, visitSegments, type Stay } from "../demo/segments.ts";
import { stayOf } from "../demo/stays.ts";
import { STEPS, type Step } from "./plan.ts";

/** A framed message whose ids are overwritten in place: nothing is built while the clock runs. */
export interface Template {
  readonly bytes: Buffer;
  readonly controlIdAt: readonly number[];
  readonly accountAt: readonly number[];
  readonly visitAt: readonly number[];
  readonly mrnAt: readonly number[];
}

/** Length of every id written into a template, in bytes; MSH-10 takes at most 20 (v2.5.1). */
export const ID_BYTES = 16;
/** Different patients the load is made of. */
const PATIENTS = 21;

const CONTROL_ID = "C".padEnd(ID_BYTES, "#");
const ACCOUNT = "A".padEnd(ID_BYTES, "#");
const VISIT = "V".padEnd(ID_BYTES, "#");
const MRN = "M".padEnd(ID_BYTES, "#");

function placesOf(bytes: Buffer, mark: string): readonly number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) places.push(at);
  return places;
}

function textOf(stay: Stay, step: Step): string {
  const at = step === "A01" || step === "A08" ? stay.admittedAt : stay.dischargedAt;
  const envelope = { controlId: CONTROL_ID, sentAt: at, event: step };
  return step === "P03"
    ? buildMessage({ ...envelope, type: "DFT", structure: "DFT_P03" }, chargeSegments(stay, at))
    : buildMessage(
        { ...envelope, type: "ADT", structure: step === "A03" ? "ADT_A03" : "ADT_A01" },
        visitSegments(stay, step, at, step === "A03"),
      );
}

/** Admissions of so many different patients, as text. */
export function admissionTexts(now: Date, patients: number): readonly string[] {
  const chance = chanceOf(1);
  return Array.from({ length: patients }, (_, index) => textOf(stayOf(index + 1, now, "UTC", chance), "A01"));
}

function templateOf(stay: Stay, step: Step): Template {
  const bytes = block(Buffer.from(textOf(stay, step), "utf8"));
  return {
    bytes,
    controlIdAt: placesOf(bytes, CONTROL_ID),
    accountAt: placesOf(bytes, ACCOUNT),
    visitAt: placesOf(bytes, VISIT),
    mrnAt: placesOf(bytes, MRN),
  };
}

/** Templates by patient, then by step. */
export function makeTemplates(now: Date): readonly (readonly Template[])[] {
  const chance = chanceOf(1);
  return Array.from({ length: PATIENTS }, (_, index) => {
    const stay = stayOf(index + 1, now, "UTC", chance);
    const marked = { ...stay, account: ACCOUNT, visit: VISIT, person: { ...stay.person, mrn: MRN } };
    return STEPS.map((step) => templateOf(marked, step));
  });
}

/** Writes an id (exactly `ID_BYTES` characters of ASCII) at each of its places. */
export function stamp(bytes: Buffer, places: readonly number[], id: string): void {
  for (const at of places) bytes.write(id, at, "latin1");
}
