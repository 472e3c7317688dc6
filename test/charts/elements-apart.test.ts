import type { Condition, Extension, Observation, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import { type Charted, mergeResource } from "#src/charts/registers.ts";
import type { MappedResource } from "#src/mapping/types.ts";
import { ADMISSION, changed, mappedMessage, mappedWith, segment, withField } from "#test/mapping/v2/maps.ts";

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
