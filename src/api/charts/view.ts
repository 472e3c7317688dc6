import { chargeLedger, type LedgerLine } from "#src/charts/charge-ledger.ts";
import { chartLink } from "#src/charts/chart-link.ts";
import { type ConfidentialRules, showChart, type ShownChart } from "#src/charts/confidential.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { Caller } from "../route.ts";

/** A chart as one person may see it, with what is made of it when it is read. */
export interface PresentedChart extends ShownChart {
  /** Charges after their credits, with their postings. */
  readonly charges: readonly LedgerLine[];
  /** The chart in the EHR. */
  readonly chartLink?: string;
}

export interface ChartView {
  readonly rulesOf: (feed: string) => ConfidentialRules;
  /** What of a chart this person may see; `now` when `one` is a past version. */
  readonly show: (caller: Caller | undefined, one: ChartSnapshot, now?: ChartSnapshot) => ShownChart;
  readonly present: (caller: Caller | undefined, one: ChartSnapshot, now?: ChartSnapshot) => PresentedChart;
}

/** The right to read what is confidential is given on top of a role that reads charts. */
export const mayReadConfidential = (caller: Caller | undefined): boolean => caller?.roles.includes("confidential") ?? false;

/** The one way by which charts leave the API. */
export function createChartView(rulesOf: ChartView["rulesOf"], linkOf: (feed: string) => string | undefined): ChartView {
  const show: ChartView["show"] = (caller, one, now = one) => showChart(one, rulesOf(one.feed), mayReadConfidential(caller), now);
  return {
    rulesOf,
    show,
    present: (caller, one, now) => {
      const shown = show(caller, one, now);
      const link = shown.withheld?.account === true ? undefined : chartLink(linkOf(one.feed), one);
      return { ...shown, charges: chargeLedger(shown.resources), ...(link === undefined ? {} : { chartLink: link }) };
    },
  };
}
