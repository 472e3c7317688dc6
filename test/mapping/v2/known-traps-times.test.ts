import type { Appointment, Bundle, Condition, DiagnosticReport, DocumentReference, Patient, Provenance } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { ADMISSION, changed, mappedMessage, mappedWith, resourcesOf, SETTINGS, segment } from "./maps.ts";

const { PID = "", PV1 = "" } = ADMISSION;
const WHOLE = { ...SETTINGS, envelope: true };
/** MSH-1 is the separator itself, so MSH-7 stands at the sixth. */
const sent = (time: string) =>
  mappedWith({ MSH: changed("MSH", { 6: time }), EVN: "EVN|A01", PID: changed("PID", { 33: "20260110", 34: "EHR" }) }, WHOLE);
const bundle = (time: string) => resourcesOf<Bundle>(sent(time), "Bundle")[0]?.timestamp;
const recorded = (time: string) => resourcesOf<Provenance>(sent(time), "Provenance")[0]?.recorded;
const booked = (time: string): Appointment | undefined =>
  resourcesOf<Appointment>(
    mappedMessage("SIU^S12", segment("SCH", { 1: "P1^EHR", 9: "30", 10: "min", 11: `^^^${time}` }), PID),
    "Appointment",
  )[0];
const documented = (fields: Readonly<Record<number, string>>): DocumentReference | undefined =>
  resourcesOf<DocumentReference>(
    mappedMessage("MDM^T02", PID, PV1, segment("TXA", { 1: "1", 2: "DS", 12: "DOC1^EHR", ...fields }), "OBX|1|TX|||Text"),
    "DocumentReference",
  )[0];
const issued = (time: string): string | undefined =>
  resourcesOf<DiagnosticReport>(
    mappedMessage("ORU^R01", PID, segment("OBR", { 1: "1", 3: "F1^LAB", 4: "1-1^X^LN", 22: time, 25: "F" })),
    "DiagnosticReport",
  )[0]?.issued;

describe("an element that is an instant", () => {
  it.each([
    ["Bundle.timestamp", "MSH-7", bundle],
    ["Provenance.recorded", "MSH-7", recorded],
    ["Appointment.start", "SCH-11", (time: string) => booked(time)?.start],
    ["DocumentReference.date", "TXA-6", (time: string) => documented({ 6: time })?.date],
    ["DiagnosticReport.issued", "OBR-22", issued],
  ])("%s, stays out when %s is a date alone: no midnight is made up", (_, __, read) => {
    expect(read("20260110")).toBeUndefined();
    expect(read("2026011008")).toBe("2026-01-10T08:00:00-06:00");
  });

  it("leaves the end of an appointment out with its start", () => {
    expect(booked("20260110")).not.toHaveProperty("end");
    expect(booked("2026011008")?.end).toBe("2026-01-10T08:30:00-06:00");
  });

  it("takes another time of the document where its first is a date, which stands beside it", () => {
    const document = documented({ 6: "20260110", 7: "20260110113000" });
    expect(document?.date).toBe("2026-01-10T11:30:00-06:00");
    expect(document?.extension).toEqual([{ url: "http://hl7.org/fhir/6.0/StructureDefinition/extension-date", valueDate: "2026-01-10" }]);
  });
});

describe("a birth date (PID-7)", () => {
  const born = (time: string): Patient | undefined => resourcesOf<Patient>(mappedWith({ PID: changed("PID", { 7: time }) }), "Patient")[0];

  it("with a time is a date, and the time of birth stands beside it", () => {
    expect(born("197002030815")).toMatchObject({
      birthDate: "1970-02-03",
      _birthDate: {
        extension: [{ url: "http://hl7.org/fhir/StructureDefinition/patient-birthTime", valueDateTime: "1970-02-03T08:15:00-06:00" }],
      },
    });
  });

  it.each([
    ["1970", "1970"],
    ["197002", "1970-02"],
    ["19700203", "1970-02-03"],
  ])("of %s is %s: no first of January is made up, and no time of birth", (time, wanted) => {
    expect(born(time)?.birthDate).toBe(wanted);
    expect(born(time)).not.toHaveProperty("_birthDate");
  });
});

describe("what is written where a time should stand", () => {
  it.each(["20260110083000-0Z", "20260110083000123", "202601102400", "2026-01-10", "20260110 0830", "10 JAN 2026"])(
    "%s is left out, with a warning at its place, and nothing else of the segment",
    (time) => {
      const mapped = mappedWith({ DG1: changed("DG1", { 5: time }) });
      const [condition] = resourcesOf<Condition>(mapped, "Condition");
      expect(condition).not.toHaveProperty("onsetDateTime");
      expect(condition?.code?.coding?.[0]?.code).toBe("J18.9");
      expect(mapped.warnings).toEqual([{ code: "VALUE_NOT_VALID", place: "DG1(1)-5" }]);
    },
  );
});
