import { type DenialRoutes, loadRoutes } from "#src/claims/answers/denial-routes.ts";
import { parseSiteEdits, type SiteEdits } from "#src/coding/site-edits.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import type { Config } from "#src/config/types.ts";
import { compileMaps, type MapPack } from "#src/mapping/compile.ts";
import { EDITS_FILE, readEditsFile } from "#src/sitedata/edits-file.ts";
import { loadSiteData } from "#src/sitedata/load.ts";
import type { SiteData } from "#src/sitedata/site-data.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues, type QueueRules } from "#src/worklist/queue-rules.ts";

/** What a site brings as files, compiled. */
export interface Rules {
  readonly maps: MapPack;
  readonly queues: QueueRules;
  readonly site: SiteData;
  readonly edits: SiteEdits;
  /** Whose work a payer's reason is. */
  readonly denials: DenialRoutes;
}

/** The faults of a configuration's files, each with its file and line. */
export class RuleFaults extends Error {
  override readonly name = "RuleFaults";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** Compiles `mappings/`, `queues/` and the site data. Throws `RuleFaults` with every fault at once. */
export function readRules(config: Pick<Config, "mappingsDir" | "siteMapsDir" | "queuesDir" | "siteDataDir">): Rules {
  const maps = compileMaps(readMapFiles(config.mappingsDir, config.siteMapsDir));
  const queues = compileQueues(readQueueFiles(config.queuesDir));
  const site = loadSiteData(config.siteDataDir);
  const edits = parseSiteEdits(EDITS_FILE, readEditsFile(config.siteDataDir));
  const denials = loadRoutes(config.siteDataDir);
  if (maps.ok && queues.ok && site.ok && edits.ok && denials.ok)
    return { maps: maps.value, queues: queues.value, site: site.value, edits: edits.value, denials: denials.value };
  throw new RuleFaults([maps, queues, site, edits, denials].flatMap((one) => (one.ok ? [] : one.failure)));
}
