import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { infoOf } from "#src/mapping/message-info.ts";
import { toBundle } from "#src/mapping/to-bundle.ts";
import { differences } from "./json-differences.ts";
import { type OfflineMapping } from "./offline-mapping.ts";
import { type Print, splitMessages } from "./send.ts";

const EXPECTED = ".expected.json";

/** The `.hl7` files of paths, folders included, in order. */
export function messageFiles(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
      ? readdirSync(path, { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith(".hl7"))
          .sort()
          .map((name) => join(path, name))
      : [path],
  );
}

const expectedOf = (file: string): string => `${file.replace(/\.hl7$/, "")}${EXPECTED}`;

/** What the maps make of the first message of a file, as its `.expected.json` would say it. */
export function mappedPair(file: string, { map, settings }: OfflineMapping): string {
  const [bytes = Buffer.alloc(0)] = splitMessages(readFileSync(file));
  return `${JSON.stringify(toBundle(map(bytes), infoOf(bytes), settings.idKey), null, 2)}\n`;
}

/**
 * Compares each message with the Bundle that is expected of it: `admit.hl7` with `admit.expected.json`.
 * @returns 1 when one differs, or has nothing to be compared with.
 */
export function checkPairs(
  paths: readonly string[],
  mapping: OfflineMapping,
  { out, err }: { readonly out: Print; readonly err: Print },
): 0 | 1 {
  const files = messageFiles(paths);
  let wrong = 0;
  for (const file of files) {
    const expected = expectedOf(file);
    if (!existsSync(expected)) {
      err(`${file}: has no ${expected} beside it; \`chartbridge map ${file} --accept\` writes what the maps make of it now`);
      wrong++;
      continue;
    }
    const found = differences(JSON.parse(readFileSync(expected, "utf8")), JSON.parse(mappedPair(file, mapping)));
    if (found.length === 0) continue;
    wrong++;
    err(`${file}: ${found.length} differences`);
    for (const one of found) err(`  ${one}`);
  }
  out(`${files.length - wrong} as expected, ${wrong} not`);
  return wrong === 0 && files.length > 0 ? 0 : 1;
}

/** Writes what the maps make of each message now as what is expected of it. For a person to read and commit. */
export function acceptPairs(paths: readonly string[], mapping: OfflineMapping, out: Print): void {
  for (const file of messageFiles(paths)) {
    writeFileSync(expectedOf(file), mappedPair(file, mapping));
    out(`wrote ${expectedOf(file)}`);
  }
}
