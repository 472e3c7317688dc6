import { describe, expect, it } from "vitest";
import { dropIncomplete } from "#src/mapping/incomplete-entries.ts";
import type { Made } from "#src/mapping/scope.ts";
import type { LineageEntry } from "#src/mapping/types.ts";

const made = (elements: Readonly<Record<string, unknown>>): Made => ({
  root: { resourceType: "Patient", id: "1", ...elements },
  deleted: undefined,
  initial: undefined,
  envelope: false,
});
const from = (target: string, resourceId = "1"): LineageEntry => ({ target, resourceId, row: "PID[Patient] PID-7>birthDate" });

describe("an extension with an address and no value", () => {
  it("goes, and those behind it move up in the lineage as well", () => {
    const patient = made({ extension: [{ url: "a" }, { url: "b", valueString: "x" }] });
    const lineage = [from("Patient.extension[0].url"), from("Patient.extension[1].valueString"), from("Patient.extension[0].url", "2")];
    dropIncomplete(patient, lineage);
    expect(patient.root["extension"]).toEqual([{ url: "b", valueString: "x" }]);
    expect(lineage.map(({ target, resourceId }) => `${resourceId} ${target}`)).toEqual([
      "1 Patient.extension[0].valueString",
      "2 Patient.extension[0].url",
    ]);
  });

  it("leaves the lineage of another one that is deleted as it is", () => {
    const patient = made({ extension: [{ url: "a" }] });
    const lineage: LineageEntry[] = [{ ...from("Patient.extension[http://b]"), deletes: true }];
    dropIncomplete(patient, lineage);
    expect(lineage.map(({ target }) => target)).toEqual(["Patient.extension[http://b]"]);
  });

  it("takes along what is empty without it, beside a primitive too", () => {
    const patient = made({
      birthDate: "1970-02-03",
      _birthDate: { extension: [{ url: "a" }] },
      maritalStatus: { extension: [{ url: "a" }] },
    });
    dropIncomplete(patient, undefined);
    expect(patient.root).toEqual({ resourceType: "Patient", id: "1", birthDate: "1970-02-03" });
  });

  it("goes when all its parts are such", () => {
    const patient = made({ extension: [{ url: "a", extension: [{ url: "code" }] }] });
    dropIncomplete(patient, undefined);
    expect(patient.root).toEqual({ resourceType: "Patient", id: "1" });
  });

  it("leaves the extensions of a list of primitives at their index", () => {
    const patient = made({ line: ["a", "b"], _line: [{ extension: [{ url: "a" }] }, { extension: [{ url: "b", valueString: "x" }] }] });
    dropIncomplete(patient, undefined);
    expect(patient.root["_line"]).toEqual([null, { extension: [{ url: "b", valueString: "x" }] }]);
  });
});

describe("an entry that lacks what R4 wants of each", () => {
  it("goes, is named, and those behind it move up in the lineage", () => {
    const encounter: Made = {
      root: { resourceType: "Encounter", id: "1", location: [{ status: "active" }, { status: "active", location: { display: "3N" } }] },
      deleted: undefined,
      initial: undefined,
      envelope: false,
    };
    const lineage = [from("Encounter.location[0].status"), from("Encounter.location[1].location")];
    expect(dropIncomplete(encounter, lineage)).toEqual(["Encounter.location[0]"]);
    expect(encounter.root["location"]).toEqual([{ status: "active", location: { display: "3N" } }]);
    expect(lineage.map(({ target }) => target)).toEqual(["Encounter.location[0].location"]);
  });
});
