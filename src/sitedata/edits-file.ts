import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Name of the file with a site's own edits and decisions, among its site data. */
export const EDITS_FILE = "edits.yaml";

/** The text of a site's edits.yaml; empty when it has none. */
export function readEditsFile(dir: string): string {
  const path = join(dir, EDITS_FILE);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
