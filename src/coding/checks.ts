import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { CodeData } from "#src/codesets/code-data.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { BUILTIN_PACK, evaluate } from "./evaluate.ts";
import type { SiteEdits } from "./site-edits.ts";
import type { CheckCodes } from "./submission.ts";

export { RULE_PACK } from "./findings.ts";

export interface CheckNeeds {
  readonly site: SiteData;
  /** The code sets as they stand when the edits run: an import changes them under a running engine. */
  readonly data: () => CodeData;
  /** The site's edits.yaml. */
  readonly edits?: SiteEdits;
  /** YYYY-MM-DD; without it time limits are not looked at. */
  readonly today?: () => string;
  /** Which row of facilities.csv and charge-master.csv a chart is of. */
  readonly facilityOf?: (chart: ChartSnapshot) => string;
}

/** Gives the work list the edits: one whole evaluation of one submission. */
export function createChecks({ site, data, edits, today, facilityOf }: CheckNeeds): CheckCodes {
  const pack = edits?.pack ?? BUILTIN_PACK;
  return (chart, stream, codes, related = []) =>
    evaluate(
      {
        chart,
        stream,
        codes,
        site,
        data: data(),
        related,
        ...(edits === undefined ? {} : { policy: edits.policy }),
        ...(today === undefined ? {} : { today: today() }),
        ...(facilityOf === undefined ? {} : { facilityOf }),
      },
      pack,
    ).findings;
}
