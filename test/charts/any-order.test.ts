import type { Element, EncounterParticipant, Patient } from "@medplum/fhirtypes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Charted, joinCharted, mergeResource } from "#src/charts/registers.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { account, at, charge, diagnosis, documentOf, named, patient, shelf, told, visit, type WithId } from "./messages.ts";

/** What can happen to a visit, as its sender's system would say it. */
const EVENTS = ["A01", "A02", "A03", "A05", "A08", "A11", "A13", "P03", "CR", "T02", "T08", "T11"] as const;
type Event = (typeof EVENTS)[number];

interface Happening {
  readonly event: Event;
  readonly visit: 0 | 1;
  readonly diagnoses: readonly number[];
  readonly pick: number;
  readonly word: number;
  readonly roles: number;
}

const IMPORTANCE = "http://hl7.org/fhir/StructureDefinition/patient-importance";
const RELIGION = "http://hl7.org/fhir/StructureDefinition/patient-religion";
const BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime";

/** What a message says of the patient besides: extensions, types of a choice, extensions of a value, and what of it is deleted. */
const WORDS: readonly ((minute: number) => {
  readonly more?: Partial<Patient> & { _birthDate?: Element };
  readonly deleted?: readonly string[];
})[] = [
  () => ({}),
  (minute) => ({ more: { extension: [{ url: RELIGION, valueString: `${minute}` }] } }),
  (minute) => ({
    more: {
      extension: [
        { url: RELIGION, valueString: `${minute}` },
        { url: IMPORTANCE, valueString: "a" },
        { url: IMPORTANCE, valueString: `${minute}` },
      ],
    },
  }),
  () => ({ deleted: [`extension[${IMPORTANCE}]`] }),
  (minute) => ({ more: { extension: [{ url: RELIGION, valueString: `${minute}` }] }, deleted: ["extension"] }),
  () => ({ more: { deceasedBoolean: true } }),
  (minute) => ({ more: { deceasedDateTime: at(minute) } }),
  () => ({ deleted: ["deceasedDateTime"] }),
  (minute) => ({ more: { birthDate: "1960-01-03", _birthDate: { extension: [{ url: BIRTH_TIME, valueDateTime: at(minute) }] } } }),
];

const inRole = (code: string, who: string): EncounterParticipant => ({
  ...(code === "" ? {} : { type: [{ coding: [{ code }] }] }),
  individual: { display: who },
});

/** Whom a message names for the stay, and whose role it deletes: as fields do, role by role, or all at once, as a whole resource does. */
const ROLES: readonly ((minute: number) => { readonly who?: readonly EncounterParticipant[]; readonly gone?: readonly string[] })[] = [
  () => ({}),
  (minute) => ({ who: [inRole("ATND", `${minute}`)] }),
  (minute) => ({ who: [inRole("REF", `${minute}`), inRole("", `${minute}`), inRole("ATND", "one")] }),
  (minute) => ({ who: [inRole("CON", `${minute}`), inRole("CON", "two")], gone: ["participant[ATND]"] }),
  () => ({ gone: ["participant[REF]"] }),
  (minute) => ({ who: [inRole("ADM", "three"), inRole("ATND", `${minute}`)], gone: ["participant"] }),
];

const happening: fc.Arbitrary<Happening> = fc.record({
  event: fc.constantFrom(...EVENTS),
  visit: fc.constantFrom(0 as const, 1 as const),
  diagnoses: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  pick: fc.integer({ min: 0, max: 2 }),
  word: fc.nat(WORDS.length - 1),
  roles: fc.nat(ROLES.length - 1),
});

const STATUS: Partial<Record<Event, "planned" | "in-progress" | "finished" | "cancelled">> = {
  A01: "in-progress",
  A02: "in-progress",
  A03: "finished",
  A05: "planned",
  A11: "cancelled",
  A13: "in-progress",
};

/** The message of one happening. Each has a minute of its own. */
function messageOf(
  { event, visit: which, diagnoses, pick, word, roles }: Happening,
  minute: number,
  accountId = "A",
  patientId = "P",
): Mapped {
  const id = `V${which}`;
  const who = { minute, account: accountId, patient: patientId, visit: id };
  const { more = {}, deleted = [] } = WORDS[word]?.(minute) ?? {};
  const { who: participant = [], gone = [] } = ROLES[roles]?.(minute) ?? {};
  const base: readonly WithId[] = [
    patient(patientId, { ...(pick === 0 ? { gender: "female" } : { birthDate: `1960-01-0${pick}` }), ...more }),
    account(accountId, patientId),
  ];
  if (event === "P03" || event === "CR") {
    const amount = event === "CR" ? -10 * (pick + 1) : 10 * (pick + 1);
    return told({
      ...who,
      type: "DFT^P03",
      deleted: { Patient: deleted },
      resources: [
        ...base,
        charge(`C${minute}`, id, accountId, amount),
        ...diagnoses.slice(0, 1).map((n) => diagnosis(`D${n}`, id, patientId)),
      ],
    });
  }
  if (event.startsWith("T")) {
    const status = event === "T11" ? "entered-in-error" : "current";
    return told({
      ...who,
      type: `MDM^${event}`,
      deleted: { Patient: deleted },
      resources: [...base, documentOf(`N${pick}`, id, patientId, { status, description: `as of ${minute}` })],
    });
  }
  const status = STATUS[event];
  const period = { ...(event === "A01" ? { start: at(minute) } : {}), ...(event === "A03" ? { end: at(minute) } : {}) };
  const stay = visit(id, accountId, patientId, {
    status: status ?? "in-progress",
    period,
    ...(pick === 1 ? { serviceType: { text: `${minute}` } } : {}),
    ...(participant.length === 0 ? {} : { participant: [...participant] }),
    ...(diagnoses.length === 0 ? {} : { diagnosis: diagnoses.map((n) => ({ condition: { reference: `Condition/D${n}` }, rank: minute })) }),
  });
  // A diagnosis is taken back by its own DG1.
  const back = roles === 0 && !diagnoses.includes(0) ? ["diagnosis[Condition/D0]"] : [];
  const whole = event === "A01" || event === "A03" || event === "A05" || event === "A08";
  const mapped = told({
    ...who,
    type: `ADT^${event}`,
    resources: [...base, stay, ...diagnoses.map((n) => diagnosis(`D${n}`, id, patientId))],
    sets: whole && diagnoses.length > 0 ? ["Condition"] : [],
    deleted: { Patient: deleted, Encounter: [...gone, ...back, ...(event === "A13" ? ["period.end"] : pick === 2 ? ["serviceType"] : [])] },
  });
  if (event !== "A08") return mapped;
  return {
    ...mapped,
    resources: mapped.resources.map((one) => (one.resource.resourceType === "Encounter" ? { ...one, initial: ["status"] } : one)),
  };
}

const story = fc
  .array(happening, { minLength: 2, maxLength: 14 })
  .map((happenings) => happenings.map((one, n) => messageOf(one, n * 7)))
  .chain((messages) => fc.tuple(fc.constant(messages), fc.shuffledSubarray(messages, { minLength: messages.length })));

const shown = (messages: readonly Mapped[], ...accounts: readonly string[]) => {
  const charts = shelf(...accounts);
  charts.say(...messages);
  return accounts.map((id) => charts.shows(id));
};

describe("a day's messages of an account", () => {
  it("give the same chart in whatever order they come", () => {
    fc.assert(
      fc.property(story, ([messages, shuffled]) => {
        expect(shown(shuffled, "A")).toEqual(shown(messages, "A"));
      }),
      { numRuns: 400 },
    );
  });

  it("change nothing when they are sent again", () => {
    fc.assert(
      fc.property(story, ([messages, again]) => {
        const charts = shelf("A");
        charts.say(...messages);
        const [before, version] = [charts.shows("A"), charts.chart("A").version];
        charts.say(...again);
        expect(charts.shows("A")).toEqual(before);
        expect(charts.chart("A").version).toBe(version);
      }),
      { numRuns: 200 },
    );
  });

  it("give the same chart when those of a merged account come before its merge or after it, in whatever order", () => {
    const merged = fc
      .tuple(fc.array(happening, { minLength: 1, maxLength: 6 }), fc.array(happening, { minLength: 1, maxLength: 6 }))
      .map(([prior, surviving]) => [
        ...prior.map((one, n) => messageOf({ ...one, visit: 0 }, n * 2, "OLD", "P")),
        ...surviving.map((one, n) => messageOf({ ...one, visit: 1 }, n * 2 + 1, "NEW", "P")),
      ])
      .chain((messages) =>
        fc.tuple(fc.constant(messages), fc.shuffledSubarray(messages, { minLength: messages.length }), fc.nat(messages.length)),
      );
    const merge = told({
      minute: 60,
      type: "ADT^A41",
      account: "NEW",
      patient: "P",
      resources: [patient("P"), account("NEW", "P")],
      merges: [{ kind: "account", surviving: named("NEW"), prior: named("OLD") }],
    });
    fc.assert(
      fc.property(merged, ([messages, shuffled, where]) => {
        const late = [...shuffled.slice(0, where), merge, ...shuffled.slice(where)];
        expect(shown(late, "NEW", "OLD")).toEqual(shown([...messages, merge], "NEW", "OLD"));
      }),
      { numRuns: 300 },
    );
  });
});

describe("what two charts say of one stay", () => {
  it("is the same in one as if every message had come to it", () => {
    const said = fc.array(fc.record({ roles: fc.nat(ROLES.length - 1), first: fc.boolean() }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(said, (messages) => {
        const of = (wanted: (first: boolean) => boolean): Charted =>
          messages.reduce<Charted>(
            (charted, { roles, first }, minute) => {
              if (!wanted(first)) return charted;
              const { who = [], gone = [] } = ROLES[roles]?.(minute) ?? {};
              const resource = visit("V", "A", "P", who.length === 0 ? {} : { participant: [...who] });
              return mergeResource(charted, { resource, deleted: gone }, at(minute));
            },
            { resource: visit("V", "A", "P"), at: "" },
          );
        const [one, other, all] = [of((first) => first), of((first) => !first), of(() => true)];
        expect(JSON.stringify(joinCharted(one, other).resource)).toBe(JSON.stringify(all.resource));
        expect(JSON.stringify(joinCharted(other, one).resource)).toBe(JSON.stringify(all.resource));
      }),
      { numRuns: 400 },
    );
  });
});
