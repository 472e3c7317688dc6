import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, type Result } from "#src/base/result.ts";
import { OPTIONAL_FILES, parseSiteData, SITE_FILES, type SiteFile } from "./parse.ts";
import type { SiteData } from "./site-data.ts";

/** Reads the site data files of a folder; departments.csv and plans.csv may be missing. Faults are `file:line: what is wrong`. */
export function loadSiteData(dir: string): Result<SiteData, readonly string[]> {
  const faults: string[] = [];
  const read = (file: SiteFile): string => {
    if (OPTIONAL_FILES.includes(file) && !existsSync(join(dir, file))) return "";
    try {
      return readFileSync(join(dir, file), "utf8");
    } catch {
      faults.push(`${file}:1: the file cannot be read`);
      return "";
    }
  };
  const files = Object.keys(SITE_FILES) as SiteFile[];
  const texts = Object.fromEntries(files.map((file) => [file, read(file)])) as Record<SiteFile, string>;
  return faults.length > 0 ? fail(faults) : parseSiteData(texts);
}
