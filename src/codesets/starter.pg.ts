import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Pool } from "pg";
import { importFiles } from "./import.pg.ts";
import { sourceFiles } from "./source-files.ts";

const FILE = fileURLToPath(new URL("./starter-codes.tsv", import.meta.url));

/**
 * Puts the few codes in that the demo needs, where no real ones are. It is called at every start and does something at the first one, and after an update
 * that has other codes.
 */
export async function putStarterCodes(pool: Pool): Promise<void> {
  const sha256 = createHash("sha256").update(readFileSync(FILE)).digest();
  await pool.query("delete from code_set_version where not_covered = '' and sha256 <> $1", [sha256]);
  await importFiles(pool, sourceFiles([FILE]), { actor: "engine" });
}
