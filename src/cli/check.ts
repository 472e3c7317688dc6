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
import { readQueueFiles } from "#src/worklist/queue-files.ts";
import { compileQueues } from "#src/worklist/queue-rules.ts";
import type { Print } from "./send.ts";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

function filesOf({ mappingsDir, siteMapsDir, queuesDir, siteDataDir, feeds }: Config): readonly string[] {
  const site = loadSiteData(siteDataDir);
  const checks = [
    compileMaps(readMapFiles(mappingsDir, siteMapsDir)),
    compileQueues(readQueueFiles(queuesDir)),
    site,
    parseSiteEdits(EDITS_FILE, readEditsFile(siteDataDir)),
    loadRoutes(siteDataDir),
  ];
  const faults = checks.flatMap((one) => (one.ok ? [] : one.failure));
  const strangers = site.ok ? feeds.filter((feed) => site.value.facility(feed.facility) === undefined) : [];
  return [
    ...faults,
    ...strangers.map((feed) => `feed ${feed.name}: facility ${feed.facility} is not in ${join(siteDataDir, "facilities.csv")}`),
  ];
}

/**
 * Reads everything a site brings, without starting anything.
 * @returns the exit code: 1 when there is a fault; every fault is printed, not the first alone.
 */
export async function checkFiles(path: string, { out, err }: { readonly out: Print; readonly err: Print }): Promise<0 | 1> {
  const there = existsSync(path);
  const loaded = there
    ? loadConfig({ path, dataDir: ".chartbridge/main", env: process.env, home: HOME })
    : { ok: true as const, value: builtinConfig(HOME, ".chartbridge/main", { demo: false, mllpPort: 2575, port: 8480 }) };
  const faults = loaded.ok ? [...filesOf(loaded.value), ...(await keyFaults(loaded.value.destinations))] : loaded.failure;
  for (const fault of faults) err(fault);
  if (faults.length === 0)
    out(`${there ? path : "the built-in configuration"}: configuration, maps, queues, site data and edits are in order`);
  return faults.length === 0 ? 0 : 1;
}
