import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One YAML file of `mappings/`. */
export interface MapFile {
  /** Relative to the folder of maps, with `/`: `base/segments/PID.yaml`. */
  readonly path: string;
  readonly text: string;
  /** How faults name the file; without it `mappings/` and the path. */
  readonly shown?: string;
}

const yamlIn = (dir: string): readonly { readonly name: string; readonly text: string }[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => ({ name: name.replaceAll("\\", "/"), text: readFileSync(join(dir, name), "utf8") }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/**
 * Reads all YAML files below a folder of maps, in the order of their paths, then those of a site's own folder as if they stood in
 * its `sites/`. Throws when the folder of maps cannot be read; a site's folder may be absent.
 */
export function readMapFiles(dir: string, siteMapsDir?: string): readonly MapFile[] {
  const own = siteMapsDir === undefined || !existsSync(siteMapsDir) ? [] : yamlIn(siteMapsDir);
  return [
    ...yamlIn(dir).map(({ name, text }) => ({ path: name, text })),
    ...own.map(({ name, text }) => ({ path: `sites/${name}`, text, shown: join(siteMapsDir ?? "", name) })),
  ];
}
