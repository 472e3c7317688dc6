import type { ChargeItem, Coverage, Encounter, Patient } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { type IdKey, stableId } from "#src/base/ids.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { mapBundle, readSubject } from "#src/mapping/fhir/map-bundle.ts";
import type { MapSettings } from "#src/mapping/types.ts";
import { message, transaction, VISIT } from "./bundles.ts";

const settings: MapSettings = { idKey: "k" as IdKey, zone: "UTC" };
const mapped = (bundle = transaction()) => {
  const result = mapBundle(bundle, settings);
  if (!result.ok) throw new Error(result.failure.code);
  return result.value;
};
const resource = <T>(type: string, of = mapped()): T => of.resources.find((one) => one.resource.resourceType === type)?.resource as T;

describe("a FHIR bundle", () => {
  it("leads to the same patient, account and visit as an HL7 v2 message with the same numbers", () => {
    const { patientId, encounterId, account } = mapped();
    expect(patientId).toBe(stableId(settings.idKey, "Patient", "NORTH", "MRN7"));
    expect(encounterId).toBe(stableId(settings.idKey, "Encounter", "NORTH", "V77"));
    expect(account).toEqual({ authority: "NORTH", value: "A77", resourceId: stableId(settings.idKey, "Account", "NORTH", "A77") });
  });

  it("has its references rewritten to the chart's ids", () => {
    const patient = resource<Patient>("Patient");
    expect(resource<Encounter>("Encounter").subject?.reference).toBe(`Patient/${patient.id ?? ""}`);
    expect(resource<ChargeItem>("ChargeItem").context?.reference).toBe(`Encounter/${mapped().encounterId ?? ""}`);
    expect(resource<Coverage>("Coverage").payor[0]?.reference).toMatch(/^Organization\/[0-9a-f-]{36}$/);
  });

  it("gives valid resources, and an Account when the sender named one on the visit only", () => {
    const { resources } = mapped();
    expect(resources.map((one) => one.resource.resourceType)).toContain("Account");
    expect(resources.flatMap((one) => faultsOf(one.resource))).toEqual([]);
  });

  it("gives the same result each time, with its sources", () => {
    expect(mapped()).toEqual(mapped());
    expect(mapped().lineage).toContainEqual({
      target: "Patient.name",
      resourceId: mapped().patientId,
      source: "Bundle.entry[0].resource.name",
      row: "FHIR copy",
    });
  });

  it("that names no account and no visit is refused with the place", () => {
    const [patient] = VISIT;
    expect(mapBundle(transaction(patient === undefined ? [] : [patient]), settings)).toMatchObject({
      ok: false,
      failure: { code: "ACCOUNT_UNKNOWN" },
    });
  });

  it("keeps what no chart knows out, and says so", () => {
    const { resources, warnings } = mapped(transaction([...VISIT, { resourceType: "Basic", id: "b", code: { text: "x" } }]));
    expect(resources.map((one) => one.resource.resourceType)).not.toContain("Basic");
    expect(warnings).toMatchObject([{ code: "MESSAGE_NOT_SUPPORTED", place: "Bundle.entry[6]" }]);
  });

  it("drops a reference that leads nowhere, with a warning at its entry", () => {
    const stray = { ...VISIT[4], id: "con-2", subject: { reference: "Patient/somebody-else", display: "x" } } as (typeof VISIT)[number];
    const { warnings } = mapped(transaction([...VISIT, stray]));
    expect(warnings).toMatchObject([{ code: "NOT_FOUND", place: "Bundle.entry[6].resource" }]);
  });

  it("has the time of the message, else of its newest resource, else of the visit", () => {
    expect(mapped(message()).eventTime).toBe("2026-03-02T10:00:00-06:00");
    expect(mapped().eventTime).toBe("2026-03-02T09:40:00-06:00");
  });

  it("is ordered by its patient, as HL7 v2 messages are", () => {
    expect(readSubject(message(), settings)).toMatchObject({ ok: true, value: { orderKey: "NORTH|MRN7" } });
  });
});
