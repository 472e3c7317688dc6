import type { Provenance } from "@medplum/fhirtypes";
import { type IdKey, stableId } from "#src/base/ids.ts";
import { elementLineage } from "#src/fhir/element-lineage.ts";
import type { MessageInfo } from "./message-info.ts";
import type { LineageEntry, Mapped } from "./types.ts";
import { allLineage } from "./usage.ts";

/**
 * The lineage of a message as FHIR R4 Provenance, one for each resource: what it is of, the message it came from, the version of the
 * maps, and for each element the field, row and table row. A message without a time of its own gives none: Provenance wants one.
 */
export function toProvenance(mapped: Mapped, info: MessageInfo, mapVersion: string, idKey: IdKey): readonly Provenance[] {
  const { eventTime } = mapped;
  if (eventTime === undefined) return [];
  const byResource = new Map<string, LineageEntry[]>();
  // What a resource has no longer is no part of it to say the origin of.
  for (const entry of allLineage(mapped).filter(({ deletes }) => deletes !== true)) {
    const list = byResource.get(entry.resourceId);
    if (list === undefined) byResource.set(entry.resourceId, [entry]);
    else list.push(entry);
  }
  const message = `${info.sendingApplication}|${info.sendingFacility ?? ""}|${info.controlId}`;
  return Array.from(byResource, ([resourceId, entries]): Provenance => {
    const [type = "Resource"] = (entries[0]?.target ?? "").split(".");
    return {
      resourceType: "Provenance",
      id: stableId(idKey, "Provenance", "lineage", message, resourceId),
      target: [{ reference: `${type}/${resourceId}` }],
      recorded: eventTime,
      activity: { text: `HL7 v2 ${mapped.messageType} to FHIR by maps ${mapVersion}` },
      agent: [
        {
          type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/provenance-participant-type", code: "assembler" }] },
          who: { display: "Chartbridge" },
        },
      ],
      entity: [
        { role: "source", what: { identifier: { value: info.controlId }, display: `${info.sendingApplication} ${mapped.messageType}` } },
      ],
      extension: entries.map(({ target, source, row, table }) => elementLineage({ element: target, source, row, table })),
    };
  });
}
