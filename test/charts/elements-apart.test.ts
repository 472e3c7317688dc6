import type { Condition, Encounter, EncounterParticipant, Extension, Observation, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { type Charted, mergeResource } from "#src/charts/registers.ts";
import { mapBundle } from "#src/mapping/fhir/map-bundle.ts";
import type { MappedResource } from "#src/mapping/types.ts";
import { message, VISIT } from "#test/mapping/fhir/bundles.ts";
import { ADMISSION, changed, mappedMessage, mappedWith, segment, SETTINGS, withField } from "#test/mapping/v2/maps.ts";

const own = (name: string): string => `https://chartbridge.dev/fhir/StructureDefinition/${name}`;
const hl7 = (name: string): string => `http://hl7.org/fhir/StructureDefinition/${name}`;
const [ONE, TWO, THREE] = ["2026-01-10T08:00:00.000Z", "2026-01-10T09:00:00.000Z", "2026-01-10T10:00:00.000Z"];

type Said = Omit<MappedResource, "deleted"> & { readonly deleted?: readonly string[] };
/** The chart's entry after some messages, each at its time. */
const after = (...said: readonly (readonly [time: string, said: Said])[]): Charted => {
  let charted: Charted | undefined;
  for (const [time, one] of said) charted = mergeResource(charted, { deleted: [], ...one }, time);
  if (charted === undefined) throw new Error("nothing was said");
  return charted;
};
const diagnosis = (extension?: readonly Extension[]): Said["resource"] =>
  ({
    resourceType: "Condition",
    id: "d",
    subject: { display: "p" },
    ...(extension === undefined ? {} : { extension: [...extension] }),
  }) as const;
const extensionsOf = ({ resource }: Charted): readonly Extension[] | undefined => (resource as Condition).extension;
const POA: Extension = { url: own("present-on-admission"), valueCode: "Y" };
const TYPE: Extension = { url: own("diagnosis-type"), valueCode: "F" };
const MODIFIERS: readonly Extension[] = ["25", "59"].map((valueCode) => ({ url: own("charge-modifier"), valueCode }));

describe("extensions of a resource", () => {
  it("are said apart: one that a later message does not repeat stays", () => {
    expect(
      extensionsOf(after([ONE, { resource: diagnosis([POA, TYPE]) }], [TWO, { resource: diagnosis([{ ...TYPE, valueCode: "A" }]) }])),
    ).toEqual([{ ...TYPE, valueCode: "A" }, POA]);
  });

  it("of one URL are a list that is replaced as a whole, in its order", () => {
    const charted = after([ONE, { resource: diagnosis([POA, ...MODIFIERS]) }], [TWO, { resource: diagnosis([...MODIFIERS].reverse()) }]);
    expect(extensionsOf(charted)).toEqual([...[...MODIFIERS].reverse(), POA]);
  });

  it("stand in the order of their URLs, whoever said what and when", () => {
    const [a, b] = [{ resource: diagnosis([TYPE]) }, { resource: diagnosis([POA]) }];
    const together = { resource: diagnosis([POA, TYPE]) };
    expect(JSON.stringify(after([ONE, a], [TWO, b]).resource)).toBe(JSON.stringify(after([TWO, b], [ONE, a]).resource));
    expect(JSON.stringify(after([ONE, a], [TWO, b]).resource)).toBe(JSON.stringify(after([ONE, together]).resource));
  });

  it("that are the same in another order are no change", () => {
    const first = after([ONE, { resource: diagnosis([TYPE, POA]) }]);
    expect(mergeResource(first, { resource: diagnosis([POA, TYPE]), deleted: [] }, ONE)).toBe(first);
  });

  it("are deleted one URL at a time, and an older message does not bring them back", () => {
    const deleting = { resource: diagnosis(), deleted: [`extension[${TYPE.url}]`] };
    expect(extensionsOf(after([ONE, { resource: diagnosis([POA, TYPE]) }], [TWO, deleting]))).toEqual([POA]);
    expect(extensionsOf(after([TWO, deleting], [ONE, { resource: diagnosis([POA, TYPE]) }]))).toEqual([POA]);
    expect(extensionsOf(after([TWO, deleting], [THREE, { resource: diagnosis([TYPE]) }]))).toEqual([TYPE]);
  });

  it("stored when all were one element have that element's time", () => {
    const stored: Charted = { resource: diagnosis([TYPE, POA]), at: THREE, fieldAt: { extension: TWO } };
    const late = (time: string) =>
      mergeResource(stored, { resource: diagnosis([{ ...POA, valueCode: "N" }, ...MODIFIERS]), deleted: [] }, time);
    expect(late(ONE)).toBe(stored);
    expect(extensionsOf(late(THREE))).toEqual([...MODIFIERS, TYPE, { ...POA, valueCode: "N" }]);
    const again = mergeResource(late(THREE), { resource: diagnosis([TYPE, POA, MODIFIERS[0] as Extension]), deleted: [] }, ONE);
    expect(extensionsOf(again)).toEqual([...MODIFIERS, TYPE, { ...POA, valueCode: "N" }]);
  });

  it("stored as deleted when all were one element stay deleted for older messages", () => {
    const stored: Charted = { resource: diagnosis(), at: THREE, fieldAt: { extension: TWO } };
    expect(extensionsOf(mergeResource(stored, { resource: diagnosis([POA]), deleted: [] }, ONE))).toBeUndefined();
    expect(extensionsOf(mergeResource(stored, { resource: diagnosis([POA]), deleted: [] }, TWO))).toEqual([POA]);
  });
});

describe("a nulled field that is an extension", () => {
  const deletedIn = (type: string, mapped: ReturnType<typeof mappedWith>): readonly string[] =>
    mapped.resources.filter(({ resource }) => resource.resourceType === type).flatMap(({ deleted }) => deleted);

  it("deletes that extension and no other", () => {
    const PV1 = withField(ADMISSION["PV1"] ?? "", 16, '""');
    expect(deletedIn("Patient", mappedWith({ PV1 }))).toEqual([`extension[${hl7("patient-importance")}]`]);
    expect(deletedIn("Condition", mappedWith({ DG1: segment("DG1", { 1: "1", 3: "J18.9^^I10", 6: "A", 26: '""' }) }))).toEqual([
      `extension[${own("present-on-admission")}]`,
    ]);
  });

  it("also where another row, or the data type, names its URL", () => {
    const result = (fields: Readonly<Record<number, string>>) =>
      mappedMessage(
        "ORU^R01",
        ADMISSION["PID"] ?? "",
        "OBR|1||F1^LAB|1-1^Panel^LN",
        segment("OBX", { 1: "1", 2: "NM", 3: "2-2^A^LN", 5: "5", 11: "F", ...fields }),
      );
    expect(deletedIn("Observation", result({ 19: '""' }))).toEqual([`extension[${hl7("observation-analysis-date-time")}]`]);
    expect(deletedIn("Observation", result({ 4: '""' }))).toEqual([`extension[${hl7("observation-v2-subid")}]`]);
  });

  it("deletes nothing that another field of the message says", () => {
    const PR1 = segment("PR1", { 1: "1", 3: "0DTJ4ZZ^^I10P", 5: "20260110", 14: '""', 16: "59" });
    const procedures = mappedWith({ PR1 }).resources.filter(({ resource }) => resource.resourceType === "Procedure");
    expect(procedures.map(({ deleted }) => deleted)).toEqual([[`extension[${own("procedure-priority")}]`]]);
  });
});

const PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const inRole = (code: string, who: string): EncounterParticipant => ({
  type: [{ coding: [{ system: PARTICIPATION, code }] }],
  individual: { reference: `Practitioner/${who}` },
});
const stay = (...participant: readonly EncounterParticipant[]): Said["resource"] => ({
  resourceType: "Encounter",
  id: "v",
  status: "in-progress",
  class: { code: "IMP" },
  ...(participant.length === 0 ? {} : { participant: [...participant] }),
});
/** `ATND stone`, in the chart's order. */
const rolesOf = ({ resource }: { readonly resource: Said["resource"] }): readonly string[] =>
  ((resource as Encounter).participant ?? []).map(
    ({ type, individual }) => `${type?.[0]?.coding?.[0]?.code ?? ""} ${individual?.reference?.split("/")[1] ?? individual?.display ?? ""}`,
  );
const deletingAdmitter = { resource: stay(), deleted: ["participant[ADM]"] };

describe("participants of a stay", () => {
  it("are said apart by their role: those whom a later message does not name stay", () => {
    const first = { resource: stay(inRole("ATND", "stone"), inRole("REF", "reed"), inRole("ADM", "ash")) };
    expect(rolesOf(after([ONE, first], [TWO, { resource: stay(inRole("ATND", "marsh")) }]))).toEqual(["ADM ash", "ATND marsh", "REF reed"]);
  });

  it("in one role are a list that is replaced as a whole, in its order; without a role they are one list too", () => {
    const nobodys: EncounterParticipant = { individual: { display: "Someone" } };
    const first = { resource: stay(inRole("CON", "reed"), nobodys, inRole("CON", "ash"), inRole("ATND", "stone")) };
    expect(rolesOf(after([ONE, first]))).toEqual([" Someone", "ATND stone", "CON reed", "CON ash"]);
    const second = { resource: stay(inRole("CON", "marsh"), { individual: { display: "Another" } }) };
    expect(rolesOf(after([ONE, first], [TWO, second]))).toEqual([" Another", "ATND stone", "CON marsh"]);
  });

  it("stand in the order of their roles, whoever said what and when", () => {
    const [a, b] = [{ resource: stay(inRole("REF", "reed")) }, { resource: stay(inRole("ATND", "stone")) }];
    const together = { resource: stay(inRole("REF", "reed"), inRole("ATND", "stone")) };
    expect(JSON.stringify(after([ONE, a], [TWO, b]).resource)).toBe(JSON.stringify(after([TWO, b], [ONE, a]).resource));
    expect(JSON.stringify(after([ONE, a], [TWO, b]).resource)).toBe(JSON.stringify(after([ONE, together]).resource));
  });

  it("are deleted one role at a time, and an older message does not bring them back", () => {
    const both = { resource: stay(inRole("ATND", "stone"), inRole("ADM", "ash")) };
    expect(rolesOf(after([ONE, both], [TWO, deletingAdmitter]))).toEqual(["ATND stone"]);
    expect(rolesOf(after([TWO, deletingAdmitter], [ONE, both]))).toEqual(["ATND stone"]);
    expect(rolesOf(after([TWO, deletingAdmitter], [THREE, both]))).toEqual(["ADM ash", "ATND stone"]);
  });

  it("stored when all were one element have that element's time", () => {
    const stored: Charted = {
      resource: stay(inRole("REF", "reed"), inRole("ATND", "stone")),
      at: THREE,
      fieldAt: { participant: TWO },
    };
    const late = (time: string) =>
      mergeResource(stored, { resource: stay(inRole("ATND", "marsh"), inRole("ADM", "ash")), deleted: [] }, time);
    expect(late(ONE)).toBe(stored);
    expect(rolesOf(late(THREE))).toEqual(["ADM ash", "ATND marsh", "REF reed"]);
    const gone: Charted = { resource: stay(), at: THREE, fieldAt: { participant: TWO } };
    expect(rolesOf(mergeResource(gone, { resource: stay(inRole("REF", "reed")), deleted: [] }, ONE))).toEqual([]);
    const unsaid: Charted = { resource: stay(inRole("REF", "reed"), inRole("ATND", "stone")), at: TWO };
    expect(rolesOf(mergeResource(unsaid, { resource: stay(inRole("ATND", "marsh")), deleted: [] }, THREE))).toEqual([
      "ATND marsh",
      "REF reed",
    ]);
  });

  it("of other resources are a list like any other", () => {
    const team = (who: string): Said["resource"] => ({
      resourceType: "CareTeam",
      id: "t",
      participant: [{ role: [{ text: who }], member: { reference: `Practitioner/${who}` } }],
    });
    expect(after([ONE, { resource: team("reed") }], [TWO, { resource: team("ash") }]).resource).toEqual(team("ash"));
  });
});

describe("a stay that is sent as FHIR", () => {
  const sent = (...participant: readonly EncounterParticipant[]): Said => {
    const mapped = mapBundle(
      message(
        VISIT.map((one) => (one.resourceType === "Encounter" && participant.length > 0 ? { ...one, participant: [...participant] } : one)),
      ),
      SETTINGS,
    );
    const found = mapped.ok ? mapped.value.resources.find(({ resource }) => resource.resourceType === "Encounter") : undefined;
    if (found === undefined) throw new Error("the bundle has no stay");
    return found;
  };
  const shown = (code: string, display: string): EncounterParticipant => ({
    type: [{ coding: [{ system: PARTICIPATION, code }] }],
    individual: { display },
  });

  it("states all its participants: a role that it no longer names is no more, also at the same time", () => {
    const both = sent(shown("ATND", "stone"), shown("REF", "reed"));
    for (const time of [ONE, TWO]) expect(rolesOf(after([ONE, both], [time, sent(shown("ATND", "marsh"))]))).toEqual(["ATND marsh"]);
    expect(rolesOf(after([TWO, sent(shown("ATND", "marsh"))], [ONE, both]))).toEqual(["ATND marsh"]);
  });

  it("states all the diagnoses that it names: one that it no longer names is no more", () => {
    const naming = (...ids: readonly string[]): Said => {
      const diagnoses = ids.map((id) => ({ condition: { reference: `Condition/${id}` } }));
      const mapped = mapBundle(
        message(VISIT.map((one) => (one.resourceType === "Encounter" && ids.length > 0 ? { ...one, diagnosis: diagnoses } : one))),
        SETTINGS,
      );
      const found = mapped.ok ? mapped.value.resources.find(({ resource }) => resource.resourceType === "Encounter") : undefined;
      if (found === undefined) throw new Error("the bundle has no stay");
      return found;
    };
    const count = ({ resource }: Charted): number => (resource as Encounter).diagnosis?.length ?? 0;
    expect(count(after([ONE, naming("a", "b")], [TWO, naming("b")]))).toBe(1);
    expect(count(after([ONE, naming("a", "b")], [TWO, naming()]))).toBe(2);
  });

  it("says nothing of them where it has none, and changes nothing when it is sent again", () => {
    const both = sent(shown("REF", "reed"), shown("ATND", "stone"));
    const charted = after([ONE, both]);
    expect(rolesOf(after([ONE, both], [TWO, sent()]))).toEqual(["ATND stone", "REF reed"]);
    expect(mergeResource(charted, { deleted: [], ...both }, ONE)).toBe(charted);
  });
});

describe("a nulled field that is a participant", () => {
  const deletedBy = (...segments: readonly string[]): readonly string[] =>
    mappedMessage("ADT^A08", "EVN|A08|20260110082900", ADMISSION["PID"] ?? "", ...segments).resources.flatMap(({ resource, deleted }) =>
      resource.resourceType === "Encounter" ? deleted : [],
    );

  it.each([
    [7, "ATND"],
    [8, "REF"],
    [9, "CON"],
    [17, "ADM"],
    [52, "PART"],
  ])("PV1-%s deletes that role and no other", (field, role) => {
    const nobody = changed("PV1", { 7: "" });
    expect(deletedBy(withField(nobody, field, '""'))).toEqual([`participant[${role}]`]);
  });

  it("deletes nothing that another field says of the role", () => {
    const PV1 = changed("PV1", { 8: '""', 17: '""' });
    expect(deletedBy(PV1)).toEqual(["participant[REF]", "participant[ADM]"]);
    expect(deletedBy(PV1, segment("PV2", { 13: "7002^Reed^Jo^^^^^^WEST" }))).toEqual(["participant[ADM]"]);
  });

  it("deletes nobody where a table gives the role", () => {
    const ROL = segment("ROL", { 1: "R1", 2: "UP", 3: "AT^^HL70443", 4: "7001^Stone^Rae^^^^^^WEST", 5: '""' });
    expect(deletedBy(ADMISSION["PV1"] ?? "", ROL.replace("R1", '""').replace("AT^^HL70443", '""'))).toEqual([]);
  });
});

describe("an element that has several types, or extensions of its own", () => {
  const result = (more: Partial<Observation> & { readonly _status?: unknown }): Said["resource"] =>
    ({ resourceType: "Observation", id: "o", status: "final", code: { text: "Glucose" }, ...more }) as const;
  const pending = result({
    status: "unknown",
    valueString: "pending",
    _status: { extension: [{ url: hl7("alternate-codes"), valueCode: "O" }] },
  });
  const done = result({ valueQuantity: { value: 5 } });

  it("has the newest type alone, in whatever order the messages come", () => {
    for (const charted of [
      after([ONE, { resource: pending }], [TWO, { resource: done }]),
      after([TWO, { resource: done }], [ONE, { resource: pending }]),
    ]) {
      expect(charted.resource).toEqual(done);
      expect(faultsOf(charted.resource)).toEqual([]);
    }
  });

  it("is deleted whatever its type", () => {
    const charted = after([ONE, { resource: done }], [TWO, { resource: result({}), deleted: ["valueQuantity.value"] }]);
    expect(charted.resource).toEqual(result({}));
    const alive: Said["resource"] = { resourceType: "Patient", id: "p" };
    const dead: Patient & { id: string } = { ...alive, resourceType: "Patient", deceasedBoolean: true };
    expect(after([ONE, { resource: dead }], [TWO, { resource: alive, deleted: ["deceasedDateTime"] }]).resource).toEqual(alive);
  });

  it.each([
    [
      "the time of a death takes the place of the plain yes",
      { 30: "Y" },
      { 29: "20260110070000" },
      { deceasedDateTime: "2026-01-10T07:00:00-06:00" },
    ],
    ["a death that was none takes the time away", { 29: "20260110070000" }, { 29: '""', 30: "N" }, { deceasedBoolean: false }],
    ["a time that is none takes nothing away", { 30: "Y" }, { 29: "20261399" }, { deceasedBoolean: true }],
  ])("%s", (_, first, second, wanted) => {
    const patient = (fields: Readonly<Record<number, string>>): Said => {
      const found = mappedWith({ PID: changed("PID", fields) }).resources.find(({ resource }) => resource.resourceType === "Patient");
      if (found === undefined) throw new Error("the message has no patient");
      return found;
    };
    const { resource } = after([ONE, patient(first)], [TWO, patient(second)]);
    expect(Object.fromEntries(Object.entries(resource).filter(([name]) => name.startsWith("deceased")))).toEqual(wanted);
  });

  it("that was stored with two types is read as the newer of them", () => {
    const both = result({ valueString: "pending", valueQuantity: { value: 5 } });
    const stored: Charted = { resource: both, at: TWO, fieldAt: { valueString: ONE } };
    expect(mergeResource(stored, { resource: result({ interpretation: [{ text: "H" }] }), deleted: [] }, THREE).resource).toEqual(
      result({ interpretation: [{ text: "H" }], valueQuantity: { value: 5 } }),
    );
    expect(
      mergeResource({ ...stored, fieldAt: { valueQuantity: ONE } }, { resource: result({ valueString: "seen" }), deleted: [] }, ONE)
        .resource,
    ).toEqual(both);
  });
});
