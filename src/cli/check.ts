import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinConfig } from "#src/config/builtin.ts";
import { loadConfig } from "#src/config/load.ts";
import { loadRoutes } from "#src/claims/answers/denial-routes.ts";
import { parseSiteEdits } from "#src/coding/site-edits.ts";
import { readMapFiles } from "#src/config/map-files.ts";
import type { Config } from "#src/config/types.ts";
import { keyFaults } from "#src/destinations/auth/signing-keys.ts";
import { compileMaps } from "#src/mapping/compile.ts";
import { EDITS_FILE, readEditsFile } from "#src/sitedata/edits-file.ts";
import { loadSiteData } from "#src/sitedata/load.ts";
import { queueDoubts } from "#src/worklist/queue-doubts.ts";
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import type { Print } from "./send.ts";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** What a site's files are told of: faults, and what is no fault and yet hardly meant. */
interface Told {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

function filesOf({ mappingsDir, siteMapsDir, queuesDir, siteDataDir, feeds }: Config): Told {
  const site = loadSiteData(siteDataDir);
  const maps = compileMaps(readMapFiles(mappingsDir, siteMapsDir));
  const queueFiles = readQueueFiles(queuesDir);
  const checks = [maps, compileQueues(queueFiles), site, parseSiteEdits(EDITS_FILE, readEditsFile(siteDataDir)), loadRoutes(siteDataDir)];
  const strangers = site.ok ? feeds.filter((feed) => site.value.facility(feed.facility) === undefined) : [];
  return {
    faults: [
      ...checks.flatMap((one) => (one.ok ? [] : one.failure)),
      ...strangers.map((feed) => `feed ${feed.name}: facility ${feed.facility} is not in ${join(siteDataDir, "facilities.csv")}`),
    ],
    warnings: maps.ok ? queueDoubts(queueFiles, maps.value.encounterClasses) : [],
  };
}

/**
 * Reads everything a site brings, without starting anything.
 * @returns the exit code: 1 when there is a fault; every fault is printed, not the first alone. A warning alone is no fault.
 */
export async function checkFiles(path: string, { out, err }: { readonly out: Print; readonly err: Print }): Promise<0 | 1> {
  const there = existsSync(path);
  const loaded = there
    ? loadConfig({ path, dataDir: ".chartbridge/main", env: process.env, home: HOME })
    : { ok: true as const, value: builtinConfig(HOME, ".chartbridge/main", { demo: false, mllpPort: 2575, port: 8480 }) };
  const files = loaded.ok ? filesOf(loaded.value) : { faults: loaded.failure, warnings: [] };
  const faults = loaded.ok ? [...files.faults, ...(await keyFaults(loaded.value.destinations))] : files.faults;
  for (const warning of files.warnings) err(`warning: ${warning}`);
  for (const fault of faults) err(fault);
  if (faults.length === 0)
    out(`${there ? path : "the built-in configuration"}: configuration, maps, queues, site data and edits are in order`);
  return faults.length === 0 ? 0 : 1;
}
