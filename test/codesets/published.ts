import { existsSync } from "node:fs";
import { join } from "node:path";

const HOME = join(import.meta.dirname, "..", "..");

/** The folder of published files, where there is one beside this repository. */
export const PUBLISHED = [join(HOME, "..", "shared", "codesets"), join(HOME, "..", "..", "shared", "codesets")].find((folder) =>
  existsSync(folder),
);
