import { expect, it } from "vitest";
import { fieldIndex, type TracedMessage } from "#src/claims/trail/field-index.ts";
import { allLineage } from "#src/mapping/usage.ts";
import { ADMISSION, changed, mappedMessage } from "#test/mapping/v2/maps.ts";

it("the fields behind an element are those that said it, not one that took a part of it away later", () => {
  const said = (fields: Readonly<Record<number, string>>) =>
    mappedMessage("ADT^A08", "EVN|A08|20260110082900", ADMISSION["PID"] ?? "", changed("PV1", fields));
  const messages = [said({ 14: "7", 36: "01" }), said({ 14: '""' })];
  const traced = messages.map((mapped, n): TracedMessage => ({ recordId: String(n), messageType: "", lineage: allLineage(mapped) }));
  const stay = messages[0]?.encounterId ?? "";
  const behind = fieldIndex(traced)(`Encounter/${stay}`, ["Encounter.hospitalization"]);
  expect(behind.map(({ field, recordId }) => `${field} of ${recordId}`).sort()).toEqual(["PV1-14 of 0", "PV1-36 of 0"]);
});
