import type { Account, ChargeItem, Encounter, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import type { Merge } from "#src/mapping/types.ts";
import { account, at, charge, diagnosis, documentOf, named, patient, shelf, told, visit, type WithId } from "./messages.ts";

const merging = (kind: Merge["kind"], prior: string, surviving: string): readonly Merge[] => [
  { kind, prior: named(prior), surviving: named(surviving) },
];
/** An admission with a diagnosis, a charge and a document. */
const stay = (minute: number, accountId: string, visitId: string, patientId: string, more: readonly WithId[] = []) =>
  told({
    minute,
    type: "ADT^A01",
    account: accountId,
    visit: visitId,
    patient: patientId,
    sets: ["Condition"],
    resources: [
      patient(patientId, { name: [{ family: patientId }] }),
      account(accountId, patientId),
      visit(visitId, accountId, patientId, { period: { start: at(minute) } }),
      diagnosis(`D-${visitId}`, visitId, patientId),
      charge(`C-${visitId}`, visitId, accountId, 100),
      documentOf(`N-${visitId}`, visitId, patientId),
      ...more,
    ],
  });
const oldNumbers = ({ identifier }: { identifier?: readonly { use?: string; value?: string }[] }): readonly (string | undefined)[] =>
  (identifier ?? []).filter(({ use }) => use === "old").map(({ value }) => value);

describe("a merge of patients (A18, A30, A34, A36, A40)", () => {
  const merge = told({
    minute: 50,
    type: "ADT^A40",
    patient: "P2",
    resources: [patient("P2", { name: [{ family: "Right" }] })],
    merges: merging("patient", "P1", "P2"),
  });

  it("gives every account of the prior patient to the survivor, and keeps the old number as a former one", () => {
    const charts = shelf("A1", "A2", "A3");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A2", "V2", "P1"), stay(2, "A3", "V3", "P9"), merge);
    for (const id of ["A1", "A2"]) {
      expect(charts.keys(id).filter((key) => key.startsWith("Patient/"))).toEqual(["Patient/P2"]);
      const person = charts.get<Patient>(id, "Patient/P2");
      expect(person.name).toEqual([{ family: "Right" }]);
      expect(oldNumbers(person as never)).toEqual(["P1"]);
      expect(charts.get<Account>(id, `Account/${id}`).subject).toEqual([{ reference: "Patient/P2" }]);
      expect(charts.chart(id).version).toBe(2);
      expect(charts.chart(id).deltas.at(-1)?.delta.messageType).toBe("ADT^A40");
    }
    expect(charts.chart("A3").version).toBe(1);
  });

  it("sends what still comes under the old number to the survivor", () => {
    const charts = shelf("A1");
    charts.say(stay(0, "A1", "V1", "P1"), merge, stay(60, "A1", "V1", "P1"));
    expect(charts.keys("A1").filter((key) => key.startsWith("Patient/"))).toEqual(["Patient/P2"]);
    const person = charts.get<Patient>("A1", "Patient/P2");
    expect(person.identifier?.filter(({ use }) => use !== "old").map(({ value }) => value)).toEqual(["P2"]);
  });

  it("follows one merge after another to the last survivor", () => {
    const charts = shelf("A1", "A2");
    charts.say(
      stay(0, "A1", "V1", "P1"),
      merge,
      told({ minute: 70, type: "ADT^A40", patient: "P3", resources: [patient("P3")], merges: merging("patient", "P2", "P3") }),
    );
    charts.say(stay(80, "A2", "V2", "P1"));
    expect(charts.get<Encounter>("A1", "Encounter/V1").subject?.reference).toBe("Patient/P3");
    expect(charts.get<Encounter>("A2", "Encounter/V2").subject?.reference).toBe("Patient/P3");
  });

  it("is done once: said again it changes nothing", () => {
    const charts = shelf("A1");
    charts.say(stay(0, "A1", "V1", "P1"), merge);
    const version = charts.chart("A1").version;
    charts.say(merge);
    expect(charts.chart("A1").version).toBe(version);
  });
});

describe("a merge of accounts (A35, A41)", () => {
  const merge = told({
    minute: 50,
    type: "ADT^A41",
    account: "A2",
    patient: "P1",
    resources: [patient("P1"), account("A2", "P1")],
    merges: merging("account", "A1", "A2"),
  });

  it("moves encounters, diagnoses, charges and documents to the survivor, and leaves nothing behind", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A2", "V2", "P1"), merge);
    expect(charts.keys("A1")).toEqual([]);
    expect(charts.chart("A1").mergedInto).toBe("A2");
    expect(charts.chart("A2").absorbed).toEqual(["A1"]);
    expect(charts.keys("A2")).toEqual([
      "Account/A2",
      "ChargeItem/C-V1",
      "ChargeItem/C-V2",
      "Condition/D-V1",
      "Condition/D-V2",
      "DocumentReference/N-V1",
      "DocumentReference/N-V2",
      "Encounter/V1",
      "Encounter/V2",
      "Patient/P1",
    ]);
    expect(charts.get<ChargeItem>("A2", "ChargeItem/C-V1").account).toEqual([{ reference: "Account/A2" }]);
    expect(oldNumbers(charts.get<Account>("A2", "Account/A2") as never)).toEqual(["A1"]);
  });

  it("keeps the history of both", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), merge);
    expect(charts.chart("A1").deltas.map(({ delta }) => [delta.messageType, delta.removed.length > 0])).toEqual([
      ["ADT^A01", false],
      ["ADT^A41", true],
    ]);
    expect(charts.chart("A2").deltas.at(-1)?.delta.changed.length).toBeGreaterThan(4);
  });

  it("lets a late charge of the old account reach the survivor, and a late cancel too", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A2", "V2", "P1"), merge);
    charts.say(
      told({ minute: 55, type: "DFT^P03", account: "A1", patient: "P1", visit: "V1", resources: [charge("late", "V1", "A1", 7)] }),
      told({
        minute: 56,
        type: "ADT^A11",
        account: "A1",
        patient: "P1",
        visit: "V1",
        resources: [visit("V1", "A1", "P1", { status: "cancelled" })],
      }),
    );
    expect(charts.get<ChargeItem>("A2", "ChargeItem/late").account).toEqual([{ reference: "Account/A2" }]);
    expect(charts.get<Encounter>("A2", "Encounter/V1").status).toBe("cancelled");
    expect(charts.keys("A1")).toEqual([]);
  });

  it("waits, and does nothing, while one of the two waits for a person", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A2", "V2", "P1"));
    charts.chart("A1").interfaceFailed = true;
    expect(charts.say(merge)).toEqual([{ kind: "waits", account: charts.chart("A1") }]);
    expect(charts.keys("A1")).toContain("Encounter/V1");
  });
});

describe("a change of an account's number (A49)", () => {
  const change = told({
    minute: 50,
    type: "ADT^A49",
    account: "A2",
    patient: "P1",
    resources: [patient("P1"), account("A2", "P1")],
    merges: merging("change-account-number", "A1", "A2"),
  });

  it("keeps the account with its chart, under the new number", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), change, stay(60, "A2", "V1", "P1"));
    expect(charts.keys("A2")).toEqual([]);
    expect(charts.chart("A1")).toMatchObject({ mergedInto: undefined, number: { value: "A2" } });
    const { identifier = [] } = charts.get<Account>("A1", "Account/A1");
    expect(identifier.map(({ use, value }) => [use, value])).toEqual([
      [undefined, "A2"],
      ["old", "A1"],
    ]);
  });

  it("brings both together where the new number was used before the change was said", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(40, "A2", "V1", "P1"), change);
    expect(charts.keys("A1")).toEqual([]);
    expect(charts.keys("A2")).toContain("ChargeItem/C-V1");
  });
});

describe("a move of an account to another patient (A43, A44)", () => {
  it("changes whose the account is, and nothing of the other accounts of either", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A2", "V2", "P1"));
    charts.say(
      told({
        minute: 50,
        type: "ADT^A44",
        account: "A1",
        patient: "P2",
        resources: [patient("P2"), account("A1", "P2")],
        merges: merging("move-account", "A1", "A1"),
      }),
    );
    expect(charts.get<Encounter>("A1", "Encounter/V1").subject?.reference).toBe("Patient/P2");
    expect(charts.get<Encounter>("A2", "Encounter/V2").subject?.reference).toBe("Patient/P1");
    charts.say(told({ minute: 10, account: "A1", patient: "P1", visit: "V1", resources: [patient("P1"), visit("V1", "A1", "P1")] }));
    expect(charts.keys("A1").filter((key) => key.startsWith("Patient/"))).toEqual(["Patient/P2"]);
  });
});

describe("visits", () => {
  it("that are merged (A42) become one, with the documents and charges of both", () => {
    const charts = shelf("A1");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A1", "V2", "P1"));
    charts.say(
      told({ minute: 50, type: "ADT^A42", account: "A1", patient: "P1", visit: "V2", resources: [], merges: merging("visit", "V1", "V2") }),
    );
    expect(charts.keys("A1").filter((key) => key.startsWith("Encounter/"))).toEqual(["Encounter/V2"]);
    expect(charts.get<ChargeItem>("A1", "ChargeItem/C-V1").context?.reference).toBe("Encounter/V2");
    expect(charts.keys("A1")).toContain("DocumentReference/N-V1");
    charts.say(
      told({ minute: 60, account: "A1", patient: "P1", visit: "V1", resources: [visit("V1", "A1", "P1", { status: "finished" })] }),
    );
    expect(charts.get<Encounter>("A1", "Encounter/V2").status).toBe("finished");
  });

  it("that move to another account (A45) take what is theirs along, and leave the rest", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A1", "V2", "P1"), stay(2, "A2", "V3", "P1"));
    charts.say(
      told({
        minute: 50,
        type: "ADT^A45",
        account: "A2",
        patient: "P1",
        visit: "V1",
        resources: [],
        merges: merging("move-visit", "V1", "V1"),
      }),
    );
    expect(charts.keys("A1")).toEqual([
      "Account/A1",
      "ChargeItem/C-V2",
      "Condition/D-V2",
      "DocumentReference/N-V2",
      "Encounter/V2",
      "Patient/P1",
    ]);
    expect(charts.keys("A2")).toEqual(
      expect.arrayContaining(["ChargeItem/C-V1", "Condition/D-V1", "DocumentReference/N-V1", "Encounter/V1", "Encounter/V3"]),
    );
    expect(charts.get<Encounter>("A2", "Encounter/V1").account).toEqual([{ reference: "Account/A2" }]);
  });

  it("that moved are found by messages that still name the old account", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(2, "A2", "V3", "P1"));
    charts.say(
      told({
        minute: 50,
        type: "ADT^A45",
        account: "A2",
        patient: "P1",
        visit: "V1",
        resources: [],
        merges: merging("move-visit", "V1", "V1"),
      }),
    );
    expect(charts.chart("A1").emptiedInto).toBe("A2");
    charts.say(
      told({
        minute: 60,
        type: "DFT^P03",
        account: "A1",
        patient: "P1",
        visit: "V1",
        resources: [account("A1", "P1"), charge("late", "V1", "A1", 7)],
      }),
    );
    expect(charts.get<ChargeItem>("A2", "ChargeItem/late").account).toEqual([{ reference: "Account/A2" }]);
    expect(charts.keys("A2").filter((key) => key.startsWith("Account/"))).toEqual(["Account/A2"]);
  });

  it("whose number changes (A50, A51) stay the same visit", () => {
    const charts = shelf("A1");
    charts.say(stay(0, "A1", "V1", "P1"));
    charts.say(
      told({
        minute: 50,
        type: "ADT^A50",
        account: "A1",
        patient: "P1",
        visit: "V9",
        resources: [visit("V9", "A1", "P1")],
        merges: merging("change-visit-number", "V1", "V9"),
      }),
    );
    expect(charts.keys("A1").filter((key) => key.startsWith("Encounter/"))).toEqual(["Encounter/V9"]);
    expect(charts.get<Encounter>("A1", "Encounter/V9").period?.start).toBe(at(0));
    expect(oldNumbers(charts.get<Encounter>("A1", "Encounter/V9") as never)).toEqual(["V1"]);
  });
});

describe("a patient's number that changes (A46, A47)", () => {
  it("is the same as a merge with nobody", () => {
    const charts = shelf("A1");
    charts.say(stay(0, "A1", "V1", "P1"));
    charts.say(
      told({ minute: 50, type: "ADT^A47", patient: "P7", resources: [patient("P7")], merges: merging("change-patient-id", "P1", "P7") }),
    );
    expect(charts.get<Patient>("A1", "Patient/P7").name).toEqual([{ family: "P1" }]);
  });
});

describe("a swap of beds (A17)", () => {
  it("changes both patients' visits by one message", () => {
    const charts = shelf("A1", "A2");
    charts.say(stay(0, "A1", "V1", "P1"), stay(1, "A2", "V2", "P2"));
    const bed = (display: string) => ({ location: [{ location: { display } }] });
    charts.say(
      told({
        minute: 50,
        type: "ADT^A17",
        account: "A1",
        patient: "P1",
        visit: "V1",
        resources: [visit("V1", "A1", "P1", bed("W-2"))],
        others: [
          told({
            minute: 50,
            type: "ADT^A17",
            account: "A2",
            patient: "P2",
            visit: "V2",
            resources: [visit("V2", "A2", "P2", bed("W-1"))],
          }),
        ],
      }),
    );
    expect(charts.get<Encounter>("A1", "Encounter/V1").location?.[0]?.location.display).toBe("W-2");
    expect(charts.get<Encounter>("A2", "Encounter/V2").location?.[0]?.location.display).toBe("W-1");
    expect([charts.chart("A1").deltas.at(-1)?.recordId, charts.chart("A2").deltas.at(-1)?.recordId]).toEqual(["record 3", "record 3"]);
  });
});

describe("what is cancelled", () => {
  const cancel = (minute: number, type: string, more: object, deleted = {}) =>
    told({ minute, type, account: "A1", patient: "P1", visit: "V1", resources: [visit("V1", "A1", "P1", more)], deleted });

  it("(A11) is not revived by an admission that happened before and comes late", () => {
    const charts = shelf("A1");
    charts.say(cancel(10, "ADT^A11", { status: "cancelled" }), stay(0, "A1", "V1", "P1"));
    expect(charts.get<Encounter>("A1", "Encounter/V1")).toMatchObject({ status: "cancelled", period: { start: at(0) } });
  });

  it("(A13) takes the end of the stay away for good, also when the discharge comes after its cancel", () => {
    const charts = shelf("A1");
    const left = told({
      minute: 20,
      type: "ADT^A03",
      account: "A1",
      patient: "P1",
      visit: "V1",
      resources: [visit("V1", "A1", "P1", { status: "finished", period: { end: at(20) } })],
    });
    charts.say(stay(0, "A1", "V1", "P1"), cancel(30, "ADT^A13", { status: "in-progress" }, { Encounter: ["period.end"] }), left);
    expect(charts.get<Encounter>("A1", "Encounter/V1")).toMatchObject({ status: "in-progress", period: { start: at(0) } });
    expect(charts.get<Encounter>("A1", "Encounter/V1").period?.end).toBeUndefined();
  });

  it("keeps its history: each step is a version that names its message", () => {
    const charts = shelf("A1");
    charts.say(stay(0, "A1", "V1", "P1"), cancel(10, "ADT^A11", { status: "cancelled" }));
    expect(charts.chart("A1").deltas.map(({ version, delta, recordId }) => [version, delta.messageType, recordId])).toEqual([
      [1, "ADT^A01", "record 1"],
      [2, "ADT^A11", "record 2"],
    ]);
  });
});
