import type { Encounter } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { mergeResource } from "#src/charts/registers.ts";
import { type FieldSource, fieldIndex, type TracedMessage } from "#src/claims/trail/field-index.ts";
import { placedAsCharted } from "#src/claims/trail/stay-participants.ts";
import { mapBundle } from "#src/mapping/fhir/map-bundle.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { allLineage, allResources } from "#src/mapping/usage.ts";
import { message, VISIT } from "#test/mapping/fhir/bundles.ts";
import { changed, mappedMessage, SETTINGS, ADMISSION } from "#test/mapping/v2/maps.ts";

const [STONE, REED, ASH] = ["7001^Stone^Rae^^^^^^WEST", "7002^Reed^Jo^^^^^^WEST", "7003^Ash^Lee^^^^^^WEST"];
/** A message about the stay with these doctors, by field of PV1. */
const said = (doctors: Readonly<Record<number, string>>): Mapped =>
  mappedMessage("ADT^A08", "EVN|A08|20260110082900", ADMISSION["PID"] ?? "", changed("PV1", { 7: "", ...doctors }));

const stayIn = (mapped: Mapped): Encounter & { readonly id: string } => {
  const found = mapped.resources.find(({ resource }) => resource.resourceType === "Encounter")?.resource;
  if (found?.resourceType !== "Encounter") throw new Error("the message has no stay");
  return found;
};

/** `PV1-7 of 0` for each participant of the chart, when these messages came in this order, each with its hour. */
function behind(...messages: readonly (readonly [hour: number, mapped: Mapped, lost?: "lost"])[]): readonly (readonly string[])[] {
  let charted: ReturnType<typeof mergeResource> | undefined;
  for (const [hour, mapped] of messages) {
    const [one] = mapped.resources.filter(({ resource }) => resource.resourceType === "Encounter");
    if (one !== undefined) charted = mergeResource(charted, one, `2026-01-10T${String(hour).padStart(2, "0")}:00:00.000Z`);
  }
  const stay = charted?.resource as Encounter & { readonly id: string };
  const traced = messages.map(([, mapped, lost], n): TracedMessage => {
    const again = { resources: allResources(mapped), lineage: allLineage(mapped) };
    return { recordId: String(n), messageType: "", lineage: placedAsCharted(again.lineage, lost === undefined ? again : undefined, stay) };
  });
  const fields = fieldIndex(traced);
  const shown = ({ field, recordId }: FieldSource): string => `${field.replace(/\(1\).*/, "")} of ${recordId}`;
  return (stay.participant ?? []).map((_, index) => [
    ...new Set(fields(`Encounter/${stay.id}`, [`Encounter.participant[${index}]`]).map(shown)),
  ]);
}

describe("the fields behind a participant of a chart", () => {
  it("are those of the message that said it last, each in its role", () => {
    expect(behind([8, said({ 8: REED, 17: STONE })], [9, said({ 7: STONE })])).toEqual([["PV1-17 of 0"], ["PV1-7 of 1"], ["PV1-8 of 0"]]);
  });

  it("are not those of an older message that came late and named another", () => {
    expect(behind([9, said({ 7: STONE })], [8, said({ 7: REED, 8: ASH })])).toEqual([["PV1-7 of 0"], ["PV1-8 of 1"]]);
  });

  it("are of one repetition where a role has several", () => {
    const [one, other] = behind([8, said({ 9: `${REED}~${ASH}` })]).map((list) => list.join());
    expect([one, other]).toEqual(["PV1-9 of 0", "PV1-9(2) of 0"]);
  });

  it("of a FHIR copy are the entries of its list", () => {
    const participant = ["pra-1", "pra-2"].map((id, n) => ({
      type: [{ coding: [{ code: n === 0 ? "REF" : "ATND" }] }],
      individual: { reference: `Practitioner/${id}` },
    }));
    const people = ["pra-1", "pra-2"].map((id) => ({ resourceType: "Practitioner" as const, id, identifier: [{ value: id }] }));
    const mapped = mapBundle(
      message([...VISIT.map((one) => (one.resourceType === "Encounter" ? { ...one, participant } : one)), ...people]),
      SETTINGS,
    );
    if (!mapped.ok) throw new Error(mapped.failure.code);
    expect(stayIn(mapped.value).participant).toHaveLength(2);
    expect(behind([8, mapped.value])).toEqual([
      ["Bundle.entry[2].resource.participant[1] of 0"],
      ["Bundle.entry[2].resource.participant[0] of 0"],
    ]);
  });

  it("are none of a message that cannot be mapped any more", () => {
    expect(behind([8, said({ 7: STONE }), "lost"], [9, said({ 8: REED })])).toEqual([[], ["PV1-8 of 1"]]);
  });
});
