import type { ChargeItem } from "@medplum/fhirtypes";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import type { ChargeEntry, SiteData } from "#src/sitedata/site-data.ts";
import { isProcedureSystem } from "./codes.ts";
import { withoutCredits } from "./credits.ts";
import { dayOf, stayOf } from "./stay.ts";
import type { CodeSubmission, Stream } from "./submission.ts";

/** A charge of the chart and what the charge master says of it on its day. */
export interface ChartCharge {
  readonly charge: ChargeItem & { readonly id: string };
  /** The hospital's charge code (FT1-7.1). */
  readonly code: string;
  /** Local day of service; the stay's first day when the charge has none. */
  readonly day: string;
  readonly entry?: ChargeEntry;
}

const MODIFIER = "https://chartbridge.dev/fhir/StructureDefinition/charge-modifier";

export const isProfessional = (stream: Stream): boolean => stream !== "FAC";

const hasId = (charge: ChargeItem): charge is ChargeItem & { readonly id: string } => charge.id !== undefined;

/** All billable charges of a chart after their credits, in the order of their day. */
export function chartCharges(chart: ChartSnapshot, site: SiteData, facility: string): readonly ChartCharge[] {
  const admitted = stayOf(chart)?.from ?? "";
  const billable = ofType(chart, "ChargeItem")
    .filter(hasId)
    .filter(({ status }) => status === "billable");
  return withoutCredits(billable)
    .map((charge) => {
      const codings = charge.code.coding ?? [];
      const code = codings.find(({ system }) => !isProcedureSystem(system))?.code ?? "";
      const day = dayOf(charge.occurrenceDateTime) ?? dayOf(charge.occurrencePeriod?.start) ?? admitted;
      const entry = site.charge(facility, code, day);
      return { charge, code, day, ...(entry === undefined ? {} : { entry }) };
    })
    .sort((a, b) => a.day.localeCompare(b.day));
}

/**
 * The charges one claim has to carry. A hospital claim has all that are not marked professional in the charge master; a
 * professional claim those that are, and any other only when the coder names it in a line.
 */
export function chargesOf(stream: Stream, all: readonly ChartCharge[], codes: CodeSubmission): readonly ChartCharge[] {
  if (!isProfessional(stream)) return all.filter(({ entry }) => entry?.claim !== "professional");
  const named = new Set(codes.lines.map(({ chargeId }) => chargeId));
  return all.filter(({ charge, entry }) => entry?.claim === "professional" || named.has(charge.id));
}

/** CPT or HCPCS that came with the charge (FT1-25). */
export const procedureCodeOf = (charge: ChargeItem): string | undefined =>
  (charge.code.coding ?? []).find(({ system }) => isProcedureSystem(system))?.code;

/** Modifiers that came with the charge (FT1-26), in order. */
export const modifiersOf = (charge: ChargeItem): readonly string[] =>
  (charge.extension ?? [])
    .filter(({ url }) => url === MODIFIER)
    .flatMap((one) => one.valueCodeableConcept?.coding?.[0]?.code ?? one.valueCoding?.code ?? one.valueCode ?? one.valueString ?? []);
