import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

/** A folder of reference data that lies beside the checkout, or beside the folder of several checkouts; a path that does not exist otherwise. */
export function referenceFolder(name: string): string {
  const places = [join(ROOT, "..", "shared", name), join(ROOT, "..", "..", "shared", name)];
  return places.find((place) => existsSync(place)) ?? join(ROOT, "..", "shared", name);
}
