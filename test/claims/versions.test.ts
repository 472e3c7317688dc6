import { createHash } from "node:crypto";
import type { Coverage, Encounter, Patient, RelatedPerson, Resource } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { pinned, withVersions } from "#src/claims/versions.ts";

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);
const pin = (...resources: readonly Resource[]) => pinned(resources, digest);
const patient = (family: string): Patient => ({ resourceType: "Patient", id: "p", name: [{ family }] });
const visit: Encounter = {
  resourceType: "Encounter",
  id: "e",
  status: "finished",
  class: { code: "IMP" },
  subject: { reference: "Patient/p" },
};
const coverage: Coverage = {
  resourceType: "Coverage",
  id: "c",
  status: "active",
  beneficiary: { reference: "Patient/p" },
  payor: [{ display: "x" }],
};

describe("versions of what a claim refers to", () => {
  it("are the same for the same content, in whatever company and order", () => {
    const all = pin(visit, patient("A"), coverage);
    const fewer = pin(patient("A"), visit);
    expect(fewer.versions.get("Encounter/e")).toBe(all.versions.get("Encounter/e"));
    expect(fewer.resources[1]).toEqual(all.resources[0]);
  });

  it("change with what a thing refers to, for its bytes do", () => {
    const [before, after] = [pin(visit, patient("A")), pin(visit, patient("B"))];
    expect(after.versions.get("Encounter/e")).not.toBe(before.versions.get("Encounter/e"));
    expect(before.resources[0]).toMatchObject({
      meta: { versionId: before.versions.get("Encounter/e") },
      subject: { reference: `Patient/p/_history/${before.versions.get("Patient/p") ?? ""}` },
    });
  });

  it("come to an end where two refer to each other, one of them without the other's version", () => {
    const linked: Patient = { ...patient("A"), link: [{ other: { reference: "RelatedPerson/r" }, type: "seealso" }] };
    const person: RelatedPerson = { resourceType: "RelatedPerson", id: "r", patient: { reference: "Patient/p" } };
    const { versions, resources } = pin(person, linked);
    expect(versions.size).toBe(2);
    expect(pin(linked, person).versions).toEqual(versions);
    const texts = resources.map((one) => JSON.stringify(one));
    expect(texts.filter((text) => text.includes("/_history/"))).toHaveLength(1);
  });

  it("leave alone what is not there to have one", () => {
    expect(withVersions({ reference: "Claim/other" }, pin(visit).versions)).toEqual({ reference: "Claim/other" });
  });
});
