import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One YAML file of `mappings/`. */
export interface MapFile {
  /** Relative to the folder of maps, with `/`: `base/segments/PID.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** Reads all YAML files below a folder of maps, in the order of their paths. Throws when the folder cannot be read. */
export function readMapFiles(dir: string): readonly MapFile[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ path: name.replaceAll("\\", "/"), text: readFileSync(join(dir, name), "utf8") }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
