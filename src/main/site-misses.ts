import type { Pool } from "pg";
import { centsOf } from "#src/base/money.ts";
import { type ChartSnapshot, ofType } from "#src/charts/snapshot.ts";
import { nameWithNpi } from "#src/claims/parties.ts";
import { chartCharges } from "#src/coding/charges.ts";
import { stayOf } from "#src/coding/stay.ts";
import { type Lookup, withLineage } from "#src/sitedata/lineage.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { type Missed, recordMisses } from "#src/sitedata/tasks.pg.ts";

/** Everything a claim of the chart asks the site data, with what answered: facility, payers, who treated, charges. */
export function lookUpChart(chart: ChartSnapshot, site: SiteData): readonly Lookup[] {
  const traced = withLineage(site);
  const day = stayOf(chart)?.from;
  traced.site.facility(chart.facility, day);
  for (const { identifier } of ofType(chart, "Organization")) traced.site.payer(identifier?.[0]?.value ?? "", day);
  chartCharges(chart, traced.site, chart.facility);
  const people = ofType(chart, "Practitioner").flatMap((one): readonly Lookup[] => {
    const own = withLineage(site);
    // Of several numbers of one person it is enough that one is known.
    return nameWithNpi(one, own.site).npi === undefined ? own.lookups() : own.lookups().filter(({ file }) => file !== undefined);
  });
  return [...traced.lookups(), ...people];
}

/** Watches which charts are checked, and writes what their look-ups missed when `flush` is called. */
export function createMissBook(pool: Pool, site: SiteData) {
  const waiting = new Map<string, Missed>();
  return {
    /** The same check, noticing the chart it is given. */
    watching:
      <A extends readonly [ChartSnapshot, ...unknown[]], R>(check: (...args: A) => R): ((...args: A) => R) =>
      (...args) => {
        const [chart] = args;
        const cents = ofType(chart, "ChargeItem")
          .filter(({ status }) => status === "billable")
          .reduce((sum, { priceOverride }) => sum + centsOf(priceOverride?.value ?? 0), 0);
        waiting.set(chart.accountId, { accountId: chart.accountId, cents, lookups: lookUpChart(chart, site) });
        return check(...args);
      },
    /** The database may be away: what could not be written is written the next time. */
    async flush(): Promise<void> {
      const misses = [...waiting.values()];
      if (misses.length === 0) return;
      await recordMisses(pool, misses);
      for (const one of misses) if (waiting.get(one.accountId) === one) waiting.delete(one.accountId);
    },
  };
}
