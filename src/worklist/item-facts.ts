import type { Encounter, Resource } from "@medplum/fhirtypes";
import type { Sealer } from "#src/base/seal.ts";
import type { AccountChange } from "#src/charts/fold.pg.ts";
import type { Stream } from "#src/coding/submission.ts";
import { isSurgical, typesOf } from "./chart-changes.ts";
import type { ItemFacts } from "./conditions.ts";
import { patientsNamed } from "./patients-named.ts";

const DAY_MS = 86_400_000;
const daysBetween = (from: string | undefined, to: string | undefined): number =>
  from === undefined || to === undefined ? 0 : Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS));

const codeOf = (concept: { readonly coding?: readonly { readonly code?: string }[] | undefined } | undefined): string =>
  concept?.coding?.[0]?.code ?? "";

/** What rows may ask of an item, read off its chart. Pure. */
export function itemFacts(change: AccountChange, stream: Stream, resources: readonly Resource[]): ItemFacts {
  const { facts, facility, feed } = change;
  const documents = new Set<string>();
  const signed = new Set<string>();
  let chargeCount = 0;
  let surgical = false;
  let visit: Encounter | undefined;
  for (const resource of resources) {
    if (resource.resourceType === "ChargeItem" && resource.status !== "entered-in-error") {
      chargeCount++;
      surgical ||= isSurgical(resource);
    } else if (resource.resourceType === "DocumentReference" && resource.status === "current") {
      for (const type of typesOf(resource)) {
        documents.add(type);
        if (resource.docStatus === "final" || resource.docStatus === "amended") signed.add(type);
      }
    } else if (resource.resourceType === "DiagnosticReport") {
      // A report counts as a document of its kind: pathology is awaited like one.
      for (const { code } of resource.code.coding ?? []) {
        if (code === undefined) continue;
        documents.add(code);
        if (resource.status === "final" || resource.status === "amended" || resource.status === "corrected") signed.add(code);
      }
    } else if (resource.resourceType === "Encounter" && (visit?.period?.start ?? "") <= (resource.period?.start ?? "")) visit = resource;
  }
  return {
    stream,
    class: facts.class ?? "",
    facility,
    feed,
    payerId: facts.payerId ?? "",
    disposition: codeOf(visit?.hospitalization?.dischargeDisposition),
    service: codeOf(visit?.serviceType),
    totalCents: facts.totalCents,
    chargeCount,
    lengthOfStayDays: daysBetween(facts.admittedAt, facts.dischargedAt),
    surgical,
    documents: [...documents].sort(),
    signedDocuments: [...signed].sort(),
    cancelled: facts.cancelled,
    expected: facts.expected,
    patients: patientsNamed(resources),
    ...(facts.admittedAt === undefined ? {} : { admittedAt: facts.admittedAt }),
    ...(facts.dischargedAt === undefined ? {} : { dischargedAt: facts.dischargedAt }),
  };
}

export const personKey = (sealer: Sealer, number: string): string => sealer.blindIndex("person", number.trim()).toString("hex");

/** Blind indexes of the patient's numbers: how a conflict of interest is found without knowing who it is. */
export const patientKeysOf = (sealer: Sealer, resources: readonly Resource[]): readonly string[] =>
  [
    ...new Set(
      resources.flatMap((resource) =>
        resource.resourceType === "Patient"
          ? (resource.identifier ?? []).flatMap(({ value }) => (value === undefined ? [] : [personKey(sealer, value)]))
          : [],
      ),
    ),
  ].sort();

/** A chart without a visit: charges or documents came before it. */
export const isShadow = (resources: readonly Resource[]): boolean => !resources.some(({ resourceType }) => resourceType === "Encounter");
