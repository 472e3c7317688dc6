import type { Condition, Coverage, Encounter, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { faultsOf } from "#src/fhir/validate.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { ADMISSION, changed, event, mappedWith, mapWith, resourcesOf, SETTINGS, segment, withField } from "./maps.ts";

const encounter = (mapped: Mapped): Encounter | undefined => resourcesOf<Encounter>(mapped, "Encounter")[0];
const pv1 = (...fields: readonly (readonly [number, string])[]): { readonly PV1: string } => ({
  PV1: fields.reduce((line, [n, value]) => withField(line, n, value), ADMISSION["PV1"] ?? ""),
});
const pid = (n: number, value: string): { readonly PID: string } => ({ PID: withField(ADMISSION["PID"] ?? "", n, value) });

describe("status of a visit", () => {
  it.each([
    ["A01", "in-progress"],
    ["A04", "in-progress"],
    ["A05", "planned"],
    ["A08", "in-progress"],
    ["A11", "cancelled"],
    ["A03", "finished"],
    ["A13", "in-progress"],
  ])("after %s is %s", (code, status) => {
    expect(encounter(mappedWith(event(code)))?.status).toBe(status);
  });

  it("is kept with its times when it ends before it begins, and that is said", () => {
    const turned = mappedWith({ ...event("A03"), ...pv1([44, "20260112100000"], [45, "20260110100000"]) });
    expect(encounter(turned)?.period).toEqual({ start: "2026-01-12T10:00:00-06:00", end: "2026-01-10T10:00:00-06:00" });
    expect(turned.warnings).toMatchObject([{ code: "VALUE_NOT_VALID", place: "PV1-45" }]);
    expect(mappedWith({ ...event("A03"), ...pv1([44, "20260110100000"], [45, "20260110100000"]) }).warnings).toEqual([]);
  });

  it("is finished once the discharge time is known, whatever the event", () => {
    const found = encounter(mappedWith({ ...event("A08"), ...pv1([45, "20260112100000"]) }));
    expect(found?.status).toBe("finished");
    expect(found?.period?.end).toBe("2026-01-12T10:00:00-06:00");
  });

  it("takes the end from EVN when a discharge does not state it", () => {
    expect(encounter(mappedWith(event("A03")))?.period?.end).toBe("2026-01-10T08:29:00-06:00");
  });

  it("keeps cancelled when a cancelled admission repeats a discharge time", () => {
    expect(encounter(mappedWith({ ...event("A11"), ...pv1([45, "20260112"]) }))?.status).toBe("cancelled");
  });

  it("has no end after a cancelled discharge, even when the old one is repeated", () => {
    const mapped = mappedWith({ ...event("A13"), ...pv1([45, "20260112100000"]) });
    expect(encounter(mapped)?.period).toEqual({ start: "2026-01-10T08:00:00-06:00" });
  });
});

describe("class of a visit", () => {
  it.each([
    ["I", "IMP"],
    ["E", "EMER"],
    ["O", "AMB"],
    ["P", "PRENC"],
    ["R", "AMB"],
    ["B", "IMP"],
  ])("%s is %s", (code, wanted) => {
    expect(encounter(mappedWith(pv1([2, code])))?.class.code).toBe(wanted);
  });

  it("is observation for an outpatient whom PV1-18 or PV1-10 places there, and only then", () => {
    expect(encounter(mappedWith(pv1([2, "O"], [18, "OBS"])))?.class.code).toBe("OBSENC");
    expect(encounter(mappedWith(pv1([2, "O"], [10, "OBS"])))?.class.code).toBe("OBSENC");
    expect(encounter(mappedWith(pv1([2, "I"], [18, "OBS"])))?.class.code).toBe("IMP");
  });

  it("keeps an unknown code as sent and warns", () => {
    const mapped = mappedWith(pv1([2, "Q"]));
    expect(encounter(mapped)?.class).toEqual({ system: "http://terminology.hl7.org/CodeSystem/v2-0004", code: "Q" });
    expect(mapped.warnings).toMatchObject([{ code: "CODE_UNMAPPED", place: "PV1-2" }]);
  });

  it("is unknown, with a warning, when the sender states none", () => {
    const mapped = mappedWith(pv1([2, ""]));
    expect(encounter(mapped)?.class.code).toBe("UNK");
    expect(mapped.warnings).toEqual([{ code: "REQUIRED_FIELD_MISSING", place: "PV1-2" }]);
  });
});

describe("what a sender deletes and leaves open", () => {
  it('reports "" as a deleted element and an empty field as nothing', () => {
    const patient = (mapped: Mapped) => mapped.resources.find(({ resource }) => resource.resourceType === "Patient");
    const deleted = patient(mappedWith(pid(13, '""')));
    expect(deleted?.deleted).toEqual(["telecom"]);
    expect(deleted?.resource).not.toHaveProperty("telecom");
    const empty = patient(mappedWith(pid(13, "")));
    expect(empty?.deleted).toEqual([]);
    expect(empty?.resource).not.toHaveProperty("telecom");
  });

  it.each([
    [14, "admitSource"],
    [15, "specialArrangement"],
    [16, "specialCourtesy"],
    [38, "dietPreference"],
  ])('reports "" in PV1-%s as that one member deleted, not all of the hospitalization', (field, member) => {
    const visit = mappedWith(pv1([field, '""'])).resources.find(({ resource }) => resource.resourceType === "Encounter");
    expect(visit?.deleted).toEqual([`hospitalization.${member}`]);
  });

  describe("is told by lineage", () => {
    const deletions = (segments: Readonly<Record<string, string>>) =>
      mappedWith(segments).lineage.flatMap(({ target, source, row, deletes }) => (deletes === true ? [[target, source, row]] : []));

    it("with the field that says it", () => {
      expect(deletions(pv1([14, '""']))).toEqual([
        ["Encounter.hospitalization.admitSource", "PV1-14", "PV1[Encounter] PV1-14>hospitalization.admitSource"],
      ]);
      expect(deletions({ PID: changed("PID", { 16: '""' }) })).toEqual([
        ["Patient.maritalStatus", "PID-16", "PID[Patient] PID-16>maritalStatus"],
      ]);
    });

    it("without one, where the event itself says it", () => {
      expect(deletions(event("A13"))).toEqual([
        ["Encounter.period.end", undefined, "PV1[Encounter] PV1>period.end"],
        ["Encounter.hospitalization.dischargeDisposition", undefined, "PV1[Encounter] PV1>hospitalization.dischargeDisposition"],
        ["Encounter.hospitalization.destination", undefined, "PV1[Encounter] PV1>hospitalization.destination"],
      ]);
    });

    it("and not at all where another field gives the element a value", () => {
      expect(deletions({ PID: changed("PID", { 13: '""', 14: "5550100" }) })).toEqual([]);
    });
  });

  it('takes "" as discharge time for no discharge', () => {
    const found = encounter(mappedWith({ ...event("A08"), ...pv1([45, '""']) }));
    expect(found?.status).toBe("in-progress");
    expect(found?.period).toEqual({ start: "2026-01-10T08:00:00-06:00" });
  });

  it("leaves a bad date out and warns where it stood", () => {
    const mapped = mappedWith(pid(7, "19701345"));
    expect(resourcesOf<Patient>(mapped, "Patient")[0]).not.toHaveProperty("birthDate");
    expect(mapped.warnings).toEqual([{ code: "VALUE_NOT_VALID", place: "PID-7" }]);
  });
});

describe("times", () => {
  it("are in the feed's zone, with its daylight time", () => {
    expect(mappedWith().eventTime).toBe("2026-01-10T08:29:00-06:00");
    expect(mappedWith({ EVN: "EVN|A01|20260710082900" }).eventTime).toBe("2026-07-10T08:29:00-05:00");
  });

  it("are in the offset of MSH-7 when it has one", () => {
    const MSH = (ADMISSION["MSH"] ?? "").replace("20260110083000", "20260110083000+0100");
    const mapped = mappedWith({ MSH });
    expect(mapped.eventTime).toBe("2026-01-10T08:29:00+01:00");
    expect(encounter(mapped)?.period?.start).toBe("2026-01-10T08:00:00+01:00");
  });

  it("fall back to MSH-7 when EVN-2 is empty", () => {
    expect(mappedWith({ EVN: "EVN|A01" }).eventTime).toBe("2026-01-10T08:30:00-06:00");
  });
});

describe("who and which account", () => {
  it("uses PV1-19 when there is no account number", () => {
    expect(mappedWith(pid(18, "")).account).toMatchObject({ value: "VIS9", authority: "WEST" });
  });

  it("fails without either", () => {
    expect(mapWith({ ...pid(18, ""), ...pv1([19, ""]) })).toEqual({ ok: false, failure: { code: "ACCOUNT_UNKNOWN", place: "PID-18" } });
  });

  it("fails without a patient number", () => {
    expect(mapWith(pid(3, ""))).toEqual({ ok: false, failure: { code: "REQUIRED_FIELD_MISSING", place: "PID-3" } });
  });

  it("takes the authority from the number, then the feed, then MSH-4", () => {
    expect(mappedWith(pid(18, "ACC9^^^EAST")).account?.authority).toBe("EAST");
    expect(mappedWith(pid(18, "ACC9"), { ...SETTINGS, defaultAuthority: "FEED" }).account?.authority).toBe("FEED");
    expect(mappedWith(pid(18, "ACC9")).account?.authority).toBe("WEST");
  });

  it("writes an object identifier as a URN", () => {
    const [patient] = resourcesOf<Patient>(mappedWith(pid(3, "5^^^WEST&2.16.840.1.113883.3.9&ISO^MR")), "Patient");
    expect(patient?.identifier?.[0]).toMatchObject({ system: "urn:oid:2.16.840.1.113883.3.9", value: "5" });
  });

  it("maps person-level messages to the patient alone, without an account", () => {
    const mapped = mappedWith({ ...event("A31"), ...pid(18, "") });
    expect(mapped.account).toBeUndefined();
    expect(mapped.resources.map(({ resource }) => resource.resourceType)).toEqual(["Patient"]);
  });

  it("reads the event of an old message from EVN-1", () => {
    const MSH = (ADMISSION["MSH"] ?? "").replace("ADT^A01^ADT_A01", "ADT");
    expect(mappedWith({ MSH, EVN: "EVN|A04|20260110" }).messageType).toBe("ADT^A04");
  });
});

describe("diagnoses and insurance", () => {
  it("names the code system by DG1-3.3, else by DG1-2, else ICD-10-CM", () => {
    const systemOf = (DG1: string) => resourcesOf<Condition>(mappedWith({ DG1 }), "Condition")[0]?.code?.coding?.[0]?.system;
    expect(systemOf("DG1|1||428.0^Failure^I9C")).toBe("http://hl7.org/fhir/sid/icd-9-cm");
    expect(systemOf("DG1|1|I9|428.0^Failure")).toBe("http://hl7.org/fhir/sid/icd-9-cm");
    expect(systemOf("DG1|1||I50.9^Failure")).toBe("http://hl7.org/fhir/sid/icd-10-cm");
  });

  it("states a whole set only of what the message has", () => {
    expect(mappedWith().wholeSets).toEqual(["Condition"]);
    expect(mappedWith({ DG1: "" }).wholeSets).toEqual([]);
    expect(mappedWith(event("A11")).wholeSets).toEqual([]);
  });

  it("keeps two coverages apart, in the order of IN1-22, each with its own payer and IN2", () => {
    const mapped = mappedWith({
      IN1a: segment("IN1", {
        1: "1",
        2: "GOLD^Gold Plan",
        3: "PAY1^^^WEST",
        4: "First Payer",
        8: "G1",
        15: "HM",
        17: "01^Spouse",
        22: "2",
        36: "MEM1",
      }),
      IN2a: withField("IN2", 72, "18"),
      IN1b: segment("IN1", { 1: "2", 2: "SILV^Silver Plan", 3: "PAY2^^^WEST", 4: "Second Payer", 22: "1", 36: "MEM2" }),
      IN2b: withField("IN2", 72, "19"),
    });
    const coverages = resourcesOf<Coverage>(mapped, "Coverage");
    expect(coverages.map(({ subscriberId, order }) => [subscriberId, order])).toEqual([
      ["MEM1", 2],
      ["MEM2", 1],
    ]);
    expect(coverages.map(({ relationship }) => relationship?.coding?.[0]?.code)).toEqual(["spouse", "child"]);
    expect(new Set(coverages.map(({ payor }) => payor[0]?.reference)).size).toBe(2);
    expect(coverages.flatMap(faultsOf)).toEqual([]);
  });

  it("keeps a coverage whose payer is not stated", () => {
    const mapped = mappedWith({ IN1: segment("IN1", { 1: "1", 36: "MEM1" }) });
    expect(resourcesOf<Coverage>(mapped, "Coverage")[0]?.payor).toEqual([{ display: "not stated" }]);
    expect(mapped.warnings).toContainEqual({ code: "REQUIRED_FIELD_MISSING", place: "IN1(1)-3" });
  });
});

describe("lineage", () => {
  it("tells the source, the row and the table entry of an element", () => {
    const { lineage, encounterId, patientId } = mappedWith();
    expect(lineage).toContainEqual({
      target: "Encounter.class",
      resourceId: encounterId,
      source: "PV1-2",
      row: "PV1[Encounter] PV1-2>class",
      table: "v2-0004 I",
    });
    expect(lineage).toContainEqual({
      target: "Patient.name[0].family",
      resourceId: patientId,
      source: "PID-5(1).1.1",
      row: "FN[HumanName] FN.1>family",
    });
    expect(lineage).toContainEqual(expect.objectContaining({ target: "Condition.code", source: "DG1(1)-3" }));
  });
});
