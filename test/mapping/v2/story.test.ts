import { describe, expect, it } from "vitest";
import { OFFLINE_ID_KEY } from "#src/base/ids.ts";
import { demoStory } from "#src/cli/demo/story.ts";
import { faultsOf } from "#src/fhir/validate.ts";
import { toBundle } from "#src/mapping/to-bundle.ts";
import { PACK, SETTINGS, tryMap } from "./maps.ts";

const STORY = demoStory(7, new Date("2026-03-01T12:00:00Z"), SETTINGS.zone).map(({ message }) => message);
const INFO = { messageType: "ADT^A01", controlId: "C1", sendingApplication: "DEMO EHR", sendingFacility: "NORTH" };

describe("the demo story", () => {
  const mapped = STORY.map((text) => tryMap(text));

  it("maps, but for the message without charges and the event nobody knows", () => {
    expect(mapped.flatMap((one) => (one.ok ? [] : [one.failure]))).toEqual(
      expect.arrayContaining([
        { code: "SEGMENT_MISSING", place: "FT1" },
        { code: "MESSAGE_NOT_SUPPORTED", place: "MSH-9" },
      ]),
    );
    expect(mapped.filter((one) => !one.ok)).toHaveLength(2);
    expect(mapped.flatMap((one) => (one.ok ? one.value.warnings : []))).toEqual([]);
  });

  it("gives valid FHIR R4 only", () => {
    const resources = mapped.flatMap((one) => (one.ok ? one.value.resources : []));
    expect(resources.flatMap(({ resource }) => faultsOf(resource))).toEqual([]);
  }, 60_000);

  it("gives the same again, and never reads the clock", () => {
    expect(STORY.slice(0, 40).map((text) => tryMap(text))).toEqual(mapped.slice(0, 40));
  });

  it("traces every element of every resource to a row", () => {
    const untraced = mapped.flatMap((one) => {
      if (!one.ok) return [];
      const traced = new Set(one.value.lineage.map(({ target, resourceId }) => `${resourceId} ${target.split(/[.[]/)[1]}`));
      return one.value.resources.flatMap(({ resource }) =>
        Object.keys(resource).filter(
          (name) => name !== "resourceType" && name !== "id" && !traced.has(`${resource.id} ${name.replace(/^_/, "")}`),
        ),
      );
    });
    expect(untraced).toEqual([]);
  });
});

describe("a message bundle", () => {
  it("is valid, begins with its header and holds what was mapped", () => {
    const one = tryMap(STORY[0] ?? "");
    const bundle = toBundle(one, INFO, OFFLINE_ID_KEY);
    expect(faultsOf(bundle)).toEqual([]);
    expect(bundle.entry?.[0]?.resource?.resourceType).toBe("MessageHeader");
    expect(bundle.entry).toHaveLength(1 + (one.ok ? one.value.resources.length : 0));
    expect(toBundle(one, INFO, OFFLINE_ID_KEY)).toEqual(bundle);
  });

  it("of a message that failed is its header and an outcome with code and place", () => {
    const bundle = toBundle(
      { ok: false, failure: { code: "ACCOUNT_UNKNOWN", place: "PID-18" } },
      { ...INFO, messageType: "ADT" },
      OFFLINE_ID_KEY,
    );
    expect(faultsOf(bundle)).toEqual([]);
    expect(bundle.entry?.map(({ resource }) => resource?.resourceType)).toEqual(["MessageHeader", "OperationOutcome"]);
    expect(bundle.entry?.[1]?.resource).toMatchObject({ issue: [{ severity: "error", code: "not-found", expression: ["PID-18"] }] });
  });
});

describe("the shipped maps", () => {
  it("handle the messages of the line, and kinds whose event stands in EVN-1", () => {
    for (const type of ["ADT^A01", "ADT^A13", "ADT^A28", "DFT^P03", "MDM^T02", "ORU^R01", "ADT"]) expect(PACK.handles(type)).toBe(true);
    for (const type of ["ADT^Z47", "OUL^R22", "", "ADT^"]) expect(PACK.handles(type)).toBe(false);
  });
});
