import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { chargesOf, chartCharges, isProfessional } from "./charges.ts";
import { checkDiagnoses } from "./check-diagnoses.ts";
import { checkLines } from "./check-lines.ts";
import { checkProcedures } from "./check-procedures.ts";
import { stayOf } from "./stay.ts";
import type { CheckCodes } from "./submission.ts";

export { RULE_PACK } from "./findings.ts";

/**
 * The first edits: form, sequence, counts, present on admission, pointers and charges. The same chart, codes and site data
 * always give the same findings in the same order.
 * @param facilityOf which row of facilities.csv and charge-master.csv a chart is of.
 */
export function createChecks(site: SiteData, facilityOf: (chart: ChartSnapshot) => string = ({ facility }) => facility): CheckCodes {
  return (chart, stream, codes) => {
    const professional = isProfessional(stream);
    const stay = stayOf(chart);
    const all = chartCharges(chart, site, facilityOf(chart));
    return [
      ...checkDiagnoses(codes, professional, stay?.inpatient === true),
      ...checkProcedures(codes, professional, stay),
      ...checkLines(codes, { professional, stay, all, billed: chargesOf(stream, all, codes) }),
    ];
  };
}
