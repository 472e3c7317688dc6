import type { Encounter, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import type { Mapped } from "#src/mapping/types.ts";
import { shelf } from "../../charts/messages.ts";
import { ADMISSION, changed, mappedMessage, resourcesOf } from "./maps.ts";

const { PID = "", PV1 = "" } = ADMISSION;
const encounterOf = (mapped: Mapped): Encounter | undefined => resourcesOf<Encounter>(mapped, "Encounter")[0];
/** A message about the admitted patient, at a minute of its day. */
const told = (type: string, minute: number, fields: Readonly<Record<number, string>> = {}): Mapped =>
  mappedMessage(type, `EVN||2026011008${String(minute).padStart(2, "0")}`, PID, changed("PV1", { 44: "", ...fields }));

describe("the class of a visit (PV1-2)", () => {
  it.each(["C", "N", "U"])("%s, for which FHIR has no class, stays the code of HL7's table", (code) => {
    const mapped = told("ADT^A08", 0, { 2: code });
    expect(encounterOf(mapped)?.class).toMatchObject({ system: "http://terminology.hl7.org/CodeSystem/v2-0004", code });
    expect(mapped.warnings).toEqual([]);
  });
});

describe("the status of a visit", () => {
  it.each([
    ["ADT^A11^ADT_A09", "cancelled"],
    ["ADT^A11^ADT_A11", "cancelled"],
    ["ADT^A27^ADT_A21", "cancelled"],
    ["ADT^A38^ADT_A38", "cancelled"],
    ["ADT^A09^ADT_A09", "in-progress"],
    ["ADT^A03^ADT_A01", "finished"],
    ["ADT^A13^ADT_A01", "in-progress"],
    ["ADT^A05^ADT_A01", "planned"],
    ["ADT^A14^ADT_A05", "planned"],
  ])("of %s is %s, by its event and not by the structure that it names", (type, status) => {
    expect(encounterOf(told(type, 0))?.status).toBe(status);
  });

  it.each([
    ["ADT^A01", "P", "planned"],
    ["ADT^A08", "P", "planned"],
    ["ADT^A01", "U", "unknown"],
    ["ADT^A04", "E", "in-progress"],
  ])("of %s and class %s is %s", (type, code, status) => {
    expect(encounterOf(told(type, 0, { 2: code }))?.status).toBe(status);
  });

  it("is not taken back to in progress by an update that repeats the visit without its discharge time", () => {
    const update = told("ADT^A08", 0).resources.find(({ resource }) => resource.resourceType === "Encounter");
    expect(update?.initial).toEqual(["status"]);
  });
});

describe("a cancel", () => {
  const accountId = told("ADT^A01", 0).account?.resourceId ?? "";
  const key = `Encounter/${told("ADT^A01", 0).encounterId ?? ""}`;
  const after = (...messages: readonly Mapped[]): Encounter => {
    const charts = shelf(accountId);
    charts.say(...messages);
    return charts.get<Encounter>(accountId, key);
  };
  const place = ({ location }: Encounter): string | undefined => location?.[0]?.location.display;

  it.each([
    ["ADT^A01", "ADT^A11", "cancelled"],
    ["ADT^A14", "ADT^A27", "cancelled"],
    ["ADT^A05", "ADT^A38", "cancelled"],
    ["ADT^A03", "ADT^A13", "in-progress"],
  ])("of %s by %s leaves the visit %s, and what it cancels changes nothing when it comes late", (event, cancel, status) => {
    const [done, undone] = [told(event, 10), told(cancel, 20)];
    expect(after(told("ADT^A01", 0), done, undone).status).toBe(status);
    expect(after(told("ADT^A01", 0), undone, done).status).toBe(status);
    expect(after(undone, done).period?.end).toBeUndefined();
  });

  it("of a transfer (A12) puts the patient back in the bed before it, also when the transfer comes late", () => {
    const [admitted, moved, back] = [told("ADT^A01", 0), told("ADT^A02", 10, { 3: "ICU^1^A^WEST" }), told("ADT^A12", 20)];
    expect(place(after(admitted, moved))).toBe("ICU 1 A");
    expect(place(after(admitted, moved, back))).toBe("3N 301 A");
    expect(place(after(admitted, back, moved))).toBe("3N 301 A");
  });

  it("of a discharge (A13) takes back where the patient went, although senders repeat it", () => {
    const left = { 36: "01", 37: "HOME", 45: "202601100810" };
    const visit = after(told("ADT^A01", 0), told("ADT^A03", 10, left), told("ADT^A13", 20, left));
    expect(visit.period?.end).toBeUndefined();
    expect(visit.hospitalization?.dischargeDisposition).toBeUndefined();
    expect(visit.hospitalization?.destination).toBeUndefined();
  });
});

describe("a merge", () => {
  it.each(["ADT^A18", "ADT^A34", "ADT^A40"])(
    "of patients by %s names the survivor and what it replaces, which nobody is to use any more",
    (type) => {
      const mapped = mappedMessage(type, "EVN||20260110", "PID|1||1^^^WEST^MR||Quill^Ada", "MRG|2^^^WEST^MR");
      const [survivor, prior] = resourcesOf<Patient>(mapped, "Patient");
      expect(survivor).toMatchObject({
        identifier: [{ value: "1" }],
        link: [{ type: "replaces", other: { reference: `Patient/${prior?.id}` } }],
      });
      expect(survivor?.active).not.toBe(false);
      expect(prior).toMatchObject({
        identifier: [{ value: "2" }],
        active: false,
        link: [{ type: "replaced-by", other: { reference: `Patient/${survivor?.id}` } }],
      });
    },
  );

  it("of several patients in one A40 is told of each group, none mixed with another", () => {
    const mapped = mappedMessage(
      "ADT^A40^ADT_A39",
      "EVN||20260110",
      ...["PID|1||1^^^WEST||A^Ann", "MRG|2^^^WEST", "PID|2||3^^^WEST||B^Ben", "MRG|4^^^WEST", "PID|3||5^^^WEST||C^Cy", "MRG|6^^^WEST"],
    );
    const merges = [mapped, ...(mapped.others ?? [])].flatMap((group) => group.merges ?? []);
    expect(merges.map(({ prior, surviving }) => `${prior.value} into ${surviving.value}`)).toEqual(["2 into 1", "4 into 3", "6 into 5"]);
    expect(resourcesOf<Patient>(mapped, "Patient").flatMap(({ name }) => name?.[0]?.family ?? [])).toEqual(["A", "B", "C"]);
  });

  it.each([
    ["ADT^A36", ["patient M2 into 778899", "account A2 into ACC9"]],
    ["ADT^A35", ["account A2 into ACC9"]],
    ["ADT^A41", ["account A2 into ACC9"]],
    ["ADT^A42", ["visit V2 into VIS9"]],
    ["ADT^A44", ["move-account A2 into ACC9"]],
    ["ADT^A45", ["move-visit V2 into VIS9"]],
  ])("by %s moves what the fields of MRG name: %j", (type, wanted) => {
    const mapped = mappedMessage(type, "EVN||20260110", PID, "MRG|M2^^^WEST^MR||A2^^^WEST^AN||V2^^^WEST^VN", PV1);
    expect((mapped.merges ?? []).map(({ kind, prior, surviving }) => `${kind} ${prior.value} into ${surviving.value}`)).toEqual(wanted);
  });

  it("without the number that is given up is worth a warning, and merges nothing", () => {
    const mapped = mappedMessage("ADT^A40", "EVN||20260110", PID, "MRG|^^^WEST");
    expect(mapped.merges).toBeUndefined();
    expect(mapped.warnings).toContainEqual({ code: "REQUIRED_FIELD_MISSING", place: "MRG(1)-1" });
  });
});

describe("a swap of beds (A17)", () => {
  it("has two of everything: each patient, account and visit keeps its own bed", () => {
    const mapped = mappedMessage(
      "ADT^A17",
      "EVN||20260110",
      ...[
        PID,
        changed("PV1", { 3: "3N^302^B" }),
        changed("PID", { 3: "9^^^WEST", 18: "ACC8" }),
        changed("PV1", { 3: "3N^301^A", 19: "VIS8" }),
      ],
    );
    const groups = [mapped, ...(mapped.others ?? [])];
    expect(groups.map(({ account }) => account?.value)).toEqual(["ACC9", "ACC8"]);
    expect(new Set(groups.map(({ patientId }) => patientId)).size).toBe(2);
    expect(
      resourcesOf<Encounter>(mapped, "Encounter").map((visit) => [visit.identifier?.[0]?.value, visit.location?.[0]?.location.display]),
    ).toEqual([
      ["VIS9", "3N 302 B"],
      ["VIS8", "3N 301 A"],
    ]);
    expect(mapped.merges).toBeUndefined();
  });
});
