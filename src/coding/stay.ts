import type { Encounter } from "@medplum/fhirtypes";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";

/** What an account's encounters say together. Days are local, YYYY-MM-DD. */
export interface Stay {
  /** The inpatient encounter when there is one, else the one that began last. */
  readonly encounter: Encounter;
  readonly inpatient: boolean;
  readonly from?: string;
  readonly through?: string;
}

/** v3 ActCode classes of an inpatient stay. */
const INPATIENT: readonly (string | undefined)[] = ["IMP", "ACUTE", "NONAC"];

/** The day as the hospital's clock had it: FHIR times carry the local time and its offset, so it is never converted. */
export const dayOf = (time: string | undefined): string | undefined =>
  time === undefined || time.length < 10 ? undefined : time.slice(0, 10);

/** Moves a day by whole days. */
export const shiftDay = (day: string, days: number): string => {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
};

/** Reads the stay off a chart; undefined when it has no encounter that took place. */
export function stayOf(chart: ChartSnapshot): Stay | undefined {
  const standing = ofType(chart, "Encounter")
    .filter(({ status }) => status !== "cancelled" && status !== "entered-in-error")
    .sort((a, b) => (a.period?.start ?? "").localeCompare(b.period?.start ?? ""));
  const admitted = standing.filter((encounter) => INPATIENT.includes(encounter.class.code));
  const encounter = admitted.at(-1) ?? standing.at(-1);
  if (encounter === undefined) return undefined;
  const from = standing.flatMap(({ period }) => dayOf(period?.start) ?? []).sort()[0];
  const through = standing
    .flatMap(({ period }) => dayOf(period?.end) ?? [])
    .sort()
    .at(-1);
  return {
    encounter,
    inpatient: admitted.length > 0,
    ...(from === undefined ? {} : { from }),
    ...(through === undefined ? {} : { through }),
  };
}
