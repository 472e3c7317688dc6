import type { Encounter, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { codeFaultsOf } from "#src/fhir/required-codes.ts";

const faults = (resource: unknown): readonly string[] =>
  codeFaultsOf((resource as Resource).resourceType, resource as Resource).map(({ place }) => place);
const STAY: Encounter = { resourceType: "Encounter", status: "finished", class: { code: "IMP" } };

describe("codes that R4 binds an element to", () => {
  it("are taken where R4 knows them", () => {
    expect(
      faults({ ...STAY, statusHistory: [{ status: "in-progress", period: {} }], identifier: [{ use: "official", value: "1" }] }),
    ).toEqual([]);
  });

  it("are a fault at their place where it does not, in groups, lists and data types too", () => {
    expect(faults({ ...STAY, status: "discharged" })).toEqual(["Encounter.status"]);
    expect(faults({ ...STAY, statusHistory: [{ status: "over", period: {} }] })).toEqual(["Encounter.statusHistory[0].status"]);
    expect(faults({ resourceType: "Patient", gender: "F", name: [{ use: "official" }, { use: "nick" }] })).toEqual([
      "Patient.gender",
      "Patient.name[1].use",
    ]);
  });

  it("are told without the value that was sent", () => {
    expect(JSON.stringify(codeFaultsOf("Patient", { resourceType: "Patient", gender: "CANARY" }))).not.toContain("CANARY");
  });
});
