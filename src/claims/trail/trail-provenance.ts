import type { Provenance, ProvenanceAgent, ProvenanceEntity } from "@medplum/fhirtypes";
import { type IdKey, stableId } from "#src/base/ids.ts";
import { elementLineage } from "#src/fhir/element-lineage.ts";
import type { Origin } from "./claim-origins.ts";
import type { Trail } from "./trail.pg.ts";

const AGENT_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
const agent = (code: string, display: string): ProvenanceAgent => ({ type: { coding: [{ system: AGENT_TYPE, code }] }, who: { display } });

/** What an element rests on, in one text: `coder: diagnoses[0].code`. */
function named(origin: Origin): string {
  switch (origin.by) {
    case "chart":
      return `chart: ${origin.elements.join(", ")}`;
    case "coder":
      return `coder: ${origin.part}`;
    case "site-data":
      return `site data: ${origin.file}`;
    case "engine":
    case "payer":
      return `${origin.by}: ${origin.what}`;
  }
}

/**
 * The trail of a claim as one FHIR R4 Provenance: who coded, who reviewed, what it was made of (messages, by their number here), what it took the place of,
 * and for each element of the claim the field of the message or the doing behind it.
 */
export function trailProvenance({ claim, messages, coding, reviews, elements }: Trail, idKey: IdKey): Provenance {
  const made = coding.find(({ claimed }) => claimed);
  const source = (recordId: string, display: string): ProvenanceEntity => ({
    role: "source",
    what: { identifier: { value: recordId }, display },
  });
  return {
    resourceType: "Provenance",
    id: stableId(idKey, "Provenance", "claim", claim.id),
    target: [{ reference: `Claim/${claim.id}` }],
    recorded: claim.createdAt.toISOString(),
    activity: { text: `claim version ${claim.version} of coding version ${claim.codingVersion} and chart version ${claim.chartVersion}` },
    ...(made === undefined ? {} : { policy: [`urn:chartbridge:edits:${encodeURIComponent(made.rulePack)}`] }),
    agent: [
      ...(made === undefined ? [] : [agent("author", made.coder)]),
      ...[...new Set(reviews.flatMap(({ auditor }) => auditor ?? []))].map((auditor) => agent("verifier", auditor)),
      agent("assembler", "Chartbridge"),
    ],
    entity: [
      ...messages.map(({ recordId, messageType }) => source(recordId, messageType)),
      ...(claim.priorId === null ? [] : [{ role: "revision" as const, what: { reference: `Claim/${claim.priorId}` } }]),
    ],
    extension: elements.flatMap(({ path, origins, fields }) => [
      ...fields.map(({ field, row, recordId }) => elementLineage({ element: path, source: `${field} of ${recordId}`, row })),
      ...origins
        .filter(({ by }) => by !== "chart" || fields.length === 0)
        .map((origin) => elementLineage({ element: path, source: named(origin) })),
    ]),
  };
}
