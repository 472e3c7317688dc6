import type { Encounter, Identifier, Patient, Resource } from "@medplum/fhirtypes";
import { type ChartSnapshot, ofType } from "./snapshot.ts";

const inUse = (identifiers: readonly Identifier[] | undefined): readonly Identifier[] =>
  (identifiers ?? []).filter(({ use, value }) => use !== "old" && value !== undefined);

/** The medical record number, else the first number of the patient. */
function patientNumber(patient: Patient | undefined): string | undefined {
  const numbers = inUse(patient?.identifier);
  return (numbers.find(({ type }) => type?.coding?.some(({ code }) => code === "MR")) ?? numbers[0])?.value;
}

const lastVisit = (chart: ChartSnapshot): Encounter | undefined =>
  ofType(chart, "Encounter")
    .toSorted((a, b) => (a.period?.start ?? "").localeCompare(b.period?.start ?? ""))
    .at(-1);

/**
 * The address of a chart, or of one document in it, in the EHR: the feed's `chartLink` with the numbers of the chart put in. Made
 * when it is read and never stored, for it names the patient.
 * @returns undefined when the feed has no template or the chart lacks a number that it names.
 */
export function chartLink(template: string | undefined, chart: ChartSnapshot, document?: Resource): string | undefined {
  if (template === undefined) return undefined;
  const numbers: Readonly<Record<string, string | undefined>> = {
    account: chart.accountNumber,
    visit: inUse(lastVisit(chart)?.identifier)[0]?.value,
    patient: patientNumber(ofType(chart, "Patient")[0]),
    document: document?.resourceType === "DocumentReference" ? document.masterIdentifier?.value : undefined,
  };
  let complete = true;
  const address = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = numbers[name];
    if (value === undefined || value === "") {
      complete = complete && name === "document";
      return "";
    }
    return encodeURIComponent(value);
  });
  return complete ? address : undefined;
}
