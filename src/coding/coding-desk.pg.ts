import type pg from "pg";
import type { Sealer } from "#src/base/seal.ts";
import { readChart } from "#src/charts/chart-store.pg.ts";
import type { ChartSnapshot } from "#src/charts/snapshot.ts";
import type { CodeData } from "#src/codesets/code-data.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { type CodingVersion, readDiff, readVersions } from "./coding-version.pg.ts";
import { type EditStatistics, type OverrideEntry, readOverrides, readStatistics } from "./edit-firings.pg.ts";
import {
  type EncoderMessage,
  type EncoderResult,
  itemsToSuggestFor,
  keepSuggestions,
  readResults,
  readSuggestions,
} from "./encoder-port.pg.ts";
import { type AskGrouper, type GrouperAnswer, grouperRequest } from "./grouper.ts";
import { readRelated } from "./related.pg.ts";
import { sceneOf } from "./scene.ts";
import { codeSubmission, type CheckCodes, type CodeSubmission, type Finding, type Stream } from "./submission.ts";
import { type Suggestion, suggestionsOf } from "./suggestions.ts";
import type { Change } from "./version-diff.ts";

export interface DeskNeeds {
  readonly pool: pg.Pool;
  readonly sealer: Sealer;
  readonly site: SiteData;
  readonly data: () => CodeData;
  readonly check: CheckCodes;
  /** Absent: the site has no grouper. */
  readonly group?: AskGrouper;
}

/** What an encoder is given of an item. */
export interface EncoderItem {
  readonly id: string;
  readonly stream: Stream;
  readonly chartVersion: number;
  readonly chart: ChartSnapshot;
}

/** What a coder asks of the edits while coding, and what others look up afterwards. Undefined: there is no such item. */
export interface CodingDesk {
  /** The findings codes would have if they were submitted now. */
  findings(itemId: string, codes: CodeSubmission): Promise<readonly Finding[] | undefined>;
  /** The DRG of codes as they stand, by the site's grouper. */
  group(itemId: string, codes: CodeSubmission): Promise<GrouperAnswer | undefined>;
  suggestions(itemId: string, codes?: CodeSubmission): Promise<readonly Suggestion[] | undefined>;
  versions(itemId: string): Promise<readonly CodingVersion[]>;
  diff(itemId: string, from: number, to: number): Promise<readonly Change[] | undefined>;
  statistics(since: Date): Promise<readonly EditStatistics[]>;
  overrides(rule: string, limit: number): Promise<readonly OverrideEntry[]>;
  /** Items this encoder has not seen as they stand. */
  waiting(source: string, limit: number): Promise<readonly { readonly id: string; readonly chartVersion: number }[]>;
  item(itemId: string): Promise<EncoderItem | undefined>;
  suggest(itemId: string, source: string, message: EncoderMessage): Promise<readonly string[] | undefined>;
  results(source: string, after: Date, limit: number): Promise<readonly EncoderResult[]>;
}

const NOTHING_CODED = codeSubmission.parse({ diagnoses: [] });

export function createCodingDesk({ pool, sealer, site, data, check, group }: DeskNeeds): CodingDesk {
  const item = async (itemId: string): Promise<EncoderItem | undefined> => {
    const { rows } = await pool.query<{ stream: Stream; account_id: string; chart_version: number }>(
      "select i.stream, i.account_id, a.chart_version from coding_item i join account a on a.id = i.account_id where i.id = $1",
      [itemId],
    );
    const row = rows[0];
    const chart = row === undefined ? undefined : await readChart(pool, sealer, row.account_id);
    return row === undefined || chart === undefined ? undefined : { id: itemId, stream: row.stream, chartVersion: chart.version, chart };
  };
  return {
    item,
    waiting: (source, limit) => itemsToSuggestFor(pool, source, limit),
    findings: async (itemId, codes) => {
      const found = await item(itemId);
      return found === undefined ? undefined : check(found.chart, found.stream, codes, await readRelated(pool, sealer, itemId));
    },
    group: async (itemId, codes) => {
      const found = await item(itemId);
      if (found === undefined) return undefined;
      if (group === undefined) return { error: "the site has no grouper: name one under grouper in chartbridge.yaml" };
      const scene = sceneOf({ chart: found.chart, stream: found.stream, codes, site, data: data() });
      return scene.kind === "I" ? group(grouperRequest(scene)) : { error: "only inpatient hospital stays are grouped" };
    },
    suggestions: async (itemId, codes = NOTHING_CODED) => {
      const found = await item(itemId);
      if (found === undefined) return undefined;
      const related = await readRelated(pool, sealer, itemId);
      const scene = sceneOf({ chart: found.chart, stream: found.stream, codes, site, data: data(), related });
      return [...suggestionsOf(scene), ...(await readSuggestions(pool, sealer, itemId))];
    },
    versions: (itemId) => readVersions(pool, sealer, itemId),
    diff: (itemId, from, to) => readDiff(pool, sealer, itemId, from, to),
    statistics: (since) => readStatistics(pool, since),
    overrides: (rule, limit) => readOverrides(pool, sealer, rule, limit),
    suggest: async (itemId, source, message) =>
      (await item(itemId)) === undefined ? undefined : keepSuggestions(pool, sealer, itemId, source, message),
    results: (source, after, limit) => readResults(pool, sealer, source, after, limit),
  };
}
