import { existsSync } from "node:fs";
import { referenceFolder } from "#test/setup/reference-data.ts";

const FOLDER = referenceFolder("codesets");

/** The folder of published files, where there is one beside this repository. */
export const PUBLISHED = existsSync(FOLDER) ? FOLDER : undefined;
