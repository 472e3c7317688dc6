import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, type Failure } from "#src/base/failures.ts";
import type { Result } from "#src/base/result.ts";
import type { MapPack } from "#src/mapping/compile.ts";
import { toProvenance } from "#src/mapping/provenance.ts";
import { infoOf } from "#src/mapping/message-info.ts";
import { toBundle } from "#src/mapping/to-bundle.ts";
import type { Mapped } from "#src/mapping/types.ts";
import { explainMapped } from "./explain-map.ts";
import { CommandFault } from "./installation.ts";
import { acceptPairs, checkPairs } from "./map-pairs.ts";
import { type OfflineMapping, offlineMapping, type OfflineOptions } from "./offline-mapping.ts";
import { type Print, splitMessages } from "./send.ts";
import { readMessage } from "./traffic-coverage.ts";

const FORMATS = ["bundle", "lineage", "provenance", "explain"] as const;
type Format = (typeof FORMATS)[number];

export interface MapOptions extends OfflineOptions {
  readonly format: string;
  /** `--explain`: short for `--format explain`. */
  readonly explain?: boolean;
  /** Compare with the `.expected.json` beside each file. */
  readonly check?: boolean;
  /** Write it as the maps have it now. */
  readonly accept?: boolean;
}

const formatOf = ({ format, explain }: MapOptions): Format => {
  const found = FORMATS.find((one) => one === (explain === true ? "explain" : format));
  if (found === undefined) throw new CommandFault(`--format takes ${FORMATS.join(" or ")}, not ${format}`);
  return found;
};

/**
 * Maps every message of the files, offline, in the order of the input: one line of JSON each, or an explanation.
 * Problems go to `err` as well.
 * @returns the exit code: 1 when a message could not be mapped, a file not be read, or a pair differs.
 */
export async function mapFiles(
  files: readonly string[],
  options: MapOptions,
  { out, err }: { readonly out: Print; readonly err: Print },
): Promise<0 | 1> {
  const format = formatOf(options);
  const mapping = offlineMapping(options);
  if (options.accept === true) {
    acceptPairs(files, mapping, out);
    return 0;
  }
  if (options.check === true) return checkPairs(files, mapping, { out, err });
  let fine = true;
  for (const file of files) {
    const bytes = await readFile(file).catch(() => undefined);
    const messages = bytes === undefined ? [] : splitMessages(bytes);
    if (messages.length === 0) {
      err(`${file}: ${bytes === undefined ? "cannot be read" : "holds no message (no line begins with MSH)"}`);
      fine = false;
    }
    for (const [index, message] of messages.entries()) {
      const place = `${basename(file)}#${index + 1}`;
      const mapped = mapping.map(message);
      if (!mapped.ok) {
        fine = false;
        err(`${place}: ${describe(mapped.failure)}`);
      } else for (const warning of mapped.value.warnings) err(`${place}: warning: ${describe(warning)}`);
      for (const line of printed(format, place, message, mapped, mapping)) out(line);
    }
  }
  return fine ? 0 : 1;
}

function* printed(
  format: Format,
  place: string,
  message: Buffer,
  mapped: Result<Mapped, Failure>,
  { pack, settings }: OfflineMapping,
): Generator<string> {
  if (format === "bundle") yield JSON.stringify(toBundle(mapped, infoOf(message), settings.idKey));
  else if (format === "lineage") yield lineageLine(place, pack, mapped);
  else if (!mapped.ok) return;
  else if (format === "provenance")
    for (const one of toProvenance(mapped.value, infoOf(message), pack.version, settings.idKey)) yield JSON.stringify(one);
  else {
    const read = readMessage(message);
    if (read !== undefined) yield* explainMapped(read.message, mapped.value, pack);
  }
}

const lineageLine = (message: string, pack: MapPack, mapped: Result<Mapped, Failure>): string =>
  JSON.stringify(
    mapped.ok
      ? { message, mapVersion: pack.version, messageType: mapped.value.messageType, lineage: mapped.value.lineage }
      : { message, mapVersion: pack.version, failure: mapped.failure },
  );
