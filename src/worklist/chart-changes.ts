import type { ChargeItem, DocumentReference, Resource } from "@medplum/fhirtypes";
import { hash } from "node:crypto";
import { centsOf } from "#src/base/money.ts";
import { LATE_MESSAGES, type LateKind, type Significance } from "./late-messages.ts";

/** One element that differs between two versions of a chart. */
export interface ElementChange {
  /** `Patient.birthDate`; `ChargeItem` for a resource that came or went. */
  readonly element: string;
  /** `ChargeItem/<id>`. */
  readonly of: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly kind: LateKind;
  readonly significance: Significance;
  readonly onClaim: boolean;
}

interface ElementRow {
  readonly kind: LateKind;
  readonly significance?: Significance;
  readonly onClaim?: true;
}

/** What each element means when it changes late. `Type.*` is for the elements of a type that are not named; a type without a row is cosmetic. */
const ELEMENTS: Readonly<Record<string, ElementRow>> = {
  "Patient.birthDate": { kind: "clinical", onClaim: true },
  "Patient.gender": { kind: "clinical", onClaim: true },
  "Patient.name": { kind: "billing", onClaim: true },
  "Patient.address": { kind: "billing", onClaim: true },
  "Patient.identifier": { kind: "billing" },
  "Patient.deceasedDateTime": { kind: "clinical" },
  "Patient.deceasedBoolean": { kind: "clinical" },
  "Patient.*": { kind: "cosmetic" },
  "Coverage.*": { kind: "billing", onClaim: true },
  "Organization.*": { kind: "billing", onClaim: true },
  "RelatedPerson.*": { kind: "billing", onClaim: true },
  "Practitioner.*": { kind: "billing", onClaim: true },
  "Account.guarantor": { kind: "billing" },
  "Account.*": { kind: "cosmetic" },
  Encounter: { kind: "clinical", onClaim: true },
  "Encounter.class": { kind: "class", onClaim: true },
  "Encounter.status": { kind: "cosmetic" },
  "Encounter.period": { kind: "clinical", onClaim: true },
  "Encounter.hospitalization": { kind: "clinical", onClaim: true },
  "Encounter.participant": { kind: "billing", onClaim: true },
  "Encounter.location": { kind: "transfer" },
  "Encounter.serviceType": { kind: "transfer" },
  "Encounter.*": { kind: "cosmetic" },
  "Location.*": { kind: "cosmetic" },
  "Condition.*": { kind: "clinical" },
  "Procedure.*": { kind: "clinical" },
  "DocumentReference.*": { kind: "document" },
  "DiagnosticReport.*": { kind: "result" },
  "Composition.*": { kind: "document" },
  "Communication.*": { kind: "document" },
  "ChargeItem.*": { kind: "credit", onClaim: true },
};

/** A site's own opinion: element (`Patient.telecom`, `Patient.*`) to significance. */
export type SignificanceRules = Readonly<Record<string, Significance>>;

const BY_SIGNIFICANCE: Readonly<Record<Significance, LateKind>> = { C0: "cosmetic", C1: "billing", C2: "clinical", C3: "clinical" };

function judge(type: string, element: string, rules: SignificanceRules): { kind: LateKind; significance: Significance; onClaim: boolean } {
  const row = (element === "*" ? ELEMENTS[type] : undefined) ??
    ELEMENTS[`${type}.${element}`] ??
    ELEMENTS[`${type}.*`] ?? { kind: "cosmetic" as const };
  const asked = rules[`${type}.${element}`] ?? rules[`${type}.*`];
  const kind = asked === undefined ? row.kind : BY_SIGNIFICANCE[asked];
  return {
    kind,
    significance: asked ?? row.significance ?? LATE_MESSAGES[kind].significance,
    onClaim: row.onClaim === true,
  };
}

/** A stay whose begin is the same: only its end was said anew. */
const isEndOnly = (a: unknown, b: unknown): boolean =>
  (a as { start?: string } | undefined)?.start === (b as { start?: string } | undefined)?.start;

type Elements = Readonly<Record<string, unknown>>;
const keyOf = (resource: Resource): string => `${resource.resourceType}/${resource.id ?? ""}`;
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Everything in which a chart differs from an earlier version of it, each element judged. Pure. */
export function chartChanges(
  before: readonly Resource[],
  after: readonly Resource[],
  rules: SignificanceRules = {},
): readonly ElementChange[] {
  const was = new Map(before.map((resource) => [keyOf(resource), resource]));
  const changes: ElementChange[] = [];
  const whole = (type: string, of: string, values: { before?: unknown; after?: unknown }): void => {
    const judged = judge(type, "*", rules);
    const kind = type === "ChargeItem" && values.after !== undefined && centsIn(values.after as ChargeItem) >= 0 ? "charge" : judged.kind;
    changes.push({ element: type, of, ...values, ...judged, kind, significance: kind === "charge" ? "C2" : judged.significance });
  };
  for (const resource of after) {
    const of = keyOf(resource);
    const old = was.get(of);
    was.delete(of);
    if (old === undefined) {
      whole(resource.resourceType, of, { after: resource });
      continue;
    }
    const [a, b] = [old as unknown as Elements, resource as unknown as Elements];
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (name === "id" || name === "meta" || same(a[name], b[name])) continue;
      const judged = judge(resource.resourceType, name, rules);
      const kind = name === "period" && isEndOnly(a[name], b[name]) ? "discharge" : judged.kind;
      changes.push({ element: `${resource.resourceType}.${name}`, of, before: a[name], after: b[name], ...judged, kind });
    }
  }
  for (const [of, resource] of was) whole(resource.resourceType, of, { before: resource });
  return changes;
}

const centsIn = (charge: ChargeItem): number => (charge.status === "entered-in-error" ? 0 : centsOf(charge.priceOverride?.value ?? 0));

/** CPT surgery, infusions and injections, and evaluation and management: what coders code, not the charge master alone. */
const CODED_FAMILIES: readonly (readonly [number, number])[] = [
  [10_004, 69_990],
  [96_360, 96_549],
  [99_202, 99_499],
];
const procedureCodes = (charge: ChargeItem): readonly number[] =>
  (charge.code.coding ?? []).flatMap(({ code }) => (code !== undefined && /^\d{5}$/.test(code) ? [Number(code)] : []));
export const isSurgical = (charge: ChargeItem): boolean => procedureCodes(charge).some((code) => code >= 10_004 && code <= 69_990);
const dayOf = (charge: ChargeItem): string => (charge.occurrenceDateTime ?? charge.occurrencePeriod?.start ?? "").slice(0, 10);

/** Whether a new charge may need codes of a coder's: of a coded family, or of a day on which nothing was charged before. */
export function isCodedFamily(charge: ChargeItem, before: readonly Resource[]): boolean {
  if (procedureCodes(charge).some((code) => CODED_FAMILIES.some(([from, to]) => code >= from && code <= to))) return true;
  const day = dayOf(charge);
  return day !== "" && !before.some((resource) => resource.resourceType === "ChargeItem" && dayOf(resource) === day);
}

export const chargedCents = (resources: readonly Resource[]): number =>
  resources.reduce((sum, resource) => sum + (resource.resourceType === "ChargeItem" ? centsIn(resource) : 0), 0);

/** Codes of a document's type (TXA-2, LOINC). */
export const typesOf = (document: DocumentReference): readonly string[] =>
  (document.type?.coding ?? []).flatMap(({ code }) => (code === undefined ? [] : [code]));

/** A digest of what a document says: a copy under another number says nothing new. */
export const textHash = (document: DocumentReference): string =>
  hash("sha256", JSON.stringify((document.content ?? []).map(({ attachment }) => attachment.data ?? attachment.url ?? "")), "hex");

/** Everything that is written in a resource, the text of its attachments too. */
export function textOf(resource: Resource): string {
  const texts = resource.resourceType === "DocumentReference" ? resource.content.map(({ attachment }) => attachment.data ?? "") : [];
  return [JSON.stringify(resource), ...texts.map((data) => Buffer.from(data, "base64").toString("latin1"))].join("\n");
}
