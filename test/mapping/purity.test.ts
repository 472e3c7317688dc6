import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { messageFiles } from "#src/cli/map-pairs.ts";
import { referenceFolder } from "#test/setup/reference-data.ts";

const HOME = join(import.meta.dirname, "..", "..");
const SAMPLES = referenceFolder("samples");
const run = promisify(execFile);

/** What `chartbridge map` prints, in a process of its own with a zone and a language of its own. */
async function mapped(files: readonly string[], zone: string, locale: string): Promise<string> {
  const cli = join(HOME, "src", "cli", "main.ts");
  const answer = await run(process.execPath, [cli, "map", ...files], {
    env: { ...process.env, TZ: zone, LANG: locale, LC_ALL: locale },
    maxBuffer: 256 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);
  return answer.stdout;
}

it("the same message and maps give the same bytes on any machine, whatever its zone and language", async () => {
  const files = messageFiles([join(HOME, "test", "messages"), ...(existsSync(SAMPLES) ? [SAMPLES] : [])]);
  const [here, there] = await Promise.all([mapped(files, "Pacific/Kiritimati", "tr_TR.UTF-8"), mapped(files, "America/St_Johns", "C")]);
  expect(here.split("\n").length).toBeGreaterThan(files.length);
  expect(here === there).toBe(true);
}, 60_000);
