import { firstSegment, type Header, type RawIdentifier, readIdentifiers } from "./header.ts";

/** Which of a message's numbers say who and what it is about: a feed's setting. */
export interface IdentityRules {
  /** `type:MR` (CX.5) or `authority:NORTH` (CX.4), in order of preference. */
  readonly patient: readonly string[];
  /** `PID-18`, `PV1-19`, … in order of preference. */
  readonly account: readonly string[];
  readonly visit: readonly string[];
  readonly withoutAccount: "fail" | "patient";
}

export const DEFAULT_IDENTITY: IdentityRules = { patient: [], account: ["PID-18", "PV1-19"], visit: ["PV1-19"], withoutAccount: "fail" };

/** What is looked at to choose among identifiers. */
export interface IdentifierFacts {
  readonly value: string;
  readonly authority: string;
  /** CX.5. */
  readonly type: string;
}

/** Without a setting the medical record number is the patient. */
const MEDICAL_RECORD = ["type:MR"];

/** The patient's among the repetitions of PID-3: the first that a rule fits, in the order of the rules, else the first with a number. */
export function choosePatient<T>(list: readonly T[], factsOf: (one: T) => IdentifierFacts, { patient }: IdentityRules): T | undefined {
  const numbered = list.filter((one) => factsOf(one).value !== "");
  for (const rule of patient.length === 0 ? MEDICAL_RECORD : patient) {
    const at = rule.indexOf(":");
    const wanted = rule.slice(at + 1);
    const found = numbered.find((one) => (rule.startsWith("type:") ? factsOf(one).type : factsOf(one).authority) === wanted);
    if (found !== undefined) return found;
  }
  return numbered[0];
}

/** `PID-18` to its segment and field. */
export function placeOf(place: string): { readonly segment: string; readonly field: number } {
  const [segment = "", field = "0"] = place.split("-");
  return { segment, field: Number(field) };
}

/** The first of these places with a number, read on bytes. */
const firstAt = (bytes: Buffer, header: Header, places: readonly string[]): RawIdentifier | undefined => {
  for (const place of places) {
    const { segment, field } = placeOf(place);
    const [found] = readIdentifiers(firstSegment(bytes, header, segment)?.[field], header);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The patient's number on the wire; undefined when the message names none. */
export const patientOnWire = (bytes: Buffer, header: Header, rules: IdentityRules): RawIdentifier | undefined =>
  choosePatient(readIdentifiers(firstSegment(bytes, header, "PID")?.[3], header), (one) => one, rules);

/** What the account of a patient without one is called: no account number has a blank in it. */
export const ownAccountOf = (patientNumber: string): string => `patient ${patientNumber}`;

/** The account's number on the wire: tells who has to wait when the map fails. */
export function accountOnWire(bytes: Buffer, header: Header, rules: IdentityRules): RawIdentifier | undefined {
  const account = firstAt(bytes, header, rules.account);
  if (account !== undefined || rules.withoutAccount === "fail") return account;
  const patient = patientOnWire(bytes, header, rules);
  return patient === undefined ? undefined : { ...patient, value: ownAccountOf(patient.value) };
}

/** The visit's number on the wire. */
export const visitOnWire = (bytes: Buffer, header: Header, rules: IdentityRules): RawIdentifier | undefined =>
  firstAt(bytes, header, rules.visit);
