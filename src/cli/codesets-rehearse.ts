import type { Pool } from "pg";
import { createSealer } from "#src/base/seal.ts";
import { loadCodeData } from "#src/codesets/load.pg.ts";
import { type Rehearsal, rehearse } from "#src/codesets/rehearsal.ts";
import { listVersions } from "#src/codesets/versions.pg.ts";
import { loadKeys } from "#src/config/keys.ts";
import { readFileSync } from "node:fs";
import { createChecks } from "#src/coding/checks.ts";
import { parseSiteEdits, type SiteEdits } from "#src/coding/site-edits.ts";
import { EDITS_FILE, readEditsFile } from "#src/sitedata/edits-file.ts";
import { loadSiteData } from "#src/sitedata/load.ts";
import { judgeItems, rehearsalItems } from "#src/worklist/rehearsal-items.pg.ts";
import { CommandFault, type Installation } from "./installation.ts";
import { configOfRunning } from "./installation-config.ts";

const DAY_MS = 86_400_000;
/** Single changes shown under the groups. */
const SHOWN = 50;

const dollars = (cents: number): string => `$${(cents / 100).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",")}`;

export interface RehearsalAsked {
  /** Staged versions; all that are staged when empty. */
  readonly names: readonly string[];
  /** How far back items were coded. */
  readonly days: number;
  /** Another edits.yaml, in the place of the site's. */
  readonly editsFile?: string;
  /** The site data folder, where it is not the engine's. */
  readonly site?: string;
}

function editsOf(name: string, text: string): SiteEdits {
  const parsed = parseSiteEdits(name, text);
  if (!parsed.ok) throw new CommandFault(parsed.failure.join("\n"));
  return parsed.value;
}

/** The folder of the engine's site data, by the configuration it was started with. */
function siteFolder({ dataDir, run }: Installation): string {
  if (run === undefined) throw new CommandFault("no engine runs here: name the site data folder with --site");
  return configOfRunning(run, dataDir).siteDataDir;
}

/** Runs open items and those coded in the last days under the staged versions and the given edits, beside what is in use. */
export async function rehearseStaged(
  pool: Pool,
  installation: Installation,
  { names, days, editsFile, site: folder = siteFolder(installation) }: RehearsalAsked,
): Promise<Rehearsal> {
  const site = loadSiteData(folder);
  if (!site.ok) throw new CommandFault(site.failure.join("\n"));
  const edits = editsOf(EDITS_FILE, readEditsFile(folder));
  const otherEdits = editsFile === undefined ? edits : editsOf(editsFile, readFileSync(editsFile, "utf8"));
  const staged = (await listVersions(pool)).filter(({ state }) => state === "staged").map(({ name }) => name);
  const wanted = names.length === 0 ? staged : names;
  const wrong = wanted.filter((name) => !staged.includes(name));
  if (wrong.length > 0)
    throw new CommandFault(`not staged: ${wrong.join(", ")}; chartbridge codesets import --stage puts a version beside what is in use`);
  if (wanted.length === 0 && editsFile === undefined)
    throw new CommandFault("nothing is staged; chartbridge codesets import --stage puts a version beside what is in use");
  const now = Date.now();
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  // Stays may be long, and claims late.
  const range = { from: day(now - (days + 400) * DAY_MS), to: day(now + 30 * DAY_MS) };
  const [before, after] = [await loadCodeData(pool, range), await loadCodeData(pool, range, wanted)];
  const sealer = createSealer(loadKeys(installation.dataDir, process.env).encryptionKey);
  return rehearse(
    rehearsalItems(pool, sealer, new Date(now - days * DAY_MS)),
    judgeItems(createChecks({ site: site.value, edits, data: () => before }), before),
    judgeItems(createChecks({ site: site.value, edits: otherEdits, data: () => after }), after),
  );
}

export function showRehearsal({ items, affected, changes, groups }: Rehearsal): string {
  const head = `${items} items were run under both; ${affected} would change\n`;
  const table = groups.map(
    ({ rule, payer, appeared, gone, changed, items: own, cents }) =>
      `${rule.padEnd(12)}  ${(payer === "" ? "(self-pay)" : payer).padEnd(12)}  ${dollars(cents).padStart(14)}  ${own} items: ${appeared} new, ${gone} gone, ${changed} changed\n`,
  );
  const single = changes
    .slice(0, SHOWN)
    .map(({ itemId, what, finding }) => `  ${what.padEnd(7)}  ${itemId}  ${finding.path}: ${finding.message}\n`);
  const more = changes.length > SHOWN ? `  ... and ${changes.length - SHOWN} more (--json shows all)\n` : "";
  return [head, ...table, ...single, more].join("");
}
